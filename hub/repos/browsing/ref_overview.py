"""How many branches and tags there are, and the first of them: what a page offers to go to."""

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.repos.git.refs import take_snapshot
from hub.repos.names import BRANCHES, TAGS

# A menu is for a look; whoever knows the name types it.
_MOST_OFFERED: Final = 20
_KEPT: Final = 256


@dataclass(frozen=True, slots=True)
class RefOverview:
    """Counts of all, and the names of some, as git has them; the default branch and the last tags first."""

    branch_count: int
    tag_count: int
    branches: tuple[str, ...]
    tags: tuple[str, ...]


# Counting thousands of names takes milliseconds; between two pushes they stay the same.
_kept: OrderedDict[tuple[Path, str, str], RefOverview] = OrderedDict()


def overview_of(directory: Path, default_branch: str) -> RefOverview:
    """The branches and tags of the repository as they are now."""
    snapshot = take_snapshot(directory)
    key = (directory, snapshot.state, default_branch)
    known = _kept.get(key)
    if known is None:
        known = _kept[key] = _read(snapshot.refs, default_branch)
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return known


def _read(refs: dict[bytes, str], default_branch: str) -> RefOverview:
    branches, tags = (_names_below(refs, prefix) for prefix in (BRANCHES, TAGS))
    branches.sort(key=lambda name: (name != default_branch, name))
    tags.sort(key=by_numbers, reverse=True)
    return RefOverview(len(branches), len(tags), tuple(branches[:_MOST_OFFERED]), tuple(tags[:_MOST_OFFERED]))


def _names_below(refs: dict[bytes, str], prefix: str) -> list[str]:
    start = prefix.encode()
    return [one[len(start) :].decode("utf-8", "surrogateescape") for one in refs if one.startswith(start)]


def by_numbers(name: str) -> list[tuple[int, str]]:
    """v2.10 is later than v2.9, and a release later than its candidates: v2.10 than v2.10-rc1."""
    pieces: list[tuple[int, str]] = []
    digits = ""
    for one in f"{name}~":
        if one.isascii() and one.isdigit():
            digits += one
            continue
        if digits:
            pieces.append((int(digits[:18]), ""))
            digits = ""
        pieces.append((-1, "" if one == "-" else one))
    return pieces
