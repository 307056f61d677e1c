"""Runs git commands: an argument list, a clean environment, a time limit, no option that a user chose."""

import os
import re
import resource
import select
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

TIMEOUT_SECONDS: Final = 30.0
_MEMORY_BYTES: Final = 4 << 30
# For what somebody waits for, who may have sent many such requests, and a tree that unfolds without end.
_WAITED_FOR_BYTES: Final = 1 << 30
_CHUNK_BYTES: Final = 1 << 16

# Settings that hold for every command, whatever a repository's own file says.
_SETTINGS: Final = {
    "safe.directory": "*",
    "core.hooksPath": "/dev/null",
    "core.fsync": "committed",
    "core.fsmonitor": "false",
    "core.filesRefLockTimeout": "10000",
    "core.packedRefsTimeout": "10000",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.allow": "never",
}
_KNOW_NO_END: Final = frozenset({"blame"})
_OPERAND: Final = re.compile(r"\^?(?:[0-9a-f]{40}|[0-9a-f]{64}|refs/[^\x00-\x20\x7f]+)(?:\^\{[a-z]+\})?")


class GitFailed(Exception):
    """A git command failed, or did not end in time; then it has no exit code."""

    def __init__(self, command: str, why: str, exit_code: int | None = None) -> None:
        super().__init__(f"git {command}: {why}")
        self.command = command
        self.exit_code = exit_code


class GitTooSlow(GitFailed):
    """A git command was stopped at its time limit."""

    def __init__(self, command: str, timeout_seconds: float) -> None:
        super().__init__(command, f"stopped after {timeout_seconds:g} seconds")
        self.timeout_seconds = timeout_seconds


class GitTooLarge(GitTooSlow):
    """A git command was stopped at its limit of memory: for whoever waits the same as at that of time."""

    def __init__(self, command: str) -> None:
        GitFailed.__init__(self, command, "stopped at its limit of memory")


def _failure(command: str, complaint: bytes, exit_code: int) -> GitFailed:
    line = _first_line(complaint)
    if "Out of memory" in line:
        return GitTooLarge(command)
    return GitFailed(command, line or f"exit {exit_code}", exit_code)


def environment(additions: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a git command: built from nothing, so that no variable of ours or a user's leaks."""
    result = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_CONFIG_COUNT": str(len(_SETTINGS)),
    }
    for number, (name, value) in enumerate(_SETTINGS.items()):
        result[f"GIT_CONFIG_KEY_{number}"] = name
        result[f"GIT_CONFIG_VALUE_{number}"] = value
    return {**result, **(additions or {})}


def settings(values: Mapping[str, str]) -> dict[str, str]:
    """The variable that gives a command settings besides those that always hold, and before them."""
    # What `git -c` sets for its own children; every value is ours, or was checked to hold no quotes.
    if any("'" in value for value in values.values()):
        raise ValueError("a setting holds a quote")
    return {"GIT_CONFIG_PARAMETERS": " ".join(f"'{name}'='{value}'" for name, value in values.items())}


def git(
    directory: Path,
    *command: str,
    operands: Sequence[str] = (),
    paths: Sequence[bytes] = (),
    stdin: bytes = b"",
    timeout_seconds: float = TIMEOUT_SECONDS,
    holding: Sequence[int] = (),
) -> bytes:
    """What the command printed; raises GitFailed when it ends with anything but 0, GitTooSlow at its limit.

    `command` is a subcommand ("commit-graph write" is one) and its options, all from our code; `operands`
    are ids and full names of refs, `paths` of files and folders, to be taken as they are.
    `holding` are descriptors of locks that stay taken as long as git runs, whatever becomes of us.
    """
    argv = _argv(directory, command, operands, paths)
    exit_code, out, err = _run(argv, stdin, timeout_seconds, holding)
    if exit_code != 0:
        raise _failure(command[0], err, exit_code)
    return out


def succeeds(
    directory: Path, *command: str, operands: Sequence[str] = (), timeout_seconds: float = TIMEOUT_SECONDS
) -> bool:
    """Whether a command that answers by its exit code says yes (0) or no (1); raises GitFailed for others."""
    exit_code, _, err = _run(_argv(directory, command, operands), b"", timeout_seconds, ())
    if exit_code not in (0, 1):
        raise _failure(command[0], err, exit_code)
    return exit_code == 0


@contextmanager
def lines(
    directory: Path,
    *command: str,
    operands: Sequence[str] = (),
    paths: Sequence[bytes] = (),
    stdin: bytes = b"",
    timeout_seconds: float = TIMEOUT_SECONDS,
    additions: Mapping[str, str] | None = None,
    ended_by: bytes = b"\n",
    begins_within_seconds: float | None = None,
) -> Iterator[Iterator[bytes]]:
    """The lines that the command prints, as they come, without their ends; leaving stops the command.

    `additions` are variables beside the clean environment; with `-z` lines are `ended_by` a NUL. Reading
    raises GitFailed and GitTooSlow as `git` does; so does entering, when nothing begins in the time given.
    """
    argv = _argv(directory, command, operands, paths)
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as complaints:
        given.write(stdin)
        given.seek(0)
        child = subprocess.Popen(
            argv, stdin=given, stdout=subprocess.PIPE, stderr=complaints, env=environment(additions)
        )
        limit_resources(child, timeout_seconds)
        assert child.stdout is not None
        try:
            begins_within = begins_within_seconds
            if begins_within is not None and not select.select([child.stdout], [], [], begins_within)[0]:
                raise GitTooSlow(command[0], begins_within)
            chunks = _read_chunks(child, child.stdout, complaints, command[0], timeout_seconds)
            yield _split(chunks, ended_by)
        finally:
            child.stdout.close()
            child.kill()
            child.wait()


