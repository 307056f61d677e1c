"""What is written down between judging a push and recording it: one proposed patch set, as JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from hub.clock import now
from hub.db import Base
from hub.repos.git.series import Identity, Series, Stat
from hub.repos.models import PushIntent
from hub.reviews.models import Proposal

_PROPOSALS = Base.metadata.tables[Proposal.__tablename__]


@dataclass(frozen=True, slots=True)
class Facts:
    """What git says about a patch set; see `models.PatchSetFacts`."""

    subject: str
    body: str
    patch_id: str
    change_key: str
    is_rebase: bool
    commits: list[list[str]]  # commit id and patch id, the oldest first
    files: int
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class Opening:
    """The change that is to be opened with the patch set."""

    target: str
    title: str
    description: str
    is_draft: bool = False
    name: str = ""
    reviewers: list[int] = field(default_factory=list)  # accounts
    followed: list[Any] | None = None  # repository id and branch


@dataclass(frozen=True, slots=True)
class Proposed:
    """One patch set. `branch` is a ref that has to move in the same push for it to count; `words` are what a
    push to an existing change says about it beside its commits; `before` is the base and commit of the
    patch set that it comes after. `is_behind`: the target has commits that the base lacks."""

    number: int
    patch_set: int
    commit_id: str
    base_id: str
    facts: Facts
    opening: Opening | None = None
    branch: str | None = None
    before: list[str] | None = None
    target: str = ""
    base_url: str = ""
    is_draft: bool | None = None
    reviewers: list[int] = field(default_factory=list)
    is_behind: bool = False

    @property
    def ref(self) -> str:
        """The review ref, which is never moved again."""
        return f"refs/changes/{self.number}/{self.patch_set}"

    @property
    def head_ref(self) -> str:
        """The ref that follows the newest patch set."""
        return f"refs/pull/{self.number}/head"


def facts_of(series: Series, identity: Identity, stat: Stat) -> Facts:
    """The facts of a series as a change's first patch set."""
    tip = series.commits[-1]
    return Facts(
        subject=tip.subject,
        body=tip.body,
        patch_id=identity.patch_id,
        change_key=identity.change_key,
        is_rebase=False,
        commits=[[one.commit_id, identity.commit_patch_ids.get(one.commit_id, "")] for one in series.commits],
        files=stat.files,
        added=stat.added,
        removed=stat.removed,
    )


def as_rebase(facts: Facts, *, is_rebase: bool) -> Facts:
    """The same facts of a patch set that only stands on another base, or not."""
    return replace(facts, is_rebase=is_rebase)


def keep(session: Session, push_id: str, repository_id: int, proposed: Proposed) -> None:
    """Writes it down for the record of that push; plain SQL, for a push waits for it."""
    values = {
        "push_id": push_id,
        "repository_id": repository_id,
        "ref": proposed.ref,
        "said": asdict(proposed),
        "created_at": now(),
    }
    session.execute(insert(_PROPOSALS), [values])


def take(session: Session, push_id: str, moved: Sequence[str]) -> list[Proposed]:
    """What that push proposed with these refs, taken away: whoever asks again gets nothing."""
    rows = session.execute(
        select(_PROPOSALS.c.ref, _PROPOSALS.c.said)
        .where(_PROPOSALS.c.push_id == push_id)
        .order_by(_PROPOSALS.c.id)
    ).all()
    if rows:
        session.execute(delete(_PROPOSALS).where(_PROPOSALS.c.push_id == push_id))
    there = set(moved)
    found = [_read(said) for ref, said in rows if ref in there]
    return [one for one in found if one.branch is None or one.branch in there]


def drop_older(session: Session, before: datetime) -> None:
    """Forgets what was proposed by pushes that were never recorded, and never will be."""
    session.execute(delete(_PROPOSALS).where(_PROPOSALS.c.created_at < before))


def drop_unrecorded(session: Session, repository_id: int) -> None:
    """Forgets what was proposed in that repository by pushes that are over."""
    under_way = select(PushIntent.push_id).where(
        PushIntent.repository_id == repository_id, PushIntent.done_at.is_(None)
    )
    session.execute(
        delete(_PROPOSALS).where(
            _PROPOSALS.c.repository_id == repository_id, _PROPOSALS.c.push_id.not_in(under_way)
        )
    )


def _read(said: dict[str, Any]) -> Proposed:
    opening = said["opening"]
    return Proposed(
        **{
            **said,
            "facts": Facts(**said["facts"]),
            "opening": None if opening is None else Opening(**opening),
        }
    )
