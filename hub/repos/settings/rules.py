"""The rules of a repository's branches and tags: listed with what they match now, added, changed, removed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.access import Permission, Role, Viewer, allowed
from hub.accounts import audit
from hub.accounts.models import User
from hub.accounts.queries import find_user
from hub.clock import now
from hub.db import config_of
from hub.errors import Invalid, NotFound, Text, text
from hub.repos.access import require, role_of
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory
from hub.repos.models import RefKind, RefRule, RefRulePerson, Repository
from hub.repos.names import printable
from hub.repos.ref_rules import PREFIXES, find_pattern_fault, matches

MAX_RULES: Final = 50
MAX_PEOPLE: Final = 50
MAX_APPROVALS: Final = 10
# From which roles on people may push; a smaller one pushes nothing anyhow.
PUSHING_ROLES: Final = (Role.WRITE, Role.MAINTAIN, Role.OWN)

_SHOWN_MATCHES: Final = 10

ADDED: Final = {
    RefKind.BRANCH: audit.action(
        "rule.branch_added", text("added the rule %(pattern)s for branches of %(path)s (%(holds)s)")
    ),
    RefKind.TAG: audit.action(
        "rule.tag_added", text("added the rule %(pattern)s for tags of %(path)s (%(holds)s)")
    ),
}
CHANGED: Final = {
    RefKind.BRANCH: audit.action(
        "rule.branch_changed", text("changed the rule %(pattern)s for branches of %(path)s (%(holds)s)")
    ),
    RefKind.TAG: audit.action(
        "rule.tag_changed", text("changed the rule %(pattern)s for tags of %(path)s (%(holds)s)")
    ),
}
REMOVED: Final = {
    RefKind.BRANCH: audit.action(
        "rule.branch_removed", text("removed the rule %(pattern)s for branches of %(path)s")
    ),
    RefKind.TAG: audit.action("rule.tag_removed", text("removed the rule %(pattern)s for tags of %(path)s")),
}

_NOT_SAVED: Final = text("The rule was not saved.")


@dataclass(frozen=True, slots=True)
class RuleValues:
    """What a rule says; `people` are the names of those who may push whatever their role."""

    kind: RefKind
    pattern: str
    least_role: Role | None = Role.MAINTAIN
    people: Sequence[str] = ()
    needs_change: bool = False
    may_rewind: bool = False
    may_delete: bool = False
    approvals_needed: int = 0
    needs_resolved_threads: bool = False

    def __str__(self) -> str:
        """All but the pattern in one line, for the log."""
        who = [*([self.least_role.value] if self.least_role else []), *self.people]
        flags = {"change": self.needs_change, "rewind": self.may_rewind, "delete": self.may_delete}
        shown = [f"{name}={'yes' if value else 'no'}" for name, value in flags.items()]
        if self.approvals_needed:
            shown.append(f"approvals={self.approvals_needed}")
        if self.needs_resolved_threads:
            shown.append("threads=resolved")
        return " ".join([f"push={','.join(who)}", *shown])


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule in a list; `matching` are the first names that it matches now, `has_more` whether there are
    others."""

    id: int
    values: RuleValues
    matching: list[str]
    has_more: bool


def list_rules(session: Session, viewer: Viewer, repository: Repository) -> list[RuleRow]:
    """The rules for branches, then those for tags, by pattern; raises Forbidden."""
    require(session, viewer, repository, Permission.SET_RULES)
    files = RefFiles(directory(config_of(session), repository))
    names = {kind: _short_names(files, kind) for kind in RefKind}
    order = (RefRule.kind, RefRule.pattern)
    rules = session.scalars(
        select(RefRule).where(RefRule.repository_id == repository.id).order_by(*order)
    ).all()
    people = _people_of(session, [rule.id for rule in rules])
    return [_row(rule, people.get(rule.id, []), names[rule.kind]) for rule in rules]


