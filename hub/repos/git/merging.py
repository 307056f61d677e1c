"""Joins a change with its branch: whether that can be done, and the commits of it.

Nothing here moves a ref. `check_merge` leaves no trace; what the others make lies in the repository
afterwards, reached by nothing.
"""

from pathlib import Path

from hub.repos.git.commit_writing import compose_commit
from hub.repos.git.divergence import find_merge_base
from hub.repos.git.merge_records import Clean, Conflicts, Merge, Prepared, Stopped, StopReason
from hub.repos.git.process import GitTooSlow
from hub.repos.git.workshop import SECONDS, Workshop, open_workshop


def check_merge(
    directory: Path, target_id: str, source_id: str, *, seconds: float = SECONDS
) -> Clean | Stopped:
    """Whether the source can be merged into the target, both commits; raises GitFailed."""
    with open_workshop(directory, seconds=seconds) as workshop:
        try:
            return _join(workshop, directory, target_id, source_id)
        except GitTooSlow:
            return Stopped(StopReason.TOO_SLOW)


def make_merge(directory: Path, merge: Merge) -> Prepared | Stopped:
    """A commit with two parents, the branch's first, as `git merge --no-ff` makes it; raises GitFailed."""
    return _make(directory, merge, is_squash=False)


def make_squash(directory: Path, merge: Merge) -> Prepared | Stopped:
    """One commit by the author with all that the change does, as `git merge --squash` has it made.

    Where it would change nothing there is nothing to merge. Raises GitFailed.
    """
    return _make(directory, merge, is_squash=True)


def find_fast_forward(directory: Path, merge: Merge) -> Prepared | Stopped:
    """The change's own commit, where the branch has nothing besides; raises GitFailed."""
    try:
        base = find_merge_base(directory, merge.target_id, merge.source_id)
    except GitTooSlow:
        return Stopped(StopReason.TOO_SLOW)
    if base == merge.source_id:
        return Stopped(StopReason.NOTHING_TO_MERGE)
    if base == merge.target_id:
        return Prepared(merge.source_id)
    return Stopped(StopReason.UNRELATED if base is None else StopReason.NOT_A_FAST_FORWARD)


def _make(directory: Path, merge: Merge, *, is_squash: bool) -> Prepared | Stopped:
    with open_workshop(directory) as workshop:
        try:
            joined = _join(workshop, directory, merge.target_id, merge.source_id)
            if isinstance(joined, Stopped):
                return joined
            if is_squash and joined.tree_id == workshop.tree_of(merge.target_id):
                return Stopped(StopReason.NOTHING_TO_MERGE)
            made = compose_commit(
                joined.tree_id,
                [merge.target_id] if is_squash else [merge.target_id, merge.source_id],
                author=merge.author if is_squash else merge.merger,
                committer=merge.merger,
                message=merge.message,
            )
            commit_id = workshop.write_commit(made)
            return Prepared(commit_id, pack=workshop.keep(commit_id))
        except GitTooSlow:
            return Stopped(StopReason.TOO_SLOW)


def _join(workshop: Workshop, directory: Path, target_id: str, source_id: str) -> Clean | Stopped:
    base = find_merge_base(directory, target_id, source_id)
    if base is None:
        return Stopped(StopReason.UNRELATED)
    if base == source_id:
        return Stopped(StopReason.NOTHING_TO_MERGE)
    if base == target_id:
        return Clean(workshop.tree_of(source_id), is_fast_forward=True)
    joined = workshop.merge(target_id, source_id)
    if isinstance(joined, Conflicts):
        return Stopped(StopReason.CONFLICTS, joined)
    return Clean(joined)
