"""Many people merge at once: each change is merged once, all is in the history, nobody sees a fault."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from hub.access import Permission, Role
from hub.accounts.queries import get_user
from hub.issues.models import Topic, TopicState
from hub.repos.access import open_repository
from hub.reviews.models import Change
from hub.reviews.opening import Branch, Words, open_change
from tests.factories import SYSTEM
from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.http_requests import Answer, request
from tests.wire.records import is_linear, logged_refs, open_intents, ref_log, refs_on_disk

pytestmark = pytest.mark.wire_writes

CLICKS = 50
PEOPLE, CHANGES = 20, 100
MAIN = "refs/heads/main"
# A machine with much else to do makes people wait; what they read then says so.
BUSY, ATTEMPTS = (503, 504), 30
STRATEGIES = ("merge", "squash", "rebase")


def make_changes(served: Served, owner: Person, git: GitClient, count: int) -> tuple[str, dict[int, str]]:
    """A repository with so many open changes of one file each; its path, and the commit of each change."""
    path, work = served.repository(owner), git.init()
    git.commit(work, "First")
    for number in range(1, count + 1):
        git.run("switch", "-qc", f"topic-{number}", "main", cwd=work)
        git.commit(work, f"Change {number}", {f"file-{number}": f"{number}\n"})
    git.push(work, served.url(path, owner), "main")
    git.push(work, served.url(path, owner), "refs/heads/*:refs/heads/*")
    found = {}
    for number in range(1, count + 1):
        with served.hub.database.writing() as session:
            viewer = get_user(session, owner.name).viewer()
            row = open_repository(session, SYSTEM, path, need=Permission.SEE)
            source, words = Branch(row, f"topic-{number}"), Words(f"Change {number}")
            opened = open_change(session, viewer, row, target="main", source=source, words=words)
        found[opened] = git.head(work, f"topic-{number}")
    return path, found


def id_of(served: Served, path: str) -> int:
    with served.hub.database.reading() as session:
        return open_repository(session, SYSTEM, path, need=Permission.SEE).id


def click(
    served: Served, path: str, commits: dict[int, str], strategy: str, person: Person, number: int
) -> Answer:
    """Presses the button on the page of a change, as a script that reads JSON."""
    form = urlencode({"strategy": strategy, "commit": commits[number], "message": ""}).encode()
    headers = {
        **person.headers,
        "Accept": "application/json, text/html;q=0.1",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return request(served, f"/{path}/changes/{number}/merge", method="POST", headers=headers, body=form)


def states(served: Served, path: str) -> Counter[str]:
    with served.hub.database.reading() as session:
        found = select(Topic.state).where(Topic.repository_id == id_of(served, path))
        return Counter(one.value for one in session.scalars(found))


def log_of(served: Served, git: GitClient, path: str, *options: str) -> list[str]:
    folder = str(served.git_directory(path))
    return git.run("-C", folder, "log", "--format=%s", *options, "main").out.splitlines()


def test_fifty_clicks_merge_once(served: Served, anna: Person, git: GitClient) -> None:
    path, commits = make_changes(served, anna, git, 1)
    press = partial(click, served, path, commits, "merge", anna)
    with ThreadPoolExecutor(CLICKS) as pool:
        answers = list(pool.map(press, [1] * CLICKS))
    statuses = Counter(one.status for one in answers)
    assert statuses[302] == 1 or statuses[504], statuses
    assert set(statuses) <= {302, 409, *BUSY}, statuses
    refused = {json.loads(one.text)["title"] for one in answers if one.status == 409}
    assert refused <= {"Change 1 was merged already."}
    assert states(served, path) == {TopicState.MERGED: 1}
    assert log_of(served, git, path, "--first-parent") == ["Change 1 (#1)", "First"]
    assert len(ref_log(served, path, MAIN)) == 2


@pytest.mark.long
def test_twenty_people_merge_a_hundred_changes_of_one_branch(
    served: Served, anna: Person, git: GitClient
) -> None:
    path, commits = make_changes(served, anna, git, CHANGES)
    people = [anna, *(served.person() for _ in range(PEOPLE - 1))]
    for one in people[1:]:
        served.grant(path, one, Role.MAINTAIN)

    def merge_some(index: int) -> list[tuple[int, Answer]]:
        """Every twentieth change from the index on, and one that somebody else merges as well."""
        own = [number for number in commits if number % PEOPLE == index]
        others = next(number for number in commits if number % PEOPLE == (index + 1) % PEOPLE)
        press = partial(
            click_until_told, served, path, commits, STRATEGIES[index % len(STRATEGIES)], people[index]
        )
        return [pair for number in (*own, others) for pair in press(number)]

    with ThreadPoolExecutor(PEOPLE) as pool:
        done = [pair for pairs in pool.map(merge_some, range(PEOPLE)) for pair in pairs]
    statuses = Counter(answer.status for _, answer in done)
    assert set(statuses) <= {302, 409, *BUSY}, statuses
    assert not [answer.text for _, answer in done if "lock" in answer.text.lower()]
    accepted = [number for number, answer in done if answer.status == 302]
    assert len(accepted) == len(set(accepted)), "a change was merged twice"
    assert states(served, path) == {TopicState.MERGED: CHANGES}
    check_history(served, git, path, list(commits))


def click_until_told(
    served: Served, path: str, commits: dict[int, str], strategy: str, person: Person, number: int
) -> list[tuple[int, Answer]]:
    """Presses the button, and again where a busy hub asks to: every answer."""
    answers = []
    for _ in range(ATTEMPTS):
        answers.append((number, click(served, path, commits, strategy, person, number)))
        if answers[-1][1].status not in BUSY:
            return answers
    raise AssertionError(f"change {number} was not merged in {ATTEMPTS} attempts")


def check_history(served: Served, git: GitClient, path: str, numbers: list[int]) -> None:
    """Each merge is in the history once, in the log of refs, and in the files."""
    names = Counter(
        one.removesuffix(")").split(" (#")[0] for one in log_of(served, git, path, "--first-parent")
    )
    assert names == Counter([f"Change {number}" for number in numbers] + ["First"])
    folder = str(served.git_directory(path))
    files = git.run("-C", folder, "ls-tree", "--name-only", "main").out.split()
    assert {one for one in files if one.startswith("file-")} == {f"file-{number}" for number in numbers}
    moves = ref_log(served, path, MAIN)
    assert len(moves) == len(numbers) + 1
    assert is_linear(moves)
    assert refs_on_disk(git, served.git_directory(path)) == logged_refs(served, path)
    assert open_intents(served, path) == 0
    with served.hub.database.reading() as session:
        merged = select(Change.merged_commit_id).where(
            Change.repository_id == id_of(served, path), Change.merged_commit_id != ""
        )
        assert set(session.scalars(merged)) == {new for _, _, new in moves[1:]}
    git.run("-C", folder, "fsck", "--strict", "--no-dangling")
