"""The box that merges, through HTTP: what it shows to whom, what pressing its button does, and by hand."""

import html
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from hub.app import Hub
from hub.issues.models import TopicState
from hub.repos.models import Repository
from hub.reviews import opening
from hub.reviews.opening import Branch, Words
from hub.reviews.strategies import STRATEGIES
from tests.feature.repos.pushing import ZERO, Pusher
from tests.feature.reviews.merging_ground import MAIN, diverge, merged, propose, set_rule
from tests.visitor import Visitor, forms_of, words_of

PAGE = "/anna/demo/changes/1"
MERGE = f"{PAGE}/merge"


@pytest.fixture
def browser(app: Flask) -> Callable[[str], Visitor]:
    """A browser in which that person, who has an account, is signed in."""

    def enter(name: str) -> Visitor:
        visitor = Visitor(app)
        visitor.sign_in(name)
        visitor.get("/")
        return visitor

    return enter


@pytest.mark.parametrize("strategy", ["merge", "squash", "rebase"])
def test_the_button_merges(
    anna: Pusher, bob: Pusher, hub: Hub, browser: Callable[[str], Visitor], strategy: str
) -> None:
    diverge(anna, bob)
    person = browser("anna")
    answer = person.submit(PAGE, action=MERGE, strategy=strategy)
    assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)
    state, how, commit = merged(hub)
    assert (state, how, commit) == (TopicState.MERGED, strategy, anna.refs()[MAIN])
    words = words_of(person.get(PAGE).text)
    assert "Change 1 is merged into main." in words
    assert f"main {commit[:8]} {STRATEGIES[strategy].label}" in words


def test_the_box_says_what_is_met_and_proposes_a_message(
    anna: Pusher, bob: Pusher, browser: Callable[[str], Visitor]
) -> None:
    diverge(anna, bob)
    page = browser("anna").get(PAGE).text
    words = words_of(page)
    assert "To merge 4 of 4 met" in words
    assert "Merges cleanly It merges into main without conflicts." in words
    assert ">Fix typo (#1)\n\nIt said teh.\n\nChange-Id: I0123456789abcdef\nLink: http" in page
    assert "Fast-forward" not in words


def test_a_written_message_is_taken(anna: Pusher, bob: Pusher, browser: Callable[[str], Visitor]) -> None:
    diverge(anna, bob)
    browser("anna").submit(PAGE, action=MERGE, strategy="squash", message="Other words\r\n\r\nWhy.")
    assert anna.run(anna.directory, "log", "-1", "--format=%B", "main").decode() == "Other words\n\nWhy.\n\n"


def test_a_conflict_is_told_with_its_files_and_what_to_do(
    anna: Pusher, bob: Pusher, browser: Callable[[str], Visitor]
) -> None:
    diverge(anna, bob)
    new = anna.git.commit(anna.work, "Other words", {"README": "other\n"})
    anna.push((anna.refs()[MAIN], new, MAIN))
    page = browser("anna").get(PAGE).text
    words = words_of(page)
    assert "It conflicts with main in README." in words
    assert "git push -o change=1 origin HEAD:refs/for/main" in words
    assert MERGE not in page


def test_what_changed_meanwhile_is_told_above_the_change(
    anna: Pusher, bob: Pusher, hub: Hub, repository: Repository, browser: Callable[[str], Visitor]
) -> None:
    diverge(anna, bob)
    person = browser("anna")
    form = next(one for one in forms_of(person.get(PAGE).text) if one.action == MERGE)
    set_rule(hub, repository, approvals_needed=1)
    answer = person.post(MERGE, {**form.values, "strategy": "merge", "message": "My own words"})
    assert answer.status_code == 409
    assert "Change 1 was not merged. It has 0 of 1 approvals." in words_of(answer.text)
    assert ">My own words</textarea>" in answer.text
    assert merged(hub)[0] is TopicState.OPEN


@pytest.mark.parametrize(("name", "status"), [("starter", 403), ("bob", 403), (None, 403)])
def test_others_see_the_box_without_the_button(
    anna: Pusher,
    bob: Pusher,
    hub: Hub,
    app: Flask,
    browser: Callable[[str], Visitor],
    name: str | None,
    status: int,
) -> None:
    source, _ = diverge(anna, bob)
    visitor = Visitor(app) if name is None else browser(name)
    page = visitor.get(PAGE).text
    assert "It is ready. Maintainers of anna/demo merge it." in words_of(page)
    assert MERGE not in page
    assert visitor.post(MERGE, {"strategy": "merge", "commit": source, "message": ""}).status_code == status
    assert merged(hub)[0] is TopicState.OPEN


