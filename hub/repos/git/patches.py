"""Changes as text: patches for git-am(1) and bare diffs, whole before anything of them is sent."""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Final

from hub.repos.git.diffs import TreePair, also_reading, empty_tree
from hub.repos.git.process import lines

# Beyond these a clone is the better way.
MOST_BYTES: Final = 32_000_000
_IN_MEMORY_BYTES: Final = 1 << 20
# Below the time that the front waits for a page.
_SECONDS: Final = 15.0


class TooLong(Exception):
    """The text would have more than MOST_BYTES."""


def write_patch(directory: Path, commit_id: str, *, is_merge: bool) -> IO[bytes]:
    """A commit as a mail, to be read from its start; a merge is what it changed in its first parent.

    Raises TooLong, GitTooSlow and GitFailed.
    """
    options: tuple[str, ...] = ("format-patch", "-1", "--stdout", "--root")
    if is_merge:  # format-patch leaves them out
        options = ("log", "-1", "-m", "--first-parent", "--format=email", "--stat", "-p", "-M")
    return _write(directory, options, (commit_id,))


def write_patches(directory: Path, base_id: str, head_id: str, *, beside: Path | None = None) -> IO[bytes]:
    """The commits of the head that the base lacks, as mails, the oldest first; raises as `write_patch`."""
    return _write(directory, ("format-patch", "--stdout"), (f"^{base_id}", head_id), beside=beside)


def write_diff(pair: TreePair) -> IO[bytes]:
    """What two trees have differently; raises as `write_patch`."""
    old = pair.old_tree or empty_tree(pair.new_tree)
    options = ("diff-tree", "-r", "-p", "-M", "--no-ext-diff", "--no-textconv")
    return _write(pair.directory, options, (old, pair.new_tree), beside=pair.beside)


def _write(
    directory: Path, command: Sequence[str], operands: Sequence[str], *, beside: Path | None = None
) -> IO[bytes]:
    with lines(
        directory,
        *command,
        operands=operands,
        timeout_seconds=_SECONDS,
        additions=also_reading(beside),
    ) as printed:
        return _spool(printed)


def _spool(printed: Iterable[bytes]) -> IO[bytes]:
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115  # whoever sends it closes it
    size = 0
    try:
        for line in printed:
            size += len(line) + 1
            if size > MOST_BYTES:
                raise TooLong
            file.write(line + b"\n")
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file
