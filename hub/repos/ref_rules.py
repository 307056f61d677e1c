"""Rules for branches and tags: which names a pattern means, and how the rules that match one name combine.

A pattern is compared part by part, parts being what slashes separate. `*` stands for any text within one
part, `**` for any number of whole parts, none included, and at the end of a pattern for at least one.
Everything else stands for itself; capitals count. `v*` means v1 and not v1/beta, `release/**` means release/1
and release/1/beta and not release, `**/wip` means wip and anna/wip.

Every rule that matches a name holds: who pushes must be admitted by each of them, and what one of them
forbids is forbidden. So the strictest wins, and a rule added can never open what another one closed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import Session

from hub.access import Role
from hub.clock import now
from hub.db import Base
from hub.errors import Text, text
from hub.repos.models import RefKind, RefRule, RefRulePerson, Repository
from hub.repos.names import BRANCHES, TAGS, find_ref_fault, is_ref_name

MAX_PATTERN_LENGTH: Final = 400
MAX_PARTS: Final = 40

PREFIXES: Final = {RefKind.BRANCH: BRANCHES, RefKind.TAG: TAGS}
ANY_PARTS: Final = "**"

# Tables instead of classes, as in the record of a push: the judge of each push reads them.
RULES: Final = Base.metadata.tables[RefRule.__tablename__]
PEOPLE: Final = Base.metadata.tables[RefRulePerson.__tablename__]

_ROLES: Final = tuple(Role)
_RUN_OF_STARS: Final = re.compile(r"\*+")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as it is for one person; `names_them` says that it lists them among those who may push."""

    kind: RefKind
    pattern: str
    least_role: Role | None = Role.WRITE
    names_them: bool = False
    needs_change: bool = False
    may_rewind: bool = False
    may_delete: bool = False
    approvals_needed: int = 0
    needs_resolved_threads: bool = False

    def admits(self, role: Role | None) -> bool:
        """Whether somebody of that role, who may push at all, may push where this rule holds."""
        if self.names_them:
            return True
        return self.least_role is not None and role is not None and is_at_least(role, self.least_role)


def is_at_least(role: Role, least: Role) -> bool:
    """Whether a role is this one or a greater one."""
    return _ROLES.index(role) >= _ROLES.index(least)


def rules_for(rules: Sequence[Rule], ref: str) -> list[Rule]:
    """Those of the rules that hold for the ref, given by its full name; none but for branches and tags."""
    kind = next((kind for kind, prefix in PREFIXES.items() if ref.startswith(prefix)), None)
    if kind is None:
        return []
    name = ref.removeprefix(PREFIXES[kind])
    return [rule for rule in rules if rule.kind is kind and matches(rule.pattern, name)]


def matches(pattern: str, name: str) -> bool:
    """Whether the pattern means this branch or tag; takes time in proportion to their lengths.

    Both are short names, such as `release/**` and `release/1.0`.
    """
    if "*" not in pattern:
        return pattern == name
    runs = _runs(pattern.split("/"))
    parts = name.split("/")
    if len(runs) == 1:
        return len(parts) == len(runs[0]) and _fits(runs[0], parts)
    first, *middle, last = runs
    # At the end of a pattern `**` stands for something: `release/**` is not the branch `release`.
    end = len(parts) - (len(last) or 1)
    if end < len(first) or not _fits(first, parts) or not _fits(last, parts[end:]):
        return False
    at = len(first)
    for run in middle:
        # The leftmost place leaves the most room for the runs that follow.
        found = next((i for i in range(at, end - len(run) + 1) if _fits(run, parts[i:])), None)
        if found is None:
            return False
        at = found + len(run)
    return True


def _runs(parts: Sequence[str]) -> list[list[str]]:
    """The parts of a pattern between each `**` and the next."""
    runs: list[list[str]] = [[]]
    for part in parts:
        if part == ANY_PARTS:
            runs.append([])
        else:
            runs[-1].append(part)
    return runs


