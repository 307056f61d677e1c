"""The pool of policy processes, with questions of the tests' own: who waits, who dies, who is replaced."""

import asyncio
import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hub.app import Hub
from hub.db import Database
from hub.gateway.lifeline import fork
from hub.gateway.listeners import bind_unix
from hub.gateway.policy import Pool, Question, Values
from hub.gateway.policy_client import PolicyUnavailable, ask
from tests.wire.scripted_policy import wait_until


def _echo(_: Database, values: Values) -> Values:
    return {"said": values["text"], "pid": os.getpid()}


def _wait_for_file(_: Database, values: Values) -> Values:
    if "begun" in values:
        Path(values["begun"]).touch()
    assert wait_until(Path(values["path"]).exists)
    return {"pid": os.getpid()}


def _hang(_: Database, values: Values) -> Values:
    Path(values["path"]).touch()
    time.sleep(600)
    return {}


def _fail(_: Database, values: Values) -> Values:
    raise ValueError("no such ref")


QUESTIONS = {
    "echo": Question(_echo, 60),
    "long": Question(_wait_for_file, 90, is_long=True),
    "hang": Question(_hang, 0.2),
    "stay": Question(_hang, 600),
    "fail": Question(_fail, 60),
}


class RunningPool:
    """A pool in a process of its own, and a way to ask it."""

    def __init__(self, hub: Hub) -> None:
        self.path = hub.config.data / "run" / "policy.sock"
        listener = bind_unix(self.path)
        self.pid = fork("pool", lambda: Pool(hub, listener, QUESTIONS).run())
        listener.close()
        self._threads = ThreadPoolExecutor(16)

    def ask(self, question: str, descriptors: tuple[int, ...] = (), **values: object) -> dict[str, Any]:
        return asyncio.run(ask(self.path, question, descriptors, timeout=90, **values))

    def start(self, question: str, **values: object) -> "Future[dict[str, Any]]":
        return self._threads.submit(self.ask, question, **values)

    def children(self) -> set[int]:
        listing = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return {int(number) for number in listing.split() if _name(number) == "hub judge"}

    def stop(self) -> int:
        os.kill(self.pid, signal.SIGTERM)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.fixture
def pool(hub: Hub) -> Iterator[RunningPool]:
    running = RunningPool(hub)
    yield running
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        running.stop()


def test_answer_comes_back_with_its_question(pool: RunningPool) -> None:
    assert pool.ask("echo", text="Grüße\n" * 50_000)["said"] == "Grüße\n" * 50_000


@pytest.mark.parametrize(
    ("question", "why"),
    [("fail", "ValueError: no such ref"), ("nonsense", "there is no question nonsense")],
)
def test_question_that_cannot_be_answered_says_so(pool: RunningPool, question: str, why: str) -> None:
    with pytest.raises(PolicyUnavailable, match=why):
        pool.ask(question)

    assert pool.ask("echo", text="still here")["said"] == "still here"


def test_long_questions_leave_a_process_for_the_others(pool: RunningPool, tmp_path: Path) -> None:
    go_on = tmp_path / "go on"
    long = [pool.start("long", path=str(go_on)) for _ in range(6)]

    short = [pool.ask("echo", text=str(number))["said"] for number in range(20)]
    assert not any(one.done() for one in long)
    go_on.touch()

    assert short == [str(number) for number in range(20)]
    assert all(one.result(90)["pid"] for one in long)


def test_turn_of_a_process_that_died_is_free_again(pool: RunningPool, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    stuck = pool.start("long", path=str(tmp_path / "never"), begun=str(begun))
    assert wait_until(begun.exists)
    waiting = pool.start("long", path=str(tmp_path))
    idle = pool.ask("echo", text="")["pid"]
    (busy,) = pool.children() - {idle}

    os.kill(busy, signal.SIGKILL)

    assert waiting.result(90)["pid"] != busy
    with pytest.raises(PolicyUnavailable):
        stuck.result(90)


def test_question_beyond_its_deadline_costs_its_process_only(pool: RunningPool, tmp_path: Path) -> None:
    before = pool.children()

    with pytest.raises(PolicyUnavailable):
        pool.ask("hang", path=str(tmp_path / "begun"))

    assert wait_until(lambda: len(pool.children()) == 2 and pool.children() != before)
    assert pool.ask("echo", text="next")["said"] == "next"


def test_descriptor_is_held_while_the_question_is_worked_on(pool: RunningPool, tmp_path: Path) -> None:
    lock = os.open(tmp_path / "queue", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    go_on = tmp_path / "go on"
    answer = pool._threads.submit(pool.ask, "long", (lock,), path=str(go_on))
    assert wait_until(lambda: _inherited(pool, tmp_path / "queue"))
    os.close(lock)

    assert not _is_free(tmp_path / "queue")
    go_on.touch()
    answer.result(90)

    assert wait_until(lambda: _is_free(tmp_path / "queue"))


def _inherited(pool: RunningPool, path: Path) -> bool:
    links = [link for child in pool.children() for link in Path(f"/proc/{child}/fd").iterdir()]
    return str(path) in [os.readlink(link) for link in links if link.is_symlink()]


def _is_free(path: Path) -> bool:
    with path.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_stop_lets_a_question_be_answered(pool: RunningPool, tmp_path: Path) -> None:
    begun, go_on = tmp_path / "begun", tmp_path / "go on"
    answer = pool.start("long", path=str(go_on), begun=str(begun))
    assert wait_until(begun.exists)

    os.kill(pool.pid, signal.SIGTERM)
    go_on.touch()

    assert answer.result(90)["pid"]
    assert os.waitstatus_to_exitcode(os.waitpid(pool.pid, 0)[1]) == 0


def test_pool_ends_with_its_parent(hub: Hub, tmp_path: Path) -> None:
    started = tmp_path / "pid"

    def be_a_parent() -> None:
        running = RunningPool(hub)
        assert wait_until(lambda: len(running.children()) == 2)
        started.write_text(" ".join(str(one) for one in (running.pid, *running.children())))
        time.sleep(600)

    parent = fork("parent", be_a_parent)
    assert wait_until(lambda: started.exists() and started.read_text() != "")
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)

    pids = started.read_text().split()
    assert len(pids) == 3
    assert wait_until(lambda: not any(_runs(pid) for pid in pids))


def _name(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _runs(pid: str) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat[stat.rindex(")") + 2] not in "ZX"
