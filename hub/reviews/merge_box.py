"""What the page of a change shows about merging it: what it needs, how it can be done, and by hand."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from hub.access import Permission, Viewer
from hub.errors import Text, text
from hub.issues.models import TopicState
from hub.repos.access import may
from hub.repos.git.merge_records import Clean, Stopped, StopReason
from hub.reviews.changes import OpenedChange
from hub.reviews.deletable import find_deletable_branch
from hub.reviews.merge_words import propose_message_for
from hub.reviews.requirements import Requirement, RequirementName
from hub.reviews.standing import Examined, examine
from hub.reviews.strategies import STRATEGIES
from hub.reviews.strategies.fast_forward import FastForward
from hub.reviews.strategies.strategy import Strategy

LABELS: Final[Mapping[RequirementName, Text]] = {
    RequirementName.OPEN: text("Open"),
    RequirementName.READY: text("Ready"),
    RequirementName.APPROVALS: text("Approvals"),
    RequirementName.OBJECTIONS: text("Nobody asks for changes"),
    RequirementName.THREADS: text("Threads resolved"),
    RequirementName.MERGEABLE: text("Merges cleanly"),
}
_MOST_PATHS: Final = 20


@dataclass(frozen=True, slots=True)
class Commands:
    """Lines that work when they are pasted into a clone whose remote `origin` is the repository."""

    label: Text
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class MergeBox:
    """All that the box shows. `state` is that of the change; `strategies` are those that can be had now.

    `may_merge` says what the viewer may, `is_ready` that nothing is missing. `branch` is what may be deleted
    afterwards. `conflicts` are paths that cannot be joined, `update` what the author does then.
    """

    state: TopicState
    target: str
    commit_id: str
    requirements: Sequence[Requirement]
    may_merge: bool
    strategies: Sequence[Strategy]
    message: str
    branch: str | None
    by_hand: Sequence[Commands]
    conflicts: Sequence[str]
    update: Sequence[Commands]
    merged_commit_id: str
    merged_by: Text | None

    @property
    def met(self) -> int:
        """How many of the requirements are met."""
        return sum(one.is_met for one in self.requirements)

    @property
    def is_ready(self) -> bool:
        """Whether it can be merged now."""
        return self.met == len(self.requirements)

    @property
    def labels(self) -> Mapping[RequirementName, Text]:
        """What the requirements are called."""
        return LABELS


def merge_box(session: Session, viewer: Viewer, opened: OpenedChange, *, base_url: str) -> MergeBox:
    """The box for this viewer; asks git where the worker did not know yet. `base_url`: the hub's address."""
    examined = examine(session, opened)
    change, is_open = opened.change, opened.topic.state is TopicState.OPEN
    strategies = _list_strategies(examined) if is_open else ()
    may_merge = may(session, viewer, opened.repository, Permission.MERGE)
    shows_form = may_merge and is_open and not examined.unmet
    message = ""
    if shows_form:
        message = propose_message_for(
            opened, approved_by=examined.approved_by, change_key=examined.change_key, base_url=base_url
        )
    conflicts = _conflicts_of(examined.mergeable)
    merged = STRATEGIES.get(change.merged_strategy)
    return MergeBox(
        state=opened.topic.state,
        target=change.target,
        commit_id=change.commit_id,
        requirements=examined.requirements,
        may_merge=may_merge,
        strategies=strategies,
        message=message,
        branch=find_deletable_branch(session, viewer, opened) if shows_form else None,
        by_hand=[_by_hand(opened, one) for one in strategies],
        conflicts=conflicts,
        update=_how_to_update(opened) if conflicts else (),
        merged_commit_id=change.merged_commit_id,
        merged_by=None if merged is None else merged.label,
    )


def _list_strategies(examined: Examined) -> Sequence[Strategy]:
    if not isinstance(examined.mergeable, Clean):
        return ()
    is_forward = examined.mergeable.is_fast_forward
    return [one for one in STRATEGIES.values() if is_forward or one.name != FastForward.name]


def _conflicts_of(mergeable: Clean | Stopped | None) -> Sequence[str]:
    if not isinstance(mergeable, Stopped) or mergeable.reason is not StopReason.CONFLICTS:
        return ()
    assert mergeable.conflicts is not None, "whoever finds conflicts says which"
    return [one.decode("utf-8", "replace") for one in mergeable.conflicts.paths[:_MOST_PATHS]]


def _review_ref(opened: OpenedChange) -> str:
    return f"refs/changes/{opened.topic.number}/{opened.change.patch_sets_count}"


def _by_hand(opened: OpenedChange, strategy: Strategy) -> Commands:
    # A branch may have any name that git allows, and a shell would read some as commands.
    target = shlex.quote(opened.change.target)
    lines = [
        f"git switch {target}",
        f"git pull --ff-only origin {target}",
        f"git fetch origin {_review_ref(opened)}",
        *(one.format(target=target) for one in strategy.commands),
        f"git push origin {target}",
    ]
    return Commands(strategy.label, lines)


def _how_to_update(opened: OpenedChange) -> Sequence[Commands]:
    """In two parts: between them somebody resolves the conflicts, which no paste can do."""
    target, number = shlex.quote(opened.change.target), opened.topic.number
    begin = [
        f"git fetch origin {_review_ref(opened)}",
        f"git switch -C change-{number} FETCH_HEAD",
        f"git pull --rebase origin {target}",
    ]
    end = [
        "git add --update",
        "git -c core.editor=true rebase --continue",
        f"git push -o change={number} origin HEAD:refs/for/{target}",
    ]
    return [
        Commands(text("In a clone whose remote origin is this repository:"), begin),
        Commands(text("Once the files are as they should be:"), end),
    ]
