"""What the processes of a server use, read from /proc: git's memory, everything's share, when git is gone."""

import threading
import time
from pathlib import Path
from types import TracebackType


def _parents() -> dict[int, int]:
    parents = {}
    for one in Path("/proc").iterdir():
        if one.name.isdigit():
            try:
                stat = (one / "stat").read_text()
            except OSError:
                continue
            parents[int(one.name)] = int(stat.rpartition(")")[2].split()[1])
    return parents


def descendants(root: int) -> set[int]:
    """The process and everything below it."""
    parents = _parents()
    found, grew = {root}, True
    while grew:
        more = {pid for pid, parent in parents.items() if parent in found and pid not in found}
        found |= more
        grew = bool(more)
    return found


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _memory(pid: int, field: str) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) << 10
    except OSError:
        pass
    return 0


def gits(root: int) -> set[int]:
    """git's processes below `root`."""
    return {pid for pid in descendants(root) if _name(pid).startswith("git")}


def share_bytes(root: int) -> int:
    """The proportional memory (PSS) of a process and all below it."""
    return sum(_memory(pid, "Pss") for pid in descendants(root))


class GitMemory:
    """The peak of git's own (anonymous) memory below `root` while the block runs."""

    def __init__(self, root: int) -> None:
        self.root = root
        self.peak_bytes = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            now = sum(_memory(pid, "Anonymous") for pid in gits(self.root))
            self.peak_bytes = max(self.peak_bytes, now)

    def __enter__(self) -> "GitMemory":
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()


def seconds_until_gone(root: int, limit_seconds: float = 60.0) -> float:
    """How long from now git still runs below `root`."""
    started = time.monotonic()
    while gits(root) and time.monotonic() - started < limit_seconds:
        time.sleep(0.01)
    return time.monotonic() - started
