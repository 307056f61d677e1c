"""Which refs a push may move. Pure: names, roles and the protected default branch, as a table with words."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hub.access import Permission, Role, Visibility, allowed
from hub.repos.names import BRANCHES, COUNTED, NOTES, TAGS, find_ref_fault, short_name
from hub.repos.pushes import RefUpdate

PROPOSALS: Final = "refs/for/"


class Cause(StrEnum):
    """Why a ref may not move."""

    NO_ACCESS = "no_access"
    PROTECTED = "protected"
    NAMESPACE = "namespace"
    NAME = "name"
    MOVED = "moved"
    TARGET = "target"
    CONFLICT = "conflict"
    LIMIT = "limit"
    ATOMIC = "atomic"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a ref may not move: the words in brackets behind it, and a line with the next step."""

    cause: Cause
    reason: str
    line: str | None = None


class Kind(StrEnum):
    """What a ref is to the policy."""

    DEFAULT = "default"
    BRANCH = "branch"
    TAG = "tag"
    NOTE = "note"


class Step(StrEnum):
    """What happens to a ref; a rewind drops commits that it had."""

    CREATE = "create"
    UPDATE = "update"
    REWIND = "rewind"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Situation:
    """Who pushes to what: all that the decision about one ref needs beside the ref.

    In a repository without branches each branch counts as the default one, because the first becomes it.
    """

    path: str
    default_branch: str
    visibility: Visibility
    role: Role | None
    is_signed_in: bool = True
    has_branches: bool = True
    may_write_by_token: bool = True

    def may(self, permission: Permission) -> bool:
        """Whether the role allows this, whatever the token."""
        return allowed(permission, role=self.role, visibility=self.visibility, is_signed_in=self.is_signed_in)

    def kind_of(self, ref: str) -> Kind:
        """What the ref is; it begins with one of COUNTED."""
        if ref.startswith(TAGS):
            return Kind.TAG
        if ref.startswith(NOTES):
            return Kind.NOTE
        is_default = ref == BRANCHES + self.default_branch or not self.has_branches
        return Kind.DEFAULT if is_default else Kind.BRANCH


# What somebody must be allowed to do so that this may happen to such a ref; None: nobody may.
_NEEDED: Final[Mapping[tuple[Kind, Step], Permission | None]] = {
    **{(kind, step): Permission.PUSH for kind in (Kind.BRANCH, Kind.TAG, Kind.NOTE) for step in Step},
    (Kind.DEFAULT, Step.CREATE): Permission.MERGE,
    (Kind.DEFAULT, Step.UPDATE): Permission.MERGE,
    (Kind.DEFAULT, Step.REWIND): None,
    (Kind.DEFAULT, Step.DELETE): None,
}


def step_of(update: RefUpdate) -> Step:
    """What the ids alone say; whether an update is a rewind is only seen in the history."""
    if update.deletes:
        return Step.DELETE
    return Step.CREATE if update.creates else Step.UPDATE


def refuse_name(update: RefUpdate) -> Refusal | None:
    """Why such a name cannot be pushed by anybody; one that is there already may be deleted."""
    if update.name.startswith(PROPOSALS):
        return Refusal(
            Cause.NAMESPACE,
            "changes cannot be proposed here yet",
            "This version of the hub takes no proposed changes. Push a branch, here or in a copy of yours.",
        )
    if not update.name.startswith(COUNTED):
        return Refusal(
            Cause.NAMESPACE,
            "only branches, tags and notes can be pushed",
            "What can be pushed begins with refs/heads/, refs/tags/ or refs/notes/.",
        )
    fault = None if update.deletes else find_ref_fault(update.name)
    return None if fault is None else Refusal(Cause.NAME, fault)


def refuse_step(situation: Situation, ref: str, step: Step) -> Refusal | None:
    """Why this may not happen to the ref, for this person; None where it may."""
    if not situation.may_write_by_token:
        return Refusal(
            Cause.NO_ACCESS,
            "the token may not write",
            "This token lacks the scope repository:write. Make one that has it in your settings.",
        )
    if not situation.may(Permission.PUSH):
        return Refusal(Cause.NO_ACCESS, "no write access", _no_write_access(situation, ref, step))
    kind = situation.kind_of(ref)
    needed = _NEEDED[kind, step]
    if needed is not None and situation.may(needed):
        return None
    return Refusal(Cause.PROTECTED, "protected branch", _protected(situation, short_name(ref), step))


def refuse_moved(update: RefUpdate) -> Refusal:
    """The words for a ref that is not where the pusher believed it to be."""
    name = short_name(update.name)
    if update.name.startswith(BRANCHES) and not update.deletes:
        return Refusal(Cause.MOVED, f"{name} moved; git pull --rebase and push again")
    return Refusal(Cause.MOVED, f"{name} changed meanwhile; git fetch and push again")


def refuse_conflict(ref: str, existing: str) -> Refusal:
    """The words for a ref that cannot be beside another, because one's name is a folder of the other's."""
    kind = {BRANCHES: "branch", TAGS: "tag"}.get(next((p for p in COUNTED if ref.startswith(p)), ""), "ref")
    there, new = short_name(existing), short_name(ref)
    return Refusal(Cause.CONFLICT, f"a {kind} '{there}' exists, so '{new}' cannot")


def refuse_target(update: RefUpdate, kind: str | None) -> Refusal | None:
    """Why the ref cannot point at an object of that kind (None: there is none)."""
    if kind is None:
        return Refusal(Cause.TARGET, f"there is no object {update.new_id[:12]}")
    if update.name.startswith(BRANCHES) and kind != "commit":
        return Refusal(Cause.TARGET, f"a branch points at a commit, and {update.new_id[:12]} is a {kind}")
    return None


def _no_write_access(situation: Situation, ref: str, step: Step) -> str:
    has = (
        f"You may propose changes to {situation.path} but not push."
        if situation.role is Role.PROPOSE
        else f"You have read access to {situation.path} but not write."
    )
    if not situation.may(Permission.PROPOSE) or not ref.startswith(BRANCHES) or step is Step.DELETE:
        return f"{has} Ask its owner for the role write."
    target = short_name(ref) if step is Step.UPDATE else situation.default_branch
    return f"{has} {_proposal(target)}"


def _protected(situation: Situation, name: str, step: Step) -> str:
    if step is Step.DELETE:
        return f"'{name}' is the default branch: nobody deletes it."
    if step is Step.REWIND:
        return f"'{name}' is protected: commits are added to it, none are taken away. Revert them instead."
    if not situation.has_branches:
        return f"{situation.path} is empty: its first branch becomes the default one, which maintainers push."
    return f"'{name}' is protected: only maintainers push it. {_proposal(name)}"


def _proposal(target: str) -> str:
    return f"Propose instead: git push origin HEAD:{PROPOSALS}{target}"
