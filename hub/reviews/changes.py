"""Finds changes: the only way from a number to the rows of one, for somebody who may see its repository."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Permission, Viewer
from hub.errors import NotFound, text
from hub.issues.models import Topic, TopicType
from hub.journal.models import JournalTopic, Person
from hub.journal.people import person_of
from hub.repos.access import open_repository
from hub.repos.models import Repository
from hub.reviews.access import is_author, is_maintainer
from hub.reviews.models import Change, PatchSet


@dataclass(frozen=True, slots=True)
class OpenedChange:
    """The rows of a change, and what the viewer is to it."""

    repository: Repository
    topic: Topic
    change: Change
    journal_topic: JournalTopic
    author: Person
    is_author: bool
    is_maintainer: bool


def get_change(
    session: Session,
    viewer: Viewer,
    path: str,
    number: int,
    *,
    need: Permission = Permission.SEE,
    locks: bool = False,
) -> OpenedChange:
    """The change of that number in the repository at `owner/name`; raises what `open_repository` raises.

    `locks` makes whoever else wants to act on it wait until the transaction ends.
    """
    repository = open_repository(session, viewer, path, need=need)
    is_it = (
        Topic.repository_id == repository.id,
        Topic.number == number,
        Topic.type == TopicType.CHANGE,
    )
    if locks:
        if viewer.user_id is not None:
            # Whoever is new here is introduced in the repository's own topic, locked before any change's.
            person_of(session, repository.id, viewer.user_id)
        # Before anything is read: what somebody else did meanwhile must be seen.
        locked = select(JournalTopic).join(Topic, Topic.journal_id == JournalTopic.id).where(*is_it)
        session.execute(locked.with_for_update(of=JournalTopic))
    query = (
        select(Topic, Change, JournalTopic, Person)
        .join(Change, Change.topic_id == Topic.id)
        .join(JournalTopic, JournalTopic.id == Topic.journal_id)
        .join(Person, Person.id == Topic.author_id)
        .where(*is_it)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound(
            text("There is no change %(number)s in %(path)s.", number=number, path=repository.path),
            next_step=text("Look for it in the list of changes."),
            next_url=f"/{repository.path}/changes",
        )
    topic, change, journal_topic, author = found
    return OpenedChange(
        repository=repository,
        topic=topic,
        change=change,
        journal_topic=journal_topic,
        author=author,
        is_author=is_author(viewer, author.user_id),
        is_maintainer=is_maintainer(session, viewer, repository),
    )


def list_patch_sets(session: Session, topic_id: int) -> list[PatchSet]:
    """All patch sets of a change, the first one first."""
    query = select(PatchSet).where(PatchSet.topic_id == topic_id).order_by(PatchSet.id)
    return list(session.scalars(query))


def get_patch_set(session: Session, topic_id: int, label: str) -> PatchSet:
    """The patch set that people call so; raises NotFound."""
    query = select(PatchSet).where(PatchSet.topic_id == topic_id, PatchSet.label == label)
    found = session.scalar(query)
    if found is None:
        raise NotFound(text("There is no patch set %(label)s of this change.", label=label[:40]))
    return found
