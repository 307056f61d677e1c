"""`hub repo rules`, `hub repo rule` and deploy keys from the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tests.factories import write_key

Run = Callable[..., Result]


@pytest.fixture
def demo(run: Run) -> str:
    run("user", "create", "anna", "--email", "anna@example.org")
    run("repo", "create", "anna/demo")
    return "anna/demo"


def test_rules_are_added_listed_and_removed(run: Run, demo: str) -> None:
    needs = ("--needs-change", "--approvals", "2", "--needs-resolved")
    run("repo", "rule", "add", demo, "release/*", "--push", "own", *needs, "--person", "anna")
    run("repo", "rule", "add", demo, "v*", "--tag", "--push", "write", "--allow", "delete")
    rows = json.loads(run("repo", "rules", demo, "--json").stdout)
    assert [(row["kind"], row["pattern"], row["least_role"], row["people"]) for row in rows] == [
        ("branch", "main", "maintain", []),
        ("branch", "release/*", "own", ["anna"]),
        ("tag", "v*", "write", []),
    ]
    assert [(row["needs_change"], row["may_rewind"], row["may_delete"]) for row in rows] == [
        (False, False, False),
        (True, False, False),
        (False, False, True),
    ]
    assert [(row["approvals_needed"], row["needs_resolved_threads"]) for row in rows] == [
        (0, False),
        (2, True),
        (0, False),
    ]
    run("repo", "rule", "remove", demo, "v*", "--tag")
    assert "v*" not in run("repo", "rules", demo).stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rule", "add", "anna/demo", "a b"), "No branch or tag can have such a name"),
        (("rule", "add", "anna/demo", "main"), "There is a rule with this pattern"),
        (("rule", "add", "anna/demo", "x", "--push", "nobody"), "Name at least one person"),
        (("rule", "remove", "anna/demo", "x"), "anna/demo has no rule x."),
        (("rules", "anna/none"), "No repository anna/none."),
    ],
)
def test_refusals_are_words(run: Run, demo: str, arguments: tuple[str, ...], words: str) -> None:
    assert words in run("repo", *arguments, exit_code=1).stderr


def test_deploy_key_is_added_listed_and_removed(run: Run, demo: str, tmp_path: Path) -> None:
    line = f"{write_key(tmp_path / 'key')} build@server\n"
    added = run("key", "add", "--deploy", demo, "--write", stdin=line)
    assert "(build@server) to anna/demo, to read and push." in added.stdout
    (row,) = json.loads(run("key", "list", "--deploy", demo, "--json").stdout)
    assert (row["title"], row["may_push"]) == ("build@server", True)
    assert "This key was added before" in run("key", "add", "--deploy", demo, stdin=line, exit_code=1).stderr
    assert "deploy key of a repository" in run("key", "add", "anna", stdin=line, exit_code=1).stderr
    run("key", "remove", demo, str(row["id"]))
    assert "hub key add --deploy anna/demo" in run("key", "list", "--deploy", demo).stdout


@pytest.mark.parametrize("arguments", [(), ("anna", "--deploy", "anna/demo"), ("anna", "--write")])
def test_a_key_is_for_one_thing(run: Run, arguments: tuple[str, ...]) -> None:
    assert "Give either NAME" in run("key", "add", *arguments, exit_code=2).stderr
