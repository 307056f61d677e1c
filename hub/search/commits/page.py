"""The results of a search of commits, as a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.clock import now
from hub.config import Config
from hub.db import config_of
from hub.errors import Text, text
from hub.repos.browsing.commit_lines import line_of
from hub.repos.git.commits import CommitRow, read_commits
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.repos.names import printable
from hub.search.code.places import Place
from hub.search.code.shown import around
from hub.search.commits.finding import NEWEST, OLDEST, RELEVANCE, CommitSearch, FoundCommit
from hub.search.commits.messages import read_message
from hub.search.commits.queries import FILTERS, read_commit_query
from hub.search.engine.damage import IndexDamaged
from hub.search.syntax import Misunderstood
from hub.search.words.analysis import Atom
from hub.search.words.page import LABELS, Tab, read_order
from hub.search.words.queries import Misplaced
from hub.search.words.snippets import Piece, mark, snippet
from hub.web import gate
from hub.web import request as web
from hub.web.render import render

KIND: Final = "commits"
LABEL: Final = text("Commits")
_ORDERS: Final[dict[str, Text]] = {
    RELEVANCE: text("Relevance"),
    NEWEST: text("Newest"),
    OLDEST: text("Oldest"),
}


@dataclass(frozen=True, slots=True)
class ShownCommit:
    """A commit as a page writes it; `elsewhere` are its addresses in other repositories, by their names."""

    commit_id: str
    address: str
    repository: str
    subject: tuple[Piece, ...]
    text: tuple[Piece, ...]
    author: str
    at: datetime
    is_merge: bool
    elsewhere: tuple[tuple[str, str], ...]


def show(written: str, number: int) -> ResponseReturnValue:
    """The commits that were found; how to ask where nothing was asked."""
    order = read_order(_ORDERS)
    if not written:
        return _page(written)
    try:
        query = read_commit_query(written, now())
        if query.is_empty:
            return _page(written)
        gate.admit()
        found = search_of(web.config()).find(web.session(), web.viewer(), query, order=order, page=number)
    except Misunderstood as error:
        types = error.types if isinstance(error, Misplaced) else ()
        return _page(written, error=error, fault=around(written, error.at), types=types), error.status
    commits = show_commits(web.session(), found.commits, query.atoms)
    usual = RELEVANCE if query.alternatives else NEWEST
    return _page(written, found=found, commits=commits, number=number, order=order or usual)


def tab_of(written: str) -> Tab:
    """The type of search, and how many commits it finds; git is not asked for that."""
    tab = Tab(KIND, LABEL)
    try:
        query = read_commit_query(written, now())
        if query.is_empty or query.path is not None:
            return tab
        found = search_of(web.config()).find(web.session(), web.viewer(), query)
    except (Misunderstood, IndexDamaged):
        return tab
    # Where nothing was searched, nobody knows.
    return Tab(KIND, LABEL, found.total if found.places else None)


@lru_cache(4)
def search_of(config: Config) -> CommitSearch:
    """The search of this process, which keeps what it opened."""
    return CommitSearch(config)


def show_commits(session: Session, found: Sequence[FoundCommit], atoms: Sequence[Atom]) -> list[ShownCommit]:
    """The commits as a page writes them; what a repository does not have any more is left out."""
    rows = _read(session, found)
    return [_show(one, rows[one.commit_id], atoms) for one in found if one.commit_id in rows]


def _read(session: Session, found: Sequence[FoundCommit]) -> dict[str, CommitRow]:
    ids = {one.place.repository_id for one in found}
    rows: dict[str, CommitRow] = {}
    for repository in session.scalars(select(Repository).where(Repository.id.in_(ids))):
        wanted = [one.commit_id for one in found if one.place.repository_id == repository.id]
        path = directory(config_of(session), repository)
        rows.update((one.commit_id, one) for one in read_commits(path, wanted))
    return rows


def _show(found: FoundCommit, commit: CommitRow, atoms: Sequence[Atom]) -> ShownCommit:
    line = line_of(commit)
    said = " ".join(read_message(commit.body).text.split())
    return ShownCommit(
        commit_id=found.commit_id,
        address=_address(found.place, found.commit_id),
        repository=found.place.path,
        subject=mark(line.subject_text, atoms),
        text=snippet(printable(said), atoms),
        author=line.author_text,
        at=line.committed_at,
        is_merge=commit.is_merge,
        elsewhere=tuple((one.path, _address(one, found.commit_id)) for one in found.elsewhere),
    )


def _address(place: Place, commit_id: str) -> str:
    return f"/{quote(place.path)}/commit/{commit_id}"


def _page(written: str, **known: object) -> str:
    given = {"found": None, "commits": (), "error": None, "number": 1, "order": "", "types": (), **known}
    about = {"filters": FILTERS, "orders": _ORDERS, "labels": LABELS}
    return render("search/commits.html", query=written, kind=KIND, **about, **given)
