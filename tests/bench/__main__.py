"""`python -m tests.bench [NAME...]`: measures the hub against its peers and prints one table.

HISTORY names a local clone whose history is the large one, SMALL_HISTORY one of about 10 MB; what is not
named is generated. SKETCH names the folder with the sketch of the journal, to measure beside; SHORTER divides
the sizes of the journal's and the search's rows by so much. CORPUS names trees of texts to search, colons
between them; LARGE=1 searches a gigabyte of HISTORY's files as well.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from tests.bench import (
    changes,
    corpus,
    fetching,
    forks,
    journal,
    journal_histories,
    journal_topics,
    pages,
    pushing,
    reading,
    reviewing,
    signing_in,
)
from tests.bench.corpus import Corpus
from tests.bench.hub_server import HubServer, hub_server
from tests.bench.peers import Peer, nginx, openssh, stock
from tests.bench.processes import share_bytes
from tests.bench.report import Row, table
from tests.bench.search.lag import search_lag
from tests.bench.search.rows import search, search_truth
from tests.bench.search.survival import search_crowd, search_kills
from tests.bench.search.words import search_words

# git's own default of 2.39, against the hub's settings that the plain front keeps.
DEFAULTS = "core.fsync=default,transfer.unpackLimit=100"


class Ground:
    """Repositories and servers that several rows share, each made when the first of them asks."""

    def __init__(self, root: Path, stack: ExitStack) -> None:
        self.root = root
        self._stack = stack
        self.idle_bytes = 0

    @cached_property
    def small(self) -> Corpus:
        return self._told("small", corpus.small(self.root))

    @cached_property
    def large(self) -> Corpus:
        return self._told("large", corpus.large(self.root))

    @cached_property
    def hub(self) -> HubServer:
        filled = {"small": self.small, "large": self.large, "empty": None}
        hub = self._stack.enter_context(hub_server(self.root / "hub", filled))
        self.idle_bytes = share_bytes(hub.pid)
        return hub

    @cached_property
    def nginx(self) -> Peer:
        return self._stack.enter_context(nginx(self.root, self.root / "nginx"))

    def openssh(self) -> Peer:
        public_key = self.hub.key.with_suffix(".pub")
        return self._stack.enter_context(openssh(public_key, self.root / "sshd"))

    def stock(self, config: str = "") -> Peer:
        return self._stack.enter_context(stock(self.root, config=config))

    def _told(self, label: str, one: Corpus) -> Corpus:
        print(f"{label}: {one.label}, {one.size_bytes / 1e6:.1f} MB", flush=True)
        return one


def main(wanted: set[str]) -> None:
    """Runs the wanted rows (all, if none is named) and prints the table."""
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name, ExitStack() as stack:
        ground = Ground(Path(name), stack)
        rows = _rows(ground)
        if unknown := wanted - rows.keys():
            raise SystemExit(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(rows)}")
        print(fetching.git_version(), f"{os.cpu_count()} processors", sep="; ")
        found = []
        for row, measure in rows.items():
            if not wanted or row in wanted:
                found += measure()
                print(f"{row}: measured", file=sys.stderr, flush=True)
        print()
        print(table(found))


def _rows(ground: Ground) -> dict[str, Callable[[], list[Row]]]:
    return {
        "clones": lambda: fetching.parallel_clones(ground.hub, ground.nginx),
        "shallow": lambda: fetching.shallow_clones(ground.hub, ground.nginx, ground.large),
        "ssh": lambda: fetching.repeated_ssh_clone(ground.hub, ground.openssh(), ground.root, ground.large),
        "push": lambda: _pushes(ground),
        "hung": lambda: pages.hung_clients(ground.hub),
        "killed": lambda: fetching.killed_clone(ground.hub, ground.nginx),
        "pages": lambda: pages.through_the_front(ground.hub),
        "signing-in": lambda: signing_in.rows(ground.hub),
        "forks": lambda: forks.rows(ground.hub, ground.large, ground.root / "forks"),
        "memory": lambda: _memory(ground),
        "changes": lambda: changes.rows(ground.small, ground.root / "changes"),
        "reading": lambda: reading.rows(ground.root / "reading"),
        "reviewing": lambda: reviewing.rows(ground.root / "reviewing"),
        "journal": lambda: journal.rows(ground.root / "journal"),
        "journal-histories": journal_histories.rows,
        "journal-topics": lambda: journal_topics.rows(ground.root / "journal-topics"),
        "search": lambda: search(ground.root / "search"),
        "search-crowd": lambda: search_crowd(ground.root / "search-crowd"),
        "search-kills": lambda: search_kills(ground.root / "search-kills"),
        "search-lag": lambda: search_lag(ground.root / "search-lag"),
        "search-words": lambda: search_words(ground.root / "search-words"),
        "search-truth": lambda: search_truth(ground.root / "search-truth"),
    }


def _pushes(ground: Ground) -> list[Row]:
    for bare in ("unhooked.git", "default.git"):
        corpus.git(ground.root, "init", "-q", "--bare", "-b", "main", bare)
        corpus.git(ground.root / bare, "config", "http.receivepack", "true")
    clones = ground.root / "clones"
    clones.mkdir()
    return pushing.small_pushes(ground.hub, ground.stock(), ground.stock(DEFAULTS), clones)


def _memory(ground: Ground) -> list[Row]:
    assert ground.hub
    idle = ground.idle_bytes
    name, target = "memory (PSS) of all parts, idle", "<= 315 MB (300 MiB)"
    return [Row(name, f"{idle / 1e6:.0f} MB", "", None, target, idle <= 300 << 20)]


if __name__ == "__main__":
    main(set(sys.argv[1:]))
