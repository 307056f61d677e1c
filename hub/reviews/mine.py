"""Changes that concern one person, wherever they may see them: opened, to be reviewed, reviewed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from hub.access import Permission, Role, Viewer, Visibility, allowed
from hub.errors import BadRequest, text
from hub.issues.models import Topic, TopicState, TopicType
from hub.journal.linking import is_of
from hub.journal.models import Person
from hub.paging import PAGE_SIZE, Page, make_page, offset_of
from hub.repos.access import visible_to
from hub.repos.models import Collaborator, Repository
from hub.reviews.change_rows import ChangeRow, read_rows
from hub.reviews.models import Change, ChangeReviewer, PatchSet, Review, VerdictValue

# Nobody turns more pages than these hold, and counting on would take as long as there are changes.
_MOST_COUNTED: Final = 1000
_MAINTAINERS: Final = tuple(
    role for role in Role if allowed(Permission.MERGE, role=role, visibility=Visibility.PRIVATE)
)


class Concern(StrEnum):
    """What a change is to somebody."""

    WAITING = "waiting"  # open, and without their verdict: they were asked, or look after the repository
    OPENED = "opened"  # theirs, and open or a draft
    REVIEWED = "reviewed"  # others' that they reviewed, in whichever state


@dataclass(frozen=True, slots=True)
class MyChanges:
    """One page of changes, and how many there are of each concern; counting ends at a thousand."""

    page: Page[ChangeRow]
    counts: Mapping[Concern, int]
    concern: Concern


def read_concern(given: Mapping[str, str]) -> Concern:
    """The concern that an address asks for; raises BadRequest for one that there is not."""
    try:
        return Concern(given.get("show") or Concern.WAITING)
    except ValueError as error:
        raise BadRequest(
            text("There is no such list of changes."), next_step=text("Choose one of those on the page.")
        ) from error


def list_my_changes(session: Session, viewer: Viewer, concern: Concern, *, page: int = 1) -> MyChanges:
    """The viewer's changes of that concern, the last updated first."""
    counts = {one: _count(session, viewer, one) for one in Concern}
    rows = _read(session, viewer, concern, offset=offset_of(page), limit=PAGE_SIZE)
    return MyChanges(make_page(rows, number=page, total=counts[concern]), counts, concern)


def list_waiting(session: Session, viewer: Viewer, *, limit: int) -> list[ChangeRow]:
    """The first of those that wait for the viewer's review."""
    return _read(session, viewer, Concern.WAITING, offset=0, limit=limit)


def _read(session: Session, viewer: Viewer, concern: Concern, *, offset: int, limit: int) -> list[ChangeRow]:
    ordered = _ids(viewer, concern).order_by(Topic.updated_at.desc(), Topic.id.desc())
    return read_rows(session, session.scalars(ordered.offset(offset).limit(limit)).all())


def _count(session: Session, viewer: Viewer, concern: Concern) -> int:
    some = _ids(viewer, concern).limit(_MOST_COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def _ids(viewer: Viewer, concern: Concern) -> Select[int]:
    me = select(Person.id).where(is_of(viewer.user_id))
    query = (
        select(Topic.id)
        .join(Repository, Repository.id == Topic.repository_id)
        .where(Topic.type == TopicType.CHANGE, visible_to(viewer))
    )
    if concern is Concern.OPENED:
        return query.where(Topic.author_id.in_(me), Topic.state == TopicState.OPEN)
    if concern is Concern.REVIEWED:
        reviewed = select(Review.topic_id).where(Review.author_id.in_(me))
        return query.where(Topic.id.in_(reviewed), Topic.author_id.not_in(me))
    return query.join(Change, Change.topic_id == Topic.id).where(
        Topic.state == TopicState.OPEN,
        Topic.is_draft.is_(False),
        or_(Topic.id.in_(_asked(me)), Topic.repository_id.in_(_looked_after_by(viewer))),
        or_(Topic.author_id.is_(None), Topic.author_id.not_in(me)),
        ~_has_verdict(me),
    )


def _asked(me: Select[int]) -> Select[int]:
    return select(ChangeReviewer.topic_id).where(ChangeReviewer.person_id.in_(me))


def _looked_after_by(viewer: Viewer) -> Select[int]:
    granted = select(Collaborator.repository_id).where(
        Collaborator.user_id == viewer.user_id, Collaborator.role.in_(_MAINTAINERS)
    )
    is_theirs = or_(Repository.owner_id == viewer.user_id, Repository.id.in_(granted))
    return select(Repository.id).where(is_theirs, Repository.archived_at.is_(None))


def _has_verdict(me: Select[int]) -> ColumnElement[bool]:
    """Whether they gave a verdict about the newest patch set."""
    of_newest = and_(PatchSet.topic_id == Review.topic_id, PatchSet.entry_id == Review.patch_set)
    return exists().where(
        Review.topic_id == Topic.id,
        Review.author_id.in_(me),
        Review.verdict.in_((VerdictValue.APPROVE, VerdictValue.REQUEST_CHANGES)),
        Review.is_dismissed.is_(False),
        of_newest,
        PatchSet.commit_id == Change.commit_id,
    )
