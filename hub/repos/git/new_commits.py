"""What a branch has got by moving: its new commits, with parents, and by which of them a change is known."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.repos.git.merge_records import Clean
from hub.repos.git.merging import check_merge
from hub.repos.git.patch_ids import find_patch_ids
from hub.repos.git.process import lines
from hub.repos.git.workshop import open_workshop

_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class NewCommits:
    """The ids of the new commits, oldest first, those of them that join histories, and patch ids of others.

    `is_cut`: there are more than were asked for; these are the newest.
    """

    ids: tuple[str, ...]
    merges: frozenset[str]
    patch_ids: dict[str, str]
    is_cut: bool


def read_new_commits(directory: Path, old_id: str, new_id: str, *, most: int) -> NewCommits:
    """What the new tip reaches and the old one does not; raises GitFailed and GitTooSlow."""
    with lines(
        directory,
        *("rev-list", "--parents", "--topo-order", f"--max-count={most + 1}"),
        operands=(f"^{old_id}", new_id),
        timeout_seconds=_SECONDS,
    ) as printed:
        rows = [line.decode().split() for line in printed]
    found = rows[:most][::-1]
    merges = frozenset(row[0] for row in found if len(row) > 2)
    ids = tuple(row[0] for row in found)
    patch_ids = find_patch_ids(directory, [one for one in ids if one not in merges])
    return NewCommits(ids, merges, patch_ids, is_cut=len(rows) > most)


def is_plain_merge(directory: Path, old_id: str, source_id: str, new_id: str) -> bool:
    """Whether the files at the new tip are exactly what merging the source into the old one gives."""
    joined = check_merge(directory, old_id, source_id)
    if not isinstance(joined, Clean):
        return False
    with open_workshop(directory) as workshop:
        return joined.tree_id == workshop.tree_of(new_id)
