"""git's children: watched in whichever loop started them, ended for sure, and talkative only in the log."""

import asyncio
import gc
import os
import signal
import subprocess
import threading
import time

import pytest

from hub.gateway.client import ClientLeft, unless_left
from hub.gateway.git_child import GitChild, spawn
from hub.gateway.git_service import slots
from tests.unit.gateway.test_fetch_cache import Reader

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}


async def start(script: str) -> GitChild:
    return await spawn(["-c", f"alias.say=!{script}", "say"], ENVIRONMENT, stdin=subprocess.DEVNULL)


def test_children_of_several_loops_end_in_their_own_without_threads() -> None:
    seen: list[tuple[bytes, int, int]] = []

    async def scenario() -> None:
        child = await start("echo here; exit 3")
        seen.append((await child.read(), await child.wait(), threading.active_count()))

    for _ in range(2):
        asyncio.run(scenario())
    thread = threading.Thread(target=asyncio.run, args=(scenario(),))
    thread.start()
    thread.join()
    count = threading.active_count()
    assert seen == [(b"here\n", 3, count), (b"here\n", 3, count), (b"here\n", 3, count + 1)]


def test_a_loop_that_stops_while_a_child_starts_ends_both() -> None:
    async def scenario() -> None:
        starting = asyncio.create_task(start("exec sleep 600"))
        await asyncio.sleep(0)
        assert not starting.done()

    started = time.monotonic()
    asyncio.run(scenario())
    assert time.monotonic() - started < 120


def test_a_child_of_the_child_that_holds_the_pipes_is_not_waited_for() -> None:
    async def scenario() -> bool:
        child = await start("sleep 600 & echo $!; exit 0")
        heir = int(await child.read())
        await child.wait()
        await child.end()
        os.kill(heir, signal.SIGKILL)  # fails where it has ended
        return True

    assert asyncio.run(asyncio.wait_for(scenario(), 120))


def test_a_task_that_waits_for_a_child_is_not_garbage() -> None:
    async def scenario() -> bytes:
        said: list[bytes] = []

        async def listen() -> None:
            child = await start("sleep 0.3; echo here")
            said.append(await child.read())
            await child.end()

        asyncio.get_running_loop().create_task(listen())  # nobody else knows it
        while not said:
            gc.collect()
            await asyncio.sleep(0.02)
        return said[0]

    assert asyncio.run(asyncio.wait_for(scenario(), 60)) == b"here\n"


def test_a_child_is_ended_at_once() -> None:
    async def scenario() -> int:
        child = await start("exec sleep 600")
        await child.end()
        return await child.wait()

    # By the first signal: the second, which none survives, comes five seconds later.
    assert asyncio.run(scenario()) in (-signal.SIGTERM, 128 + signal.SIGTERM)


def test_ending_a_child_that_has_ended_is_quiet(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        child = await start("exit 0")
        await child.wait()
        child.signal(signal.SIGTERM)
        await child.end()

    asyncio.run(scenario())
    assert caplog.text == ""


def test_a_talkative_child_is_cut_short_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> int:
        child = await start("seq 1000 >&2; exit 0")
        return await child.wait()

    assert asyncio.run(scenario()) == 0
    assert len(caplog.records) == 50


def test_places_are_counted_per_loop_and_kind() -> None:
    async def scenario() -> bool:
        async with slots("one", 1), slots("other", 1):
            return slots("one", 1).locked()

    assert [asyncio.run(scenario()) for _ in range(2)] == [True, True]


def test_work_ends_when_its_client_leaves() -> None:
    class Leaving(Reader):
        async def left(self) -> None:
            await asyncio.sleep(0)

    async def scenario() -> list[str]:
        seen: list[str] = []

        async def work() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                seen.append("ended")

        with pytest.raises(ClientLeft):
            await unless_left(Leaving(), work())
        return seen

    assert asyncio.run(scenario()) == ["ended"]


def test_work_that_fails_says_why() -> None:
    async def work() -> None:
        raise ValueError("broken")

    async def scenario() -> None:
        await unless_left(Reader(), work())

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(scenario())
