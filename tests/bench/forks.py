"""Rows about what lies on disk: a fork against a clone, a checkout in one, and a clone after many pushes."""

import shutil
import subprocess
import time
from pathlib import Path

from hub import app
from hub.access import Permission
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.config import from_values
from hub.repos import receive
from hub.repos.access import open_repository
from hub.repos.forks.forking import fork_repository
from hub.repos.git.forks import public_refs, write_refs
from hub.repos.git.loans import lend
from hub.repos.git.store import directory, lay_out
from hub.repos.loans import make_whole
from hub.repos.maintenance import maintain
from hub.repos.models import Repository
from tests.bench.corpus import Corpus, git
from tests.bench.hub_server import HubServer
from tests.bench.pushing import Clone
from tests.bench.report import Row, at_most, middle
from tests.factories import SYSTEM

ROUNDS = 20
MANY_REFS = 10_000
PUSHES = 40
WAIT_SECONDS = 60.0


def rows(server: HubServer, large: Corpus, folder: Path) -> list[Row]:
    """All of them; the hub's repository `large` is forked, repacked and pushed to."""
    folder.mkdir()
    hub = app.load(from_values({"data": str(server.data)}))
    try:
        with hub.database.reading() as session:
            origin = open_repository(session, SYSTEM, "ada/large", need=Permission.SEE)
            origin_id, path = origin.id, directory(hub.config, origin)
        receive.reconcile(hub.database, origin_id)
        found = _forks(hub, origin_id, large, folder)
        found += _checkouts(server, folder)
        found += _after_many_pushes(hub, server, origin_id, path, folder)
        return found + _many_refs(hub, origin_id, path)
    finally:
        hub.database.dispose()


def _forks(hub: Hub, origin_id: int, large: Corpus, folder: Path) -> list[Row]:
    times, path = [], Path()
    for number in range(ROUNDS):
        milliseconds, fork_id, path = _fork(hub, origin_id, f"fork-{number}")
        times.append(milliseconds)
    forked, forked_bytes = middle(times), _disk_bytes(path)
    on_disk = middle([_on_disk(large, folder / f"disk-{number}") for number in range(ROUNDS)])
    began = time.monotonic()
    made = folder / "whole.git"
    subprocess.run(
        ["git", "clone", "-q", "--bare", "--no-local", str(large.directory), str(made)], check=True
    )
    cloned, cloned_bytes = (time.monotonic() - began) * 1000, _disk_bytes(made)
    shutil.rmtree(made)
    began = time.monotonic()
    make_whole(hub.database, fork_id)
    whole = time.monotonic() - began
    git(path, "fsck", "--connectivity-only")
    least = min(times)
    return [
        Row(f"fork of {large.label}, recorded", f"{forked:.1f} ms, best {least:.1f}", f"{cloned:.0f} ms",
            cloned / forked, "<= 10 ms", forked <= 10),
        Row("of that on disk, with every fsync", f"{on_disk:.1f} ms", f"{cloned:.0f} ms", cloned / on_disk,
            ">= 2000x", cloned >= 2000 * on_disk),
        Row("what it takes on disk", f"{forked_bytes / 1e3:.0f} KB", f"{cloned_bytes / 1e6:.0f} MB",
            cloned_bytes / forked_bytes, "<= 1 MB", forked_bytes <= 1_000_000),
        Row("making that fork whole", f"{whole:.1f} s", ""),
    ]  # fmt: skip


def _fork(hub: Hub, origin_id: int, name: str) -> tuple[float, int, Path]:
    began = time.perf_counter()
    with hub.database.writing() as session:
        ada = get_user(session, "ada")
        origin = session.get_one(Repository, origin_id)
        made = fork_repository(session, ada.viewer(), origin, owner=ada, name=name)
        fork_id, path = made.id, directory(hub.config, made)
    return (time.perf_counter() - began) * 1000, fork_id, path


def _on_disk(large: Corpus, made: Path) -> float:
    """Milliseconds for the directory of a fork alone: its files, its refs, its loan."""
    began = time.perf_counter()
    lay_out(made, "main")
    lend(made, large.directory)
    write_refs(made, public_refs(large.directory))
    return (time.perf_counter() - began) * 1000


def _disk_bytes(path: Path) -> int:
    return sum(one.lstat().st_blocks * 512 for one in (path, *path.rglob("*")))


def _checkouts(server: HubServer, folder: Path) -> list[Row]:
    """A partial clone whose checkout asks for its files, of a fork and of its origin."""
    seconds = {name: _lazy_checkout(server.url(name), folder / name) for name in ("large", "fork-0")}
    return [
        at_most("partial clone with lazy checkout in a fork, against its origin",
                hub=seconds["fork-0"], peer=seconds["large"], target=1.5, unit="s"),
    ]  # fmt: skip


def _lazy_checkout(url: str, into: Path) -> float:
    began = time.monotonic()
    subprocess.run(["git", "clone", "-q", "--filter=blob:none", url, str(into)], check=True)
    taken = time.monotonic() - began
    shutil.rmtree(into)
    return taken


def _after_many_pushes(hub: Hub, server: HubServer, origin_id: int, path: Path, folder: Path) -> list[Row]:
    maintain(hub.database, origin_id, wait_seconds=WAIT_SECONDS)
    before = _clone_seconds(path)
    (folder / "pushes").mkdir()
    work = Clone(folder / "pushes" / "work", server.push_url("large"), branch="pushed")
    for _ in range(PUSHES):
        work.push()
    between = _clone_seconds(path)
    began = time.monotonic()
    maintain(hub.database, origin_id, wait_seconds=WAIT_SECONDS)
    repacked = time.monotonic() - began
    after = _clone_seconds(path)
    return [
        at_most("whole clone after 40 pushes and a repack, against before them",
                hub=after, peer=before, target=1.25, unit="s"),
        Row("the same without the repack", f"{between:.2f} s", f"{before:.2f} s", between / before),
        Row("that repack", f"{repacked:.1f} s", ""),
    ]  # fmt: skip


def _clone_seconds(path: Path) -> float:
    """What a whole clone takes of git, without a network or a client that unpacks it; the best of three."""
    tips = git(path, "for-each-ref", "--format=%(objectname)", "refs/heads", "refs/tags").encode()
    options = ("--revs", "--stdout", "--delta-base-offset", "--use-bitmap-index", "-q")
    command = ["git", "-C", str(path), "pack-objects", *options]
    taken = []
    for _ in range(3):
        began = time.monotonic()
        subprocess.run(command, input=tips, stdout=subprocess.DEVNULL, check=True)
        taken.append(time.monotonic() - began)
    return min(taken)


def _many_refs(hub: Hub, origin_id: int, path: Path) -> list[Row]:
    """The same fork where there are ten thousand refs more: what copying and recording them costs."""
    few = min(_fork(hub, origin_id, f"few-{number}")[0] for number in range(3))
    tip = git(path, "rev-parse", "HEAD").strip()
    commands = "".join(f"create refs/tags/many/{number} {tip}\n" for number in range(MANY_REFS))
    git(path, "update-ref", "--stdin", stdin=commands.encode())
    git(path, "pack-refs", "--all")
    receive.reconcile(hub.database, origin_id)
    many = min(_fork(hub, origin_id, f"many-{number}")[0] for number in range(3))
    added = (many - few) / (MANY_REFS / 1000)
    return [Row("a thousand refs more in a fork", f"+{added:.1f} ms", "")]
