"""People as the pages of changes show them."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.journal.linking import SIGN_LENGTH
from hub.journal.models import Person


@dataclass(frozen=True, slots=True)
class Face:
    """Somebody by the id of their row; `name` is None for somebody who left, and for the hub itself.

    `page` is the name of their account's page here, None where there is none. `hub_sign` is the short form of
    the hub at which they acted, empty for this one.
    """

    person_id: int
    user_id: int | None
    name: str | None
    is_hub: bool = False
    page: str | None = None
    hub_sign: str = ""


def face_of(person: Person) -> Face:
    """How that person is shown."""
    # Whoever acts here has an account, and who left has no name any more.
    is_elsewhere = person.user_id is None and person.name is not None and bool(person.handle)
    return Face(
        person.id,
        person.user_id,
        person.name,
        is_hub=not person.handle,
        page=person.account_name if person.user_id is None else person.name,
        hub_sign=person.hub[:SIGN_LENGTH] if is_elsewhere else "",
    )


def list_faces(session: Session, ids: Iterable[int | None]) -> dict[int, Face]:
    """How these people are shown, by the ids of their rows; None is nobody."""
    wanted = {one for one in ids if one is not None}
    if not wanted:
        return {}
    found = session.scalars(select(Person).where(Person.id.in_(wanted)))
    return {one.id: face_of(one) for one in found}
