"""People as the pages of changes show them."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.journal.models import Person


@dataclass(frozen=True, slots=True)
class Face:
    """Somebody by the id of their row; `name` is None for somebody who left, and for the hub itself."""

    person_id: int
    user_id: int | None
    name: str | None
    is_hub: bool = False

    @property
    def has_page(self) -> bool:
        """Whether the name leads to a page here."""
        return self.user_id is not None and self.name is not None


def face_of(person: Person) -> Face:
    """How that person is shown."""
    return Face(person.id, person.user_id, person.name, is_hub=not person.handle)


def list_faces(session: Session, ids: Iterable[int | None]) -> dict[int, Face]:
    """How these people are shown, by the ids of their rows; None is nobody."""
    wanted = {one for one in ids if one is not None}
    if not wanted:
        return {}
    found = session.scalars(select(Person).where(Person.id.in_(wanted)))
    return {one.id: face_of(one) for one in found}
