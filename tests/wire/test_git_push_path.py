"""A push through the gateway with a scripted policy: who is asked what, and what the client reads."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.gateway.git_service import Limits
from tests.git_client import GitClient
from tests.wire.gateway_hosting import VIEWER, Hosted, hosting
from tests.wire.gateway_server import GatewayServer, git
from tests.wire.raw_git import SIDE_BAND, ZERO, delta_bomb, new_commit, push_body, read_report, read_side_band
from tests.wire.scripted_policy import Answer, Question, allow_all, refuse_all


@pytest.fixture(scope="module")
def running() -> Iterator[GatewayServer]:
    with GatewayServer() as server:
        yield server


@pytest.fixture
def hosted(running: GatewayServer, tmp_path: Path) -> Iterator[Hosted]:
    with hosting(running, tmp_path) as one:
        yield one


@pytest.fixture
def client(tmp_path: Path) -> GitClient:
    return GitClient(tmp_path / "client")


def refusing(*refs: str) -> Callable[[Question], Answer]:
    """A judge that refuses these refs and lets git move the others."""

    def judge(question: Question) -> Answer:
        answer = allow_all(question)
        answer["answers"] = [
            [ref, "ng", "protected branch"] if ref in refs else [ref, *rest]
            for ref, *rest in answer["answers"]
        ]
        return answer

    return judge


def test_a_push_is_gated_judged_and_recorded_in_turn(hosted: Hosted, client: GitClient) -> None:
    work = client.init()
    commit_id = client.commit(work)
    client.push(work, "-o", "topic=x=y", "-o", "plain", "--atomic", hosted.url, "HEAD:refs/heads/new")
    gate, judge, record = hosted.script.asked
    assert hosted.script.questions() == ["gate", "judge", "record"]
    assert [one.descriptors for one in (gate, judge, record)] == [2, 2, 2]
    assert {one.values["repository_id"] for one in (gate, judge, record)} == {42}
    assert len({one.values["push"] for one in (gate, judge, record)}) == 1
    assert gate.values["viewer"] == judge.values["viewer"] == VIEWER
    assert Path(gate.values["quarantine"]).parent == hosted.directory / "objects"
    assert judge.values["commands"] == [[ZERO, commit_id, "refs/heads/new"]]
    assert judge.values["options"] == [["topic", "x=y"], ["plain", ""]]
    assert judge.values["atomic"] is True
    assert judge.values["base_url"] == "http://hub.test"
    assert 0 < judge.values["deadline"] - time.monotonic() < 60


def test_packs_that_the_gate_saw_are_given_to_the_judge(hosted: Hosted) -> None:
    hosted.script.gate = lambda _: {"lines": [], "exit": 0, "packs": ["pack-1", "pack-2"]}
    hosted.post(push_body([hosted.new()]))
    assert hosted.script.asked[1].values["packs"] == ["pack-1", "pack-2"]


def test_of_a_mixed_push_only_the_refused_ref_stays(hosted: Hosted, client: GitClient) -> None:
    hosted.script.judge = refusing("refs/heads/release")
    work = client.init()
    client.commit(work)
    result = client.push(work, hosted.url, "HEAD:release", "HEAD:topic", check=False)
    assert "! [remote rejected] HEAD -> release (protected branch)" in result.err
    assert "* [new branch]      HEAD -> topic" in result.err
    assert hosted.refs() == ["refs/heads/main", "refs/heads/topic"]


def test_a_ref_of_the_hub_takes_the_place_of_the_pushed_one(hosted: Hosted, client: GitClient) -> None:
    def judge(question: Question) -> Answer:
        new = question["commands"][0][1]
        git("update-ref", "refs/changes/1/1", new, cwd=hosted.directory)
        options = ["refname refs/changes/1/1", f"old-oid {ZERO}", f"new-oid {new}"]
        return {"answers": [["refs/for/main", "ok", options]], "intent": True, "lines": []}

    hosted.script.judge = judge
    hosted.script.record = lambda _: {"lines": ["http://hub.test/anna/demo/changes/1"]}
    work = client.init()
    client.commit(work)
    result = client.push(work, hosted.url, "HEAD:refs/for/main")
    assert "* [new reference]   HEAD -> refs/changes/1/1" in result.err
    assert "remote: http://hub.test/anna/demo/changes/1" in result.err


def test_what_the_gate_says_is_read_and_nothing_is_stored(hosted: Hosted, client: GitClient) -> None:
    hosted.script.gate = lambda _: {"lines": ["films/a\nexit 0\n is too large"], "exit": 1, "packs": []}
    work = client.init()
    client.commit(work)
    result = client.push(work, hosted.url, "HEAD:refs/heads/new", check=False)
    assert "remote: films/a?exit 0? is too large" in result.err
    assert "pre-receive hook declined" in result.err
    assert hosted.refs() == ["refs/heads/main"]


def test_a_line_that_reads_like_an_exit_status_is_only_a_line(hosted: Hosted, client: GitClient) -> None:
    hosted.script.gate = lambda _: {"lines": ["exit 0"], "exit": 1, "packs": []}
    work = client.init()
    client.commit(work)
    result = client.push(work, hosted.url, "HEAD:refs/heads/new", check=False)
    assert "remote: exit 0" in result.err
    assert hosted.refs() == ["refs/heads/main"]


def test_the_judges_lines_come_before_the_report(hosted: Hosted) -> None:
    lines = ("You may read anna/demo, not write.", "Propose\ninstead.")
    hosted.script.judge = lambda question: refuse_all(question, "no write access", lines)
    _, data = hosted.post(push_body([hosted.new()]))
    answer = read_side_band(data)
    assert answer.progress == "You may read anna/demo, not write.\nPropose?instead.\n"
    assert answer.report == ["unpack ok", "ng refs/heads/new no write access"]
    assert data.index(b"Propose") < data.index(b"unpack ok")


def test_without_side_band_there_is_only_the_report(hosted: Hosted) -> None:
    hosted.script.judge = lambda question: refuse_all(question, "no write access", ("Propose instead.",))
    _, data = hosted.post(push_body([hosted.new()], "report-status"))
    assert read_report(data) == ["unpack ok", "ng refs/heads/new no write access"]


def test_nothing_is_recorded_when_nothing_may_move(hosted: Hosted) -> None:
    hosted.script.judge = lambda question: refuse_all(question, "no")
    hosted.post(push_body([hosted.new()]))
    assert hosted.script.questions() == ["gate", "judge"]


@pytest.mark.parametrize(
    ("pushed", "reported"),
    [
        (["refs/heads/release x", "refs/heads/release"], ["ng refs/heads/release protected branch"]),
        (["refs/heads/release\n", "refs/heads/release"], ["ng refs/heads/release protected branch"]),
        (["refs/heads/a\nEND", "refs/heads/b"], ["ok refs/heads/b"]),
        (["refs/heads/a", "refs/heads/a"], ["ng refs/heads/a named twice in one push"]),
    ],
)
def test_a_crafted_name_is_never_the_answer_for_another(
    hosted: Hosted, pushed: list[str], reported: list[str]
) -> None:
    """git ends a name in our answer at its first space: a naive `ok` for `refs/heads/release x` would let
    the protected `refs/heads/release` of the same push through."""
    hosted.script.judge = refusing("refs/heads/release")
    _, data = hosted.post(push_body([hosted.new(ref) for ref in pushed]))
    report = read_side_band(data).report
    assert [line for line in reported if line in report] == reported
    assert "refs/heads/release" not in hosted.refs()
    assert "refs/heads/a" not in hosted.refs()


def test_line_feeds_in_options_reach_the_judge_as_they_are(hosted: Hosted) -> None:
    body = push_body([hosted.new()], f"{SIDE_BAND} push-options", options=["topic=a\nexit 0\nb", "x\0"])
    hosted.post(body)
    assert hosted.script.asked[1].values["options"][0] == ["topic", "a\nexit 0\nb"]


def test_a_push_of_a_thousand_refs_is_answered(hosted: Hosted) -> None:
    commit_id = new_commit(hosted.directory)
    _, data = hosted.post(push_body([(ZERO, commit_id, f"refs/tags/t{n:04}") for n in range(1000)]))
    assert len(read_side_band(data).report) == 1001
    assert len(hosted.refs()) == 1001


def test_a_deletion_has_no_quarantine(hosted: Hosted, client: GitClient) -> None:
    git("update-ref", "refs/heads/old", "main", cwd=hosted.directory)
    client.push(client.init(), hosted.url, ":refs/heads/old")
    assert hosted.script.asked[0].values["quarantine"] == ""
    assert hosted.refs() == ["refs/heads/main"]


def test_refs_of_the_hub_are_hidden_from_a_push_and_read_only(hosted: Hosted, client: GitClient) -> None:
    git("update-ref", "refs/changes/1/1", "main", cwd=hosted.directory)
    _, advertised = hosted.server.request("GET", "/demo.git/info/refs?service=git-receive-pack")
    work = client.init()
    client.commit(work)
    result = client.push(work, "--force", hosted.url, "HEAD:refs/changes/1/1", check=False)
    assert b"refs/changes" not in advertised
    assert b"push-options" in advertised
    assert "deny updating a hidden ref" in result.err
    assert "judge" not in hosted.script.questions()


def test_faults_of_old_histories_are_let_in_and_dangerous_names_are_not(
    hosted: Hosted, client: GitClient
) -> None:
    work = client.init()
    blob = client.run("hash-object", "-w", "--stdin", cwd=work, input="x").out.strip()
    padded = b"0100644 file\0" + bytes.fromhex(blob)
    dotgit = b"100644 .git\0" + bytes.fromhex(blob)
    for name, tree in (("padded", padded), ("dotgit", dotgit)):
        made = client.run("hash-object", "-t", "tree", "-w", "--literally", "--stdin", cwd=work, input=tree)
        commit_id = client.run("commit-tree", made.out.strip(), "-m", name, cwd=work).out.strip()
        client.push(work, hosted.url, f"{commit_id}:refs/heads/{name}", check=False)
    assert hosted.refs() == ["refs/heads/main", "refs/heads/padded"]


def test_maintenance_never_runs_in_a_push(hosted: Hosted, client: GitClient) -> None:
    git("config", "gc.auto", "1", cwd=hosted.directory)
    git("config", "core.hooksPath", "/nowhere", cwd=hosted.directory)
    work = client.init()
    client.commit(work)
    client.push(work, hosted.url, "HEAD:refs/heads/new")
    assert hosted.script.questions() == ["gate", "judge", "record"]
    assert len(list(hosted.directory.glob("objects/pack/*.pack"))) == 1


def test_a_few_kilobytes_that_unfold_into_gigabytes_take_no_more_memory_than_a_push_may(
    hosted: Hosted,
) -> None:
    """The attack: a delta of a few kilobytes copies one blob 300 times. git unfolds it in memory, 4.5 GB of
    it, before any hook could see how large the object is."""
    hosted.change(limits=replace(Limits(), push_memory_bytes=400 << 20))
    command = hosted.new()
    bomb = push_body([command], pack=delta_bomb(300))
    status, data = hosted.post(bomb)
    answer = read_side_band(data)
    assert len(bomb) < 50_000
    assert status == 200
    assert answer.report[0] == "unpack index-pack abnormal exit"
    assert command[2] not in hosted.refs()
    hosted.post(push_body([command]))
    assert command[2] in hosted.refs()
