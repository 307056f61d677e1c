"""Which objects may be fetched: those that the refs reach, told exactly, the cheap ways first.

git serves any object of its store to a client that asks by id, also what a refused push or a deleted
branch left. So every id that is no tip is looked for here: (1) is it there at all; (2) is it part of the
trees at the tips, which is what the lazy checkout of a partial clone asks for; (3) a commit: does
`rev-list <it> --not --all` find it unreachable; (4) everything else: the whole walk over all objects, with
bitmaps where there are some, ended as soon as all are found. Findings are kept per state of the refs.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hub.repos.git.objects import Objects
from hub.repos.git.process import GitTooSlow, lines
from hub.repos.git.refs import Snapshot

# More tips than these are looked at only by the whole walk.
_TIPS: Final = 30
_TIP_SECONDS: Final = 5.0
_COMMIT_SECONDS: Final = 10.0
_WALK_SECONDS: Final = 25.0
_KEPT_IDS: Final = 500_000
_KEPT_STATES: Final = 64


@dataclass(slots=True)
class _Known:
    """What was found for one state of the refs of one repository."""

    reachable: set[str] = field(default_factory=set)
    unreachable: set[str] = field(default_factory=set)


_known: OrderedDict[tuple[Path, str], _Known] = OrderedDict()
# The ids below a commit's tree never change: by commit id, over all repositories.
_trees: OrderedDict[str, frozenset[str]] = OrderedDict()


def find_unreachable(directory: Path, snapshot: Snapshot, wanted: Iterable[str]) -> set[str]:
    """Those of the wanted ids that no ref reaches; a walk that takes too long refuses, this time."""
    known = _recall(directory, snapshot)
    left = set(wanted) - known.reachable
    refused = left & known.unreachable
    left -= refused
    if left:
        objects = Objects(directory)
        kinds = {one: objects.kind(one) for one in left}
        missing = {one for one, kind in kinds.items() if kind is None}
        left -= missing
        refused |= missing
        left -= _seen(known, _in_tip_trees(directory, snapshot, left))
        commits = {one for one in left if kinds[one] == "commit"}
        if commits:
            refused |= _settle(known, commits, _unreachable_commits(directory, commits))
            left -= commits
    if left:
        refused |= _walk(directory, known, left)
    return refused


def _recall(directory: Path, snapshot: Snapshot) -> _Known:
    known = _known.setdefault((directory, snapshot.state), _Known())
    _known.move_to_end((directory, snapshot.state))
    while len(_known) > _KEPT_STATES:
        _known.popitem(last=False)
    if len(known.reachable) > _KEPT_IDS:
        known.reachable.clear()
    return known


def _seen(known: _Known, found: set[str]) -> set[str]:
    known.reachable |= found
    return found


def _settle(known: _Known, asked: set[str], unreachable: set[str]) -> set[str]:
    known.unreachable |= unreachable
    known.reachable |= asked - unreachable
    return unreachable


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
        command = ("rev-list", "--objects", "--no-object-names", "--no-walk")
        with lines(directory, *command, operands=(commit_id,), timeout_seconds=_TIP_SECONDS) as listed:
            kept = frozenset(line.decode() for line in listed)
        _trees[commit_id] = kept
        while sum(len(one) for one in _trees.values()) > _KEPT_IDS and len(_trees) > 1:
            _trees.popitem(last=False)
    _trees.move_to_end(commit_id)
    return kept


def _unreachable_commits(directory: Path, commits: set[str]) -> set[str]:
    given = "".join(f"{one}\n" for one in commits).encode()
    command = ("rev-list", "--stdin", "--not", "--all")
    found: set[str] = set()
    try:
        with lines(directory, *command, stdin=given, timeout_seconds=_COMMIT_SECONDS) as listed:
            for line in listed:
                if (commit_id := line.decode()) in commits:
                    found.add(commit_id)
    except GitTooSlow:
        return commits
    return found


def _walk(directory: Path, known: _Known, wanted: set[str]) -> set[str]:
    left = set(wanted)
    command = ("rev-list", "--objects", "--no-object-names", "--use-bitmap-index", "--all")
    try:
        with lines(directory, *command, timeout_seconds=_WALK_SECONDS) as listed:
            for line in listed:
                left.discard(line.decode())
                if not left:
                    break
    except GitTooSlow:
        known.reachable |= wanted - left
        return left
    return _settle(known, wanted, left)
