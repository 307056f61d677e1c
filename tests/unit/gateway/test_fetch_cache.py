"""Kept answers: made once, followed while they grow, bounded, and never taken for whole when they are not."""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.gateway.client import Client, ClientLeft
from hub.gateway.fetch_cache import AnswerBroken, FetchCache
from hub.gateway.git_child import GitChild, spawn
from hub.gateway.git_service import Limits


class Reader(Client):
    """Takes what is written; leaves after the first bytes if it is told to."""

    reads_answer_early = True

    def __init__(self, *, leaves: bool = False) -> None:
        self.read = b""
        self._leaves = leaves

    async def body(self) -> AsyncIterator[bytes]:
        yield b""

    async def write(self, data: bytes) -> None:
        self.read += data
        if self._leaves:
            raise ClientLeft

    async def finish(self) -> None:
        pass

    async def left(self) -> None:
        await asyncio.Event().wait()


class Git:
    """Starts a git that prints a configuration value of so many bytes, and counts how often."""

    def __init__(self, size_bytes: int = 1000, *, fails: bool = False, hangs: bool = False) -> None:
        self.size_bytes, self.fails, self.hangs = size_bytes, fails, hangs
        self.started = 0
        self.is_running = False

    @contextlib.asynccontextmanager
    async def __call__(self) -> AsyncIterator[GitChild]:
        self.started += 1
        text = "x" * (self.size_bytes - 1)
        alias = f"!echo {text}; {'exec sleep 600' if self.hangs else 'exit 3' if self.fails else 'exit 0'}"
        environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
        child = await spawn(["-c", f"alias.say={alias}", "say"], environment, stdin=subprocess.DEVNULL)
        self.is_running = True
        try:
            yield child
        finally:
            self.is_running = False
            await child.end()


def cache(folder: Path, **limits: Any) -> FetchCache:
    return FetchCache(folder / "cache", Limits(**limits))


def test_an_answer_is_made_once_and_read_by_all(tmp_path: Path) -> None:
    async def scenario() -> list[bytes]:
        kept, readers = cache(tmp_path), [Reader() for _ in range(4)]
        answers = [kept.answer("key", git) for _ in range(3)]
        await asyncio.gather(*(answer.follow(one) for answer, one in zip(answers, readers, strict=False)))
        await kept.answer("key", git).follow(readers[3])
        return [one.read for one in readers]

    git = Git()
    assert asyncio.run(scenario()) == [b"x" * 999 + b"\n"] * 4
    assert git.started == 1
    assert list((tmp_path / "cache").iterdir()) == []


def test_what_git_says_when_it_fails_is_read_and_not_kept(tmp_path: Path) -> None:
    async def scenario() -> bytes:
        kept, reader = cache(tmp_path), Reader()
        await kept.answer("key", git).follow(reader)
        await kept.answer("key", git).follow(Reader())
        return reader.read

    git = Git(fails=True)
    assert asyncio.run(scenario()) == b"x" * 999 + b"\n"
    assert git.started == 2


def test_when_the_last_reader_leaves_git_is_ended(tmp_path: Path) -> None:
    async def scenario() -> None:
        kept = cache(tmp_path)
        answer = kept.answer("key", git)
        with pytest.raises(ClientLeft):
            await answer.follow(Reader(leaves=True))
        assert not answer.is_usable
        with pytest.raises(AnswerBroken):
            await answer.follow(Reader())
        async with asyncio.timeout(60):
            while git.is_running:
                await asyncio.sleep(0.01)
        assert kept.answer("key", Git()) is not answer

    git = Git(hangs=True)
    asyncio.run(scenario())


def test_a_reader_that_leaves_at_once_breaks_nothing(tmp_path: Path) -> None:
    """The producer is cancelled before its first step, and must not keep its file and its key for ever."""

    async def scenario() -> bytes:
        kept, reader = cache(tmp_path), Reader()
        following = asyncio.create_task(kept.answer("key", git).follow(Reader()))
        await asyncio.sleep(0)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await kept.answer("key", git).follow(reader)
        return reader.read

    git = Git()
    assert asyncio.run(scenario()) == b"x" * 999 + b"\n"


def test_the_oldest_makes_room(tmp_path: Path) -> None:
    async def scenario() -> list[int]:
        kept = cache(tmp_path, cache_bytes=2500)
        for key in ("a", "b", "c", "b", "a"):
            await kept.answer(key, gits[key]).follow(Reader())
        return [gits[key].started for key in "abc"]

    gits = {key: Git() for key in "abc"}
    assert asyncio.run(scenario()) == [2, 1, 1]


def test_an_answer_that_is_too_large_is_read_and_not_kept(tmp_path: Path) -> None:
    async def scenario() -> bytes:
        kept, reader = cache(tmp_path, cache_bytes=500), Reader()
        await kept.answer("key", git).follow(reader)
        await kept.answer("key", git).follow(Reader())
        return reader.read

    git = Git()
    assert len(asyncio.run(scenario())) == 1000
    assert git.started == 2


def test_an_answer_ages(tmp_path: Path) -> None:
    async def scenario() -> None:
        kept = cache(tmp_path, cache_seconds=0.01)
        await kept.answer("key", git).follow(Reader())
        async with asyncio.timeout(60):
            while git.started < 2:
                await asyncio.sleep(0.02)
                await kept.answer("key", git).follow(Reader())

    git = Git()
    asyncio.run(scenario())


def test_after_the_disk_failed_nothing_is_kept_for_a_while(tmp_path: Path) -> None:
    @contextlib.asynccontextmanager
    async def failing() -> AsyncIterator[GitChild]:
        raise OSError("no space left on device")
        yield

    async def scenario() -> None:
        kept = cache(tmp_path)
        with pytest.raises(AnswerBroken):
            await kept.answer("key", failing).follow(Reader())
        assert not kept.is_open

    asyncio.run(scenario())


def test_no_bytes_is_no_cache(tmp_path: Path) -> None:
    assert not cache(tmp_path, cache_bytes=0).is_open
    assert not cache(tmp_path, cache_bytes=0).has_room


def test_answers_of_slow_readers_fill_no_more_than_the_limit(tmp_path: Path) -> None:
    async def scenario() -> list[bool]:
        kept = cache(tmp_path, cache_bytes=1500)
        answers, had_room = [], [kept.has_room]
        for _ in range(2):
            answers.append(kept.unshared(Git()))
            await answers[-1].follow(Reader())
            had_room.append(kept.has_room)
        for answer in answers:
            answer.release()
        return [*had_room, kept.has_room]

    assert asyncio.run(scenario()) == [True, True, False, True]
