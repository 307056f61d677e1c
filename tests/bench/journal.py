"""Rows about the journal: how fast it is written, verified and rebuilt, and what it weighs.

SKETCH names a folder with the sketch that proved the format (`bench.py ENTRIES BATCH` there); without it the
figures recorded then are printed beside the hub's. Processor seconds are compared, of git's processes too.
SHORTER divides what is done by so much, for a short look.
"""

import os
import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from hub.access import Permission, Viewer
from hub.clock import now
from hub.issues.models import Comment, Thread
from hub.journal.models import JournalBody, JournalReceipt, JournalTopic, Person
from hub.journal.people import person_of
from hub.journal.redacting import redact
from hub.journal.refs.exporting import export
from hub.journal.replay import act, begin
from hub.journal.verifying.verification import Wanted, verify
from hub.repos.models import Repository
from hub.reviews import talking
from hub.reviews.changes import get_change
from tests.bench.report import Row, middle
from tests.databases import SqliteTemplate
from tests.factories import make_user
from tests.journal_proof import rebuild_in
from tests.journal_rows import check_equal, rows_of
from tests.journal_world import JournalHub

_SHORTER: Final = int(os.environ.get("SHORTER", "1"))
# Entries, and how many of them one receipt lists.
SIZES: Final = ((10_000, 1), (10_000, 3), (3_000, 15))
_PEOPLE: Final = 50
_ACTS: Final = 15
_REDACTED_RECEIPTS: Final = 1_000
_COMMENTS: Final = 60
_MOST_ADDED_MS: Final = 5.0

_WORDS: Final = [word for word in Path(os.__file__).read_text().split() if word.isalnum()]
# Entries a second, and bytes of one, as the sketch had them when the format was decided.
_RECORDED: Final = {
    1: {"act": 2544, "export": 466, "verify": 1918, "quick": 3916, "rebuild": 2099, "bytes": 607},
    3: {"export": 783, "verify": 4549, "rebuild": 3171, "bytes": 352},
    15: {"export": 3467, "verify": 9217, "rebuild": 5084, "bytes": 230},
}
_PRINTED: Final = {
    "act": r"act \(make.*\)\s+(\d+) entries/s",
    "export": r"export \(.*\)\s+(\d+) entries/s",
    "verify": r"verify in a mirror clone\s+(\d+) entries/s",
    "quick": r"; quick (\d+)",
    "rebuild": r"; both (\d+)",
    "bytes": r"packed\s+(\d+) bytes an entry",
}


