"""The Makefile looks at what it needs first, and says in words what is missing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("sh", "make", "sort", "cut", "sed", "expand", "test", "printf", "dirname")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A PATH with the usual programs, a new enough Python and git."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(found)
    write_program(folder / "python3", f'exec {sys.executable} "$@"')
    write_program(folder / "git", "echo git version 2.39.5")
    return folder


def write_program(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def make(programs: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(programs), "LC_ALL": "C.UTF-8", "HOME": os.environ.get("HOME", "/")}
    command = ("make", "--no-print-directory", "-C", str(ROOT), *arguments)
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_new_enough_programs_pass(programs: Path) -> None:
    done = make(programs, "check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("version", ["2.37.9", "2.9.0", "1.99"])
def test_old_git_is_named_with_its_version(programs: Path, version: str) -> None:
    write_program(programs / "git", f"echo git version {version}")
    done = make(programs, "check")
    assert done.returncode != 0
    assert done.stderr.startswith(f"Hub needs git 2.38 or newer; this is git version {version}.\n")


def test_missing_git_is_named_with_the_way_to_get_it(programs: Path) -> None:
    (programs / "git").unlink()
    done = make(programs, "check")
    assert "Hub needs git 2.38 or newer, and there is none on the PATH.\nInstall it" in done.stderr


def test_old_python_is_named_with_its_version(programs: Path) -> None:
    write_program(programs / "old", '[ "$1" = --version ] && echo Python 3.9.2; exit 1')
    done = make(programs, "check", "PYTHON=old")
    assert done.stderr.startswith("Hub needs Python 3.11 or newer; old is Python 3.9.2.\n")


def test_missing_python_is_named_with_the_way_to_get_it(programs: Path) -> None:
    (programs / "python3").unlink()
    assert "Hub needs Python 3.11 or newer, and there is none on the PATH." in make(programs, "check").stderr


def test_help_lists_every_target_that_people_use(programs: Path) -> None:
    out = make(programs, "help").stdout
    assert [line.split()[1] for line in out.splitlines()] == [
        "help",
        "run",
        "install",
        "test",
        "coverage",
        "bench",
        "a11y",
        "truth",
        "lint",
    ]
