"""Judges pushes that propose: which change, which number, which refs move. What `hub.repos.receive` asks."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.orm import Session

from hub.issues.numbers import next_number
from hub.repos.models import ZERO_ID, Repository
from hub.repos.pushes import PushContext, RefUpdate
from hub.repos.pushing.namespaces import Grant
from hub.reviews.intake.branches import Version, Watched
from hub.reviews.intake.identity import Known
from hub.reviews.intake.looking import Looked
from hub.reviews.intake.proposed import Proposed, keep

_FIRST: Final = 1


def judge(session: Session, push: PushContext, repository: Repository, looked: Looked) -> Grant:
    """Reserves what the proposal needs and says which refs the hub moves for it."""
    proposed = _proposed(
        session,
        push,
        repository,
        looked,
        known=looked.known,
        is_draft=None if looked.opening else looked.is_draft,
        reviewers=[] if looked.opening else looked.reviewers,
    )
    proposed = replace(proposed, is_behind=looked.is_behind)
    keep(session, push.push_id, repository.id, proposed)
    return Grant(
        moves_of(proposed, looked.known), (f"refname {proposed.ref}", f"new-oid {proposed.commit_id}")
    )


def join(session: Session, push: PushContext, repository: Repository, watched: Watched) -> list[RefUpdate]:
    """The review refs that move along with pushed branches."""
    moves: list[RefUpdate] = []
    for version in watched.versions:
        proposed = _proposed(
            session, push, repository, version, known=version.known, branch=f"refs/heads/{version.branch}"
        )
        keep(session, push.push_id, repository.id, proposed)
        moves.extend(moves_of(proposed, version.known))
    return moves


def moves_of(proposed: Proposed, known: Known | None) -> tuple[RefUpdate, ...]:
    """The refs of a patch set: its own, and the one that follows the newest."""
    head_was = ZERO_ID if known is None else known.commit_id
    return (
        RefUpdate(proposed.ref, ZERO_ID, proposed.commit_id),
        RefUpdate(proposed.head_ref, head_was, proposed.commit_id),
    )


def _proposed(
    session: Session,
    push: PushContext,
    repository: Repository,
    found: Looked | Version,
    *,
    known: Known | None,
    branch: str | None = None,
    is_draft: bool | None = None,
    reviewers: Sequence[int] = (),
) -> Proposed:
    return Proposed(
        number=next_number(session, repository.id) if known is None else known.number,
        patch_set=_FIRST if known is None else known.patch_sets + 1,
        commit_id=found.tip_id,
        base_id=found.base_id,
        facts=found.facts,
        opening=found.opening,
        branch=branch,
        before=None if known is None else [known.base_id, known.commit_id],
        target=found.target,
        base_url=push.base_url,
        is_draft=is_draft,
        reviewers=list(reviewers),
    )