def get_rule(session: Session, viewer: Viewer, repository: Repository, *, rule_id: int) -> RuleRow:
    """One rule of this repository; raises Forbidden and NotFound."""
    require(session, viewer, repository, Permission.SET_RULES)
    rule = _get(session, repository, rule_id)
    files = RefFiles(directory(config_of(session), repository))
    return _row(rule, _people_of(session, [rule.id]).get(rule.id, []), _short_names(files, rule.kind))


def find_rule(session: Session, repository: Repository, *, kind: RefKind, pattern: str) -> RefRule | None:
    """The rule with exactly this pattern, or None."""
    is_it = (RefRule.repository_id == repository.id, RefRule.kind == kind, RefRule.pattern == pattern)
    return session.scalar(select(RefRule).where(*is_it))


def add_rule(session: Session, viewer: Viewer, repository: Repository, *, values: RuleValues) -> RefRule:
    """Makes a rule, which holds from the next push on; raises Forbidden or Invalid."""
    require(session, viewer, repository, Permission.SET_RULES)
    people = _check(session, repository, values)
    held = select(func.count()).select_from(RefRule).where(RefRule.repository_id == repository.id)
    if (session.scalar(held) or 0) >= MAX_RULES:
        fault = text("A repository has at most %(limit)s rules. Remove one first.", limit=MAX_RULES)
        raise Invalid(_NOT_SAVED, {"pattern": fault})
    rule = RefRule(repository_id=repository.id, created_at=now())
    _save(session, repository, rule, values=values, people=people)
    _note(session, viewer, repository, what=ADDED[values.kind], values=values)
    return rule


def change_rule(
    session: Session, viewer: Viewer, repository: Repository, *, rule_id: int, values: RuleValues
) -> RefRule:
    """Has the rule say this instead; raises Forbidden, NotFound or Invalid."""
    require(session, viewer, repository, Permission.SET_RULES)
    rule = _get(session, repository, rule_id)
    people = _check(session, repository, values)
    _save(session, repository, rule, values=values, people=people)
    _note(session, viewer, repository, what=CHANGED[values.kind], values=values)
    return rule


def remove_rule(session: Session, viewer: Viewer, repository: Repository, *, rule_id: int) -> None:
    """Takes the rule away; raises Forbidden and NotFound."""
    require(session, viewer, repository, Permission.SET_RULES)
    rule = _get(session, repository, rule_id)
    what, pattern = REMOVED[rule.kind], rule.pattern
    session.delete(rule)
    session.flush()
    audit.note(session, viewer, what, repository_id=repository.id, pattern=pattern, path=repository.path)


def _get(session: Session, repository: Repository, rule_id: int) -> RefRule:
    is_it = (RefRule.id == rule_id, RefRule.repository_id == repository.id)
    rule = session.scalar(select(RefRule).where(*is_it))
    if rule is None:
        raise NotFound(text("There is no such rule."), next_step=text("It may have been removed already."))
    return rule


def _check(session: Session, repository: Repository, values: RuleValues) -> list[User]:
    """The people whom the rule lists; raises Invalid with what is wrong, field by field."""
    faults: dict[str, Text] = {}
    fault = find_pattern_fault(values.kind, values.pattern)
    if fault is not None:
        faults["pattern"] = fault
    if values.least_role is not None and values.least_role not in PUSHING_ROLES:
        faults["least_role"] = text("Choose who may push.")
    elif values.least_role is None and not values.people:
        faults["people"] = text("Name at least one person, or choose a role.")
    faults |= _find_faults_of_needs(values)
    people = [find_user(session, name) for name in values.people]
    fault = _find_fault_of_people(session, repository, values.people, people)
    if fault is not None:
        faults["people"] = fault
    if faults:
        raise Invalid(_NOT_SAVED, faults)
    return [one for one in people if one is not None]


