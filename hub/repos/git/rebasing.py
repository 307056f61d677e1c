"""Puts the commits of a change on top of its branch, as `git rebase` does, without a work tree."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from hub.repos.git.commit_writing import compose_copy
from hub.repos.git.divergence import find_merge_base
from hub.repos.git.merge_records import Conflicts, Merge, Prepared, Stopped, StopReason
from hub.repos.git.objects import read_links
from hub.repos.git.process import GitTooSlow, lines
from hub.repos.git.workshop import Workshop, open_workshop
from hub.repos.git.writing import Signature

# Nine milliseconds each; more than these were never one change.
_MOST_COMMITS: Final = 1_000


def make_rebase(directory: Path, merge: Merge) -> Prepared | Stopped:
    """The change's commits on top of the branch; authors and messages stay, the merger is the committer.

    What `git rebase` decides is decided the same way: merges are left out and the commits that they joined
    put in one line; so is what the branch has already under another id, and what has nothing new on top of
    the others; a commit that was empty from the start stays. Where the line already stands on the branch its
    commits keep their ids. The message of `merge` is not used. Raises GitFailed.
    """
    with open_workshop(directory) as workshop:
        try:
            base = find_merge_base(directory, merge.target_id, merge.source_id)
            if base is None:
                return Stopped(StopReason.UNRELATED)
            if base == merge.source_id:
                return Stopped(StopReason.NOTHING_TO_MERGE)
            picks = list(_list_picks(workshop, directory, merge))
            if len(picks) > _MOST_COMMITS:
                return Stopped(StopReason.TOO_SLOW)
            return _pick_all(workshop, merge, picks)
        except GitTooSlow:
            return Stopped(StopReason.TOO_SLOW)


def _list_picks(workshop: Workshop, directory: Path, merge: Merge) -> Iterator[str]:
    """The commits that only the change has, oldest first, without merges and what the branch has as well."""
    options = ("--reverse", "--topo-order", "--no-merges", "--cherry-pick", "--right-only", "--stdin")
    with lines(
        directory,
        *("rev-list", *options),
        stdin=f"{merge.target_id}...{merge.source_id}\n".encode(),
        timeout_seconds=workshop.seconds_left,
    ) as printed:
        yield from (line.decode() for line in islice(printed, _MOST_COMMITS + 1))


def _pick_all(workshop: Workshop, merge: Merge, picks: list[str]) -> Prepared | Stopped:
    tip, rewritten = merge.target_id, []
    for picked in picks:
        made = _pick(workshop, tip, picked, merge.merger)
        if isinstance(made, Conflicts):
            return Stopped(StopReason.CONFLICTS, made, at_commit=picked)
        if made is None:
            continue
        if made != picked:
            rewritten.append((picked, made))
        tip = made
    if tip == merge.target_id:
        return Stopped(StopReason.NOTHING_TO_MERGE)
    return Prepared(tip, tuple(rewritten), workshop.keep(tip))


def _pick(workshop: Workshop, tip: str, picked: str, committer: Signature) -> str | Conflicts | None:
    """The commit on top of the tip; None where it has nothing that the tip lacks."""
    data = workshop.read_commit(picked)
    tree_id, parent_ids = read_links(data)
    if list(parent_ids) == [tip]:
        return picked
    before = workshop.tree_of(parent_ids[0]) if parent_ids else None
    tip_tree = workshop.tree_of(tip)
    joined = tree_id if before == tip_tree else _join(workshop, tip_tree, picked, parent_ids)
    if isinstance(joined, Conflicts):
        return joined
    if joined == tip_tree and tree_id != before:
        return None
    return workshop.write_commit(compose_copy(data, joined, [tip], committer=committer))


def _join(workshop: Workshop, tip_tree: str, picked: str, parent_ids: tuple[str, ...]) -> str | Conflicts:
    # Merging takes what two commits have changed since they parted. A commit with the tip's files, made for
    # this only, that has the parent of the picked one, has what the branch changed since then; git 2.40 lets
    # one name the base instead.
    nobody = b"hub <> 0 +0000"
    head = [b"tree " + tip_tree.encode(), *(b"parent " + one.encode() for one in parent_ids)]
    beside = workshop.write_commit(b"\n".join([*head, b"author " + nobody, b"committer " + nobody, b"", b""]))
    return workshop.merge(beside, picked, may_be_unrelated=not parent_ids)
