"""How far the index of words is behind, told from rows alone: without the index, and without Whoosh.

A mark says what the rows looked like when they were indexed; it lies beside the index and is gone with it.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from hub.accounts.models import Principal, User
from hub.config import Config
from hub.journal.models import JournalEntry
from hub.repos.models import Repository

Marks = dict[str, str]

# Set while words that were taken away may still stand in the index's files.
PURGE: Final = "purge"
# The journal's end when it was looked at last.
NEWEST: Final = "newest"

_FILE: Final = "marks.json"
_DAMAGED: Final = "damaged"


def index_folder(config: Config) -> Path:
    """Where the index lies; nobody but the hub's own user can enter it."""
    return config.data / "index" / "words"


def read_marks(config: Config) -> Marks:
    """The marks as they were left; none where there is no index."""
    try:
        found = json.loads((index_folder(config) / _FILE).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return {str(name): str(mark) for name, mark in found.items()} if isinstance(found, dict) else {}


def write_marks(config: Config, marks: Marks) -> None:
    """Leaves these marks, in place of those before."""
    folder = index_folder(config)
    fresh = folder / f"{_FILE}.new"
    fresh.write_text(json.dumps(marks))
    fresh.rename(folder / _FILE)


def newest_entry(session: Session) -> str:
    """The mark of the journal's end, which moves with every act."""
    newest = session.execute(
        select(JournalEntry.id, JournalEntry.entry_id).order_by(JournalEntry.id.desc()).limit(1)
    ).first()
    return "0" if newest is None else f"{newest[0]} {newest[1]}"


def id_in(mark: str | None) -> int:
    """The number of the entry that a mark of the journal's end names; 0 for none."""
    return int((mark or "0").partition(" ")[0])


def _entries(session: Session) -> str:
    # Of two transactions the later one may be given the lower number: what is counted tells of both.
    return f"{newest_entry(session)} {session.scalar(select(func.count()).select_from(JournalEntry))}"


def _people(session: Session) -> str:
    query = select(
        User.id, User.name, User.display_name, User.about, User.deleted_at, User.is_suspended, User.is_pending
    )
    return _digest(session.execute(query.order_by(User.id)))


def _repositories(session: Session) -> str:
    query = select(Repository.id, Principal.name, Repository.name, Repository.description).join(
        Principal, Principal.id == Repository.owner_id
    )
    return _digest(session.execute(query.order_by(Repository.id)))


# Any: columns of several types.
def _digest(rows: Iterable[Row[*tuple[Any, ...]]]) -> str:
    made = hashlib.sha256()
    for row in rows:
        made.update(repr(tuple(row)).encode("utf-8", "replace"))
    return made.hexdigest()


THOROUGH: Final[Mapping[str, Callable[[Session], str]]] = {
    "entries": _entries,
    "people": _people,
    "repositories": _repositories,
}


def thorough_marks(session: Session) -> Marks:
    """What the rows look like now: other than the marks that were left where not all is indexed."""
    return {NEWEST: newest_entry(session), **{name: mark(session) for name, mark in THOROUGH.items()}}


def is_behind(session: Session, config: Config) -> bool:
    """Whether rows are not what they were when all was indexed, or words are to leave the index."""
    return is_damaged(config) or read_marks(config) != thorough_marks(session)


def note_damage(config: Config) -> None:
    """Has the worker make the index anew: whoever read it found that it makes no sense."""
    with suppress(FileNotFoundError):
        (index_folder(config) / _DAMAGED).touch()


def is_damaged(config: Config) -> bool:
    """Whether somebody found it so."""
    return (index_folder(config) / _DAMAGED).exists()