def _find_faults_of_needs(values: RuleValues) -> dict[str, Text]:
    faults: dict[str, Text] = {}
    is_for_tags = values.kind is RefKind.TAG
    if is_for_tags and (values.needs_change or values.needs_resolved_threads):
        faults["needs_change"] = text("Changes are merged into branches; a tag cannot require one.")
    if is_for_tags and values.approvals_needed:
        faults["approvals_needed"] = text("Changes are merged into branches; a tag needs no approval.")
    elif not 0 <= values.approvals_needed <= MAX_APPROVALS:
        faults["approvals_needed"] = text("Enter a number from 0 to %(limit)s.", limit=MAX_APPROVALS)
    return faults


def _find_fault_of_people(
    session: Session, repository: Repository, names: Sequence[str], people: Sequence[User | None]
) -> Text | None:
    if len(names) > MAX_PEOPLE:
        return text("Name at most %(limit)s people; a role is for more.", limit=MAX_PEOPLE)
    for name, person in zip(names, people, strict=True):
        if person is None or person.deleted_at is not None:
            return text("There is no account %(name)s.", name=printable(name))
        role = role_of(session, person.viewer(), repository)
        if role is None or not allowed(Permission.PUSH, role=role, visibility=repository.visibility):
            return text(
                "%(name)s may not push to %(path)s at all. Give them the role write first.",
                name=person.name,
                path=repository.path,
            )
    return None


def _save(
    session: Session, repository: Repository, rule: RefRule, *, values: RuleValues, people: Iterable[User]
) -> None:
    taken = Invalid(_NOT_SAVED, {"pattern": text("There is a rule with this pattern. Change that one.")})
    other = find_rule(session, repository, kind=values.kind, pattern=values.pattern)
    if other is not None and other is not rule:
        raise taken
    rule.kind, rule.pattern, rule.least_role = values.kind, values.pattern, values.least_role
    rule.needs_change = values.needs_change
    rule.may_rewind, rule.may_delete = values.may_rewind, values.may_delete
    rule.approvals_needed = values.approvals_needed
    rule.needs_resolved_threads = values.needs_resolved_threads
    try:
        with session.begin_nested():
            session.add(rule)
            session.flush()
    except IntegrityError as error:  # somebody else made one between the question and the insert
        raise taken from error
    session.execute(delete(RefRulePerson).where(RefRulePerson.rule_id == rule.id))
    session.add_all(RefRulePerson(rule_id=rule.id, user_id=one) for one in {one.id for one in people})
    session.flush()


def _note(session: Session, viewer: Viewer, repository: Repository, *, what: str, values: RuleValues) -> None:
    audit.note(
        session,
        viewer,
        what,
        repository_id=repository.id,
        pattern=values.pattern,
        holds=str(values),
        path=repository.path,
    )


def _people_of(session: Session, rule_ids: Sequence[int]) -> dict[int, list[str]]:
    rows = session.execute(
        select(RefRulePerson.rule_id, User.name)
        .join(User, User.id == RefRulePerson.user_id)
        .where(RefRulePerson.rule_id.in_(rule_ids))
        .order_by(User.name_key)
    )
    found: dict[int, list[str]] = {}
    for rule_id, name in rows:
        found.setdefault(rule_id, []).append(name)
    return found


def _short_names(files: RefFiles, kind: RefKind) -> list[str]:
    prefix = PREFIXES[kind].encode()
    return [ref.removeprefix(prefix).decode("utf-8", "replace") for ref in files.list_names(prefix)]


def _row(rule: RefRule, people: list[str], names: Sequence[str]) -> RuleRow:
    found = list(islice((name for name in names if matches(rule.pattern, name)), _SHOWN_MATCHES + 1))
    values = RuleValues(
        kind=rule.kind,
        pattern=rule.pattern,
        least_role=rule.least_role,
        people=people,
        needs_change=rule.needs_change,
        may_rewind=rule.may_rewind,
        may_delete=rule.may_delete,
        approvals_needed=rule.approvals_needed,
        needs_resolved_threads=rule.needs_resolved_threads,
    )
    shown = [printable(name) for name in found[:_SHOWN_MATCHES]]
    return RuleRow(rule.id, values, shown, has_more=len(found) > _SHOWN_MATCHES)
