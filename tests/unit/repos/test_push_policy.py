"""Who may do what to which ref: the whole table, allowed and refused side by side."""

import pytest

from hub.access import Role, Visibility
from hub.repos.push_policy import (
    Cause,
    Situation,
    Step,
    refuse_name,
    refuse_step,
    step_of,
)
from hub.repos.pushes import RefUpdate

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


def situation(role: Role | None, visibility: Visibility = Visibility.PUBLIC, **values: bool) -> Situation:
    return Situation("anna/demo", "main", visibility, role, **values)


@pytest.mark.parametrize("visibility", Visibility)
@pytest.mark.parametrize(("ref", "step", "allowed"), TABLE)
def test_the_table_of_refs_steps_and_roles(
    ref: str, step: Step, allowed: tuple[Role, ...], visibility: Visibility
) -> None:
    found = [role for role in ROLES if refuse_step(situation(role, visibility), ref, step) is None]
    assert found == list(allowed)


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
