"""What is on the disk before a push is acknowledged, as the kernel saw the hub ask for it."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.beside import beside
from tests.wire.processes import processes
from tests.wire.scripted_policy import wait_until

STRACE = shutil.which("strace")
CALLS = "trace=fsync,fdatasync,write,writev,sendto,sendmsg"


@contextmanager
def traced(served: Served, file: Path) -> Iterator[None]:
    """Writes the system calls of all the hub's processes, and of those they start, in order."""
    assert STRACE is not None
    targets = [part for one in processes(served) for part in ("-p", str(one.id))]
    command = [STRACE, "-f", "-y", "-s", "300", "-e", CALLS, "-o", str(file), *targets]
    with beside(command, stderr=subprocess.PIPE) as tracer:
        attached = [tracer.stderr.readline() for _ in range(len(targets) // 2)] if tracer.stderr else []
        if not all(b"attached" in line for line in attached):
            pytest.skip(f"strace may not trace here: {attached}")
        yield
        tracer.terminate()
        tracer.communicate(timeout=120)


@pytest.fixture
def path(served: Served, anna: Person) -> str:
    """A new repository."""
    return served.repository(anna)


@pytest.fixture
def calls(served: Served, anna: Person, git: GitClient, path: str, tmp_path: Path) -> list[str]:
    """The calls during a push of one commit to a new branch in a new folder."""
    if STRACE is None:
        pytest.skip("strace is not installed")
    work = git.init()
    git.commit(work)
    git.push(work, served.url(path, anna), "main")
    git.commit(work, "Two")
    file = tmp_path / "calls"
    with traced(served, file):
        git.push(work, served.url(path, anna), "main:feature/one")
    assert wait_until(lambda: file.stat().st_size > 0)
    return file.read_text("utf-8", "replace").splitlines()


def first(calls: list[str], pattern: str, after: int = -1) -> int:
    """The place of the first call that matches, later than `after`."""
    return next(number for number, call in enumerate(calls) if number > after and re.search(pattern, call))


def last(calls: list[str], pattern: str) -> int:
    return max(number for number, call in enumerate(calls) if re.search(pattern, call))


def test_pack_refs_directories_and_record_are_on_the_disk_before_the_answer(
    served: Served, path: str, calls: list[str]
) -> None:
    directory = re.escape(os.fspath(served.git_directory(path)))
    answered = first(calls, r"(write|writev|sendto|sendmsg)\(\d+<(socket|TCP|TCPv6):.*unpack ok")

    synced = [
        first(calls, rf"(fsync|fdatasync)\(\d+<{directory}/{what}")
        for what in (
            r"objects/pack/pack-[0-9a-f]+\.pack>",
            r"objects/pack/pack-[0-9a-f]+\.idx>",
            r"objects/pack>",
            r"refs/heads/feature/one\.lock>",
            r"refs/heads/feature>",
            r"refs/heads>",
        )
    ]
    recorded = first(calls, r"(fsync|fdatasync)\(\d+<.*hub\.sqlite-wal>", after=max(synced))

    assert max(synced) < recorded < answered


def test_intent_is_on_the_disk_before_git_moves_the_ref(served: Served, path: str, calls: list[str]) -> None:
    directory = re.escape(os.fspath(served.git_directory(path)))

    intended = first(calls, r"(fsync|fdatasync)\(\d+<.*hub\.sqlite-wal>")

    assert intended < first(calls, rf"write\(\d+<{directory}/refs/heads/feature/one\.lock>")
