"""What the page of a blame shows: the lines of a file beside the commits that wrote them."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from markupsafe import Markup
from sqlalchemy.orm import Session

from hub import highlight
from hub.clock import now
from hub.config import Config
from hub.db import config_of
from hub.errors import HubError, NotFound, text
from hub.kept import kept_in
from hub.repos.browsing.commit_lines import CommitLine
from hub.repos.browsing.files.inked import Inked
from hub.repos.browsing.files.line_ranges import LineRange, Window, window_of
from hub.repos.browsing.files.texts import read_text
from hub.repos.browsing.files.touching import find_touching, find_touching_id
from hub.repos.browsing.spots import Spot, as_text
from hub.repos.git.blame import Blame, BlamedCommit, BlamedLines, blame
from hub.repos.git.process import GitFailed, GitTooSlow
from hub.repos.git.store import directory
from hub.repos.git.trees import Entry, Trees
from hub.repos.models import Repository
from hub.repos.names import printable

# Each group of lines is a row with half a dozen elements.
CHUNK_LINES: Final = 500
IGNORED_NAME: Final = ".git-blame-ignore-revs"
_MOST_IGNORED_BYTES: Final = 512 << 10
_SECONDS: Final = 12.0
_KIND: Final = "blame"
_VERSION: Final = 1
_TOO_SLOW: Final = b"-"
# Younger than these, lines stand out at the side.
_AGES: Final = (timedelta(days=90), timedelta(days=730))


@dataclass(frozen=True, slots=True)
class BlameGroup:
    """Lines that follow each other, the commit that wrote them, and the file as it was before it."""

    html: Markup
    lines: BlamedLines
    commit: CommitLine
    age: int
    before: Spot | None


@dataclass(frozen=True, slots=True)
class BlamePage:
    """A part of the blame of a file; `ignores` says that some commits were looked through."""

    spot: Spot
    size_bytes: int
    commit: CommitLine | None
    window: Window
    groups: list[BlameGroup]
    is_thorough: bool
    ignores: bool


class BlameTooSlow(HubError):
    """A file whose blame takes git longer than a page may take."""

    status = 422
    code = "blame_too_slow"

    def __init__(self, path: str) -> None:
        super().__init__(
            text("The blame of this file takes too long for a page."),
            text("It was changed very often, or its history is very long."),
            text("Look at its history, or clone the repository: git blame %(path)s", path=path),
        )


def read_blame(
    session: Session,
    repository: Repository,
    spot: Spot,
    entry: Entry,
    *,
    asked: LineRange | None,
    is_thorough: bool,
) -> BlamePage:
    """The blame of the file at the spot, which `entry` is; raises NotFound for what has no lines."""
    config = config_of(session)
    trees = Trees(directory(config, repository))
    blob = trees.read_blob(entry.object_id, most_bytes=highlight.MOST_BYTES) if entry.is_blob else None
    content = b"" if blob is None else blob.content or b""
    file = read_text(content)
    if blob is None or not content or file is None:
        raise _no_lines(spot)
    ignored = _ignored(trees, spot)
    found = _find_blame(config, repository, spot, ignored, is_thorough)
    lines = highlight.split_lines(file.text)
    window = window_of(len(lines), asked, chunk_lines=CHUNK_LINES)
    language = highlight.language_of(as_text(entry.name), lines[0] if lines else "")
    inked = Inked(config, entry.object_id, language, file.text)
    return BlamePage(
        spot=spot,
        size_bytes=blob.size_bytes,
        commit=find_touching(config, repository, spot),
        window=window,
        groups=list(_groups(found, spot, inked, window.shown)),
        is_thorough=is_thorough,
        ignores=bool(ignored),
    )


def _no_lines(spot: Spot) -> NotFound:
    return NotFound(
        text("There is no blame of %(path)s.", path=spot.path_text[:300] or "/"),
        text("It is empty, no text, too large, or no file at all."),
        text("Look at its history instead."),
    )


def _ignored(trees: Trees, spot: Spot) -> tuple[str, bytes] | None:
    """The id and the content of the list of commits to look through, where the commit has one."""
    entry = trees.find(spot.commit_id, IGNORED_NAME.encode())
    if entry is None or not entry.is_blob:
        return None
    blob = trees.read_blob(entry.object_id, most_bytes=_MOST_IGNORED_BYTES)
    return None if blob is None or not blob.content else (entry.object_id, blob.content)


def _find_blame(
    config: Config, repository: Repository, spot: Spot, ignored: tuple[str, bytes] | None, is_thorough: bool
) -> Blame:
    """The blame, kept by the commit that last touched the file: commits that did not change nothing of it."""
    touching_id = find_touching_id(config, repository, spot) or spot.commit_id
    listed, content = ignored or ("", b"")
    kept, key = kept_in(config), (_VERSION, touching_id, spot.path, listed, int(is_thorough))
    # What took too long is tried again another day: processors are not always busy.
    day = now().date().isoformat()
    known = kept.get(_KIND, *key) or kept.get(_KIND, *key, day)
    if known == _TOO_SLOW:
        raise BlameTooSlow(spot.path_text)
    if known is not None:
        return _loaded(known)
    try:
        found = blame(
            directory(config, repository),
            spot.commit_id,
            spot.path,
            ignored=content,
            is_thorough=is_thorough,
            timeout_seconds=_SECONDS,
        )
    except GitTooSlow as error:
        kept.put(_KIND, *key, day, data=_TOO_SLOW)
        raise BlameTooSlow(spot.path_text) from error
    except GitFailed as error:
        raise _no_lines(spot) from error
    kept.put(_KIND, *key, data=_dumped(found))
    return found


def _dumped(found: Blame) -> bytes:
    groups = [
        [one.first, one.last, one.first_there, one.commit_id, one.previous_id, one.previous_path.hex()]
        for one in found.groups
    ]
    commits = [{**asdict(one), "authored_at": one.authored_at.timestamp()} for one in found.commits.values()]
    return json.dumps([groups, commits]).encode()


def _loaded(data: bytes) -> Blame:
    groups, commits = json.loads(data)
    read = [
        BlamedCommit(**{**one, "authored_at": datetime.fromtimestamp(one["authored_at"], UTC)})
        for one in commits
    ]
    return Blame(
        [
            BlamedLines(first, last, there, commit_id, previous_id, bytes.fromhex(path))
            for first, last, there, commit_id, previous_id, path in groups
        ],
        {one.commit_id: one for one in read},
    )


def _groups(found: Blame, spot: Spot, inked: Inked, shown: LineRange) -> Iterator[BlameGroup]:
    lines = inked.html(shown.first, shown.last)[:-1].split("\n")
    told: dict[str, tuple[CommitLine, int]] = {}
    for one in found.groups:
        first, last = max(one.first, shown.first), min(one.last, shown.last)
        if first > last:
            continue
        if one.commit_id not in told:
            told[one.commit_id] = _line(found.commits[one.commit_id])
        commit, age = told[one.commit_id]
        before = None
        if one.previous_id is not None:
            before = spot.at_commit(one.previous_id, one.previous_path)
        html = "".join(f"{line}\n" for line in lines[first - shown.first : last + 1 - shown.first])
        yield BlameGroup(Markup(html), one, commit, age, before)  # noqa: S704  # it was cut out of one


def _line(commit: BlamedCommit) -> tuple[CommitLine, int]:
    passed = now() - commit.authored_at
    age = next((number for number, limit in enumerate(_AGES, 1) if passed < limit), len(_AGES) + 1)
    subject, author = printable(commit.subject), printable(commit.author_name)
    return CommitLine(commit.commit_id, subject, author, commit.authored_at), age
