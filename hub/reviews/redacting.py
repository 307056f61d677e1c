"""Words are taken away, for good: one's own, or anybody's by those who look after the repository."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Permission, Viewer
from hub.errors import Forbidden, Invalid, NotFound, text
from hub.journal import redacting
from hub.journal.models import Person
from hub.journal.people import person_of
from hub.journal.person_rows import split
from hub.repos.access import may
from hub.reviews.access import is_author
from hub.reviews.changes import OpenedChange
from hub.reviews.faces import Face, face_of
from hub.reviews.wordings import Wording, list_wordings


@dataclass(frozen=True, slots=True)
class Removable:
    """A wording that the viewer may take away, and who wrote it."""

    wording: Wording
    author: Face


def list_removable(
    session: Session, viewer: Viewer, opened: OpenedChange, *, of: str | None = None
) -> list[Removable]:
    """The wordings of the change that the viewer may take away and nobody has, the oldest first.

    `of` leaves those of one text, as `Wording.of` names it. Raises Forbidden where all others are somebody
    else's, NotFound where there are none.
    """
    viewer = viewer.within(opened.repository.id)
    said = list_wordings(session, opened.journal_topic)
    wanted = [one for one in said if of is None or one.of == of]
    there = [one for one in wanted if one.text is not None]
    if not there:
        raise NotFound(
            text("There are no words to be taken away."), text("They never were there, or are gone already.")
        )
    faces = _authors(session, there)
    mine = [one for one in there if _may_take(session, viewer, opened, faces.get(one.author))]
    if not mine:
        raise Forbidden(
            text("These words are somebody else's."),
            text("Only their author and maintainers take them away."),
            text("Ask a maintainer of the repository."),
        )
    return [Removable(one, faces.get(one.author) or Face(0, None, None)) for one in mine]


def take_away(session: Session, viewer: Viewer, opened: OpenedChange, *, names: Collection[str]) -> int:
    """Takes these wordings away, for good; returns how many. The change was opened with `locks`.

    Raises Invalid for none at all, NotFound for one that is not there, Forbidden for somebody else's.
    """
    viewer = viewer.within(opened.repository.id)
    if not names:
        fault = text("Choose the words that are to be taken away.")
        raise Invalid(text("Nothing was taken away."), {"words": fault})
    said = {one.name: one for one in list_wordings(session, opened.journal_topic)}
    if not said.keys() >= set(names):
        raise NotFound(text("There are no such words in this change."))
    chosen = [said[one] for one in dict.fromkeys(names)]
    faces = _authors(session, chosen)
    if not all(_may_take(session, viewer, opened, faces.get(one.author)) for one in chosen):
        raise Forbidden(
            text("These words are somebody else's."),
            text("Only their author and maintainers take them away."),
            text("Ask a maintainer of the repository."),
        )
    digests = [one.digest for one in chosen if one.text is not None]
    if digests:
        # Whoever runs the hub's commands acts as the hub itself.
        person = viewer.user_id and person_of(session, opened.repository.id, viewer.user_id)
        redacting.redact(session, opened.journal_topic, person=person or None, digests=digests)
    return len(digests)


def _may_take(session: Session, viewer: Viewer, opened: OpenedChange, author: Face | None) -> bool:
    if author is not None and is_author(viewer, author.user_id):
        return True
    if viewer.user_id is None and not viewer.administers:
        return False
    return may(session, viewer, opened.repository, Permission.REDACT)


def _authors(session: Session, wordings: Iterable[Wording]) -> dict[str, Face]:
    handles = {split(one.author)[0] for one in wordings}
    found = session.scalars(select(Person).where(Person.handle.in_(handles)))
    return {one.global_id: face_of(one) for one in found}
