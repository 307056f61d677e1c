"""What a proposal left behind, as the database and the repository of a running hub say it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from hub.issues.models import Topic
from hub.journal.models import Person as JournalPerson
from hub.reviews.models import Change, ChangeReviewer, PatchSet
from tests.git_client import Result
from tests.served import Served
from tests.wire.records import repository_id


@dataclass(frozen=True, slots=True)
class Proposal:
    """One change; `patch_sets` are commit ids, the oldest first."""

    number: int
    title: str | None
    description: str | None
    state: str
    is_draft: bool
    target: str
    name: str
    reviewers: tuple[str | None, ...]
    patch_sets: tuple[str, ...]


def proposals(served: Served, path: str) -> list[Proposal]:
    """The changes of a repository by number, with all that a push can say about them."""
    with served.hub.database.reading() as session:
        rows = session.execute(
            select(Topic, Change)
            .join(Change, Change.topic_id == Topic.id)
            .where(Topic.repository_id == repository_id(served, path))
            .order_by(Topic.number)
        ).all()
        return [
            Proposal(
                number=topic.number,
                title=topic.title,
                description=topic.description,
                state=topic.state.value,
                is_draft=topic.is_draft,
                target=change.target,
                name=change.name,
                reviewers=tuple(
                    session.scalars(
                        select(JournalPerson.name)
                        .join(ChangeReviewer, ChangeReviewer.person_id == JournalPerson.id)
                        .where(ChangeReviewer.topic_id == topic.id)
                        .order_by(JournalPerson.name)
                    )
                ),
                patch_sets=tuple(
                    session.scalars(
                        select(PatchSet.commit_id)
                        .where(PatchSet.topic_id == topic.id)
                        .order_by(PatchSet.number)
                    )
                ),
            )
            for topic, change in rows
        ]


def remote_lines(result: Result) -> list[str]:
    """What the hub printed, as it stands behind `remote: `, without the blanks that git pads with."""
    lines = result.err.splitlines()
    return [one.removeprefix("remote:").rstrip()[1:] for one in lines if one.startswith("remote:")]


def updated(result: Result) -> list[str]:
    """The lines about refs, with single blanks."""
    marks = ("*", "!", "+", "-", "=")
    lines = (" ".join(one.split()) for one in result.err.splitlines() if not one.startswith("remote:"))
    return [one for one in lines if one.startswith(marks)]


def line_with(lines: Sequence[str], part: str) -> str:
    """The one line that holds this."""
    [found] = [one for one in lines if part in one]
    return found
