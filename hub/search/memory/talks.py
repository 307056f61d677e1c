"""What was said in threads, for pages of code: what the viewer may see, in words that are still there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from hub.access import Viewer
from hub.accounts.models import Principal
from hub.issues.models import Comment, Thread, Topic
from hub.journal.models import Person
from hub.repos.access import visible_to
from hub.repos.models import Repository
from hub.reviews.addresses import change_address
from hub.reviews.faces import Face, face_of
from hub.reviews.models import Anchor, PatchSet
from hub.search.memory.places import Stand

_EXCERPT: Final = 160


@dataclass(frozen=True, slots=True)
class Talk:
    """A discussion of lines of a text: who began it, with which words, where; None for what was taken away.

    `number` is that of the change, `reference` has it behind the path of another repository.
    """

    thread_id: int
    first_line: int
    last_line: int
    address: str
    number: int
    reference: str
    title: str | None
    who: Face
    at: datetime
    words: str | None
    comments_count: int
    is_resolved: bool

    @property
    def element_id(self) -> str:
        """What its element in a list is called."""
        return f"talk-{self.thread_id}"


@dataclass(frozen=True, slots=True)
class _Pathed:
    path: str


def list_talks(
    session: Session, viewer: Viewer, stands: Sequence[Stand], *, repository_id: int | None = None
) -> list[Talk]:
    """The discussions of these threads, in the order of their lines.

    Only of repositories that the viewer may see; one without any words left is none. `repository_id` is of
    the one whose page it is.
    """
    if not stands:
        return []
    owner = aliased(Principal)
    said = (Comment.thread_id == Thread.id, Comment.is_deleted.is_(False))
    first = select(func.min(Comment.position)).where(*said).correlate(Thread).scalar_subquery()
    count = select(func.count(Comment.id)).where(*said).correlate(Thread).scalar_subquery()
    columns = (Thread, Topic.number, Topic.title, Topic.repository_id, PatchSet.label, Comment, Person, count)
    query = (
        select(*columns, owner.name + "/" + Repository.name)
        .join(Topic, Topic.id == Thread.topic_id)
        .join(Repository, Repository.id == Topic.repository_id)
        .join(owner, owner.id == Repository.owner_id)
        .join(Anchor, Anchor.thread_id == Thread.id)
        .join(PatchSet, and_(PatchSet.topic_id == Topic.id, PatchSet.entry_id == Anchor.patch_set))
        .join(Comment, and_(Comment.thread_id == Thread.id, Comment.position == first))
        .join(Person, Person.id == Comment.author_id)
        .where(visible_to(viewer), Thread.id.in_([one.thread_id for one in stands]))
    )
    by_thread = {one.thread_id: one for one in stands}
    found = []
    for thread, number, title, of_id, label, comment, person, comments_count, path in session.execute(query):
        stand = by_thread[thread.id]
        found.append(
            Talk(
                thread_id=thread.id,
                first_line=stand.first_line,
                last_line=stand.last_line,
                address=change_address(_Pathed(path), number, f"files/{label}", at=f"thread-{thread.id}"),
                number=number,
                reference=f"#{number}" if of_id == repository_id else f"{path}#{number}",
                title=title,
                who=face_of(person),
                at=comment.at,
                words=None if comment.text is None else _excerpt(comment.text),
                comments_count=comments_count,
                is_resolved=thread.is_resolved,
            )
        )
    return sorted(found, key=lambda one: (one.first_line, one.last_line, one.thread_id))


def _excerpt(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _EXCERPT else f"{line[: _EXCERPT - 1]}…"
