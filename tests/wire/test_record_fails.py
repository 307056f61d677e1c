"""A push whose record fails is not acknowledged, and is recorded later without anybody's help."""

from pathlib import Path

import pytest

from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.http_requests import receive_pack
from tests.wire.made_by_hand import ZERO, pack_of, push_body, read_answer
from tests.wire.records import (
    FailingRecord,
    is_linear,
    logged_refs,
    open_intents,
    ref_log,
    refs_on_disk,
)
from tests.wire.scripted_policy import wait_until
from tests.wire.ways import Way, lines_of

pytestmark = pytest.mark.wire_writes

WHY = "stored, not recorded; fetch before you push again"
MAIN = "refs/heads/main"


def test_git_reads_that_the_push_is_not_recorded(hers: GitClient, way: Way, path: str, work: Path) -> None:
    first, second = hers.head(work), hers.commit(work, "Two")

    with FailingRecord(way.served, path):
        pushed = hers.push(work, "origin", "main", check=False)

        assert pushed.exit == 1
        assert f"! [remote rejected] main -> main ({WHY})" in lines_of(pushed)
        assert refs_on_disk(hers, way.served.git_directory(path)) == {MAIN: second}
        assert logged_refs(way.served, path) == {MAIN: first}
        assert hers.head(work, "origin/main") == first, "git must not believe that it pushed"
    assert open_intents(way.served, path) == 1


def test_next_push_records_what_the_failed_one_moved(
    hers: GitClient, way: Way, path: str, work: Path
) -> None:
    hers.commit(work, "Two")
    with FailingRecord(way.served, path):
        hers.push(work, "origin", "main", check=False)

    hers.fetch(work, "origin")
    third = hers.commit(work, "Three")
    hers.push(work, "origin", "main")

    moves = ref_log(way.served, path, MAIN)
    assert [new for _, _, new in moves][-1] == third
    assert len(moves) == 3
    assert is_linear(moves)
    assert open_intents(way.served, path) == 0


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ("report-status-v2 side-band-64k", [f"ng refs/heads/a {WHY}", f"ng refs/tags/b {WHY}"]),
        ("report-status", [f"ng refs/heads/a {WHY}", f"ng refs/tags/b {WHY}"]),
    ],
)
def test_report_refuses_every_ref_that_was_not_recorded(
    hers: GitClient, way: Way, path: str, work: Path, anna: Person, capabilities: str, expected: list[str]
) -> None:
    tip = hers.commit(work, "Two")
    commands = [(ZERO, tip, "refs/heads/a"), (ZERO, tip, "refs/tags/b"), (ZERO, tip, "refs/for/main")]
    body = push_body(commands, pack_of(hers, work, tip), capabilities=capabilities)

    with FailingRecord(way.served, path):
        answer = read_answer(way.push_by_hand(path, anna, body), capabilities)

    assert answer.report[0] == "unpack ok"
    assert [line for line in answer.report[1:] if "refs/for" not in line] == expected
    assert not any(line.startswith(("ok", "option")) for line in answer.report)


def test_client_without_a_report_reads_it_as_an_error(
    hers: GitClient, way: Way, path: str, work: Path, anna: Person
) -> None:
    tip = hers.commit(work, "Two")
    body = push_body([(ZERO, tip, "refs/heads/a")], pack_of(hers, work, tip), capabilities="side-band-64k")

    with FailingRecord(way.served, path):
        answer = read_answer(way.push_by_hand(path, anna, body), "side-band-64k")

    assert WHY in answer.said


def test_client_that_can_be_told_nothing_gets_503(served: Served, anna: Person, git: GitClient) -> None:
    path, work = served.repository(anna), git.init()
    tip = git.commit(work)
    body = push_body([(ZERO, tip, MAIN)], pack_of(git, work, tip), capabilities="")

    with FailingRecord(served, path):
        answer = receive_pack(served, path, body, anna)

    assert answer.status == 503
    assert answer.text == f"The push is {WHY}.\n"


def test_restarted_hub_records_it_by_itself(fresh_served: Served, git: GitClient) -> None:
    anna = fresh_served.person()
    path, work = fresh_served.repository(anna), git.init()
    tip = git.commit(work)
    with FailingRecord(fresh_served, path):
        git.push(work, fresh_served.url(path, anna), "main", check=False)
    before = logged_refs(fresh_served, path)

    fresh_served.stop()
    fresh_served.start()

    assert before == {}
    assert wait_until(lambda: logged_refs(fresh_served, path) == {MAIN: tip})
    assert open_intents(fresh_served, path) == 0
