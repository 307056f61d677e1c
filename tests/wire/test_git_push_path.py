"""A push through the gateway with a scripted policy: who is asked what, and what the client reads when."""

import fcntl
import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hub.gateway.git_http import RepositoryPolicy
from hub.gateway.git_service import Limits
from hub.gateway.hook_channel import NOT_RECORDED, UNAVAILABLE, install_hooks
from hub.gateway.pktline import FLUSH
from hub.gateway.queues import ALIVE_FILE, QUEUE_FILE
from tests.git_client import GitClient
from tests.wire.gateway_server import GatewayServer, bare_repository, git, git_processes, loose_ends
from tests.wire.raw_git import (
    PUSH_TYPE,
    SIDE_BAND,
    ZERO,
    Command,
    SlowRequest,
    big_pack,
    new_commit,
    push_body,
    read_report,
    read_side_band,
)
from tests.wire.scripted_policy import (
    Answer,
    Question,
    Script,
    ScriptedPolicy,
    allow_all,
    refuse_all,
    wait_until,
)

VIEWER = {"user_id": 7, "name": "anna", "is_admin": False, "scopes": ["write"]}


@pytest.fixture(scope="module")
def running() -> Iterator[GatewayServer]:
    with GatewayServer() as server:
        yield server


@dataclass
class Hosted:
    """One repository served with a scripted policy."""

    server: GatewayServer
    policy: ScriptedPolicy
    directory: Path
    fields: dict[str, Any]

    @property
    def script(self) -> Script:
        return self.policy.script

    @property
    def url(self) -> str:
        return self.server.url("demo")

    def post(self, body: bytes) -> tuple[int, bytes]:
        response, data = self.server.request("POST", "/demo.git/git-receive-pack", body, PUSH_TYPE)
        return response.status, data

    def begin(self) -> SlowRequest:
        return SlowRequest(self.server.port, "/demo.git/git-receive-pack", PUSH_TYPE)

    def limit(self, **limits: Any) -> None:
        self.server.targets = {"demo": {**self.fields, "limits": Limits(**limits)}}

    def new(self, ref: str = "refs/heads/new") -> Command:
        return (ZERO, new_commit(self.directory, ref), ref)

    def refs(self) -> list[str]:
        return git("for-each-ref", "--format=%(refname)", cwd=self.directory).splitlines()

    def is_free(self) -> bool:
        """Whether nobody holds the queue or says that a git is alive."""
        for name in (QUEUE_FILE, ALIVE_FILE):
            descriptor = os.open(self.directory / name, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            finally:
                os.close(descriptor)
        return True


@pytest.fixture
def hosted(running: GatewayServer, tmp_path: Path) -> Iterator[Hosted]:
    directory = bare_repository(tmp_path / "demo.git", commits=3)
    policy = RepositoryPolicy(
        socket=tmp_path / "policy.sock",
        repository_id=42,
        name="anna/demo",
        viewer=VIEWER,
        base_url="http://hub.test",
        hooks=install_hooks(tmp_path / "run"),
    )
    fields: dict[str, Any] = {"directory": directory, "policy": policy}
    running.targets = {"demo": fields}
    with ScriptedPolicy(policy.socket) as scripted:
        yield Hosted(running, scripted, directory, fields)
        assert wait_until(lambda: git_processes(directory) == [])
        assert loose_ends(directory) == []
        assert wait_until(lambda: Hosted(running, scripted, directory, fields).is_free())


@pytest.fixture
def client(tmp_path: Path) -> GitClient:
    return GitClient(tmp_path / "client")


def failing(_: Question) -> Answer:
    raise OSError("no space left on device")


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


def test_the_report_waits_for_the_record_and_progress_does_not(hosted: Hosted) -> None:
    may_go = threading.Event()
    hosted.script.gate = lambda _: {"lines": ["Looking"], "exit": 0, "packs": []}
    hosted.script.record = lambda _: {"lines": [] if may_go.wait(20) else ["late"]}
    with hosted.begin() as request:
        request.send(push_body([hosted.new()]))
        request.end()
        request.read_until(b"Looking")
        assert wait_until(lambda: "record" in hosted.script.questions())
        assert b"ok refs/heads/new" not in request.received
        may_go.set()
        request.read_until(b"ok refs/heads/new")


FAILED = [
    ("report-status-v2 side-band-64k", [f"ng refs/heads/new {NOT_RECORDED}"], ""),
    (SIDE_BAND, [f"ng refs/heads/new {NOT_RECORDED}"], ""),
    ("side-band-64k", [], f"{NOT_RECORDED}\n"),
]


@pytest.mark.parametrize(("capabilities", "report", "errors"), FAILED)
def test_a_push_that_is_not_recorded_is_not_acknowledged(
    hosted: Hosted, capabilities: str, report: list[str], errors: str
) -> None:
    hosted.script.record = failing
    status, data = hosted.post(push_body([hosted.new()], capabilities))
    answer = read_side_band(data)
    assert status == 200
    assert [line for line in answer.report if not line.startswith("unpack")] == report
    assert answer.errors == errors


def test_a_client_without_side_band_reads_that_its_push_is_not_recorded(hosted: Hosted) -> None:
    hosted.script.record = failing
    _, data = hosted.post(push_body([hosted.new()], "report-status"))
    assert read_report(data) == ["unpack ok", f"ng refs/heads/new {NOT_RECORDED}"]


def test_a_client_that_wants_no_report_gets_the_failure_as_a_status(hosted: Hosted) -> None:
    hosted.script.record = failing
    status, data = hosted.post(push_body([hosted.new()], "agent=none"))
    assert (status, NOT_RECORDED.encode() in data) == (503, True)


def test_a_client_that_wants_no_report_gets_an_empty_answer(hosted: Hosted) -> None:
    assert hosted.post(push_body([hosted.new()], "agent=none")) == (200, b"")
    assert hosted.post(push_body([hosted.new("refs/heads/b")], "side-band-64k"))[1].endswith(FLUSH)
    assert hosted.post(FLUSH) == (200, b"")


def test_a_judge_that_fails_refuses_and_what_it_committed_is_settled(hosted: Hosted) -> None:
    hosted.script.judge = failing
    _, data = hosted.post(push_body([hosted.new()]))
    assert read_side_band(data).report == ["unpack ok", f"ng refs/heads/new {UNAVAILABLE}"]
    assert hosted.script.questions() == ["gate", "judge", "record"]


def test_without_policy_processes_nothing_is_stored(hosted: Hosted, client: GitClient) -> None:
    policy = hosted.fields["policy"]
    absent = RepositoryPolicy(
        socket=hosted.directory / "absent.sock",
        repository_id=42,
        name="anna/demo",
        viewer=VIEWER,
        base_url="",
        hooks=policy.hooks,
    )
    hosted.server.targets = {"demo": {**hosted.fields, "policy": absent}}
    work = client.init()
    client.commit(work)
    result = client.push(work, hosted.url, "HEAD:refs/heads/new", check=False)
    assert f"remote: {UNAVAILABLE}" in result.err
    assert hosted.refs() == ["refs/heads/main"]


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


def test_a_body_that_ends_early_moves_nothing(hosted: Hosted) -> None:
    _, pack = big_pack(200_000)
    with hosted.begin() as request:
        request.send(push_body([(ZERO, "1" * 40, "refs/heads/new")], pack=pack)[:150_000])
        assert wait_until(lambda: git_processes(hosted.directory) != [])
    assert wait_until(lambda: git_processes(hosted.directory) == [])
    assert hosted.script.questions() == []


def test_a_client_that_falls_silent_ends_its_push(hosted: Hosted) -> None:
    hosted.limit(idle_seconds=0.3)
    _, pack = big_pack(200_000)
    with hosted.begin() as request:
        request.send(push_body([(ZERO, "1" * 40, "refs/heads/new")], pack=pack)[:150_000])
        assert request.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 408 ")
    assert git_processes(hosted.directory) == []


def test_after_the_bodys_end_a_client_that_leaves_changes_nothing(hosted: Hosted) -> None:
    may_go = threading.Event()

    def gate(_: Question) -> Answer:
        may_go.wait(20)
        return {"lines": ["Thank you"], "exit": 0, "packs": []}

    hosted.script.gate = gate
    with hosted.begin() as request:
        request.send(push_body([hosted.new()]))
        request.end()
        assert wait_until(lambda: hosted.script.questions() == ["gate"])
    may_go.set()
    assert wait_until(lambda: hosted.script.questions() == ["gate", "judge", "record"])
    assert hosted.refs() == ["refs/heads/main", "refs/heads/new"]


def test_the_next_push_is_judged_when_the_last_one_is_recorded(hosted: Hosted) -> None:
    may_go = threading.Event()
    hosted.script.record = lambda _: {"lines": [] if may_go.wait(20) else ["late"]}
    with hosted.begin() as first, hosted.begin() as second:
        for number, request in enumerate((first, second)):
            request.send(push_body([hosted.new(f"refs/heads/b{number}")]))
            request.end()
            assert wait_until(lambda n=number: hosted.script.questions().count("gate") == n + 1)  # type: ignore[misc]
        assert wait_until(lambda: "record" in hosted.script.questions())
        assert hosted.script.questions().count("judge") == 1
        may_go.set()
        first.read_until(b"ok refs/heads/b0")
        second.read_until(b"ok refs/heads/b1")
    assert [name for name in hosted.script.questions() if name != "gate"] == ["judge", "record"] * 2


def test_a_push_waits_for_whoever_holds_the_queue(hosted: Hosted) -> None:
    descriptor = os.open(hosted.directory / QUEUE_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with hosted.begin() as request:
        request.send(push_body([hosted.new()]))
        request.end()
        assert wait_until(lambda: hosted.script.questions() == ["gate"])
        assert not wait_until(lambda: "judge" in hosted.script.questions(), 0.2)
        os.close(descriptor)
        request.read_until(b"ok refs/heads/new")


def test_while_it_is_judged_nobody_else_gets_the_queue(hosted: Hosted) -> None:
    was_free: list[bool] = []

    def judge(question: Question) -> Answer:
        was_free.append(hosted.is_free())
        return allow_all(question)

    hosted.script.judge = judge
    hosted.post(push_body([hosted.new()]))
    assert was_free == [False]


def test_when_git_dies_before_the_refs_move_the_intent_is_still_settled(hosted: Hosted) -> None:
    def judge(question: Question) -> Answer:
        for pid in git_processes(hosted.directory):
            os.kill(pid, signal.SIGKILL)
        return allow_all(question)

    hosted.script.judge = judge
    hosted.post(push_body([hosted.new()]))
    assert hosted.script.questions() == ["gate", "judge", "record"]
    hosted.script.judge = allow_all
    _, data = hosted.post(push_body([hosted.new("refs/heads/next")]))
    assert read_side_band(data).report == ["unpack ok", "ok refs/heads/next"]
    for folder in hosted.directory.glob("objects/tmp_objdir-*"):  # what a sweep would do
        folder.rmdir()


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


def test_a_push_beyond_the_limit_is_refused_with_its_size(hosted: Hosted, client: GitClient) -> None:
    hosted.limit(max_push_bytes=10_000)
    work = client.init()
    _, content = big_pack(100_000)
    client.commit(work, "Large", {"large": content})
    result = client.push(work, hosted.url, "HEAD:refs/heads/new", check=False)
    assert "pack exceeds maximum allowed size (9.77 KiB)" in result.err
    assert hosted.script.questions() == []


def test_endless_commands_are_cut_off(hosted: Hosted, monkeypatch: pytest.MonkeyPatch) -> None:
    hosted.limit(max_push_bytes=0)
    line = push_body([(ZERO, "1" * 40, f"refs/heads/{'x' * 60_000}")])[:-36]
    _, data = hosted.server.request(
        "POST", "/demo.git/git-receive-pack", (line for _ in range(600)), PUSH_TYPE
    )
    assert b"larger than" in data


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
