"""Which refs a push may move. Pure: names, roles and the rules of the repository, with words of refusal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hub.access import Permission, Role, Visibility, allowed
from hub.repos.models import RefKind
from hub.repos.names import BRANCHES, COUNTED, TAGS, find_ref_fault, short_name
from hub.repos.pushes import RefUpdate
from hub.repos.ref_rules import Rule, rules_for

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
    is_active: bool = True
    has_branches: bool = True
    is_archived: bool = False
    may_write_by_token: bool = True
    reaches_lender: bool = True
    rules: Sequence[Rule] = ()

    def may(self, permission: Permission) -> bool:
        """Whether the role allows this, whatever the token."""
        return allowed(permission, role=self.role, visibility=self.visibility, is_signed_in=self.is_signed_in)

    def is_default(self, ref: str) -> bool:
        """Whether the ref is the default branch, or would become it."""
        if not self.has_branches:
            return ref.startswith(BRANCHES)
        return ref == BRANCHES + self.default_branch

    def rules_for(self, ref: str) -> list[Rule]:
        """Every rule that holds for the ref; for a first branch also those that it will take along."""
        found = rules_for(self.rules, ref)
        if self.is_default(ref):
            found += [
                one for one in rules_for(self.rules, BRANCHES + self.default_branch) if one not in found
            ]
        return found

    def needs_change(self, ref: str, step: Step) -> bool:
        """Whether commits arrive there by changes only; nothing can be proposed to an empty repository."""
        if step is Step.DELETE or not self.has_branches:
            return False
        return any(rule.needs_change for rule in self.rules_for(ref))


def step_of(update: RefUpdate) -> Step:
    """What the ids alone say; whether an update is a rewind is only seen in the history."""
    if update.deletes:
        return Step.DELETE
    return Step.CREATE if update.creates else Step.UPDATE


def refuse_name(update: RefUpdate) -> Refusal | None:
    """Why such a name cannot be pushed by anybody; one that is there already may be deleted."""
    if not update.name.startswith(COUNTED):
        return Refusal(
            Cause.NAMESPACE,
            "only branches, tags and notes can be pushed",
            "What can be pushed begins with refs/heads/, refs/tags/ or refs/notes/; a change with refs/for/.",
        )
    fault = None if update.deletes else find_ref_fault(update.name)
    return None if fault is None else Refusal(Cause.NAME, fault)


def refuse_step(situation: Situation, ref: str, step: Step, *, has_change: bool = False) -> Refusal | None:
    """Why this may not happen to the ref, for this person; None where it may.

    `has_change` says that what is pushed are the commits of a change that has all it needs to be merged.
    """
    refusal = _refuse_pusher(situation, ref, step)
    if refusal is not None:
        return refusal
    if situation.is_default(ref) and not situation.has_branches and not situation.may(Permission.MERGE):
        return _protected(ref, _first_branch(situation))
    rules = situation.rules_for(ref)
    if situation.needs_change(ref, step) and not has_change:
        rule = next(rule for rule in rules if rule.needs_change)
        return _protected(ref, f"{_by(rule, ref)}: changes need review. {_proposal(short_name(ref))}")
    refusals = (_refuse_by_rule(situation, rule, ref, step) for rule in rules)
    line = next((line for line in refusals if line is not None), None)
    if line is None and not rules and situation.is_default(ref):
        line = _refuse_default(situation, ref, step)
    return None if line is None else _protected(ref, line)


def refuse_proposer(situation: Situation) -> Refusal | None:
    """Why this person may not propose changes; None where they may."""
    refusal = _refuse_anybody(situation)
    if refusal is not None or situation.may(Permission.PROPOSE):
        return refusal
    line = f"You may read {situation.path} but not propose changes. Ask its owner for the role propose."
    return Refusal(Cause.NO_ACCESS, "no right to propose", line)


def _refuse_pusher(situation: Situation, ref: str, step: Step) -> Refusal | None:
    refusal = _refuse_anybody(situation)
    if refusal is not None or situation.may(Permission.PUSH):
        return refusal
    return Refusal(Cause.NO_ACCESS, "no write access", _no_write_access(situation, ref, step))


def _refuse_anybody(situation: Situation) -> Refusal | None:
    """Why nothing at all is taken from this person."""
    if not situation.is_active:
        return Refusal(
            Cause.NO_ACCESS,
            "no write access",
            "This account may not push any more. Ask whoever runs the hub.",
        )
    if not situation.may(Permission.SEE):
        return Refusal(
            Cause.NO_ACCESS,
            "no such repository",
            "There is none of this name any more, or you may not see it. Ask its owner for access.",
        )
    if situation.is_archived:
        line = f"{situation.path} is archived: it is read-only. Its owner can bring it back in its settings."
        return Refusal(Cause.NO_ACCESS, "the repository is archived", line)
    if not situation.reaches_lender:
        return Refusal(
            Cause.NO_ACCESS,
            "the token does not reach the origin",
            "This fork uses objects of a private repository that the token does not reach. Use one for both.",
        )
    if not situation.may_write_by_token:
        return Refusal(
            Cause.NO_ACCESS,
            "the token may not write",
            "This token lacks the scope repository:write. Make one that has it in your settings.",
        )
    return None


def _refuse_by_rule(situation: Situation, rule: Rule, ref: str, step: Step) -> str | None:
    """The line that says why this rule forbids it, or None."""
    if step is Step.DELETE and not rule.may_delete:
        return f"{_by(rule, ref)}: nobody deletes it. {_other_rule(situation)}"
    if step is Step.REWIND and not rule.may_rewind:
        return f"{_by(rule, ref)}: {_NO_REWIND}"
    if step is Step.UPDATE and rule.kind is RefKind.TAG and not rule.may_rewind:
        return (
            f"{_by(rule, ref)}: a tag stays where it is."
            " Make another one: git tag NAME && git push origin refs/tags/NAME"
        )
    if rule.admits(situation.role):
        return None
    return f"{_by(rule, ref)}: {_WHO[rule.least_role]} it. {_instead(ref, step)}"


_NO_REWIND: Final = (
    "commits are added to it, none are taken away. Revert them instead: git revert COMMIT && git push"
)
_WHO: Final[Mapping[Role | None, str]] = {
    None: "only people whom the rule names push",
    Role.READ: "only people with write access push",
    Role.PROPOSE: "only people with write access push",
    Role.WRITE: "only people with write access push",
    Role.MAINTAIN: "only maintainers push",
    Role.OWN: "only its owner pushes",
}


def _refuse_default(situation: Situation, ref: str, step: Step) -> str | None:
    """What holds for a default branch that no rule is about."""
    name = short_name(ref)
    if step is Step.DELETE:
        return (
            f"'{name}' is the default branch: nobody deletes it."
            f" Choose another one first, in the settings of {situation.path}."
        )
    return f"'{name}' is the default branch: {_NO_REWIND}" if step is Step.REWIND else None


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


def _protected(ref: str, line: str) -> Refusal:
    kind = "tag" if ref.startswith(TAGS) else "branch"
    return Refusal(Cause.PROTECTED, f"protected {kind}", line)


def _by(rule: Rule, ref: str) -> str:
    """`'main' is protected`, and by which rule where its pattern is another name."""
    name = short_name(ref)
    return f"'{name}' is protected" + ("" if rule.pattern == name else f" by the rule {rule.pattern}")


def _first_branch(situation: Situation) -> str:
    return (
        f"{situation.path} is empty: its first branch becomes the default one, which maintainers push."
        " Ask one of them to push it."
    )


def _other_rule(situation: Situation) -> str:
    who = "You can" if situation.may(Permission.SET_RULES) else "Maintainers can"
    return f"{who} change the rule in the settings of {situation.path}."


def _instead(ref: str, step: Step) -> str:
    if step in (Step.UPDATE, Step.REWIND) and ref.startswith(BRANCHES):
        return _proposal(short_name(ref))
    if step is Step.CREATE:
        prefix = TAGS if ref.startswith(TAGS) else BRANCHES
        return f"Use another name: git push origin HEAD:{prefix}NAME"
    return "Ask one of them."


def _proposal(target: str) -> str:
    return f"Propose instead: git push origin HEAD:{PROPOSALS}{target}"
