"""Runs histories of a `journal_world` and compares what the hubs say in the end; tests and bench do so."""

import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import select

from hub.access import Viewer, Visibility
from hub.journal.format import codec
from hub.journal.models import JournalEntry, JournalTopic
from hub.journal.refs.rebuilding import Target, fetched, rebuild
from hub.journal.verifying.verification import Wanted, verify
from tests.databases import SqliteTemplate
from tests.journal_acts import play, steps_of
from tests.journal_rows import Rows, check_equal, rows_of
from tests.journal_world import JournalHub, World

MIRROR = "mirror.git"
_MEMORY = Path("/dev/shm")
_SYSTEM = Viewer(is_admin=True)
# An empty hub that a history is rebuilt in.
_EMPTY = "empty"


class Proof:
    """The hubs with which each history begins, and the folder of all that comes of it."""

    def __init__(self, folder: Path, world: World) -> None:
        self._folder = folder
        self._begin = folder / "begin"
        self._world = world
        self._numbers = count(1)

    @classmethod
    @contextmanager
    def begun(cls, hubs: int = 3) -> Iterator["Proof"]:
        """Hubs that know each other, in memory where there is such a disk."""
        parent = _MEMORY if _MEMORY.is_dir() else None
        with tempfile.TemporaryDirectory(prefix="hub-journal-", dir=parent) as name:
            folder = Path(name)
            (folder / "template").mkdir()
            template = SqliteTemplate.migrated(folder / "template")
            world = World.made(folder / "begin", template, hubs)
            empty = JournalHub.made(folder / "begin" / _EMPTY, template)
            for one in (*world.hubs, empty):
                one.database.dispose()
            yield cls(folder, world)

    @contextmanager
    def world(self) -> Iterator[tuple[World, Path]]:
        """A copy of the hubs for one history, and its folder."""
        folder = self._folder / str(next(self._numbers))
        world = self._world.copied_to(folder, self._begin)
        try:
            yield world, folder
        finally:
            world.close()
            shutil.rmtree(folder)

    def converge(self, seed: int, *, most: int) -> Counter[str]:
        """Plays a history of at most so many steps and has all hubs agree; raises AssertionError."""
        steps = most // 4 + seed * 7919 % (most * 3 // 4)
        with self.world() as (world, folder):
            play(world, steps_of(seed, steps))
            world.gossip()
            said = [said_by(one, of_all_hubs=True) for one in world.hubs]
            for other in said[1:]:
                check_equal(said[0], other)
            one = world.hubs[seed % len(world.hubs)]
            # What was applied act by act is what a replay from nothing makes.
            check_mirror(one, folder)
            return _counted(one)

    def verify_honest(self, seed: int, *, most: int) -> Counter[str]:
        """Plays a history in which nobody does what they may not, and verifies what a mirror shows."""
        with self.world() as (world, folder):
            play(world, steps_of(seed, most // 4 + seed * 7919 % (most * 3 // 4)), is_honest=True)
            world.gossip()
            one = world.hubs[seed % len(world.hubs)]
            check_mirror(one, folder)
            for is_quick in (False, True):
                faults = verify(folder / MIRROR, Wanted(is_quick=is_quick)).report.faults
                assert not faults, faults
            return _counted(one)


def said_by(hub: JournalHub, *, of_all_hubs: bool = False) -> Rows:
    """What the hub's rows say about the repository."""
    with hub.database.reading() as session:
        return rows_of(session, hub.repository_id, of_all_hubs=of_all_hubs)


def check_mirror(hub: JournalHub, folder: Path) -> None:
    """Raises AssertionError unless a mirror clone, rebuilt in an empty hub, says what the hub says."""
    mirror = folder / MIRROR
    subprocess.run(("git", "clone", "-q", "--mirror", str(hub.path), str(mirror)), check=True)
    empty = hub.opened_in(folder / _EMPTY)
    try:
        again = JournalHub(empty.database, rebuild_in(empty, mirror), ())
        check_equal(said_by(hub), said_by(again))
        assert again.tips() == hub.tips()
    finally:
        empty.database.dispose()


def rebuild_in(empty: JournalHub, mirror: Path) -> int:
    """The repository's id in that hub."""
    target = Target(empty.users[0], "again", Visibility.PRIVATE)
    with fetched(empty.database.config, str(mirror)) as (aside, heads):
        return rebuild(empty.database, _SYSTEM, aside, heads, target).repository_id


def _counted(hub: JournalHub) -> Counter[str]:
    with hub.database.reading() as session:
        of_topic = select(JournalEntry.topic_id, JournalEntry.t, JournalEntry.data, JournalEntry.why).join(
            JournalTopic, JournalTopic.id == JournalEntry.topic_id
        )
        rows = session.execute(of_topic.where(JournalTopic.repository_id == hub.repository_id)).all()
    return Counter(
        histories=1,
        entries=len(rows),
        joins=sum(len(codec.read(row.data)["prev"]) > 1 for row in rows),
        ties=len(rows) - len({(row[0], row[1]) for row in rows}),
        uncounted=sum(row.why is not None for row in rows),
    )
