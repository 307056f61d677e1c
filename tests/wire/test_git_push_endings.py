"""How a push through the gateway ends: in turn, recorded, or broken off somewhere on its way."""

import fcntl
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.gateway.git_service import Limits
from hub.gateway.hook_channel import NOT_RECORDED, UNAVAILABLE
from hub.gateway.pktline import FLUSH
from hub.gateway.queues import QUEUE_FILE
from tests.git_client import GitClient
from tests.wire.gateway_hosting import Hosted, hosting
from tests.wire.gateway_server import GatewayServer, git_processes
from tests.wire.raw_git import PUSH_TYPE, SIDE_BAND, ZERO, big_pack, push_body, read_report, read_side_band
from tests.wire.scripted_policy import Answer, Question, allow_all, wait_until


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


def failing(_: Question) -> Answer:
    raise OSError("no space left on device")


def test_the_report_waits_for_the_record_and_progress_does_not(hosted: Hosted) -> None:
    may_go = threading.Event()
    hosted.script.gate = lambda _: {"lines": ["Looking"], "exit": 0, "packs": []}
    hosted.script.record = lambda _: {"lines": [] if may_go.wait(120) else ["late"]}
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
    absent = replace(hosted.fields["policy"], socket=hosted.directory / "absent.sock")
    hosted.change(policy=absent)
    work = client.init()
    client.commit(work)
    result = client.push(work, hosted.url, "HEAD:refs/heads/new", check=False)
    assert f"remote: {UNAVAILABLE}" in result.err
    assert hosted.refs() == ["refs/heads/main"]


def test_a_body_that_ends_early_moves_nothing(hosted: Hosted) -> None:
    _, pack = big_pack(200_000)
    with hosted.begin() as request:
        request.send(push_body([(ZERO, "1" * 40, "refs/heads/new")], pack=pack)[:150_000])
        assert wait_until(lambda: git_processes(hosted.directory) != [])
    assert wait_until(lambda: git_processes(hosted.directory) == [])
    assert hosted.script.questions() == []


def test_a_client_that_falls_silent_ends_its_push(hosted: Hosted) -> None:
    hosted.change(limits=Limits(idle_seconds=0.3))
    _, pack = big_pack(200_000)
    with hosted.begin() as request:
        request.send(push_body([(ZERO, "1" * 40, "refs/heads/new")], pack=pack)[:150_000])
        assert request.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 408 ")
    assert git_processes(hosted.directory) == []


def test_after_the_bodys_end_a_client_that_leaves_changes_nothing(hosted: Hosted) -> None:
    may_go = threading.Event()

    def gate(_: Question) -> Answer:
        may_go.wait(120)
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
    hosted.script.record = lambda _: {"lines": [] if may_go.wait(120) else ["late"]}
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


def test_a_push_beyond_the_limit_is_refused_with_its_size(hosted: Hosted, client: GitClient) -> None:
    hosted.change(limits=Limits(max_push_bytes=10_000))
    work = client.init()
    _, content = big_pack(100_000)
    client.commit(work, "Large", {"large": content})
    result = client.push(work, hosted.url, "HEAD:refs/heads/new", check=False)
    assert "pack exceeds maximum allowed size (9.77 KiB)" in result.err
    assert hosted.script.questions() == []


def test_endless_commands_are_cut_off(hosted: Hosted, monkeypatch: pytest.MonkeyPatch) -> None:
    hosted.change(limits=Limits(max_push_bytes=0))
    line = push_body([(ZERO, "1" * 40, f"refs/heads/{'x' * 60_000}")])[:-36]
    _, data = hosted.server.request(
        "POST", "/demo.git/git-receive-pack", (line for _ in range(600)), PUSH_TYPE
    )
    assert b"larger than" in data
