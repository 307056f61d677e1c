"""The commits that somebody proposes for a branch: where they part from it, and what they change."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.repos.git.change_keys import find_change_key
from hub.repos.git.commits import CommitRow, read_commits
from hub.repos.git.diffs import also_reading
from hub.repos.git.divergence import find_merge_base, list_between
from hub.repos.git.patch_ids import find_patch_ids, find_range_patch_id
from hub.repos.git.process import lines

_STAT_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Stat:
    """How much changed; a binary file counts as a file without lines."""

    files: int
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class Series:
    """Commits, the oldest first, that lead from `base_id`, which the target has, to `tip_id`.

    `base_id` is None where the two histories have nothing in common; `is_cut`: there are more commits than
    were asked for.
    """

    base_id: str | None
    tip_id: str
    commits: tuple[CommitRow, ...]
    is_cut: bool = False

    @property
    def merge(self) -> CommitRow | None:
        """The first commit that joins histories, if any does."""
        return next((one for one in self.commits if one.is_merge), None)


@dataclass(frozen=True, slots=True)
class Identity:
    """By what a series is known again once it was rewritten; empty where git says nothing."""

    change_key: str
    patch_id: str
    commit_patch_ids: dict[str, str]


def read_series(directory: Path, target_id: str, tip_id: str, *, most: int) -> Series:
    """The commits that the tip has and the target lacks, at most so many of the newest.

    Raises GitTooSlow and GitFailed.
    """
    base_id = find_merge_base(directory, target_id, tip_id)
    if base_id is None:
        return Series(None, tip_id, ())
    ids, is_cut = list_between(directory, target_id, tip_id, most=most)
    return Series(base_id, tip_id, tuple(read_commits(directory, reversed(ids))), is_cut)


def identify(directory: Path, series: Series) -> Identity:
    """What the series is known by; raises GitTooSlow and GitFailed."""
    assert series.base_id is not None, "histories without a common commit are refused before"
    return Identity(
        change_key=find_change_key(directory, series.tip_id),
        patch_id=find_range_patch_id(directory, series.base_id, series.tip_id) or "",
        commit_patch_ids=find_patch_ids(
            directory, [one.commit_id for one in series.commits if not one.is_merge]
        ),
    )


def measure(directory: Path, base_id: str, tip_id: str, *, beside: Path | None = None) -> Stat:
    """How much lies between two commits; raises GitTooSlow and GitFailed."""
    files = added = removed = 0
    with lines(
        directory,
        *("diff-tree", "-r", "-M", "--numstat", "--no-ext-diff", "--no-textconv"),
        operands=(base_id, tip_id),
        timeout_seconds=_STAT_SECONDS,
        additions=also_reading(beside),
    ) as printed:
        for line in printed:
            plus, minus, _ = line.split(b"\t", 2)
            files += 1
            added += int(plus) if plus != b"-" else 0
            removed += int(minus) if minus != b"-" else 0
    return Stat(files, added, removed)
