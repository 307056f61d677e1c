"""What a change needs before it is merged: one list of named requirements, each met or not, and why. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hub.errors import Text, text
from hub.issues.models import TopicState
from hub.repos.git.merge_records import Clean, Stopped, StopReason
from hub.reviews.models import VerdictValue

_MOST_NAMED: Final = 5


class RequirementName(StrEnum):
    """The requirements there are."""

    OPEN = "open"
    READY = "ready"
    APPROVALS = "approvals"
    OBJECTIONS = "objections"
    THREADS = "threads"
    MERGEABLE = "mergeable"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One of them: `is_waiting` says that the answer is not known yet, and that it will be by itself."""

    name: RequirementName
    is_met: bool
    reason: Text
    is_waiting: bool = False


@dataclass(frozen=True, slots=True)
class Needs:
    """What the rules of the target ask for: of several that match the strictest."""

    approvals: int = 0
    resolved_threads: bool = False


@dataclass(frozen=True, slots=True)
class Vote:
    """The last verdict of a person: by name, and the patch set that it was about.

    `counts`: they may approve here and are not the author; `is_current`: the newest patch set changes what
    that one did.
    """

    name: str
    verdict: VerdictValue
    patch_set: str
    counts: bool = True
    is_current: bool = True
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """All that the requirements are told from. `mergeable` is None while that is being found out.

    `others_may_approve`: somebody besides the author has that right by their role; `author_may_merge`: the
    author may.
    """

    target: str
    state: TopicState = TopicState.OPEN
    is_draft: bool = False
    needs: Needs = Needs()
    votes: Sequence[Vote] = ()
    open_threads: int = 0
    others_may_approve: bool = True
    author_may_merge: bool = False
    mergeable: Clean | Stopped | None = None


def list_requirements(standing: Standing) -> list[Requirement]:
    """Every requirement of the change, met or not, in the order in which they are read."""
    found = [
        _open(standing),
        _ready(standing),
        _approvals(standing),
        _objections(standing),
        _threads(standing),
        _mergeable(standing),
    ]
    return [one for one in found if one is not None]


def _open(standing: Standing) -> Requirement | None:
    if standing.state is TopicState.OPEN:
        return None
    reasons = {
        TopicState.MERGED: text("It was merged already."),
        TopicState.CLOSED: text("It is closed. Reopen it first."),
    }
    return Requirement(RequirementName.OPEN, False, reasons[standing.state])


def _ready(standing: Standing) -> Requirement:
    reason = text("It is a draft. Mark it as ready first.") if standing.is_draft else text("It is no draft.")
    return Requirement(RequirementName.READY, not standing.is_draft, reason)


def _approvals(standing: Standing) -> Requirement:
    given = [one for one in standing.votes if one.counts and one.verdict is VerdictValue.APPROVE]
    current = [one.name for one in given if one.is_current]
    needed, count = standing.needs.approvals, len(current)
    if count >= needed:
        return Requirement(RequirementName.APPROVALS, True, _enough(needed, current))
    if standing.author_may_merge and not standing.others_may_approve:
        alone = text("Nobody but its author may approve here, so that they merge their own.")
        return Requirement(RequirementName.APPROVALS, True, alone)
    outdated = [f"{one.name} ({one.patch_set})" for one in given if not one.is_current]
    values = {"count": count, "needed": needed, "names": _named(current), "outdated": _named(outdated)}
    if current and outdated:
        reason = text(
            "It has %(count)s of %(needed)s approvals: %(names)s."
            " It changed since it was approved by %(outdated)s.",
            **values,
        )
    elif outdated:
        reason = text(
            "It has %(count)s of %(needed)s approvals. It changed since it was approved by %(outdated)s.",
            **values,
        )
    elif current:
        reason = text("It has %(count)s of %(needed)s approvals: %(names)s.", **values)
    else:
        reason = text("It has %(count)s of %(needed)s approvals.", **values)
    return Requirement(RequirementName.APPROVALS, False, reason)


def _enough(needed: int, names: Sequence[str]) -> Text:
    if not names:
        return text("None is needed.")
    if not needed:
        return text("None is needed; given by %(names)s.", names=_named(names))
    return text(
        "It has %(count)s of %(needed)s approvals: %(names)s.",
        count=len(names),
        needed=needed,
        names=_named(names),
    )


def _objections(standing: Standing) -> Requirement:
    asking = [
        f"{one.name} ({one.patch_set})"
        for one in standing.votes
        if one.counts and one.verdict is VerdictValue.REQUEST_CHANGES
    ]
    if asking:
        reason = text("Asked for by %(names)s, who can say otherwise in a new review.", names=_named(asking))
        return Requirement(RequirementName.OBJECTIONS, False, reason)
    return Requirement(RequirementName.OBJECTIONS, True, text("Nobody asks for any."))


def _threads(standing: Standing) -> Requirement | None:
    count, is_needed = standing.open_threads, standing.needs.resolved_threads
    if not count:
        return Requirement(RequirementName.THREADS, True, text("None is open.")) if is_needed else None
    reason = text("Threads that are still open: %(count)s.", count=count)
    if not is_needed:
        reason = text("Threads that are still open: %(count)s. They may stay so.", count=count)
    return Requirement(RequirementName.THREADS, not is_needed, reason)


def _mergeable(standing: Standing) -> Requirement | None:
    if standing.state is not TopicState.OPEN:
        return None
    found, name, target = standing.mergeable, RequirementName.MERGEABLE, standing.target
    if found is None:
        waiting = text("This is being found out. Look again in a moment.")
        return Requirement(name, False, waiting, is_waiting=True)
    if isinstance(found, Clean):
        reason = text("It merges into %(target)s without conflicts.", target=target)
        if found.is_fast_forward:
            reason = text("%(target)s has nothing that the change lacks.", target=target)
        return Requirement(name, True, reason)
    return Requirement(name, False, why_stopped(found, target))


def why_stopped(stopped: Stopped, target: str) -> Text:
    """Why the change cannot be merged into its target, in a sentence with the next step."""
    if stopped.reason is StopReason.CONFLICTS:
        conflicts = stopped.conflicts
        paths = [] if conflicts is None else [one.decode("utf-8", "replace") for one in conflicts.paths]
        where = _named(paths)
        if stopped.at_commit is not None:
            return text(
                "Commit %(commit)s conflicts with %(target)s in %(paths)s. Rebase the change and push it.",
                commit=stopped.at_commit[:10],
                target=target,
                paths=where,
            )
        return text(
            "It conflicts with %(target)s in %(paths)s. Rebase the change and push it again.",
            target=target,
            paths=where,
        )
    return {
        StopReason.NOTHING_TO_MERGE: text("%(target)s has all of it already.", target=target),
        StopReason.NOT_A_FAST_FORWARD: text(
            "%(target)s has newer commits. Rebase the change, or merge it another way.", target=target
        ),
        StopReason.UNRELATED: text("It has no commit in common with %(target)s.", target=target),
        StopReason.TOO_SLOW: text("To find that out takes too long. Merge it by hand, and push the result."),
    }[stopped.reason]


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMED])
    return f"{shown}, …" if len(names) > _MOST_NAMED else shown