@pytest.mark.parametrize(
    "values", [{"strategy": "magic"}, {"strategy": ""}, {"message": "x" * 70_000}, {"commit": "1" * 40}]
)
def test_a_forged_form_merges_nothing(
    anna: Pusher, bob: Pusher, hub: Hub, browser: Callable[[str], Visitor], values: dict[str, object]
) -> None:
    diverge(anna, bob)
    person = browser("anna")
    answer = person.submit(PAGE, action=MERGE, **values)
    assert answer.status_code in (409, 422)
    assert "was not merged" in words_of(answer.text)
    assert merged(hub)[0] is TopicState.OPEN


def open_from_branch(hub: Hub, anna: Pusher) -> str:
    """A change of anna's that follows her branch `topic`; returns its commit."""
    anna.git.run("switch", "-qc", "topic", cwd=anna.work)
    commit = anna.git.commit(anna.work, "Topic", {"topic": "1\n"})
    anna.push((ZERO, commit, "refs/heads/topic"))
    with hub.database.writing() as session:
        row = session.get_one(Repository, anna.repository_id)
        opening.open_change(
            session, anna.viewer, row, target="main", source=Branch(row, "topic"), words=Words("Topic")
        )
    return commit


def test_the_branch_goes_if_that_is_wished(anna: Pusher, hub: Hub, browser: Callable[[str], Visitor]) -> None:
    commit = open_from_branch(hub, anna)
    person = browser("anna")
    assert "Delete the branch topic" in words_of(person.get(PAGE).text)
    person.submit(PAGE, action=MERGE, strategy="merge", delete_branch="yes")
    refs = anna.refs()
    assert "refs/heads/topic" not in refs
    assert refs["refs/changes/1/1"] == commit
    assert merged(hub)[0] is TopicState.MERGED


def test_a_branch_that_moved_on_stays(anna: Pusher, hub: Hub, browser: Callable[[str], Visitor]) -> None:
    open_from_branch(hub, anna)
    person = browser("anna")
    form = next(one for one in forms_of(person.get(PAGE).text) if one.action == MERGE)
    anna.run(anna.directory, "update-ref", "refs/heads/topic", anna.refs()[MAIN])
    person.post(MERGE, {**form.values, "strategy": "merge", "delete_branch": "yes"})
    assert merged(hub)[0] is TopicState.MERGED
    assert "refs/heads/topic" in anna.refs()


def test_pasted_commands_resolve_a_conflict(
    anna: Pusher, bob: Pusher, browser: Callable[[str], Visitor], tmp_path: Path
) -> None:
    diverge(anna, bob)
    new = anna.git.commit(anna.work, "Other words", {"README": "other\n"})
    anna.push((anna.refs()[MAIN], new, MAIN))
    page = browser("anna").get(PAGE).text
    begin, end = (commands_in(page, label) for label in ("In a clone whose remote", "Once the files are"))
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(anna.directory), str(clone)], check=True)
    assert paste(anna, clone, begin) != 0
    (clone / "README").write_text("both\n")
    # The last line is a push to the hub, which no folder takes.
    *resolving, push = end.splitlines()
    assert paste(anna, clone, "\n".join(resolving)) == 0
    assert push == "git push -o change=1 origin HEAD:refs/for/main"
    assert anna.git.head(clone, "HEAD~1") == new
    assert (clone / "README").read_text() == "both\n"


def commands_in(page: str, label: str) -> str:
    """The lines of the box of commands whose label begins so."""
    return html.unescape(
        page.split(f'aria-label="{label}')[1].split(">", 1)[1].split("</code>", maxsplit=1)[0]
    )


def paste(person: Pusher, clone: Path, commands: str) -> int:
    """Runs the lines as they stand; the exit code of the first that fails, or 0."""
    environment = {**person.git.environment, "GIT_MERGE_AUTOEDIT": "no", "GIT_EDITOR": "true"}
    done = subprocess.run(
        ["sh", "-ec", commands], cwd=clone, env=environment, check=False, capture_output=True
    )
    return done.returncode


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_pasted_commands_merge(
    anna: Pusher, bob: Pusher, hub: Hub, browser: Callable[[str], Visitor], strategy: str, tmp_path: Path
) -> None:
    if strategy == "fast-forward":
        propose(bob, "Fix typo", {"README": "the\n"})
    else:
        diverge(anna, bob)
    page = browser("anna").get(PAGE).text
    commands = commands_in(page, str(STRATEGIES[strategy].label))
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(anna.directory), str(clone)], check=True)
    assert paste(anna, clone, commands) == 0
    assert anna.run(anna.directory, "ls-tree", "--name-only", "main").decode().split()[0] == "README"


def test_a_second_click_on_a_merged_change_says_so(
    anna: Pusher, bob: Pusher, hub: Hub, browser: Callable[[str], Visitor]
) -> None:
    diverge(anna, bob)
    person = browser("anna")
    form = next(one for one in forms_of(person.get(PAGE).text) if one.action == MERGE)
    first, second = (person.post(MERGE, {**form.values, "strategy": "merge"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (302, 409)
    assert "Change 1 was merged already." in words_of(second.text)