def _fits(run: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether each part that the run has fits the one at its place; there may be more parts behind."""
    if len(run) > len(parts):
        return False
    return all(_fits_part(one, part) for one, part in zip(run, parts, strict=False))


def _fits_part(pattern: str, part: str) -> bool:
    first, *others = pattern.split("*")
    if not others:
        return part == first
    *middle, last = others
    if len(part) < len(first) + len(last) or not part.startswith(first) or not part.endswith(last):
        return False
    at, end = len(first), len(part) - len(last)
    for piece in middle:
        found = part.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def find_pattern_fault(kind: RefKind, pattern: str) -> Text | None:
    """Why this cannot be the pattern of a rule, or None."""
    if not pattern:
        return text("Enter the name of a branch or tag, or a pattern such as release/*.")
    if len(pattern) > MAX_PATTERN_LENGTH:
        return text("Use at most %(limit)s characters.", limit=MAX_PATTERN_LENGTH)
    if pattern.count("/") >= MAX_PARTS:
        return text("Use at most %(limit)s parts between slashes.", limit=MAX_PARTS)
    if pattern.startswith("refs/"):
        return text("Write the name without refs/heads/ or refs/tags/ before it.")
    return _find_sign_fault(pattern) or _find_name_fault(PREFIXES[kind] + _RUN_OF_STARS.sub("x", pattern))


def _find_sign_fault(pattern: str) -> Text | None:
    if any(ANY_PARTS in part and part != ANY_PARTS for part in pattern.split("/")):
        return text("** stands for whole parts of a name: write it between slashes, as in release/**.")
    if "**/**" in pattern:
        return text("One ** is enough: it stands for any number of parts.")
    if any(one in pattern for one in "?["):
        return text("Of the signs that stand for others, only * and ** are known here.")
    return None


def _find_name_fault(ref: str) -> Text | None:
    # With the stars filled in it has to be a name that can be pushed: else it could never match one.
    if not is_ref_name(ref):
        return text("No branch or tag can have such a name: git does not allow it.")
    if find_ref_fault(ref) is not None:
        return text("No branch or tag can have such a name: it would mislead those who fetch it.")
    return None


def add_default(session: Session, repository: Repository) -> None:
    """Protects the default branch, unless a rule for its name is there: maintainers push it, nobody rewrites
    it. For a new repository, and one whose default branch was chosen anew."""
    if _is_ruled(session, repository.id, repository.default_branch):
        return
    values = {
        "repository_id": repository.id,
        "kind": RefKind.BRANCH,
        "pattern": repository.default_branch,
        "least_role": Role.MAINTAIN,
        "needs_change": False,
        "may_rewind": False,
        "may_delete": False,
        "approvals_needed": 0,
        "needs_resolved_threads": False,
        "created_at": now(),
    }
    session.execute(insert(RULES), [values])


def forget_person(session: Session, repository_id: int, user_id: int) -> None:
    """Takes somebody who has no role any more off the rules that list them, so that a new role brings no more
    than it says."""
    of_repository = select(RULES.c.id).where(RULES.c.repository_id == repository_id)
    is_theirs = (PEOPLE.c.user_id == user_id, PEOPLE.c.rule_id.in_(of_repository))
    session.execute(delete(PEOPLE).where(*is_theirs))


def follow_default(session: Session, repository_id: int, *, old: str, new: str) -> None:
    """Has the rule for `old` be about `new`, which was pushed first instead, unless `new` has a rule."""
    if not _is_ruled(session, repository_id, new):
        is_it = (*_about_branches(repository_id), RULES.c.pattern == old)
        session.execute(update(RULES).where(*is_it).values(pattern=new))


def _is_ruled(session: Session, repository_id: int, branch: str) -> bool:
    asked = select(RULES.c.id).where(*_about_branches(repository_id), RULES.c.pattern == branch)
    return session.scalar(asked) is not None


def _about_branches(repository_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return RULES.c.repository_id == repository_id, RULES.c.kind == RefKind.BRANCH
