"""What the page of a folder shows: its entries with the commits that last touched them, and its README."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy.orm import Session

from hub.db import config_of
from hub.errors import HubError, NotFound, text
from hub.repos.browsing.addresses import address_of
from hub.repos.browsing.commit_lines import CommitLine, line_of
from hub.repos.browsing.spots import Spot, as_text
from hub.repos.git.commit_order import known_count
from hub.repos.git.commits import read_commits
from hub.repos.git.last_commits import LastCommits
from hub.repos.git.store import directory, reading_folder
from hub.repos.git.trees import MOST_ENTRIES, Entry, EntryKind, Folder, TooLarge, Trees
from hub.repos.models import Repository

# A path may have as many parts; the nearest folder of a longer one is not worth the look.
_MOST_STEPS: Final = 200
_READMES: Final = ("readme.md", "readme.markdown", "readme", "readme.txt", "readme.rst")


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry of a folder; `commit` is the last that touched it, None where that is not known yet."""

    text: str
    path: bytes
    kind: EntryKind
    object_id: str
    commit: CommitLine | None

    @property
    def name_quoted(self) -> str:
        """The name as it stands in an address."""
        return quote(self.path.rpartition(b"/")[2])


@dataclass(frozen=True, slots=True)
class FolderPage:
    """A folder; `more` counts the entries not shown, `is_complete` says whether all commits are known.

    `commit_count` is how many commits the spot of a root reaches; None where nobody has counted.
    """

    spot: Spot
    rows: list[EntryRow]
    more: int
    is_complete: bool
    commit: CommitLine
    commit_count: int | None
    readme: Entry | None

    @property
    def parent(self) -> bytes:
        """The path of the folder above."""
        return self.spot.path.rpartition(b"/")[0]


class FolderTooLarge(HubError):
    """A folder with more entries than a page can be made of."""

    status = 422
    code = "folder_too_large"


def find_entry(session: Session, repository: Repository, spot: Spot) -> Entry:
    """What lies at the spot; raises NotFound that names the nearest folder that is there."""
    trees = Trees(directory(config_of(session), repository))
    try:
        found = trees.find(spot.commit_id, spot.path)
    except TooLarge as error:
        raise _too_large(spot) from error
    if found is not None:
        return found
    nearest = _nearest(trees, spot)
    raise NotFound(
        text("There is no %(path)s at %(name)s.", path=spot.path_text[:300], name=spot.name_text),
        text("It was moved, deleted, or lies on another branch."),
        text("The nearest folder there is: %(folder)s.", folder=nearest.path_text[:300] or "/"),
        next_url=address_of("src", repository, nearest),
    )


def is_file(session: Session, repository: Repository, spot: Spot) -> bool:
    """Whether a file lies at the spot; what is not there any more counts as one, too."""
    try:
        found = Trees(directory(config_of(session), repository)).find(spot.commit_id, spot.path)
    except TooLarge:
        return False
    return found is None or found.is_blob


def _nearest(trees: Trees, spot: Spot) -> Spot:
    """The deepest folder on the way to the spot that exists."""
    path = spot.path
    for _ in range(_MOST_STEPS):
        path = path.rpartition(b"/")[0]
        entry = trees.find(spot.commit_id, path) if path else None
        if not path or (entry is not None and entry.kind is EntryKind.FOLDER):
            break
    return spot.at(path)


def read_folder(
    session: Session, repository: Repository, spot: Spot, entry: Entry, *, most_rows: int = MOST_ENTRIES
) -> FolderPage:
    """The folder at the spot, which `entry` is, with so many rows at most; raises FolderTooLarge."""
    config = config_of(session)
    path = directory(config, repository)
    trees = Trees(path)
    try:
        folder = trees.read_folder(entry.object_id)
    except TooLarge as error:
        raise _too_large(spot) from error
    prepared = reading_folder(config, repository.id)
    last = LastCommits(path, prepared)
    shown = folder.entries[:most_rows]
    touched = last.in_folder(spot.commit_id, spot.path, [one.name for one in shown])
    commits = _read_commits(path, set(touched.values())) if touched is not None else {}
    rows = [
        EntryRow(
            text=as_text(one.name),
            path=spot.path + b"/" + one.name if spot.path else one.name,
            kind=one.kind,
            object_id=one.object_id,
            commit=commits.get((touched or {}).get(one.name, "")),
        )
        for one in shown
    ]
    return FolderPage(
        spot=spot,
        rows=rows,
        more=folder.more + len(folder.entries) - len(shown),
        is_complete=touched is not None,
        commit=_last(path, last, spot),
        commit_count=None if spot.path else known_count(prepared, spot.commit_id),
        readme=_find_readme(folder),
    )


def _read_commits(path: Path, ids: set[str]) -> dict[str, CommitLine]:
    return {one.commit_id: line_of(one) for one in read_commits(path, ids)}


def _last(path: Path, last: LastCommits, spot: Spot) -> CommitLine:
    """The commit to name above the folder: the last that touched it, the one that is shown while unknown."""
    commit_id = last.of_path(spot.commit_id, spot.path)
    found = [] if commit_id is None else read_commits(path, [commit_id])
    return line_of((found or read_commits(path, [spot.commit_id]))[0])


def _find_readme(folder: Folder) -> Entry | None:
    named = {
        one.name.decode("ascii", "replace").lower(): one for one in reversed(folder.entries) if one.is_blob
    }
    return next((named[name] for name in _READMES if name in named), None)


def _too_large(spot: Spot) -> FolderTooLarge:
    return FolderTooLarge(
        text("The folder %(path)s is too large for a page.", path=spot.path_text or "/"),
        text("It holds hundreds of thousands of entries."),
        text("Clone the repository to look at it."),
    )
