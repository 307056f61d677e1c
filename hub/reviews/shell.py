"""What stands above every page of a change: what is proposed by whom, its state, and its patch sets."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.errors import NotFound, text
from hub.issues.models import Topic, TopicState
from hub.journal.models import Person
from hub.repos.access import find_repository
from hub.repos.queries import head_of
from hub.reviews.changes import OpenedChange
from hub.reviews.faces import Face, face_of
from hub.reviews.models import PatchSet, PatchSetFacts


@dataclass(frozen=True, slots=True)
class Version:
    """A patch set as pages show it, with what git says about it where that is known."""

    entry_id: str
    number: int
    label: str
    commit_id: str
    base_id: str
    author: Face
    at: datetime
    facts: PatchSetFacts | None


@dataclass(frozen=True, slots=True)
class Source:
    """The branch that a change follows; `repository` is the path of a fork, None for the change's own one."""

    repository: str | None
    branch: str


@dataclass(frozen=True, slots=True)
class ChangeHead:
    """A change for people; `title` is None once it was redacted, `source` where it was pushed for review.

    `ended_by` closed or merged it. `versions` are its patch sets, the first one first.
    """

    number: int
    title: str | None
    state: TopicState
    is_draft: bool
    author: Face
    target: str
    source: Source | None
    versions: tuple[Version, ...]
    opened_at: datetime
    ended_at: datetime | None
    ended_by: Face | None
    comments: int

    @property
    def newest(self) -> Version:
        """The patch set that was added last."""
        return self.versions[-1]

    @property
    def is_open(self) -> bool:
        """Whether it may still be merged."""
        return self.state is TopicState.OPEN

    def version(self, label: str) -> Version:
        """The patch set that people call so; raises NotFound."""
        for one in self.versions:
            if one.label == label:
                return one
        raise NotFound(
            text("There is no patch set %(label)s of this change.", label=label[:40]),
            next_step=text("The newest is patch set %(label)s.", label=self.newest.label),
        )

    def version_of(self, entry_id: str) -> Version | None:
        """The patch set that the entry added, or None."""
        return next((one for one in self.versions if one.entry_id == entry_id), None)


def shell_of(session: Session, viewer: Viewer, opened: OpenedChange) -> dict[str, object]:
    """The values that the layout of a change's pages needs, by their names in templates."""
    return {
        "repository": head_of(session, viewer, opened.repository),
        "change": change_head(session, viewer, opened),
    }


def change_head(session: Session, viewer: Viewer, opened: OpenedChange) -> ChangeHead:
    """What stands above the pages of this change, which the viewer sees."""
    topic = opened.topic
    return ChangeHead(
        number=topic.number,
        title=topic.title,
        state=topic.state,
        is_draft=topic.is_draft,
        author=face_of(opened.author),
        target=opened.change.target,
        source=_source_of(session, viewer, opened),
        versions=tuple(_list_versions(session, topic.id)),
        opened_at=topic.opened_at,
        ended_at=topic.ended_at,
        ended_by=_ended_by(session, topic),
        comments=topic.comments_count,
    )


def _list_versions(session: Session, topic_id: int) -> list[Version]:
    query = (
        select(PatchSet, PatchSetFacts, Person)
        .join(Person, Person.id == PatchSet.author_id)
        .outerjoin(PatchSetFacts, PatchSetFacts.patch_set_id == PatchSet.id)
        .where(PatchSet.topic_id == topic_id)
        .order_by(PatchSet.id)
    )
    return [
        Version(
            entry_id=one.entry_id,
            number=one.number,
            label=one.label,
            commit_id=one.commit_id,
            base_id=one.base_id,
            author=face_of(person),
            at=one.at,
            facts=facts,
        )
        for one, facts, person in session.execute(query)
    ]


def _source_of(session: Session, viewer: Viewer, opened: OpenedChange) -> Source | None:
    branch, repository_id = opened.change.followed_branch, opened.change.followed_repository_id
    if branch is None or repository_id is None:
        return None
    if repository_id == opened.repository.id:
        return Source(None, branch)
    fork = find_repository(session, viewer, repository_id)
    # A fork that the viewer may not see is not named.
    return None if fork is None else Source(fork.path, branch)


def _ended_by(session: Session, topic: Topic) -> Face | None:
    if topic.ended_by_id is None:
        return None
    return face_of(session.get_one(Person, topic.ended_by_id))
