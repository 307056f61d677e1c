"""Where two histories part, and the commits that one has and the other lacks."""

from pathlib import Path
from typing import Final

from hub.repos.git.diffs import also_reading
from hub.repos.git.process import GitFailed, lines

_SECONDS: Final = 5.0
_NONE: Final = 1


def find_merge_base(directory: Path, one: str, other: str, *, beside: Path | None = None) -> str | None:
    """The last commit that both histories have; None where they have none in common.

    Raises GitTooSlow and GitFailed.
    """
    if one == other:
        return one
    try:
        with lines(
            directory,
            "merge-base",
            operands=(one, other),
            timeout_seconds=_SECONDS,
            additions=also_reading(beside),
        ) as printed:
            found = next(printed, None)
            return None if found is None else found.decode()
    except GitFailed as error:
        if error.exit_code == _NONE:
            return None
        raise


def list_between(
    directory: Path, base_id: str, head_id: str, *, most: int, beside: Path | None = None
) -> tuple[list[str], bool]:
    """The commits that the head has and the base lacks, newest first, and whether there are more than `most`.

    Raises GitTooSlow and GitFailed.
    """
    with lines(
        directory,
        *("rev-list", f"--max-count={most + 1}"),
        operands=(f"^{base_id}", head_id),
        timeout_seconds=_SECONDS,
        additions=also_reading(beside),
    ) as printed:
        found = [line.decode() for line in printed]
    return found[:most], len(found) > most
