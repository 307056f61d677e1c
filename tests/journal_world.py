"""Three hubs that share one journal, and whatever can happen among them: a home and two others.

Acts go through the product's own actions of the journal; an exchange reads the refs of another hub and takes
over what is new. What the exchange will refuse one day is asserted here not to be there.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub import signing
from hub.app import load
from hub.config import Config, from_values
from hub.db import Database
from hub.journal.arriving import Arrival, read_chain, take_over
from hub.journal.format.ref_names import AT, PREFIX
from hub.journal.keys.hub_key import load_hub_key
from hub.journal.models import JournalEntry, JournalTopic
from hub.journal.people import person_of
from hub.journal.recording import REPOSITORY
from hub.journal.refs.exporting import export, find_place
from hub.journal.refs.receipting import has_waiting
from hub.journal.replay import act, repository_topic
from hub.repos.git.record_objects import RecordObjects
from hub.repos.git.refs import RefFiles
from tests.databases import SqliteTemplate
from tests.factories import drop_journals, make_repository, make_user

HOME: Final = 0
HUBS: Final = 3
PEOPLE: Final = 2


_EMPTY_TREE: Final = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_IDENTITY: Final = {
    **{
        f"GIT_{who}_{what}": "hub@example.org"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    },
    "GIT_AUTHOR_DATE": "1795000000 +0000",
    "GIT_COMMITTER_DATE": "1795000000 +0000",
    "GIT_CONFIG_NOSYSTEM": "1",
    "PATH": os.environ["PATH"],
}


@dataclass
class JournalHub:
    """One hub: its database, the directory of the repository, and two people with an account."""

    database: Database
    repository_id: int
    users: Sequence[int]
    seen: dict[tuple[Path, str], str] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)

    @cached_property
    def path(self) -> Path:
        path = find_place(self.database, self.repository_id)
        assert path is not None
        return path

    @cached_property
    def id(self) -> str:
        return load_hub_key(self.database.config).hub_id

    @classmethod
    def made(cls, data: Path, template: SqliteTemplate) -> "JournalHub":
        """A new hub with a repository, whose journal holds its opening."""
        data.mkdir(parents=True)
        template.copy_to(data)
        database = load(from_values({"data": str(data)})).database
        with database.writing() as session:
            users = [make_user(session, f"person-{n}", password=None) for n in range(PEOPLE)]
            repository = make_repository(session, owner=users[0], name="shared")
            return cls(database, repository.id, [one.id for one in users])

    def opened_in(self, data: Path) -> "JournalHub":
        """The hub of a copied folder."""
        return JournalHub(Database(Config(data=data)), self.repository_id, self.users)

    def topics(self, session: Session) -> list[JournalTopic]:
        """The topics that people talk in, the same order in all hubs."""
        wanted = select(JournalTopic).where(JournalTopic.type != REPOSITORY)
        return list(session.scalars(wanted.order_by(JournalTopic.topic_id)))

    def export(self, stop: Callable[[str], None] = lambda _: None) -> None:
        """Writes what waits to the refs."""
        with self.database.reading() as session:
            is_waiting = has_waiting(session, self.repository_id)
        if is_waiting:
            export(self.database, self.repository_id, stop=stop)

    def git(self, *command: str) -> str:
        """What a git command prints, in the repository; commits of the same content are the same."""
        result = subprocess.run(
            ("git", "-C", str(self.path), *command), capture_output=True, text=True, check=True, env=_IDENTITY
        )
        return result.stdout.strip()

    @cached_property
    def main(self) -> str:
        """The commit of the branch that changes are for."""
        return self.git("rev-parse", "refs/heads/main")

    def tips(self) -> dict[str, str]:
        """Where each topic's ref points."""
        refs = RefFiles(self.path)
        names = [name.decode() for name in refs.list_names(PREFIX.encode())]
        return {name: refs.get(name) or "" for name in names if name != AT}

    def pull(self, other: "JournalHub", wanted: Callable[[str], bool] = lambda _: True) -> int:
        """Takes over what another hub exported, of some of its refs; returns how many topics got entries."""
        tips = {
            name: tip
            for name, tip in other.tips().items()
            if wanted(name) and self.seen.get((other.path, name)) != tip
        }
        objects = RecordObjects(other.path)
        arrivals = [
            one
            for name, tip in tips.items()
            for one in read_chain(objects, tip, until=self.seen.get((other.path, name), ""))
        ]
        if not arrivals:
            return 0
        with self.database.writing() as session:
            check_arrivals(session, arrivals)
            touched = take_over(session, self.repository_id, arrivals)
        self.seen |= {(other.path, name): tip for name, tip in tips.items()}
        return len(touched)


