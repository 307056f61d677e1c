"""How git is run: a clean environment, limits, and no name that is read as an option."""

import os
import time
from pathlib import Path

import pytest

from hub.repos.git.process import GitFailed, GitTooSlow, environment, git, lines, succeeds

ID = "1" * 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty bare repository."""
    for name in ("objects", "refs"):
        (tmp_path / name).mkdir()
    (tmp_path / "HEAD").write_text("ref: refs/heads/main\n")
    return tmp_path


@pytest.mark.parametrize(
    "operand",
    ["--output=x", "-x", "main", "HEAD", "refs/heads/a b", "refs/heads/a\n", "1" * 39, "", "^main", "a:b"],
)
def test_only_ids_and_full_names_of_refs_are_operands(folder: Path, operand: str) -> None:
    with pytest.raises(ValueError, match="neither ids nor"):
        git(folder, "rev-parse", operands=(operand,))


@pytest.mark.parametrize("command", [("rev-parse", "main"), ("-c", "--x"), ("log", "--all", "x;y")])
def test_a_command_is_a_subcommand_and_options(folder: Path, command: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="operands"):
        git(folder, *command)


def test_a_ref_that_looks_like_an_option_is_none(folder: Path) -> None:
    with pytest.raises(GitFailed, match="unknown revision"):
        git(folder, "log", operands=("refs/heads/--output=x",))
    assert not (folder / "x").exists()


def test_the_environment_is_built_from_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("HUB_SECRET", "x")
    built = environment()
    assert built["HOME"] == "/nonexistent"
    assert not {"GIT_DIR", "HUB_SECRET"} & set(built)
    assert git(folder, "rev-parse", "--git-dir").decode().strip() == "."


def test_settings_of_a_repository_start_nothing(folder: Path) -> None:
    """Attack: a repository's own file names programs that git would run."""
    marker = folder / "marker"
    hooks = folder / "hooks"
    hooks.mkdir()
    hook = hooks / "reference-transaction"
    hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
    hook.chmod(0o700)
    (folder / "config").write_text(f"[core]\n\tfsmonitor = touch {marker}\n\thooksPath = {hooks}\n")
    blob = git(folder, "hash-object", "-w", "--stdin", stdin=b"x").decode().strip()
    git(folder, "update-ref", "--stdin", stdin=f"create refs/tags/x {blob}\n".encode())
    assert not marker.exists()


def test_a_failure_says_what_git_said(folder: Path) -> None:
    with pytest.raises(GitFailed, match="bad object"):
        git(folder, "rev-list", operands=(ID,))
    with pytest.raises(GitFailed), lines(folder, "rev-list", operands=(ID,)) as listed:
        list(listed)
    with pytest.raises(GitFailed):
        succeeds(folder, "merge-base", "--is-ancestor", operands=(ID, ID))


def test_a_command_that_takes_too_long_is_stopped(folder: Path) -> None:
    fifo = folder / "packed-refs"
    os.mkfifo(fifo)
    started = time.monotonic()
    with pytest.raises(GitTooSlow):
        git(folder, "for-each-ref", timeout_seconds=0.2)
    with pytest.raises(GitTooSlow), lines(folder, "for-each-ref", timeout_seconds=0.2) as listed:
        list(listed)
    # Nobody writes into the FIFO, ever.
    assert time.monotonic() - started < 60


def test_lines_come_as_they_are_and_may_be_left_early(folder: Path) -> None:
    blobs = [git(folder, "hash-object", "-w", "--stdin", stdin=b"%d" % n).decode().strip() for n in range(3)]
    given = "".join(f"{one}\n" for one in blobs).encode()
    with lines(folder, "cat-file", "--batch-check=%(objectname)", stdin=given) as listed:
        assert [line.decode() for line in listed] == blobs
    with lines(folder, "cat-file", "--batch-check=%(objectname)", stdin=given) as listed:
        assert next(listed).decode() == blobs[0]


@pytest.mark.parametrize("path", [b"--output=x", b":(top)a", b"*", b"a\nb", b"\xff", b"-"])
def test_a_path_is_taken_as_it_is(folder: Path, path: bytes) -> None:
    blob = git(folder, "hash-object", "-w", "--stdin", stdin=b"x").strip()
    listing = b"".join(b"100644 blob %b\t%b\0" % (blob, name) for name in (path, b"other"))
    tree = git(folder, "mktree", "-z", stdin=listing).decode().strip()
    empty = git(folder, "mktree").decode().strip()
    named = git(folder, "diff-tree", "--name-only", "-z", operands=(empty, tree), paths=(path,))
    assert named == path + b"\0"


def test_lines_may_end_by_a_nul(folder: Path) -> None:
    names = [b"a\nb", b"x y"]
    blob = git(folder, "hash-object", "-w", "--stdin", stdin=b"x").strip()
    listing = b"".join(b"100644 blob %b\t%b\0" % (blob, name) for name in names)
    tree = git(folder, "mktree", "-z", stdin=listing).decode().strip()
    with lines(folder, "ls-tree", "-z", "--name-only", operands=(tree,), ended_by=b"\0") as listed:
        assert list(listed) == names
