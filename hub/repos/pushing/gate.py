"""Looks at the new objects of a push while they are in quarantine: nothing is stored that is too large."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from hub.repos.git.objects import ObjectHeader, Unreadable, headers
from hub.repos.git.process import GitFailed, lines
from hub.repos.git.store import is_quarantine, packs_in
from hub.repos.names import printable
from hub.repos.pushes import GateAnswer

_SIZES_SECONDS: Final = 45.0
_PATHS_SECONDS: Final = 5.0
_LISTED_OBJECTS: Final = 10
_WALKED_COMMITS: Final = 20_000
# Up to so many new objects are looked at in this process, which spares a push the start of a git.
_READ_HERE: Final = 300
_FORMAT: Final = "%(objectsize) %(objecttype) %(objectname)"


def look(directory: Path, quarantine: str, *, max_object_bytes: int) -> GateAnswer:
    """Whether every new object is within the limit; if not, lines that name it, its path and the limit.

    `quarantine` is git's GIT_QUARANTINE_PATH, empty for a push that only deletes. Raises GitFailed or
    ValueError where it cannot be told: the push must then be refused.
    """
    if not quarantine:
        return GateAnswer(accepted=True, lines=[], packs=[])
    objects = Path(quarantine)
    if not is_quarantine(directory, objects):
        raise ValueError(f"{quarantine} is no quarantine of {directory}")
    too_large, commits = _measure(directory, objects, limit=max_object_bytes)
    if not too_large:
        return GateAnswer(accepted=True, lines=[], packs=packs_in(objects))
    paths = _find_paths(directory, objects, set(too_large), commits)
    return GateAnswer(accepted=False, lines=_explain(too_large, paths, max_object_bytes), packs=[])


def _measure(directory: Path, objects: Path, *, limit: int) -> tuple[dict[str, int], list[str]]:
    """The objects above the limit with their sizes, and (for finding their paths) some of the new commits."""
    too_large: dict[str, int] = {}
    commits: list[str] = []
    seen = 0
    promised = sum(_count_objects(pack) for pack in (objects / "pack").glob("*.pack"))
    for header in _headers(directory, objects, is_small=promised <= _READ_HERE):
        seen += 1
        if header.size_bytes > limit:
            too_large[header.object_id] = header.size_bytes
        if header.kind == "commit" and len(commits) < _WALKED_COMMITS:
            commits.append(header.object_id)
    # git lists nothing of a pack whose index it cannot read, and still ends with 0.
    if seen < promised:
        raise GitFailed("cat-file", f"only {seen} of the new objects could be read")
    return too_large, commits


def _headers(directory: Path, objects: Path, *, is_small: bool) -> Iterator[ObjectHeader]:
    if is_small:
        try:
            yield from list(headers(objects))
        except Unreadable as error:
            raise GitFailed("cat-file", str(error)) from error
        return
    command = ("cat-file", "--buffer", "--batch-all-objects", "--unordered", f"--batch-check={_FORMAT}")
    # Without alternates git sees nothing but the quarantine: a thin pack has been completed there.
    only_new = {"GIT_OBJECT_DIRECTORY": str(objects)}
    with lines(directory, *command, additions=only_new, timeout_seconds=_SIZES_SECONDS) as found:
        for line in found:
            size, kind, object_id = line.split(b" ")
            yield ObjectHeader(object_id.decode(), kind.decode(), int(size))


def _count_objects(pack: Path) -> int:
    """How many objects the header of a pack promises (gitformat-pack(5))."""
    with pack.open("rb") as file:
        return int.from_bytes(file.read(12)[8:12], "big")


def _find_paths(directory: Path, objects: Path, wanted: set[str], commits: list[str]) -> dict[str, str]:
    """Where these objects stand in the new commits, as far as that is found in a few seconds."""
    paths: dict[str, str] = {}
    with_old = {
        "GIT_OBJECT_DIRECTORY": str(objects),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(directory / "objects"),
    }
    given = "".join(f"{commit_id}\n" for commit_id in commits)
    command = ("rev-list", "--objects", "--stdin", "--not", "--all")
    # A walk that fails or takes too long costs the paths, never the refusal.
    with (
        suppress(GitFailed),
        lines(
            directory, *command, stdin=given.encode(), additions=with_old, timeout_seconds=_PATHS_SECONDS
        ) as found,
    ):
        for line in found:
            object_id, _, path = line.partition(b" ")
            if path and object_id.decode("ascii", "replace") in wanted:
                paths[object_id.decode()] = printable(path.decode("utf-8", "replace"))
            if len(paths) == len(wanted):
                break
    return paths


def _explain(too_large: dict[str, int], paths: dict[str, str], limit: int) -> list[str]:
    listed = sorted(too_large.items(), key=lambda one: -one[1])[:_LISTED_OBJECTS]
    said = [
        f"{paths.get(object_id, f'object {object_id[:12]} (path not found)')}: {_megabytes(size)},"
        f" more than the {_megabytes(limit)} an object may have"
        for object_id, size in listed
    ]
    if len(too_large) > len(listed):
        said.append(f"and {len(too_large) - len(listed)} more")
    said.append("Nothing was stored. Take it out of every commit that has it, and push again.")
    return said


def _megabytes(size_bytes: int) -> str:
    if size_bytes < 1 << 20:
        return f"{size_bytes} bytes"
    return f"{size_bytes / (1 << 20):.1f} MiB"
