"""Who stands behind a merge and what its message says: read from the change, its commits and its reviews."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import User
from hub.db import config_of
from hub.repos.authorship import sign_as
from hub.repos.git.commits import CommitRow, read_commits
from hub.repos.git.store import directory
from hub.repos.git.writing import Signature
from hub.reviews.changes import OpenedChange
from hub.reviews.merge_message import MessageParts, propose_message
from hub.reviews.models import PatchSet, PatchSetCommit


def propose_message_for(
    opened: OpenedChange, *, approved_by: Sequence[User], change_key: str, base_url: str
) -> str:
    """The message that is proposed for merging the change; `base_url` is the hub's own address."""
    topic = opened.topic
    parts = MessageParts(
        number=topic.number,
        title=topic.title or "",
        description=topic.description or "",
        url=f"{base_url}/{opened.repository.path}/changes/{topic.number}",
        change_key=change_key,
        reviewers=[write_person(sign_as(one, base_url)) for one in approved_by],
    )
    return propose_message(parts)


def list_authors(session: Session, opened: OpenedChange) -> list[Signature]:
    """Everybody who wrote commits of the newest patch set, whoever wrote the first one first."""
    newest = select(PatchSet.id).where(PatchSet.topic_id == opened.topic.id).order_by(PatchSet.id.desc())
    ids = session.scalars(
        select(PatchSetCommit.commit_id)
        .where(PatchSetCommit.patch_set_id == newest.limit(1).scalar_subquery())
        .order_by(PatchSetCommit.position)
    )
    folder = directory(config_of(session), opened.repository)
    found: dict[tuple[str, str], Signature] = {}
    for one in read_commits(folder, ids):
        found.setdefault((one.author_name, one.author_email), _author_of(one))
    return list(found.values())


def write_person(one: Signature) -> str:
    """A person as trailers name one."""
    return f"{one.name} <{one.email}>"


def _author_of(row: CommitRow) -> Signature:
    return Signature(row.author_name, row.author_email, row.authored_at)
