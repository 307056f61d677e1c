"""Which change a push is another version of: by its number, by the name of its tip, by what it changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import Principal
from hub.issues.models import Topic, TopicState
from hub.journal.models import Person
from hub.repos.models import Repository
from hub.reviews.intake.proposed import Facts
from hub.reviews.models import Change, PatchSet, PatchSetFacts

# Of the newest of somebody's open changes for one branch, the ones that are compared.
_MOST_COMPARED: Final = 500

# A statement with columns in the order of `Known`. Any: SQLAlchemy knows the types of ten at most.
_Rows: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Known:
    """A change that is there: its row's ids, and its newest patch set."""

    topic_id: int
    repository_id: int
    path: str
    number: int
    title: str | None
    state: TopicState
    author_id: int | None  # an account
    target: str
    patch_sets: int
    commit_id: str
    base_id: str
    subject: str
    patch_id: str
    change_key: str

    def is_rebased_as(self, base_id: str, patch_id: str) -> bool:
        """Whether a version with this base changes what the newest changes, from somewhere else."""
        return bool(patch_id) and patch_id == self.patch_id and base_id != self.base_id


def find_by_number(session: Session, repository_id: int, number: int) -> Known | None:
    """The change of that number."""
    query = _newest(repository_id).where(Topic.number == number)
    return next(iter(_read(session, query)), None)


def find_by_key(session: Session, repository_id: int, target: str, change_key: str) -> list[Known]:
    """The changes for that branch whose newest patch set bears that name, open ones first."""
    if not change_key:
        return []
    query = _newest(repository_id).where(PatchSetFacts.change_key == change_key, Change.target == target)
    found = _read(session, query)
    return sorted(found, key=lambda one: (one.state is not TopicState.OPEN, -one.number))


def find_alike(
    session: Session, repository_id: int, target: str, *, author_id: int, facts: Facts
) -> list[Known]:
    """That person's open changes for the branch which have this subject, or change just this."""
    query = (
        _newest(repository_id)
        .where(Person.user_id == author_id, Topic.state == TopicState.OPEN, Change.target == target)
        .order_by(Topic.number.desc())
        .limit(_MOST_COMPARED)
    )
    return [one for one in _read(session, query) if _is_alike(one, facts)]


def find_followers(session: Session, repository_id: int, branches: Sequence[str]) -> dict[str, list[Known]]:
    """The open changes that follow these branches of a repository, wherever they are proposed."""
    query = (
        _all()
        .add_columns(Change.followed_branch)
        .where(
            Change.followed_repository_id == repository_id,
            Change.followed_branch.in_(branches),
            Topic.state == TopicState.OPEN,
        )
        .order_by(Topic.number)
    )
    found: dict[str, list[Known]] = {}
    for *columns, branch in session.execute(query):
        found.setdefault(branch, []).append(Known(*columns))
    return found


def _is_alike(known: Known, facts: Facts) -> bool:
    # A commit that others name has a name of its own, by which it would have been found.
    if known.change_key and facts.change_key:
        return False
    is_same = bool(facts.patch_id) and known.patch_id == facts.patch_id
    return is_same or known.subject == facts.subject


def _all() -> _Rows:
    return (
        select(
            Topic.id,
            Topic.repository_id,
            Principal.name + "/" + Repository.name,
            Topic.number,
            Topic.title,
            Topic.state,
            Person.user_id,
            Change.target,
            Change.patch_sets_count,
            PatchSet.commit_id,
            PatchSet.base_id,
            PatchSetFacts.subject,
            PatchSetFacts.patch_id,
            PatchSetFacts.change_key,
        )
        .join_from(Topic, Change, Change.topic_id == Topic.id)
        .join(Repository, Repository.id == Topic.repository_id)
        .join(Principal, Principal.id == Repository.owner_id)
        .join(Person, Person.id == Topic.author_id)
        .join(PatchSet, (PatchSet.topic_id == Topic.id) & (PatchSet.number == Change.patch_sets_count))
        .join(PatchSetFacts, PatchSetFacts.patch_set_id == PatchSet.id)
    )


def _newest(
    repository_id: int,
) -> _Rows:
    return _all().where(Topic.repository_id == repository_id)


def _read(
    session: Session,
    query: _Rows,
) -> list[Known]:
    return [Known(*columns) for columns in session.execute(query)]
