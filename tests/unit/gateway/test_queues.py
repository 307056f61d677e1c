"""The queue of a repository, within a process and between processes."""

import asyncio
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.gateway.queues import ALIVE_FILE, QUEUE_FILE, RepositoryQueue


@contextmanager
def flocked(path: Path, operation: int = fcntl.LOCK_EX) -> Iterator[None]:
    """As another process of the hub would hold it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, operation)
    yield
    os.close(descriptor)


def is_free(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def test_pushes_of_one_process_take_their_turns_in_order(tmp_path: Path) -> None:
    async def scenario() -> list[int]:
        seen: list[int] = []

        async def push(number: int) -> None:
            queue = RepositoryQueue(tmp_path)
            await queue.take()
            seen.append(number)
            await asyncio.sleep(0)
            seen.append(number)
            queue.free()
            queue.close()

        await asyncio.gather(*(push(number) for number in range(5)))
        return seen

    assert asyncio.run(scenario()) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_repositories_do_not_wait_for_each_other(tmp_path: Path) -> None:
    async def scenario() -> None:
        queues = []
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
            queues.append(RepositoryQueue(tmp_path / name))
            async with asyncio.timeout(60):
                await queues[-1].take()
        for queue in queues:
            queue.close()

    asyncio.run(scenario())


def test_a_turn_held_elsewhere_is_waited_for(tmp_path: Path) -> None:
    async def scenario() -> bool:
        queue = RepositoryQueue(tmp_path)
        with flocked(tmp_path / QUEUE_FILE):
            taking = asyncio.create_task(queue.take())
            await asyncio.sleep(0.02)
            waited = not taking.done()
        async with asyncio.timeout(60):
            await taking
        queue.close()
        return waited

    assert asyncio.run(scenario())


def test_a_wait_that_is_given_up_leaves_the_turn_to_the_next(tmp_path: Path) -> None:
    async def scenario() -> None:
        first, second = RepositoryQueue(tmp_path), RepositoryQueue(tmp_path)
        with flocked(tmp_path / QUEUE_FILE):
            taking = asyncio.create_task(first.take())
            await asyncio.sleep(0.01)
            taking.cancel()
        async with asyncio.timeout(60):
            await second.take()
        first.close()
        second.close()

    asyncio.run(scenario())


def test_freed_it_is_free_for_every_holder_and_let_go_only_for_this_one(tmp_path: Path) -> None:
    async def scenario() -> tuple[bool, bool]:
        queue = RepositoryQueue(tmp_path)
        inherited = os.dup(queue.descriptors[0])
        await queue.take()
        queue.let_go()
        after_letting_go = is_free(tmp_path / QUEUE_FILE)
        await queue.take()
        queue.free()
        after_freeing = is_free(tmp_path / QUEUE_FILE)
        queue.close()
        os.close(inherited)
        return after_letting_go, after_freeing

    assert asyncio.run(scenario()) == (False, True)


def test_what_was_inherited_keeps_the_turn_after_a_close(tmp_path: Path) -> None:
    async def scenario() -> int:
        queue = RepositoryQueue(tmp_path)
        await queue.take()
        inherited = os.dup(queue.descriptors[0])
        queue.close()
        return inherited

    inherited = asyncio.run(scenario())
    assert not is_free(tmp_path / QUEUE_FILE)
    os.close(inherited)
    assert is_free(tmp_path / QUEUE_FILE)


def test_pushes_share_being_alive_and_wait_for_a_sweep(tmp_path: Path) -> None:
    async def scenario() -> bool:
        first, second = RepositoryQueue(tmp_path), RepositoryQueue(tmp_path)
        with flocked(tmp_path / ALIVE_FILE):
            entering = asyncio.gather(first.enter(), second.enter())
            await asyncio.sleep(0.01)
            waited = not entering.done()
        async with asyncio.timeout(60):
            await entering
        assert not is_free(tmp_path / ALIVE_FILE)
        first.close()
        second.close()
        return waited

    assert asyncio.run(scenario())
    assert is_free(tmp_path / ALIVE_FILE)
