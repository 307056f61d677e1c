"""Rows about a journal of very many topics: what the next act costs, and what those pay who fetch.

SHORTER divides how many there are by so much, for a short look.
"""

import os
import subprocess
from pathlib import Path
from typing import Final

from hub.journal.models import JournalTopic, Person
from hub.journal.people import person_of
from hub.journal.refs.exporting import export
from hub.journal.replay import act, begin
from tests.bench.journal import Clock
from tests.bench.report import Row
from tests.databases import SqliteTemplate
from tests.journal_world import JournalHub

_SHORTER: Final = int(os.environ.get("SHORTER", "1"))
TOPICS: Final = 20_000
_AT_ONCE: Final = 500
_ROUNDS: Final = 5


def rows(folder: Path) -> list[Row]:
    """All of them, over one repository."""
    folder.mkdir()
    (folder / "template").mkdir()
    hub = JournalHub.made(folder / "hub", SqliteTemplate.migrated(folder / "template"))
    count = TOPICS // _SHORTER
    topic_id, person_id = _open(hub, count)
    clock, name = Clock(), f"journal of {count:,} changes: "
    with clock.doing("first"):
        export(hub.database, hub.repository_id)
    for n in range(_ROUNDS):
        with hub.database.writing() as session:
            topic, person = session.get_one(JournalTopic, topic_id), session.get_one(Person, person_id)
            act(
                session,
                topic,
                kind="comment",
                person=person,
                d={"comments": [{"body": 0}]},
                bodies=[f"words {n}"],
            )
        with clock.doing("next"):
            export(hub.database, hub.repository_id)
    first, following = clock.spent["first"], clock.spent["next"] / _ROUNDS
    return [
        Row(
            f"{name}first export of all, processor seconds", f"{first:.1f} s", f"{count / first:.0f} a second"
        ),
        Row(f"{name}export of one act, processor seconds", f"{following:.3f} s", ""),
        *_fetches(folder, hub, clock, name),
    ]


def _open(hub: JournalHub, count: int) -> tuple[int, int]:
    with hub.database.writing() as session:
        person_id = person_of(session, hub.repository_id, hub.users[0]).id
    topic_id = 0
    for begun in range(0, count, _AT_ONCE):
        with hub.database.writing() as session:
            person = session.get_one(Person, person_id)
            for number in range(begun + 1, min(begun + _AT_ONCE, count) + 1):
                d = {"number": number, "target": "main", "draft": False, "name": ""}
                made = begin(
                    session, hub.repository_id, type="change", person=person, d=d, bodies=[f"Fix {number}"]
                )
                topic_id = made.topic.id
    return topic_id, person_id


def _fetches(folder: Path, hub: JournalHub, clock: Clock, name: str) -> list[Row]:
    hub.git("repack", "-adq")
    hub.git("pack-refs", "--all")
    source = hub.path.as_uri()
    told = len(hub.git("upload-pack", "--advertise-refs", "."))
    with clock.doing("mirror"):
        _git(folder, "clone", "-q", "--mirror", source, "mirror.git")
    with clock.doing("nothing"):
        _git(folder / "mirror.git", "fetch", "-q", "origin")
    with clock.doing("usual"):
        _git(folder, "clone", "-q", source, "usual")
    with clock.doing("one"):
        _git(folder / "usual", "fetch", "-q", "origin", "refs/hub/repo", "refs/hub/changes/7")
    kib = sum(one.stat().st_size for one in (folder / "mirror.git").rglob("*") if one.is_file()) >> 10
    return [
        Row(f"{name}all refs as protocol 0 lists them", f"{told / 1e6:.2f} MB", "1.35 MB (sketch)"),
        Row(
            f"{name}clone --mirror, processor seconds",
            f"{clock.spent['mirror']:.2f} s",
            f"{kib / 1024:.0f} MiB of files",
        ),
        Row(f"{name}fetch into a mirror, nothing new", f"{clock.spent['nothing']:.2f} s", "1.0 s (sketch)"),
        Row(f"{name}usual clone", f"{clock.spent['usual']:.2f} s", ""),
        Row(f"{name}fetch of one topic", f"{clock.spent['one']:.3f} s", "0.07 s (sketch)"),
    ]


def _git(folder: Path, *command: str) -> None:
    subprocess.run(("git", "-C", str(folder), *command), check=True, capture_output=True)
