"""What may go wrong while a journal is written: crashes, restored files, commits of somebody else."""

import random
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from sqlalchemy import select

from hub.journal.format.ref_names import AT
from hub.journal.models import JournalEntry, JournalReceipt
from hub.journal.people import person_of
from hub.journal.refs import export_sweeps
from hub.journal.refs.exporting import RECORDING, STEPS, export
from hub.journal.verifying.verification import verify
from tests.databases import FILE
from tests.factories import make_user
from tests.journal_acts import ACTS, Step, play
from tests.journal_proof import MIRROR, Proof, check_mirror
from tests.journal_world import JournalHub, World

# A crash between two files that one transaction of git writes.
HALF_MOVED: Final = "some refs moved"
POINTS: Final = (*STEPS, HALF_MOVED)


class Crash(Exception):
    """The process ended here."""


def crash(proof: Proof, seed: int) -> list[str]:
    """Exports that end somewhere, again and again; raises AssertionError where something is lost or doubled.

    Returns where they ended.
    """
    rng, ended = random.Random(seed), []
    with proof.world() as (world, folder):
        hub = world.hubs[0]
        for _ in range(3):
            _act(world, rng, rng.randint(1, 6))
            for _ in range(rng.randint(1, 3)):
                point = rng.choice(POINTS)
                if _export_until(hub, point, rng):
                    ended.append(point)
                if rng.random() < 0.4:
                    _act(world, rng, 1)
        export(hub.database, hub.repository_id)
        _check(hub, folder)
    return ended


def restore(proof: Proof, seed: int) -> None:
    """An older database or older refs come back, or a foreign commit; raises AssertionError for a loss."""
    rng = random.Random(seed)
    with proof.world() as (world, folder):
        hub = world.hubs[0]
        _act(world, rng, rng.randint(2, 8))
        export(hub.database, hub.repository_id)
        old_tips = {**hub.tips(), AT: hub.git("rev-parse", AT)}
        database = hub.database.config.data / FILE
        hub.database.dispose()
        shutil.copy(database, folder / "old.sqlite")
        with hub.database.writing() as session:
            # People, too, are in newer rows alone.
            person_of(session, hub.repository_id, make_user(session, "newcomer", password=None).id)
        play(world, [Step(0, "open", 1, 1)], is_honest=True)
        _act(world, rng, rng.randint(2, 8))
        export(hub.database, hub.repository_id)
        before = _entry_ids(hub)
        mishap = seed % 3
        if mishap == 0:
            hub.database.dispose()
            shutil.copy(folder / "old.sqlite", database)
            export_sweeps.look_at_heads(hub.database)
        elif mishap == 1:
            _put_refs_back(hub, old_tips)
        else:
            _write_foreign(hub, rng)
            if seed % 2:
                export_sweeps.look_everywhere(hub.database)
        _act(world, rng, rng.randint(2, 8))
        export(hub.database, hub.repository_id)
        export_sweeps.look_everywhere(hub.database)
        assert before <= _entry_ids(hub)
        _check(hub, folder)


def _act(world: World, rng: random.Random, count: int) -> None:
    steps = [Step(0, rng.choice(ACTS), rng.randrange(31), rng.randrange(31)) for _ in range(count)]
    play(world, steps, is_honest=True)


def _export_until(hub: JournalHub, point: str, rng: random.Random) -> bool:
    """Exports until that point; whether it came so far."""
    old, step = hub.tips(), RECORDING if point == HALF_MOVED else point

    def stop(here: str) -> None:
        if here == step:
            raise Crash

    try:
        export(hub.database, hub.repository_id, stop=stop)
    except Crash:
        if point == HALF_MOVED:
            moved = [name for name, tip in hub.tips().items() if old.get(name) != tip]
            back = rng.sample(moved, rng.randint(1, len(moved))) if moved else []
            # The head moves when all others have.
            _move_back(hub, back, old)
            hub.git("update-ref", AT, _newest(hub, old))
        return True
    return False


def _newest(hub: JournalHub, tips: dict[str, str]) -> str:
    """The commit of the newest receipt that was recorded."""
    with hub.database.reading() as session:
        recorded = select(JournalReceipt.commit_id).where(JournalReceipt.commit_id != "")
        newest = session.scalars(recorded.order_by(JournalReceipt.seq.desc())).first()
    assert newest is not None
    return newest


def _move_back(hub: JournalHub, names: Iterable[str], tips: dict[str, str]) -> None:
    for name in names:
        hub.git("update-ref", *((name, tips[name]) if name in tips else ("-d", name)))


def _put_refs_back(hub: JournalHub, tips: dict[str, str]) -> None:
    _move_back(hub, [*hub.tips(), AT], tips)


def _write_foreign(hub: JournalHub, rng: random.Random) -> None:
    tips = hub.tips()
    name = rng.choice(sorted(tips))
    commit = hub.git("commit-tree", f"{tips[name]}^{{tree}}", "-p", tips[name], "-m", "hello")
    hub.git("update-ref", name, commit)


def _entry_ids(hub: JournalHub) -> set[str]:
    with hub.database.reading() as session:
        return set(session.scalars(select(JournalEntry.entry_id)))


def _check(hub: JournalHub, folder: Path) -> None:
    """Every entry has one receipt, receipts have no gap, all of it stands in the refs and can be rebuilt."""
    with hub.database.reading() as session:
        rows = session.execute(select(JournalReceipt.seq, JournalReceipt.commit_id)).all()
        listed = session.scalars(select(JournalEntry.receipt_id)).all()
    assert sorted(row.seq for row in rows) == list(range(1, len(rows) + 1))
    assert all(row.commit_id for row in rows)
    assert None not in listed
    check_mirror(hub, folder)
    report = verify(folder / MIRROR).report
    assert not report.faults, report.faults
    assert (report.entries, report.receipts) == (len(listed), len(rows))
