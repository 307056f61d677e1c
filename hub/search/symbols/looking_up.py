"""Where a repository defines a name and where it uses it, in one branch that is indexed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.config import Config
from hub.repos.git.language_names import language_of
from hub.repos.models import Repository
from hub.repos.names import BRANCHES
from hub.search.code.finding import CodeSearch
from hub.search.code.places import Place
from hub.search.code.queries import CodeQuery, Forks
from hub.search.engine import symbols
from hub.search.engine.candidates import Budget, TermTest, Wanted
from hub.search.engine.documents import path_of
from hub.search.engine.lines import Line, every_line
from hub.search.engine.pages import Hit, Page, Visible, search
from hub.search.engine.patterns import whole_word
from hub.search.engine.segments import Segment
from hub.search.models import CodeView
from hub.search.symbols.model import Symbol
from hub.search.symbols.outlines import outlines_of, source_of

PAGE_FILES: Final = 20
MOST_PAGES: Final = 25
MOST_LINES: Final = 20

_MOST_DEFINING: Final = 40
_MOST_BYTES: Final = 64 << 20
_SECONDS: Final = 1.5


@dataclass(frozen=True, slots=True)
class Wish:
    """A name, and where somebody saw it: the ref or commit they look at, and the path; or neither."""

    name: str
    ref: str = ""
    path: bytes = b""


@dataclass(frozen=True, slots=True)
class Definition:
    """A place where the name is defined, and the line as it stands there."""

    path: bytes
    symbol: Symbol
    line: Line


@dataclass(frozen=True, slots=True)
class UsingFile:
    """A file that has the name, the first lines with it, and how many there are besides.

    `defining` are the numbers of those lines that define it.
    """

    path: bytes
    lines: tuple[Line, ...]
    more: int
    defining: frozenset[int]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a name. `place` is the branch, as it was indexed; the rest is as in a search.

    All definitions that are shown stand on every page.
    """

    place: Place
    definitions: tuple[Definition, ...]
    files: tuple[UsingFile, ...]
    total: int
    is_exact: bool
    is_partial: bool
    has_more: bool


@dataclass(frozen=True, slots=True)
class _Text:
    """A file that was found, read."""

    path: bytes
    lines: list[Line]
    content: bytes
    prior: float


def look_up(
    searching: tuple[CodeSearch, Config],
    session: Session,
    viewer: Viewer,
    repository: Repository,
    wish: Wish,
    *,
    page: int = 1,
) -> Known | None:
    """What the repository defines under this name and where it stands; None while it is not indexed."""
    code_search, config = searching
    ref = _ref_for(session, repository, wish.ref)
    if ref is None:
        return None
    query = CodeQuery(only=(repository.id, ref), forks=Forks.YES)
    segments, places = code_search.look(session, viewer, query)
    if not places.all:
        return None
    looking = _Looking(segments, places.shown, wish.name)
    found = looking.using(PAGE_FILES * min(page, MOST_PAGES) + 1)
    first = PAGE_FILES * (min(page, MOST_PAGES) - 1)
    using = [looking.read(one) for one in found.hits[first : first + PAGE_FILES]]
    texts = {one.path: one for one in [*looking.defining(), *using]}
    defined = _definitions(config, wish.name, list(texts.values()))
    return Known(
        place=places.all[0],
        definitions=tuple(sorted(defined, key=lambda one: _rank(one, wish, texts[one.path].prior))),
        files=tuple(_using_file(one, defined) for one in using),
        total=found.total,
        is_exact=found.is_exact,
        is_partial=found.is_partial,
        has_more=len(found.hits) > first + PAGE_FILES and page < MOST_PAGES,
    )


def _ref_for(session: Session, repository: Repository, asked: str) -> str | None:
    """The ref that was asked for, or that is at this commit, where it is indexed; or the default branch."""
    default = f"{BRANCHES}{repository.default_branch}"
    is_meant = CodeView.ref.in_([asked, default]) | (CodeView.commit_id == asked)
    is_one = (CodeView.repository_id == repository.id) & is_meant
    found = session.execute(select(CodeView.ref, CodeView.commit_id).where(is_one)).all()
    # Of several branches at one commit the default one is meant.
    ranks = {ref: (ref != asked, commit_id != asked, ref != default) for ref, commit_id in found}
    return min(ranks, key=lambda ref: ranks[ref]) if ranks else None


class _Looking:
    """One look for a name."""

    def __init__(self, segments: Sequence[Segment], shown: Visible, name: str) -> None:
        self._segments, self._shown, self._name = segments, shown, name
        self._pattern = whole_word(name)

    def using(self, most: int) -> Page:
        """The best files that have the name."""
        return self._search(Wanted((self._pattern,)), most)

    def defining(self) -> Iterator[_Text]:
        """The files that the index knows to define it, in whichever case."""
        term = self._name.encode().lower()[: symbols.LONGEST]
        wanted = Wanted((self._pattern,), terms=(TermTest("symbol", (term,)),))
        return (self.read(one) for one in self._search(wanted, _MOST_DEFINING).hits)

    def _search(self, wanted: Wanted, most: int) -> Page:
        budget = Budget(most_bytes=_MOST_BYTES, seconds=_SECONDS)
        return search(self._segments, (wanted,), self._shown, most=most, budget=budget)

    def read(self, hit: Hit) -> _Text:
        """The file with the lines that have the name."""
        code = hit.segment.code
        assert code is not None, "what was found has a text"
        stored, _, content = code[hit.document].partition(b"\n")
        lines = list(every_line(code, hit.document, (Wanted((self._pattern,)),)))
        return _Text(path_of(stored), lines, content, float(hit.segment.prior[hit.document]))


def _definitions(config: Config, name: str, texts: Sequence[_Text]) -> list[Definition]:
    outlines = outlines_of(config, [source_of(one.path, one.content) for one in texts])
    found = []
    for one, outline in zip(texts, outlines, strict=True):
        lines = {line.number: line for line in one.lines}
        found += [
            Definition(one.path, symbol, lines[symbol.line])
            for symbol in outline.symbols
            if symbol.name == name and symbol.line in lines
        ]
    return found


def _using_file(one: _Text, defined: Sequence[Definition]) -> UsingFile:
    defining = frozenset(known.symbol.line for known in defined if known.path == one.path)
    return UsingFile(one.path, tuple(one.lines[:MOST_LINES]), max(0, len(one.lines) - MOST_LINES), defining)


def _rank(one: Definition, wish: Wish, prior: float) -> tuple[object, ...]:
    """What sorts first: the same file, folder, language; what is listed itself; then what is likelier."""
    folder, wished = (path.rpartition(b"/")[0] for path in (one.path, wish.path))
    language, wished_language = (language_of(path.rpartition(b"/")[2]) for path in (one.path, wish.path))
    is_near = (one.path == wish.path, bool(wish.path) and folder == wished)
    is_alike = bool(wish.path) and language == wished_language
    is_far = tuple(not each for each in (*is_near, is_alike))
    return is_far, one.symbol.is_part, -prior, one.path, one.symbol.line
