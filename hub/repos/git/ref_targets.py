"""Which branches and tags name a commit: read once for each state of a repository's refs."""

from collections import OrderedDict
from pathlib import Path
from typing import Final

from hub.repos.git.objects import Objects
from hub.repos.git.refs import Snapshot

_BRANCHES: Final = b"refs/heads/"
_TAGS: Final = b"refs/tags/"
# Reading what a tag object names takes 30 microseconds; of more tags only those without an object are known.
_MOST_READ: Final = 3_000
_KEPT_STATES: Final = 32

_kept: OrderedDict[tuple[Path, str], dict[str, list[bytes]]] = OrderedDict()


def names_of(directory: Path, snapshot: Snapshot, commit_id: str) -> list[bytes]:
    """The full names of the branches and tags that lead to this commit at once, in order."""
    key = (directory, snapshot.state)
    found = _kept.get(key)
    if found is None:
        found = _kept[key] = _read(directory, snapshot)
        while len(_kept) > _KEPT_STATES:
            _kept.popitem(last=False)
    return found.get(commit_id, [])


def _read(directory: Path, snapshot: Snapshot) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    objects, left = Objects(directory), _MOST_READ
    for name in sorted(snapshot.refs):
        target: str | None = snapshot.refs[name]
        if name.startswith(_TAGS) and left > 0:
            target = objects.peel(snapshot.refs[name])
            left -= 1
        elif not name.startswith((_BRANCHES, _TAGS)):
            continue
        if target is not None:
            found.setdefault(target, []).append(name)
    return found
