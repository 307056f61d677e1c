"""What the pattern of a rule means, which patterns are taken, and how rules combine."""

import time

import pytest

from hub.access import Role
from hub.repos.models import RefKind
from hub.repos.ref_rules import Rule, find_pattern_fault, matches, rules_for

MEANT = [
    ("main", ["main"], ["main2", "amain", "Main", "main/x", "x/main"]),
    ("*", ["main", "v1", "-"], ["a/b"]),
    ("**", ["main", "a/b", "a/b/c"], []),
    ("v*", ["v", "v1", "v1.0"], ["v1/beta", "dev1", "V1"]),
    ("release/*", ["release/1", "release/1.0"], ["release", "release/1/b", "xrelease/1"]),
    ("release/**", ["release/1", "release/1/b"], ["release", "releases/1"]),
    ("**/wip", ["wip", "anna/wip", "a/b/wip"], ["wip/a", "awip"]),
    ("a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["a", "z", "a/z/b", "ab/z"]),
    ("a/**/m/**", ["a/m/b", "a/x/m/b", "a/m/m"], ["a/m", "a/x/b", "m/b"]),
    ("*-fix-*", ["a-fix-b", "-fix-", "a-fix-fix-b"], ["a-fix", "fix-b", "a-fi-x-b"]),
    ("a*a", ["aa", "aba"], ["a", "ab"]),
    ("*/*", ["a/b"], ["a", "a/b/c"]),
]


@pytest.mark.parametrize(
    ("pattern", "name", "is_meant"),
    [
        *((pattern, name, True) for pattern, names, _ in MEANT for name in names),
        *((pattern, name, False) for pattern, _, names in MEANT for name in names),
    ],
)
def test_what_a_pattern_means(pattern: str, name: str, is_meant: bool) -> None:
    assert matches(pattern, name) is is_meant
    assert find_pattern_fault(RefKind.BRANCH, pattern) is None


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("", "Enter the name"),
        ("x" * 401, "at most 400"),
        ("refs/heads/main", "without refs/heads/"),
        ("/".join("a" * 41), "at most 40 parts"),
        ("v**", "between slashes"),
        ("a/***", "between slashes"),
        ("**/**", "One ** is enough"),
        ("v?", "only * and **"),
        ("[ab]", "only * and **"),
        ("a b", "git does not allow it"),
        ("/a", "git does not allow it"),
        ("a/", "git does not allow it"),
        ("a//b", "git does not allow it"),
        ("a..b", "git does not allow it"),
        ("*.lock", "git does not allow it"),
        ("-x/*", "would mislead"),
        ("a\u202eb", "would mislead"),
    ],
)
def test_patterns_that_are_refused_say_why(pattern: str, fault: str) -> None:
    found = find_pattern_fault(RefKind.BRANCH, pattern)
    assert found is not None
    assert fault in str(found)


def test_the_worst_pattern_takes_no_time() -> None:
    """Attack: a pattern for which a search that goes back and forth takes longer than the hub will live."""
    pattern, name = "a*" * 190 + "b", "a" * 399
    started = time.process_time()
    assert not matches(pattern, name)
    assert not matches("**/a/" * 19 + "b", "a/" * 190 + "c")
    assert time.process_time() - started < 5


def test_rules_hold_for_their_kind_only() -> None:
    rules = [Rule(RefKind.BRANCH, "v*"), Rule(RefKind.TAG, "v*"), Rule(RefKind.BRANCH, "**")]
    assert rules_for(rules, "refs/heads/v1") == [rules[0], rules[2]]
    assert rules_for(rules, "refs/tags/v1") == [rules[1]]
    assert rules_for(rules, "refs/notes/v1") == []


@pytest.mark.parametrize(
    ("least", "names_them", "admitted"),
    [
        (Role.WRITE, False, [Role.WRITE, Role.MAINTAIN, Role.OWN]),
        (Role.OWN, False, [Role.OWN]),
        (None, False, []),
        (None, True, [None, Role.READ, Role.PROPOSE, Role.WRITE, Role.MAINTAIN, Role.OWN]),
    ],
)
def test_a_rule_admits_from_a_role_on_and_who_is_named(
    least: Role | None, names_them: bool, admitted: list[Role | None]
) -> None:
    rule = Rule(RefKind.BRANCH, "main", least_role=least, names_them=names_them)
    assert [role for role in (None, *Role) if rule.admits(role)] == admitted
