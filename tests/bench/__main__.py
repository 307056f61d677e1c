"""`python -m tests.bench [NAME...]`: measures the hub against its peers and prints one table.

HISTORY names a local clone whose history is the large one, SMALL_HISTORY one of about 10 MB; what is not
named is generated.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.bench import corpus, fetching, forks, pages, pushing, signing_in
from tests.bench.hub_server import hub_server
from tests.bench.peers import nginx, openssh, stock
from tests.bench.processes import share_bytes
from tests.bench.report import Row, table

# git's own default of 2.39, against the hub's settings that the plain front keeps.
DEFAULTS = "core.fsync=default,transfer.unpackLimit=100"


def main(wanted: set[str]) -> None:
    """Sets everything up once, runs the wanted rows (all, if none is named), prints the table."""
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name, ExitStack() as stack:
        root = Path(name)
        small, large = corpus.small(root), corpus.large(root)
        for bare in ("unhooked.git", "default.git"):
            corpus.git(root, "init", "-q", "--bare", "-b", "main", bare)
            corpus.git(root / bare, "config", "http.receivepack", "true")
        filled = {"small": small, "large": large, "empty": None}
        hub = stack.enter_context(hub_server(root / "hub", filled))
        idle = share_bytes(hub.pid)
        web = stack.enter_context(nginx(root, root / "nginx"))
        rows: dict[str, Callable[[], list[Row]]] = {
            "clones": lambda: fetching.parallel_clones(hub, web),
            "shallow": lambda: fetching.shallow_clones(hub, web, large),
            "ssh": lambda: fetching.repeated_ssh_clone(
                hub, stack.enter_context(openssh(hub.key.with_suffix(".pub"), root / "sshd")), root, large
            ),
            "push": lambda: pushing.small_pushes(
                hub, stack.enter_context(stock(root)), stack.enter_context(stock(root, config=DEFAULTS)),
                _made(root / "clones"),
            ),
            "hung": lambda: pages.hung_clients(hub),
            "killed": lambda: fetching.killed_clone(hub, web),
            "pages": lambda: pages.through_the_front(hub),
            "signing-in": lambda: signing_in.rows(hub),
            "forks": lambda: forks.rows(hub, large, root / "forks"),
            "memory": lambda: [Row("memory (PSS) of all parts, idle", f"{idle / 1e6:.0f} MB", "", None,
                                   "<= 315 MB (300 MiB)", idle <= 300 << 20)],
        }  # fmt: skip
        if unknown := wanted - rows.keys():
            raise SystemExit(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(rows)}")
        print(fetching.git_version(), f"{os.cpu_count()} processors", sep="; ")
        for label, one in (("large", large), ("small", small)):
            print(f"{label}: {one.label}, {one.size_bytes / 1e6:.1f} MB")
        print()
        found = []
        for row, measure in rows.items():
            if not wanted or row in wanted:
                found += measure()
                print(f"{row}: measured", file=sys.stderr, flush=True)
        print(table(found))


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main(set(sys.argv[1:]))
