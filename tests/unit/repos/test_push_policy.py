"""Who may do what to which ref: the whole table, allowed and refused side by side."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from hub.access import Role, Visibility
from hub.repos.models import RefKind
from hub.repos.pushes import RefUpdate
from hub.repos.pushing.push_policy import (
    Cause,
    Situation,
    Step,
    refuse_name,
    refuse_step,
    step_of,
)
from hub.repos.ref_rules import Rule

ZERO, ONE, TWO = "0" * 40, "1" * 40, "2" * 40
CREATE, UPDATE, REWIND, DELETE = Step.CREATE, Step.UPDATE, Step.REWIND, Step.DELETE
ROLES = (None, Role.READ, Role.PROPOSE, Role.WRITE, Role.MAINTAIN, Role.OWN)
NOBODY: tuple[Role, ...] = ()
WRITERS = (Role.WRITE, Role.MAINTAIN, Role.OWN)
MAINTAINERS = (Role.MAINTAIN, Role.OWN)

TABLE = [
    *(("refs/heads/main", step, MAINTAINERS) for step in (CREATE, UPDATE)),
    *(("refs/heads/main", step, NOBODY) for step in (REWIND, DELETE)),
    *(("refs/heads/topic", step, WRITERS) for step in Step),
    *(("refs/heads/main/x", step, WRITERS) for step in Step),
    *(("refs/tags/main", step, WRITERS) for step in Step),
    *(("refs/notes/commits", step, WRITERS) for step in Step),
]


# What a repository begins with.
DEFAULT_RULE = Rule(RefKind.BRANCH, "main", least_role=Role.MAINTAIN)


def situation(
    role: Role | None,
    visibility: Visibility = Visibility.PUBLIC,
    *,
    rules: Sequence[Rule] = (DEFAULT_RULE,),
    **values: bool,
) -> Situation:
    return Situation("anna/demo", "main", visibility, role, rules=rules, **values)


def roles_that_may(ref: str, step: Step, *rules: Rule, has_change: bool = False) -> list[Role]:
    return [
        role
        for role in Role
        if refuse_step(situation(role, rules=rules), ref, step, has_change=has_change) is None
    ]


@pytest.mark.parametrize("visibility", Visibility)
@pytest.mark.parametrize(("ref", "step", "allowed"), TABLE)
def test_the_table_of_refs_steps_and_roles(
    ref: str, step: Step, allowed: tuple[Role, ...], visibility: Visibility
) -> None:
    found = [role for role in ROLES if refuse_step(situation(role, visibility), ref, step) is None]
    assert found == list(allowed)


@pytest.mark.parametrize(("step", "allowed"), [(CREATE, 3), (UPDATE, 3), (REWIND, 0), (DELETE, 0)])
def test_a_default_branch_without_a_rule_is_pushed_by_writers_and_not_rewritten(
    step: Step, allowed: int
) -> None:
    assert len(roles_that_may("refs/heads/main", step)) == allowed


OPEN = Rule(RefKind.BRANCH, "**", least_role=Role.WRITE, may_rewind=True, may_delete=True)
OPEN_TAG = replace(OPEN, kind=RefKind.TAG)


@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/heads/a/b"])
@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({}, [WRITERS, WRITERS, WRITERS, WRITERS]),
        ({"least_role": Role.MAINTAIN}, [MAINTAINERS] * 4),
        ({"least_role": Role.OWN}, [(Role.OWN,)] * 4),
        ({"least_role": None}, [NOBODY] * 4),
        ({"least_role": None, "names_them": True}, [WRITERS] * 4),
        ({"may_rewind": False}, [WRITERS, WRITERS, NOBODY, WRITERS]),
        ({"may_delete": False}, [WRITERS, WRITERS, WRITERS, NOBODY]),
        ({"needs_change": True}, [NOBODY, NOBODY, NOBODY, WRITERS]),
    ],
)
def test_each_part_of_a_branch_rule(
    ref: str, change: dict[str, object], allowed: list[tuple[Role, ...]]
) -> None:
    rule = replace(OPEN, **change)  # type: ignore[arg-type]  # the fields of a rule, by name
    found = [tuple(roles_that_may(ref, step, rule)) for step in (CREATE, UPDATE, REWIND, DELETE)]
    assert found == allowed


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({}, [WRITERS] * 3),
        ({"least_role": Role.MAINTAIN}, [MAINTAINERS] * 3),
        ({"may_rewind": False}, [WRITERS, NOBODY, WRITERS]),
        ({"may_delete": False}, [WRITERS, WRITERS, NOBODY]),
    ],
)
def test_each_part_of_a_tag_rule(change: dict[str, object], allowed: list[tuple[Role, ...]]) -> None:
    rule = replace(OPEN_TAG, **change)  # type: ignore[arg-type]  # the fields of a rule, by name
    assert [tuple(roles_that_may("refs/tags/v1", step, rule)) for step in (CREATE, UPDATE, DELETE)] == allowed
    assert roles_that_may("refs/heads/v1", DELETE, rule) == list(WRITERS)


@pytest.mark.parametrize("order", [1, -1])
def test_the_strictest_of_several_rules_wins_in_any_order(order: int) -> None:
    rules = [
        replace(OPEN, pattern="main"),
        replace(OPEN, least_role=Role.OWN),
        replace(OPEN, may_delete=False),
    ]
    assert roles_that_may("refs/heads/main", REWIND, *rules[::order]) == [Role.OWN]
    assert roles_that_may("refs/heads/main", DELETE, *rules[::order]) == []


def test_a_change_with_all_it_needs_lets_those_push_whom_the_rule_admits() -> None:
    rule = replace(OPEN, pattern="main", least_role=Role.MAINTAIN, needs_change=True)
    assert roles_that_may("refs/heads/main", UPDATE, rule) == []
    assert roles_that_may("refs/heads/main", UPDATE, rule, has_change=True) == list(MAINTAINERS)


def test_the_first_branch_takes_the_rule_of_the_default_one_and_needs_no_change() -> None:
    rules = (replace(DEFAULT_RULE, least_role=Role.OWN, needs_change=True),)
    found = [
        role
        for role in Role
        if refuse_step(situation(role, rules=rules, has_branches=False), "refs/heads/master", CREATE) is None
    ]
    assert found == [Role.OWN]


@pytest.mark.parametrize(
    ("change", "ref", "step", "reason", "line"),
    [
        (
            {"pattern": "main", "needs_change": True},
            "refs/heads/main",
            UPDATE,
            "protected branch",
            "'main' is protected: changes need review. Propose instead: git push origin HEAD:refs/for/main",
        ),
        (
            {"pattern": "rel/*", "needs_change": True},
            "refs/heads/rel/1",
            REWIND,
            "protected branch",
            "'rel/1' is protected by the rule rel/*: changes need review."
            " Propose instead: git push origin HEAD:refs/for/rel/1",
        ),
        (
            {"least_role": Role.OWN},
            "refs/heads/topic",
            CREATE,
            "protected branch",
            "'topic' is protected by the rule **: only its owner pushes it."
            " Use another name: git push origin HEAD:refs/heads/NAME",
        ),
        (
            {"least_role": None},
            "refs/heads/topic",
            DELETE,
            "protected branch",
            "'topic' is protected by the rule **: only people whom the rule names push it. Ask one of them.",
        ),
        (
            {"may_rewind": False},
            "refs/heads/topic",
            REWIND,
            "protected branch",
            "'topic' is protected by the rule **: commits are added to it, none are taken away."
            " Revert them instead: git revert COMMIT && git push",
        ),
        (
            {"may_delete": False},
            "refs/heads/topic",
            DELETE,
            "protected branch",
            "'topic' is protected by the rule **: nobody deletes it."
            " Maintainers can change the rule in the settings of anna/demo.",
        ),
        (
            {"kind": RefKind.TAG, "pattern": "v*", "may_rewind": False},
            "refs/tags/v1",
            UPDATE,
            "protected tag",
            "'v1' is protected by the rule v*: a tag stays where it is."
            " Make another one: git tag NAME && git push origin refs/tags/NAME",
        ),
    ],
)
def test_a_refusal_names_the_rule_and_the_next_command(
    change: dict[str, object], ref: str, step: Step, reason: str, line: str
) -> None:
    rule = replace(OPEN, **change)  # type: ignore[arg-type]  # the fields of a rule, by name
    refusal = refuse_step(situation(Role.WRITE, rules=[rule]), ref, step)
    assert refusal is not None
    assert (refusal.cause, refusal.reason, refusal.line) == (Cause.PROTECTED, reason, line)


@pytest.mark.parametrize(
    ("owner", "reason"),
    [
        (situation(Role.OWN, is_active=False), "no write access"),
        (situation(Role.OWN, is_archived=True), "the repository is archived"),
    ],
)
def test_nobody_pushes_as_a_suspended_account_or_to_an_archive(owner: Situation, reason: str) -> None:
    refusal = refuse_step(owner, "refs/heads/topic", CREATE)
    assert refusal is not None
    assert (refusal.cause, refusal.reason) == (Cause.NO_ACCESS, reason)


def test_what_is_private_reads_as_missing_to_who_lost_their_role() -> None:
    refusal = refuse_step(situation(None, Visibility.PRIVATE), "refs/heads/topic", CREATE)
    assert refusal is not None
    assert refusal.reason == "no such repository"
    assert "anna/demo" not in str(refusal.line)


@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/heads/topic"])
def test_the_first_branch_of_an_empty_repository_is_for_maintainers(ref: str) -> None:
    found = [role for role in ROLES if refuse_step(situation(role, has_branches=False), ref, CREATE) is None]
    assert found == list(MAINTAINERS)


def test_a_stranger_and_a_narrow_token_push_nothing() -> None:
    stranger = situation(None, is_signed_in=False)
    narrow = situation(Role.OWN, may_write_by_token=False)
    for one, reason in ((stranger, "no write access"), (narrow, "the token may not write")):
        refusal = refuse_step(one, "refs/heads/topic", CREATE)
        assert refusal is not None
        assert (refusal.cause, refusal.reason) == (Cause.NO_ACCESS, reason)


@pytest.mark.parametrize(
    ("role", "visibility", "ref", "step", "line"),
    [
        (
            None,
            Visibility.PUBLIC,
            "refs/heads/main",
            UPDATE,
            "You have read access to anna/demo but not write."
            " Propose instead: git push origin HEAD:refs/for/main",
        ),
        (
            Role.PROPOSE,
            Visibility.PRIVATE,
            "refs/heads/new",
            CREATE,
            "You may propose changes to anna/demo but not push."
            " Propose instead: git push origin HEAD:refs/for/main",
        ),
        (
            None,
            Visibility.PUBLIC,
            "refs/heads/stable",
            UPDATE,
            "You have read access to anna/demo but not write."
            " Propose instead: git push origin HEAD:refs/for/stable",
        ),
        (
            None,
            Visibility.PUBLIC,
            "refs/tags/v1",
            CREATE,
            "You have read access to anna/demo but not write. Ask its owner for the role write.",
        ),
        (
            Role.READ,
            Visibility.PRIVATE,
            "refs/heads/main",
            UPDATE,
            "You have read access to anna/demo but not write. Ask its owner for the role write.",
        ),
        (
            Role.WRITE,
            Visibility.PRIVATE,
            "refs/heads/main",
            UPDATE,
            "'main' is protected: only maintainers push it."
            " Propose instead: git push origin HEAD:refs/for/main",
        ),
    ],
)
def test_a_refusal_says_the_next_step_for_that_role(
    role: Role | None, visibility: Visibility, ref: str, step: Step, line: str
) -> None:
    refusal = refuse_step(situation(role, visibility), ref, step)
    assert refusal is not None
    assert refusal.line == line


@pytest.mark.parametrize(
    ("ref", "cause"),
    [
        ("refs/heads/main", None),
        ("refs/tags/v1", None),
        ("refs/notes/commits", None),
        ("refs/for/main", Cause.NAMESPACE),
        ("refs/changes/1/head", Cause.NAMESPACE),
        ("refs/stash", Cause.NAMESPACE),
        ("refs/headsx/a", Cause.NAMESPACE),
        ("refs/heads/-x", Cause.NAME),
    ],
)
def test_names_that_nobody_pushes(ref: str, cause: Cause | None) -> None:
    refusal = refuse_name(RefUpdate(ref, ZERO, ONE))
    assert (None if refusal is None else refusal.cause) is cause


def test_a_hostile_name_that_is_there_may_be_deleted() -> None:
    assert refuse_name(RefUpdate("refs/heads/-x", ONE, ZERO)) is None


def test_steps_are_told_by_the_ids() -> None:
    ids = [(ZERO, ONE), (ONE, TWO), (ONE, ZERO), ("0" * 64, "1" * 64)]
    assert [step_of(RefUpdate("refs/heads/a", *pair)) for pair in ids] == [CREATE, UPDATE, DELETE, CREATE]