def check_arrivals(session: Session, arrivals: Iterable[Arrival]) -> None:
    """What a hub will demand of another's journal: signed receipts, ancestors that are held, exact `t`."""
    ids = [entry.id for one in arrivals for entry in one.record.entries]
    ids += [prev for one in arrivals for entry in one.record.entries for prev in entry.value["prev"]]
    times = dict(
        session.execute(
            select(JournalEntry.entry_id, JournalEntry.t).where(JournalEntry.entry_id.in_(ids))
        ).all()
    )
    for one in sorted(arrivals, key=lambda some: some.record.seq):
        receipt = one.record.receipt
        signer = signing.verify(receipt.signature, signing.RECEIPT, receipt.data)
        assert signer == receipt.value["key"]
        for entry in one.record.entries:
            before = [times[prev] for prev in entry.value["prev"]]
            assert entry.value["t"] == (1 + max(before) if before else 0)
            times[entry.id] = entry.value["t"]


class World:
    """The hubs of one history."""

    def __init__(self, hubs: Sequence[JournalHub]) -> None:
        self.hubs = hubs

    @classmethod
    def made(cls, folder: Path, template: SqliteTemplate, count: int = HUBS) -> "World":
        """Hubs that know each other: the first one opened the repository."""
        hubs = [JournalHub.made(folder / str(n), template) for n in range(count)]
        for one in hubs:
            merged = one.git("commit-tree", _EMPTY_TREE, "-m", "Begin")
            one.git("update-ref", "refs/heads/main", merged)
        home = hubs[HOME]
        with home.database.writing() as session:
            topic = repository_topic(session, home.repository_id)
            for other in hubs[1:]:
                introduction = load_hub_key(other.database.config).introduction()
                act(
                    session,
                    topic,
                    kind="hub",
                    person=None,
                    d={"hub": other.id, "role": "peer", **introduction},
                )
        home.export()
        for other in hubs[1:]:
            with other.database.writing() as session:
                drop_journals(session)
            other.pull(home)
        for one in hubs:
            with one.database.writing() as session:
                for user in one.users:
                    person_of(session, one.repository_id, user)
        return cls(hubs)

    def copied_to(self, folder: Path, source: Path) -> "World":
        """Another world that begins as this one, whose files are in `source`."""
        shutil.copytree(source, folder)
        return World([one.opened_in(folder / str(n)) for n, one in enumerate(self.hubs)])

    def close(self) -> None:
        for one in self.hubs:
            one.database.dispose()

    def exchange(self, giver: int, taker: int, *, is_all: bool) -> None:
        """Has one hub take over what another one holds: all, or some topics only."""
        self.hubs[giver].export()
        # The repository's own topic says who the people in the others are.
        self.hubs[taker].pull(self.hubs[giver], lambda name: is_all or not name.endswith(("1", "3")))

    def gossip(self) -> None:
        """Exchanges until nobody learns anything new."""
        for _ in range(12):
            for one in self.hubs:
                one.export()
            new = [one.pull(other) for one in self.hubs for other in self.hubs if one is not other]
            if not any(new) and not any(self._is_waiting(one) for one in self.hubs):
                return
        raise AssertionError("the hubs never agree")

    @staticmethod
    def _is_waiting(one: JournalHub) -> bool:
        with one.database.reading() as session:
            return has_waiting(session, one.repository_id)
