"""Ids of what commits change, wherever they stand: by these a change is recognised that somebody rebased."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

from hub.repos.git.process import run_through

_SECONDS: Final = 10.0
# Sequences are told by the same rules on both sides, so that an id kept today is found in a year: no renames,
# whose limits git changes, and the whole ids of binary files.
_DIFF: Final = ("diff-tree", "--stdin", "-r", "-p", "--root", "--no-renames", "--full-index")
_PLAIN: Final = ("--no-ext-diff", "--no-textconv", "--no-color")


def find_patch_ids(directory: Path, commit_ids: Sequence[str]) -> dict[str, str]:
    """The patch id of each commit, by its own id (git-patch-id(1), stable).

    Merges and commits that change nothing have none. Raises GitFailed and GitTooSlow.
    """
    return _ask(directory, commit_ids) if commit_ids else {}


def find_range_patch_id(directory: Path, base_id: str, tip_id: str) -> str | None:
    """The patch id of all that lies between two commits, as if it were one; None where that is nothing.

    It is the patch id of the commit that squashing them gives. Raises GitFailed and GitTooSlow.
    """
    found = _ask(directory, [f"{tip_id} {base_id}"])
    return next(iter(found.values()), None)


def _ask(directory: Path, given: Sequence[str]) -> dict[str, str]:
    with (
        tempfile.TemporaryFile() as asked,
        tempfile.TemporaryFile() as diffs,
        tempfile.TemporaryFile() as ids,
    ):
        asked.write("".join(f"{one}\n" for one in given).encode())
        _run(directory, (*_DIFF, *_PLAIN), asked, diffs)
        _run(directory, ("patch-id", "--stable"), diffs, ids)
        ids.seek(0)
        rows = [line.split() for line in ids.read().decode().splitlines()]
    return {commit_id: patch_id for patch_id, commit_id in rows}


def _run(directory: Path, command: Sequence[str], given: IO[bytes], made: IO[bytes]) -> None:
    given.seek(0)
    run_through(directory, *command, stdin=given, stdout=made, timeout_seconds=_SECONDS)
