"""Who reviews a change: those who were asked, those who did, and what each of them says about it now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hub.journal.models import Person
from hub.reviews.conversation.events import SaidReview
from hub.reviews.faces import Face, face_of
from hub.reviews.models import ChangeReviewer, Review, VerdictValue


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Somebody who was asked for a review or gave one; `review` is their last verdict, None without one."""

    face: Face
    is_asked: bool
    has_spoken: bool
    review: SaidReview | None


def list_people(
    session: Session, topic_id: int, names: Iterable[str], ids: Iterable[int]
) -> tuple[dict[str, Face], set[int]]:
    """How people of these names (`handle@hub`) and ids and all reviewers are shown; and who was asked."""
    handles = {one.partition("@")[0] for one in names}
    was_asked = ChangeReviewer.person_id.is_not(None)
    is_reviewer = (ChangeReviewer.person_id == Person.id) & (ChangeReviewer.topic_id == topic_id)
    query = (
        select(Person, was_asked)
        .outerjoin(ChangeReviewer, is_reviewer)
        .where(or_(was_asked, Person.handle.in_(handles), Person.id.in_(list(ids))))
    )
    found, asked = {}, set()
    for person, is_asked in session.execute(query):
        found[person.global_id] = face_of(person)
        if is_asked:
            asked.add(person.id)
    return found, asked


def list_reviewers(
    people: Mapping[int, Face],
    asked: set[int],
    reviews: Sequence[Review],
    said: Mapping[str, SaidReview],
    *,
    author_id: int,
) -> list[Reviewer]:
    """The reviewers of a change, those with a verdict first, then those who are waited for."""
    last: dict[int, SaidReview | None] = {}
    for review in reviews:
        if review.author_id == author_id:
            continue
        last.setdefault(review.author_id, None)
        if review.verdict is VerdictValue.NONE:
            last[review.author_id] = None
        elif review.verdict is not VerdictValue.COMMENT:
            last[review.author_id] = said[review.entry_id]
    waiting = sorted(asked - last.keys())
    ids = [*sorted(last, key=lambda one: last[one] is None), *waiting]
    return [Reviewer(people[one], one in asked, one in last, last.get(one)) for one in ids if one in people]
