"""The rows of people: found by what all hubs call them, and made where somebody is met for the first time."""

from collections.abc import Collection, Iterable

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from hub.journal.models import Person

_MOST_AT_ONCE = 500


def ids_of(session: Session, people: Collection[str]) -> dict[str, int]:
    """The row's id of each `by@hub`; rows that are missing are made."""
    wanted = {one: split(one) for one in people}
    found: dict[str, int] = {}
    pairs = sorted(set(wanted.values()))
    for begin in range(0, len(pairs), _MOST_AT_ONCE):
        some = pairs[begin : begin + _MOST_AT_ONCE]
        rows = session.execute(
            select(Person.id, Person.handle, Person.hub).where(tuple_(Person.handle, Person.hub).in_(some))
        )
        found.update((f"{handle}@{hub}", row_id) for row_id, handle, hub in rows)
    missing = [Person(handle=wanted[one][0], hub=wanted[one][1]) for one in sorted(wanted.keys() - found)]
    session.add_all(missing)
    session.flush()
    return found | {one.global_id: one.id for one in missing}


def names_of(session: Session, ids: Iterable[int]) -> dict[int, str | None]:
    """The name shown of each of these rows, None where it is forgotten or was never known."""
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(set(ids))))
    return dict(rows.all())


def split(person: str) -> tuple[str, str]:
    """The handle and the hub of `by@hub`; raises ValueError."""
    handle, hub = person.split("@")
    return handle, hub