@contextmanager
def pieces(
    arguments: Sequence[str], variables: Mapping[str, str], *, timeout_seconds: float
) -> Iterator[Iterator[bytes]]:
    """What `git <arguments>` prints in exactly this environment, as it comes; leaving stops the command.

    For commands that a module of this package has put together. Raises as `lines` does.
    """
    with tempfile.TemporaryFile() as complaints:
        child = subprocess.Popen(
            ("git", *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=dict(variables),
        )
        limit_resources(child, timeout_seconds)
        assert child.stdout is not None
        try:
            yield _read_chunks(child, child.stdout, complaints, "download", timeout_seconds)
        finally:
            child.stdout.close()
            child.kill()
            child.wait()


def run_through(
    directory: Path,
    *command: str,
    stdin: IO[bytes],
    stdout: IO[bytes],
    timeout_seconds: float = TIMEOUT_SECONDS,
    additions: Mapping[str, str] | None = None,
) -> None:
    """Runs the command from one open file into another, for what may be large; raises as `git` does."""
    with tempfile.TemporaryFile() as complaints:
        child = subprocess.Popen(
            _argv(directory, command, ()),
            stdin=stdin,
            stdout=stdout,
            stderr=complaints,
            env=environment(additions),
        )
        limit_resources(child, timeout_seconds)
        try:
            exit_code = child.wait(timeout_seconds)
        except subprocess.TimeoutExpired as error:
            raise GitTooSlow(command[0], timeout_seconds) from error
        finally:
            child.kill()
            child.wait()
        if exit_code != 0:
            complaints.seek(0)
            raise _failure(command[0], complaints.read(_CHUNK_BYTES), exit_code)


def _split(chunks: Iterator[bytes], ended_by: bytes) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(ended_by)
        yield from whole
    if rest:
        yield rest


def _read_chunks(
    child: subprocess.Popen[bytes],
    out: IO[bytes],
    complaints: IO[bytes],
    command: str,
    timeout_seconds: float,
) -> Iterator[bytes]:
    deadline = time.monotonic() + timeout_seconds
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([out], [], [], left)[0]:
            raise GitTooSlow(command, timeout_seconds)
        chunk = os.read(out.fileno(), _CHUNK_BYTES)
        if not chunk:
            break
        yield chunk
    if child.wait() != 0:
        complaints.seek(0)
        raise _failure(command, complaints.read(_CHUNK_BYTES), child.returncode)


def _run(
    argv: list[str], stdin: bytes, timeout_seconds: float, holding: Sequence[int]
) -> tuple[int, bytes, bytes]:
    pipe = subprocess.PIPE
    with subprocess.Popen(
        argv, stdin=pipe, stdout=pipe, stderr=pipe, env=environment(), pass_fds=holding
    ) as child:
        limit_resources(child, timeout_seconds)
        try:
            out, err = child.communicate(stdin, timeout_seconds)
        except subprocess.TimeoutExpired as error:
            child.kill()
            raise GitTooSlow(argv[3], timeout_seconds) from error
        except BaseException:
            child.kill()
            raise
    return child.returncode, out, err


def _argv(
    directory: Path, command: Sequence[str], operands: Sequence[str], paths: Sequence[bytes] = ()
) -> list[str]:
    if command[0].startswith("-") or any(not one.startswith("-") for one in command[1:]):
        raise ValueError(f"only a subcommand and options belong here, ids and refs into operands: {command}")
    if any(not _OPERAND.fullmatch(one) for one in operands):
        raise ValueError(f"neither ids nor full names of refs: {list(operands)}")
    # An operand never begins with "-", so that it needs no `--end-of-options`, which blame, grep and bundle
    # do not know in git 2.39; where it is known it is a second lock.
    ended = ("--end-of-options",) if operands and command[0] not in _KNOW_NO_END else ()
    named = ("--", *map(os.fsdecode, paths)) if paths else ()
    return ["git", "-C", str(directory), *command[0].split(" "), *command[1:], *ended, *operands, *named]


def limit_resources(child: subprocess.Popen[bytes], timeout_seconds: float) -> None:
    """Bounds the memory and the processor time of a git that was just started, and of what it starts."""
    # What is left when we are killed ends by itself: git's threads share the processor seconds.
    seconds = int(timeout_seconds * 4) + 1
    memory_bytes = _MEMORY_BYTES if timeout_seconds > TIMEOUT_SECONDS else _WAITED_FOR_BYTES
    with suppress(OSError):  # it has ended already
        resource.prlimit(child.pid, resource.RLIMIT_CPU, (seconds, seconds))
        resource.prlimit(child.pid, resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
        resource.prlimit(child.pid, resource.RLIMIT_CORE, (0, 0))


def _first_line(data: bytes) -> str:
    return data.decode("utf-8", "replace").strip().partition("\n")[0]
