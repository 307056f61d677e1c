"""The dash scripts that git runs: how they come to where git finds them, and how they end."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from hub.gateway.hook_channel import install_hooks

NAMES = ["pre-receive", "proc-receive"]


def run(hook: Path, stdin: bytes = b"", **pipes: int) -> subprocess.CompletedProcess[bytes]:
    environment = {"PATH": "/usr/bin:/bin", **{name: str(one) for name, one in pipes.items()}}
    return subprocess.run(
        [hook],
        input=stdin,
        capture_output=True,
        env=environment,
        pass_fds=list(pipes.values()),
        timeout=60,
        check=False,
    )


def test_they_are_executable_whatever_they_were_in_the_package(tmp_path: Path) -> None:
    folder = install_hooks(tmp_path / "run")
    assert install_hooks(tmp_path / "run") == folder
    assert sorted(path.name for path in folder.iterdir()) == NAMES
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o755}


def test_hooks_of_an_earlier_version_are_not_run(tmp_path: Path) -> None:
    (install_hooks(tmp_path) / "post-receive").write_text("#!/bin/sh\nexit 1\n")
    assert sorted(path.name for path in install_hooks(tmp_path).iterdir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_they_are_as_short_as_they_start_fast(tmp_path: Path, name: str) -> None:
    lines = (install_hooks(tmp_path) / name).read_text().splitlines()
    assert lines[0] == "#!/bin/sh"
    assert len(lines) <= 12


@pytest.mark.parametrize("name", NAMES)
def test_without_the_hub_they_refuse(tmp_path: Path, name: str) -> None:
    assert run(install_hooks(tmp_path) / name).returncode == 1


@pytest.mark.parametrize(
    ("told", "status", "printed"),
    [
        (b" One\n  exit 0\nexit 0\n", 0, b"One\n exit 0\n"),
        (b" exit 0\nexit 1\n", 1, b"exit 0\n"),
        (b" back\\slash *\nexit 0\n", 0, b"back\\slash *\n"),
        (b" One\n", 1, b"One\n"),
        (b"", 1, b""),
    ],
)
def test_pre_receive_prints_what_it_is_told_and_refuses_when_told_nothing(
    tmp_path: Path, told: bytes, status: int, printed: bytes
) -> None:
    hook = install_hooks(tmp_path) / "pre-receive"
    (asks, ask_end), (tell_end, tells) = os.pipe(), os.pipe()
    os.write(tells, told)
    os.close(tells)
    done = run(hook, HUB_ASK=ask_end, HUB_TELL=tell_end)
    assert (done.returncode, done.stdout) == (status, printed)
    assert os.read(asks, 100) == b"pre-receive\n\n"
    for descriptor in (asks, ask_end, tell_end):
        os.close(descriptor)


def test_proc_receive_ends_when_the_hub_dies(tmp_path: Path) -> None:
    """Were its stdout held by anything but the copy of the answer, git and the queue would wait for ever."""
    hook = install_hooks(tmp_path) / "proc-receive"
    (asks, ask_end), (answer_end, answers) = os.pipe(), os.pipe()
    os.close(answers)
    os.close(asks)
    done = run(hook, b"000eversion=1\n0000", HUB_ASK=ask_end, HUB_ANSWER=answer_end)
    assert done.stdout == b""
    for descriptor in (ask_end, answer_end):
        os.close(descriptor)
