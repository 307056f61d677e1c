"""What git does for a fork: the refs it begins with, copies of objects, how far apart two branches are."""

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from hub.repos.git.objects import Objects
from hub.repos.git.process import lines, run_through, settings
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import fsync, write_durably

_COPIED: Final = (b"refs/heads/", b"refs/tags/")
_COPY_SECONDS: Final = 3600.0
_COUNT_SECONDS: Final = 5.0
_DURABLE: Final = settings({"core.fsync": "all"})


def public_refs(directory: Path) -> dict[bytes, str]:
    """The branches and tags: what a fork begins with. Changes and all else stay with their repository."""
    return {name: one for name, one in RefFiles(directory).read_shared().items() if name.startswith(_COPIED)}


def write_refs(directory: Path, refs: Mapping[bytes, str]) -> None:
    """Gives a repository that has no refs yet but the journal's all of these at once, packed and durably.

    Under the lock that git takes for it: raises FileExistsError while somebody else holds that lock, or
    where there are refs.
    """
    if not refs:
        return
    every = {**RefFiles(directory).read_all(), **refs}
    rows = [b"%b %b\n" % (every[name].encode(), name) for name in sorted(every)]
    lock = directory / "packed-refs.lock"
    write_durably(lock, b"".join([b"# pack-refs with: sorted \n", *rows]))
    if RefFiles(directory).read_shared():
        lock.unlink()
        raise FileExistsError(directory / "packed-refs")
    lock.rename(directory / "packed-refs")
    fsync(directory)


def copy_objects(source: Path, target: Path, wanted: Iterable[str], *, known: Iterable[str] = ()) -> None:
    """Copies what `wanted` reaches in the source, and `known` does not, as one pack into the target.

    What the source borrows itself is copied as well, unless `known` reaches it.
    """
    there = Objects(source)
    without = [one for one in dict.fromkeys(known) if there.kind(one) is not None]
    given = "".join([*(f"{one}\n" for one in wanted), *(f"^{one}\n" for one in without)]).encode()
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile(dir=target) as pack:
        asked.write(given)
        asked.seek(0)
        options = ("--revs", "--stdout", "--delta-base-offset", "--quiet")
        run_through(source, "pack-objects", *options, stdin=asked, stdout=pack, timeout_seconds=_COPY_SECONDS)
        pack.seek(0)
        with open(os.devnull, "wb") as nowhere:
            run_through(
                target,
                "index-pack",
                "--stdin",
                stdin=pack,
                stdout=nowhere,
                timeout_seconds=_COPY_SECONDS,
                additions=_DURABLE,
            )
    fsync(target / "objects" / "pack")


def count_apart(fork: Path, fork_id: str, origin: Path, origin_id: str) -> tuple[int, int]:
    """How many commits the fork's has that the origin's lacks, and the other way round.

    Raises GitTooSlow where that takes longer than a page may, and GitFailed.
    """
    # Read for this one question: the fork may have no object of the origin's newest commits.
    both = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": str(origin / "objects")}
    options = ("--count", "--left-right", "--stdin")
    with lines(
        fork,
        "rev-list",
        *options,
        stdin=f"{fork_id}...{origin_id}\n".encode(),
        timeout_seconds=_COUNT_SECONDS,
        additions=both,
    ) as counted:
        ahead, behind = next(counted).split()
    return int(ahead), int(behind)
