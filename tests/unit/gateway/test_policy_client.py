"""Questions to the policy processes, and what becomes of them when nobody answers."""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.gateway.policy_client import PolicyUnavailable, ask
from tests.wire.scripted_policy import ScriptedPolicy


@pytest.fixture
def policy(tmp_path: Path) -> Iterator[ScriptedPolicy]:
    with ScriptedPolicy(tmp_path / "policy.sock") as running:
        yield running


def test_a_question_takes_its_values_and_descriptors_along(policy: ScriptedPolicy, tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    answer = asyncio.run(ask(policy.path, "wants", [descriptor], wants=["a"], odd="\udcff"))
    os.close(descriptor)
    asked = policy.script.asked[0]
    assert asked.values == {"question": "wants", "wants": ["a"], "odd": "\udcff"}
    assert asked.descriptors == 1
    assert answer == {"refused": [], "state": "0" * 64}


def test_a_question_and_an_answer_may_be_large(policy: ScriptedPolicy) -> None:
    policy.script.wants = lambda question: {"refused": question["wants"], "state": ""}
    wants = [f"{n:040x}" for n in range(50_000)]
    assert asyncio.run(ask(policy.path, "wants", wants=wants))["refused"] == wants


def test_an_error_is_raised_with_its_words(policy: ScriptedPolicy) -> None:
    def failing(_: dict[str, object]) -> dict[str, object]:
        raise OSError("no space left on device")

    policy.script.record = failing
    with pytest.raises(PolicyUnavailable, match="record: no space left on device"):
        asyncio.run(ask(policy.path, "record"))


def test_nobody_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(PolicyUnavailable):
        asyncio.run(ask(tmp_path / "none.sock", "gate"))


@pytest.mark.parametrize("said", [b"", b"\0\0", b"\0\0\0\x09{", b"\0\0\0\2no", b"\xff\xff\xff\xff"])
def test_an_answer_that_breaks_off_is_unavailable(tmp_path: Path, said: bytes) -> None:
    path = tmp_path / "policy.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(PolicyUnavailable):
            asyncio.run(ask(path, "gate"))
        thread.join()


def test_an_answer_is_waited_for_only_so_long(policy: ScriptedPolicy) -> None:
    may_go = threading.Event()
    policy.script.record = lambda _: {"lines": [] if may_go.wait(120) else ["late"]}
    with pytest.raises(PolicyUnavailable, match=r"no answer within 0\.05 seconds"):
        asyncio.run(ask(policy.path, "record", timeout=0.05))
    may_go.set()


def test_a_full_backlog_is_waited_out(tmp_path: Path) -> None:
    """connect() on a Unix socket says EAGAIN then, and nothing is under way (unix(7))."""
    path = tmp_path / "policy.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(0)
        with socket.socket(socket.AF_UNIX) as first:
            first.connect(str(path))

            def answer() -> None:
                time.sleep(0.05)
                listener.accept()[0].close()
                connection, _ = listener.accept()
                with connection, connection.makefile("rb") as question:
                    question.read(int.from_bytes(question.read(4)))
                    connection.sendall(b"\0\0\0\2{}")

            thread = threading.Thread(target=answer)
            thread.start()
            assert asyncio.run(ask(path, "ready", timeout=60)) == {}
            thread.join()
