"""Which objects may be fetched: those that the refs reach, told exactly, the cheap ways first.

git serves any object of its store to a client that asks by id, also what a refused push or a deleted
branch left. So every id that is no tip is looked for here:
(1) is it there at all;
(2) is it in the trees at the tips, which is what the lazy checkout of a partial clone asks for;
(3) a commit: does `rev-list <it> --not --all` find it unreachable;
(4) everything else, old blobs mostly: the file of all reachable ids, which one walk over all objects makes
    and which is brought up to date, when it is needed, by walking what is new.
Measured on git's own repository (849,014 objects, 4,294 refs, no bitmap, two very busy cores): (2) 4,847 ids
of the tree at HEAD 0.12 s; (3) 0.2 to 0.5 s, then 1 ms; (4) 39 s once (14 s of processor time for the walk),
then 3 ms, and 1.4 s after refs changed; an id that is not there 2 ms.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hub.repos.git.objects import Objects
from hub.repos.git.process import GitTooSlow, lines
from hub.repos.git.reachable_ids import bring_up_to_date, open_ids
from hub.repos.git.refs import Snapshot

# Of more branches than these, only the file of all ids knows the trees.
_TIPS: Final = 30
_TIP_SECONDS: Final = 5.0
_COMMIT_SECONDS: Final = 10.0
# Somebody waits for the answer; what takes longer is left to the worker.
_WALK_SECONDS: Final = 100.0
# Each costs a look at all packs, and whoever names so many is refused anyway.
_MOST_MISSING: Final = 1000
_KEPT_IDS: Final = 500_000
_KEPT_STATES: Final = 64
# The refs that readers see; all others are the hub's own.
_VISIBLE: Final = (b"refs/heads/", b"refs/tags/")


class TooLargeToWalk(Exception):
    """The walk over all objects takes longer than somebody can wait."""


@dataclass(slots=True)
class _Commits:
    """What was found about commits for one state of the refs of one repository."""

    reachable: set[str] = field(default_factory=set)
    unreachable: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Ancestors:
    """Commits that were found in the history of one tip of one repository."""

    tip: str
    commits: set[str]


_ancestors: OrderedDict[Path, _Ancestors] = OrderedDict()
_tips: OrderedDict[tuple[Path, str], frozenset[str]] = OrderedDict()
_commits: OrderedDict[tuple[Path, str], _Commits] = OrderedDict()
# The ids below a commit's tree never change: by commit id, over all repositories.
_trees: OrderedDict[str, frozenset[str]] = OrderedDict()


def find_unreachable(
    directory: Path, snapshot: Snapshot, wanted: Iterable[str], *, ids_file: Path
) -> set[str]:
    """Those of the wanted ids that no ref reaches; raises TooLargeToWalk.

    Where very many are missing altogether, others are among those that are named too.
    `ids_file` is where the file of all reachable ids is, or is to be made.
    """
    left = set(wanted)
    kinds = _kinds(Objects(directory), left)
    refused = {one for one in left if kinds.get(one) is None}
    left -= refused
    left -= _in_tip_trees(directory, snapshot, left)
    known = open_ids(ids_file)
    if known is None or known.state != snapshot.state:
        commits = {one for one in left if kinds[one] == "commit"}
        refused |= _unreachable_commits(directory, snapshot, commits)
        left -= commits
    if not left:
        return refused
    if known is None or known.state != snapshot.state:
        try:
            known = bring_up_to_date(directory, ids_file, snapshot, timeout_seconds=_WALK_SECONDS)
        except GitTooSlow as error:
            raise TooLargeToWalk from error
    if known is None:
        raise TooLargeToWalk
    return refused | {one for one in left if one not in known}


def reaches_commit(directory: Path, snapshot: Snapshot, commit_id: str, *, first: str) -> bool:
    """Whether a branch or a tag leads to this commit, which is in the store; raises TooLargeToWalk.

    Other refs do not count. The ref `first`, the default branch's mostly, is asked before all others: in
    git's own history that takes 5 ms, and 32 for its first commits; all branches and tags together 200.
    """
    if commit_id in _visible_tips(directory, snapshot):
        return True
    tip = snapshot.refs.get(first.encode("utf-8", "surrogateescape"))
    if tip is not None and _leads_to(directory, tip, commit_id):
        return True
    visible = Snapshot(_visible_refs(snapshot), snapshot.head, f"{snapshot.state} visible")
    return not _unreachable_commits(directory, visible, {commit_id})


def _visible_refs(snapshot: Snapshot) -> dict[bytes, str]:
    return {name: one for name, one in snapshot.refs.items() if name.startswith(_VISIBLE)}


def _visible_tips(directory: Path, snapshot: Snapshot) -> frozenset[str]:
    kept = _tips.get((directory, snapshot.state))
    if kept is None:
        kept = _tips[directory, snapshot.state] = frozenset(_visible_refs(snapshot).values())
        while len(_tips) > _KEPT_STATES:
            _tips.popitem(last=False)
    return kept


def _leads_to(directory: Path, tip: str, commit_id: str) -> bool:
    """Whether the commit lies in the history of the tip; what was true of an earlier tip stays true."""
    known = _ancestors.get(directory)
    if known is None or known.tip != tip:
        goes_on = known is not None and Objects(directory).is_ancestor(known.tip, tip)
        known = _Ancestors(tip, known.commits if known is not None and goes_on else set())
        _ancestors[directory] = known
        while len(_ancestors) > _KEPT_STATES:
            _ancestors.popitem(last=False)
    if commit_id in known.commits:
        return True
    try:
        is_ancestor = Objects(directory).is_ancestor(commit_id, tip)
    except GitTooSlow as error:
        raise TooLargeToWalk from error
    if is_ancestor and len(known.commits) < _KEPT_IDS:
        known.commits.add(commit_id)
    return is_ancestor


def _kinds(objects: Objects, wanted: set[str]) -> dict[str, str | None]:
    """What the objects are; where too many are missing, some that are there are left out."""
    kinds: dict[str, str | None] = {}
    missing = 0
    for one in wanted:
        kinds[one] = objects.kind(one)
        missing += kinds[one] is None
        if missing > _MOST_MISSING:
            break
    return kinds


def _in_tip_trees(directory: Path, snapshot: Snapshot, wanted: set[str]) -> set[str]:
    found: set[str] = set()
    for tip in _first_tips(snapshot):
        if found == wanted:
            break
        found |= wanted & _tree_at(directory, tip)
    return found


def _first_tips(snapshot: Snapshot) -> list[str]:
    head = snapshot.refs.get(snapshot.head.removeprefix(b"ref: "))
    tips = [ref_id for name, ref_id in snapshot.refs.items() if name.startswith(b"refs/heads/")]
    return list(dict.fromkeys([*([head] if head else []), *tips]))[:_TIPS]


def _tree_at(directory: Path, commit_id: str) -> frozenset[str]:
    kept = _trees.get(commit_id)
    if kept is None:
        options = ("--objects", "--no-object-names", "--no-walk", "--missing=allow-any")
        with lines(
            directory, "rev-list", *options, operands=(commit_id,), timeout_seconds=_TIP_SECONDS
        ) as listed:
            kept = frozenset(line.decode() for line in listed)
        _trees[commit_id] = kept
        while sum(len(one) for one in _trees.values()) > _KEPT_IDS and len(_trees) > 1:
            _trees.popitem(last=False)
    _trees.move_to_end(commit_id)
    return kept


def _unreachable_commits(directory: Path, snapshot: Snapshot, commits: set[str]) -> set[str]:
    known = _commits.setdefault((directory, snapshot.state), _Commits())
    _commits.move_to_end((directory, snapshot.state))
    while len(_commits) > _KEPT_STATES:
        _commits.popitem(last=False)
    asked = commits - known.reachable - known.unreachable
    if asked:
        found = _ask_about(directory, snapshot, asked)
        known.unreachable |= found
        known.reachable |= asked - found
    return commits & known.unreachable


def _ask_about(directory: Path, snapshot: Snapshot, commits: set[str]) -> set[str]:
    tips = set(snapshot.refs.values())
    given = "".join([*(f"{one}\n" for one in commits), *(f"^{one}\n" for one in tips)]).encode()
    try:
        with lines(directory, "rev-list", "--stdin", stdin=given, timeout_seconds=_COMMIT_SECONDS) as listed:
            return commits.intersection(line.decode() for line in listed)
    except GitTooSlow as error:
        raise TooLargeToWalk from error
