"""The rows of commits, read and written many at a time: numbers by id, people by name and address."""

import hashlib
from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from hub.search.models import CommitDocument, CommitPerson, CommitView
from hub.search.parts import parts

# Name and address, as rows keep them.
Who = tuple[str, str]

_AT_ONCE: Final = 500
_MOST: Final = 300


def numbers_of(session: Session, commit_ids: Collection[bytes]) -> dict[bytes, int]:
    """The numbers of those of the commits that the index holds, by raw id."""
    found: dict[bytes, int] = {}
    for some in parts(list(commit_ids), _AT_ONCE):
        rows = select(CommitDocument.key, CommitDocument.number).where(CommitDocument.key.in_(some))
        found.update((key, number) for key, number in session.execute(rows))
    return found


def ids_of(session: Session, numbers: Collection[int]) -> dict[int, str]:
    """The ids of the commits with these numbers."""
    rows = select(CommitDocument.number, CommitDocument.key).where(CommitDocument.number.in_(numbers))
    return {number: key.hex() for number, key in session.execute(rows)}


def add_documents(session: Session, numbered: Iterable[tuple[int, bytes]]) -> None:
    """Notes which number each commit has."""
    session.execute(insert(CommitDocument), [{"number": number, "key": key} for number, key in numbered])


def forget_documents(session: Session, numbers: Collection[int]) -> None:
    """Forgets that these numbers were given."""
    for some in parts(sorted(numbers), _AT_ONCE):
        session.execute(delete(CommitDocument).where(CommitDocument.number.in_(some)))


def as_row(name: str, email: str) -> Who:
    """Name and address as a row keeps them; PostgreSQL takes no NUL."""
    return name.replace("\0", "\ufffd")[:_MOST], email.replace("\0", "\ufffd")[:_MOST]


def people_of(session: Session, people: Collection[Who]) -> dict[Who, int]:
    """The ids of these people, who get a row where they have none."""
    keys = {_key(one): one for one in people}
    found = _known(session, keys)
    missing = [key for key, one in keys.items() if one not in found]
    if missing:
        rows = [{"key": key, "name": keys[key][0], "email": keys[key][1]} for key in missing]
        session.execute(insert(CommitPerson), rows)
        found |= _known(session, {key: keys[key] for key in missing})
    return found


def _known(session: Session, keys: dict[bytes, Who]) -> dict[Who, int]:
    found: dict[Who, int] = {}
    for some in parts(list(keys), _AT_ONCE):
        rows = select(CommitPerson.key, CommitPerson.id).where(CommitPerson.key.in_(some))
        found.update((keys[key], person_id) for key, person_id in session.execute(rows))
    return found


def _key(who: Who) -> bytes:
    return hashlib.blake2b("\0".join(who).encode("utf-8", "replace"), digest_size=16).digest()


def forget_people(session: Session, kept: set[int]) -> None:
    """Forgets the names of everybody else."""
    gone = [one for one in session.scalars(select(CommitPerson.id)) if one not in kept]
    for some in parts(gone, _AT_ONCE):
        session.execute(delete(CommitPerson).where(CommitPerson.id.in_(some)))


def forget_all(session: Session) -> None:
    """Forgets everything: there is no index any more that the rows are of."""
    for rows in (CommitView, CommitDocument, CommitPerson):
        session.execute(delete(rows))
