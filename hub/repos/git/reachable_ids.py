"""A file with the ids of every object that the refs of a repository reach, for one state of the refs.

One line of JSON (state of the refs, tips, how many ids begin with each byte), then the ids in binary, sorted.
It is made by one walk over all objects and brought up to date by walking what is new; whoever loses it
loses time only.
"""

import json
import mmap
import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from hub.repos.git.objects import Objects
from hub.repos.git.process import lines
from hub.repos.git.refs import Snapshot
from hub.repos.git.store import holding


@dataclass(frozen=True, slots=True)
class ReachableIds:
    """The opened file: `hex_id in ids` reads a few pages of it."""

    state: str
    tips: tuple[str, ...]
    id_bytes: int
    starts: tuple[int, ...]
    content: mmap.mmap
    offset: int

    def __contains__(self, hex_id: str) -> bool:
        wanted = bytes.fromhex(hex_id)
        if len(wanted) != self.id_bytes or not self.starts[-1]:
            return False
        first, end = self.starts[wanted[0]], self.starts[wanted[0] + 1]
        at = bisect_left(range(first, end), wanted, key=self._at) + first
        return at < end and self._at(at) == wanted

    def bucket(self, first_byte: int) -> set[bytes]:
        """All ids that begin with this byte."""
        return {self._at(number) for number in range(self.starts[first_byte], self.starts[first_byte + 1])}

    def _at(self, number: int) -> bytes:
        start = self.offset + number * self.id_bytes
        return self.content[start : start + self.id_bytes]


def open_ids(path: Path) -> ReachableIds | None:
    """The file at `path`; None where there is none, or none that is whole."""
    try:
        with path.open("rb") as file:
            header = json.loads(file.readline())
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            offset = file.tell()
        starts = (0, *accumulate(header["counts"]))
        found = ReachableIds(
            header["state"], tuple(header["tips"]), header["id_bytes"], starts, content, offset
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return found if len(content) == offset + starts[-1] * found.id_bytes and len(starts) == 257 else None


def bring_up_to_date(
    directory: Path, path: Path, snapshot: Snapshot, *, timeout_seconds: float
) -> ReachableIds | None:
    """The ids for this state of the refs, made if need be; None while another process makes them too long.

    Raises GitTooSlow when the walk takes longer than the limit, and GitFailed.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with holding(path.parent, f"{path.name}.turn", wait_seconds=timeout_seconds) as is_ours:
        known = open_ids(path)
        if known is not None and known.state == snapshot.state:
            return known
        if not is_ours:
            return None
        base = known if known is not None and _still_reaches(directory, known, snapshot) else None
        tips = sorted(set(snapshot.refs.values()))
        new = _walk(directory, tips, () if base is None else base.tips, timeout_seconds)
        id_bytes = len(tips[0]) // 2 if tips else 20
        _write(path, snapshot.state, tips, _merged(new, base, id_bytes), id_bytes=id_bytes)
    return open_ids(path)


def leave_note(path: Path) -> None:
    """Asks the worker to make the file at `path`, which took too long for somebody who waited for it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _note(path).touch()


def take_note(path: Path) -> bool:
    """Whether there was a note; it is gone then."""
    try:
        _note(path).unlink()
    except FileNotFoundError:
        return False
    return True


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.wanted")


def _still_reaches(directory: Path, known: ReachableIds, snapshot: Snapshot) -> bool:
    """Whether the refs reach everything that they reached: then only what is new has to be walked."""
    tips = set(snapshot.refs.values())
    gone = set(known.tips) - tips
    objects = Objects(directory)
    if any(objects.kind(one) != "commit" for one in gone):
        return False
    given = "".join([*(f"{one}\n" for one in gone), *(f"^{one}\n" for one in tips)]).encode()
    with lines(directory, "rev-list", "--max-count=1", "--stdin", stdin=given) as left:
        return not gone or next(left, None) is None


def _walk(
    directory: Path, tips: Iterable[str], without: Iterable[str], timeout_seconds: float
) -> list[bytearray]:
    """The binary ids of what the tips reach, one after the other, by their first byte."""
    buckets = [bytearray() for _ in range(256)]
    given = "".join([*(f"{one}\n" for one in tips), *(f"^{one}\n" for one in without)]).encode()
    # A missing object of a damaged repository hides what lies below it, and nothing else.
    options = ("--objects", "--no-object-names", "--use-bitmap-index", "--missing=allow-any", "--stdin")
    with lines(directory, "rev-list", *options, stdin=given, timeout_seconds=timeout_seconds) as listed:
        for line in listed:
            object_id = bytes.fromhex(line.decode())
            buckets[object_id[0]] += object_id
    return buckets


def _merged(buckets: list[bytearray], base: ReachableIds | None, id_bytes: int) -> Iterator[list[bytes]]:
    for number, bucket in enumerate(buckets):
        ids = {bytes(bucket[at : at + id_bytes]) for at in range(0, len(bucket), id_bytes)}
        yield sorted(ids if base is None else ids | base.bucket(number))


def _write(path: Path, state: str, tips: list[str], buckets: Iterable[list[bytes]], *, id_bytes: int) -> None:
    joined = [b"".join(bucket) for bucket in buckets]
    header = {
        "state": state,
        "tips": tips,
        "id_bytes": id_bytes,
        "counts": [len(one) // id_bytes for one in joined],
    }
    made = path.with_name(f"{path.name}.new")
    with made.open("wb") as file:
        file.write(json.dumps(header).encode() + b"\n")
        file.writelines(joined)
        file.flush()
        os.fsync(file.fileno())
    made.rename(path)
