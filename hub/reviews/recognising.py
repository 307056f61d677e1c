"""Knows changes again in what was pushed: their own commits, copies of them, or all of one as one commit."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from hub.issues.models import Topic, TopicState
from hub.repos.git.new_commits import NewCommits
from hub.reviews.models import Change, PatchSet, PatchSetCommit, PatchSetFacts
from hub.reviews.strategies.fast_forward import FastForward
from hub.reviews.strategies.merge import MergeCommit
from hub.reviews.strategies.rebase import Rebase
from hub.reviews.strategies.squash import Squash

# Of the commits that one push brings, so many of the newest are looked at.
MOST_COMMITS: Final = 500
_SOME: Final = 400  # ids in one statement


@dataclass(frozen=True, slots=True)
class Candidate:
    """A patch set of an open change, with the ids and patch ids of its commits, oldest first."""

    number: int
    topic_id: int
    commit_id: str
    is_newest: bool
    patch_id: str
    commits: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Recognised:
    """A change that is in what was pushed: by which patch set, how it got there, and as which commit."""

    candidate: Candidate
    strategy: str
    commit_id: str


def has_candidates(session: Session, repository_id: int, branches: Sequence[str]) -> bool:
    """Whether an open change is for one of these branches."""
    query = (
        select(Change.topic_id)
        .join(Topic, Topic.id == Change.topic_id)
        .where(Change.repository_id == repository_id, Change.target.in_(branches))
        .where(Topic.state == TopicState.OPEN)
    )
    return session.scalars(query.limit(1)).first() is not None


def recognise(candidates: Sequence[Candidate], new: NewCommits) -> list[Recognised]:
    """The changes among the new commits, each once: by its own commits where it can be. Pure."""
    found: dict[int, Recognised] = {}
    for find in (_find_own, _find_copies):
        for one in candidates:
            if one.topic_id not in found:
                recognised = find(one, new)
                if recognised is not None:
                    found[one.topic_id] = recognised
    return list(found.values())


def _find_own(one: Candidate, new: NewCommits) -> Recognised | None:
    if one.commit_id not in new.ids:
        return None
    tip = new.ids[-1]
    is_joined = one.commit_id != tip and tip in new.merges
    return Recognised(one, MergeCommit.name if is_joined else FastForward.name, tip)


def _find_copies(one: Candidate, new: NewCommits) -> Recognised | None:
    if not one.is_newest:
        return None
    by_patch = {patch_id: commit_id for commit_id, patch_id in new.patch_ids.items()}
    wanted = [patch_id for _, patch_id in one.commits]
    if wanted and all(patch_id and patch_id in by_patch for patch_id in wanted):
        return Recognised(one, Rebase.name, by_patch[wanted[-1]])
    if one.patch_id and one.patch_id in by_patch:
        return Recognised(one, Squash.name, by_patch[one.patch_id])
    return None


def list_candidates(session: Session, repository_id: int, branch: str, new: NewCommits) -> list[Candidate]:
    """The patch sets of open changes for the branch that could be in these commits, the newest ones first."""
    hits: set[int] = set()
    for column, wanted in (
        (PatchSet.commit_id, list(new.ids)),
        (PatchSetFacts.patch_id, list(new.patch_ids.values())),
        (PatchSetCommit.patch_id, list(new.patch_ids.values())),
    ):
        for start in range(0, len(wanted), _SOME):
            found = _select_open(repository_id, branch).where(column.in_(wanted[start : start + _SOME]))
            hits.update(session.scalars(found))
    rows = session.execute(
        select(PatchSet.id, PatchSet.topic_id, PatchSet.commit_id, PatchSetFacts.patch_id, Topic.number)
        .join(Topic, Topic.id == PatchSet.topic_id)
        .outerjoin(PatchSetFacts, PatchSetFacts.patch_set_id == PatchSet.id)
        .where(PatchSet.id.in_(hits))
        .order_by(PatchSet.id.desc())
    ).all()
    newest = _newest_of(session, {row.topic_id for row in rows})
    commits = _commits_of(session, [row.id for row in rows])
    return [
        Candidate(
            number=row.number,
            topic_id=row.topic_id,
            commit_id=row.commit_id,
            is_newest=row.id in newest,
            patch_id=row.patch_id or "",
            commits=tuple(commits.get(row.id, ())),
        )
        for row in rows
    ]


def _select_open(repository_id: int, branch: str) -> Select[int]:
    """The patch sets of open changes for the branch; a row for each of their commits."""
    return (
        select(PatchSet.id)
        .join(Change, Change.topic_id == PatchSet.topic_id)
        .join(Topic, Topic.id == PatchSet.topic_id)
        .outerjoin(PatchSetFacts, PatchSetFacts.patch_set_id == PatchSet.id)
        .outerjoin(PatchSetCommit, PatchSetCommit.patch_set_id == PatchSet.id)
        .where(Change.repository_id == repository_id, Change.target == branch)
        .where(Topic.state == TopicState.OPEN)
        .distinct()
    )


def _newest_of(session: Session, topic_ids: Collection[int]) -> set[int]:
    newest = select(func.max(PatchSet.id)).where(PatchSet.topic_id.in_(topic_ids))
    return set(session.scalars(newest.group_by(PatchSet.topic_id)))


def _commits_of(session: Session, patch_set_ids: Collection[int]) -> dict[int, list[tuple[str, str]]]:
    rows = session.execute(
        select(PatchSetCommit.patch_set_id, PatchSetCommit.commit_id, PatchSetCommit.patch_id)
        .where(PatchSetCommit.patch_set_id.in_(patch_set_ids))
        .order_by(PatchSetCommit.patch_set_id, PatchSetCommit.position)
    )
    found: dict[int, list[tuple[str, str]]] = {}
    for patch_set_id, commit_id, patch_id in rows:
        found.setdefault(patch_set_id, []).append((commit_id, patch_id))
    return found