def rows(folder: Path) -> list[Row]:
    """All of them."""
    folder.mkdir()
    (folder / "template").mkdir()
    template = SqliteTemplate.migrated(folder / "template")
    found = []
    for entries, batch in SIZES:
        made = _measure(folder / f"by-{batch}", template, entries // _SHORTER, batch)
        found += _compare(made, _sketch(entries // _SHORTER, batch), batch)
    return [*found, *_cost_of_an_act(folder / "cost", template), *_redaction(folder / "redaction", template)]


@dataclass
class Clock:
    """Processor seconds by what was done, of this process and of those that it waited for."""

    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        began = _processor_seconds()
        yield
        self.spent[what] = self.spent.get(what, 0.0) + _processor_seconds() - began


def _processor_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


class Talking:
    """People who talk about changes of one repository, act by act."""

    def __init__(self, data: Path, template: SqliteTemplate) -> None:
        self.rng = random.Random(3)
        self.hub = JournalHub.made(data, template)
        with self.hub.database.writing() as session:
            users = [make_user(session, f"speaker-{n}", password=None).id for n in range(_PEOPLE)]
            people = [person_of(session, self.hub.repository_id, one).id for one in users]
        self.people = people
        self.number = 0

    def text(self) -> str:
        return " ".join(self.rng.choice(_WORDS) for _ in range(self.rng.randint(4, 50)))

    def acts(self) -> Iterator[Callable[[Session], object]]:
        """What is said and done in change after change, for ever."""
        while True:
            self.number += 1
            opened: list[int] = []
            person = self.rng.choice(self.people)
            yield lambda session, person=person, opened=opened: self._open(session, person, opened)
            for turn in range(_ACTS - 1):
                kind, d, texts = self._some_act(is_first=not turn)
                yield lambda session, kind=kind, d=d, texts=texts, person=person, opened=opened: act(
                    session,
                    session.get_one(JournalTopic, opened[0]),
                    kind=kind,
                    person=session.get_one(Person, person),
                    d=d,
                    bodies=texts,
                )

    def _open(self, session: Session, person: int, opened: list[int]) -> None:
        d = {"number": self.number, "target": "main", "draft": False, "name": ""}
        by = session.get_one(Person, person)
        made = begin(session, self.hub.repository_id, type="change", person=by, d=d, bodies=[self.text()])
        opened.append(made.topic.id)

    def _some_act(self, *, is_first: bool) -> tuple[str, dict[str, Any], list[str]]:
        if is_first:
            commit, base = (f"{self.rng.getrandbits(160):040x}" for _ in range(2))
            return "patchset", {"n": 1, "commit": commit, "base": base}, []
        place = {"ps": "0" * 64, "side": "new", "path": f"src/{self.rng.choice(_WORDS)}.py", "lines": [3, 4]}
        return self.rng.choice(
            [
                ("comment", {"comments": [{"body": 0}]}, [self.text()]),
                ("comment", {"comments": [{"at": place, "body": 0}]}, [self.text()]),
                ("comment", {"comments": [{"body": 0}]}, [self.text()]),
                ("edit", {"draft": False}, []),
                ("edit", {"body": 0}, [self.text()]),
            ]
        )


def _measure(folder: Path, template: SqliteTemplate, entries: int, batch: int) -> dict[str, float]:
    """Entries a second of each thing that is done with a journal, and bytes of an entry."""
    folder.mkdir()
    talking_people, clock = Talking(folder / "hub", template), Clock()
    hub = talking_people.hub
    export(hub.database, hub.repository_id)
    for count, acting in enumerate(talking_people.acts(), start=1):
        with clock.doing("act"), hub.database.writing() as session:
            acting(session)
        if count % batch == 0 or count == entries:
            with clock.doing("export"):
                export(hub.database, hub.repository_id)
        if count == entries:
            break
    subprocess.run(("git", "-C", str(hub.path), "repack", "-adfq"), check=True)
    packs = (hub.path / "objects" / "pack").iterdir()
    size = sum(one.stat().st_size for one in packs if one.suffix in (".pack", ".idx"))
    mirror = folder / "mirror.git"
    subprocess.run(("git", "clone", "-q", "--mirror", hub.path.as_uri(), str(mirror)), check=True)
    for what, wanted in (("verify", Wanted()), ("quick", Wanted(is_quick=True))):
        with clock.doing(what):
            report = verify(mirror, wanted).report
        assert not report.faults, report.faults
    again = JournalHub.made(folder / "again", template)
    with clock.doing("rebuild"):
        repository_id = rebuild_in(again, mirror)
    with hub.database.reading() as here, again.database.reading() as there:
        check_equal(rows_of(here, hub.repository_id), rows_of(there, repository_id))
    return {**{what: entries / spent for what, spent in clock.spent.items()}, "bytes": size / entries}


def _sketch(entries: int, batch: int) -> dict[str, float]:
    """The same figures of the sketch: measured now where it is at hand, else those that were recorded."""
    folder = os.environ.get("SKETCH")
    if folder is None:
        return dict(_RECORDED[batch])
    command = (sys.executable, str(Path(folder) / "bench.py"), str(entries), str(batch))
    printed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    found = {what: re.search(pattern, printed) for what, pattern in _PRINTED.items()}
    return {what: float(one[1]) for what, one in found.items() if one is not None}


def _compare(ours: dict[str, float], sketch: dict[str, float], batch: int) -> list[Row]:
    found = []
    # The sketch's export puts nothing on the disk.
    targets = {"export": 0.5, "verify": 1.0, "rebuild": 1.0}
    for what, figure in ours.items():
        other = sketch.get(what)
        label = "bytes of an entry, packed" if what == "bytes" else f"{what}, entries a processor second"
        ratio = None if other is None else figure / other
        target = targets.get(what)
        is_met = None if target is None or ratio is None else ratio >= target
        found.append(
            Row(
                f"journal, {batch} a receipt: {label}",
                f"{figure:.0f}",
                "" if other is None else f"{other:.0f} (sketch)",
                ratio,
                "" if target is None else f">= {target:g}x",
                is_met,
            )
        )
    return found


def _cost_of_an_act(folder: Path, template: SqliteTemplate) -> list[Row]:
    """A comment on a change by the action of its page, and the same rows without a journal."""
    folder.mkdir()
    hub = JournalHub.made(folder / "hub", template)
    with hub.database.writing() as session:
        person = person_of(session, hub.repository_id, hub.users[0])
        d = {"number": 1, "target": "main", "draft": False, "name": ""}
        begin(session, hub.repository_id, type="change", person=person, d=d, bodies=["Fix it"])
        path = session.get_one(Repository, hub.repository_id).path
    viewer = Viewer(user_id=hub.users[0])
    timed: dict[str, list[float]] = {"with": [], "without": []}
    for n in range(_COMMENTS):
        for what, say in (("with", _say), ("without", _say_without)):
            began = time.process_time()
            with hub.database.writing() as session:
                say(session, viewer, path, f"words {n}")
            timed[what].append((time.process_time() - began) * 1000)
    with_it, without = middle(timed["with"]), middle(timed["without"])
    added = with_it - without
    name = f"a comment on a change of {_COMMENTS}, processor time: with the journal, without"
    target = f"at most {_MOST_ADDED_MS:g} ms more"
    return [Row(name, f"{with_it:.1f} ms", f"{without:.1f} ms", None, target, added <= _MOST_ADDED_MS)]


def _say(session: Session, viewer: Viewer, path: str, words: str) -> None:
    opened = get_change(session, viewer, path, 1, need=Permission.SEE, locks=True)
    talking.say(session, viewer, opened, words=words)


def _say_without(session: Session, viewer: Viewer, path: str, words: str) -> None:
    """What an action would do that only kept rows; they are nobody's afterwards."""
    opened = get_change(session, viewer, path, 1, need=Permission.SEE, locks=True)
    words = talking.check_comment(session, viewer, opened, words=words)
    count = select(func.count()).select_from(Comment).where(Comment.topic_id == opened.topic.id)
    with session.begin_nested() as attempt:
        name = f"{session.execute(count).scalar_one():064x}.0"
        thread = Thread(topic_id=opened.topic.id, global_id=name, is_resolved=False)
        session.add(thread)
        session.flush()
        values = {
            "topic_id": opened.topic.id,
            "thread_id": thread.id,
            "global_id": name,
            "position": 1,
            "reply_to": "",
            "author_id": opened.author.id,
            "text": words,
            "at": now(),
            "is_deleted": False,
        }
        session.execute(insert(Comment), values)
        opened.topic.updated_at = now()
        session.flush()
        attempt.rollback()


def _redaction(folder: Path, template: SqliteTemplate) -> list[Row]:
    """One text is taken out of a topic with many receipts: the entry, and the export that rewrites it."""
    folder.mkdir()
    hub = JournalHub.made(folder / "hub", template)
    clock, wanted = Clock(), _REDACTED_RECEIPTS // _SHORTER
    with hub.database.writing() as session:
        person_id = person_of(session, hub.repository_id, hub.users[0]).id
        d = {"number": 1, "target": "main", "draft": False, "name": ""}
        person = session.get_one(Person, person_id)
        topic_id = begin(
            session, hub.repository_id, type="change", person=person, d=d, bodies=["Fix it"]
        ).topic.id
    for n in range(wanted + 1):
        with hub.database.writing() as session:
            topic, person = session.get_one(JournalTopic, topic_id), session.get_one(Person, person_id)
            d = {"comments": [{"body": 0}]}
            act(session, topic, kind="comment", person=person, d=d, bodies=[f"text {n}"])
        export(hub.database, hub.repository_id)
    with clock.doing("taking away"), hub.database.writing() as session:
        topic, person = session.get_one(JournalTopic, topic_id), session.get_one(Person, person_id)
        bodies = select(JournalBody.digest).order_by(JournalBody.entry_id).offset(3).limit(1)
        redact(session, topic, person=person, digests=[session.scalars(bodies).one()])
    with clock.doing("rewriting"):
        export(hub.database, hub.repository_id)
    with hub.database.reading() as session:
        of_topic = select(func.count()).select_from(JournalReceipt).where(JournalReceipt.topic_id == topic_id)
        receipts = session.execute(of_topic).scalar_one()
    assert not verify(hub.path).report.faults
    name = f"a text taken out of a topic of {receipts:,} receipts, processor seconds: "
    return [
        Row(f"{name}entry and rows", f"{clock.spent['taking away']:.2f} s", ""),
        Row(f"{name}commits written again", f"{clock.spent['rewriting']:.2f} s", "0.34 s (sketch)"),
    ]
