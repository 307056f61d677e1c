"""What happens at the hubs of a `journal_world`: histories of random acts, allowed ones and others."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.issues.numbers import next_number
from hub.journal.arriving import replay_topics
from hub.journal.format import codec
from hub.journal.format.entries import Entry
from hub.journal.kinds import find_kinds
from hub.journal.models import JournalBody, JournalEntry, JournalHead, JournalTopic, Person
from hub.journal.people import set_key, set_name
from hub.journal.recording import list_entries, record
from hub.journal.redacting import redact
from hub.journal.refs.exporting import export
from hub.journal.replay import NotCounted, act, begin, replay, repository_topic
from hub.journal.ring_rows import homes_of
from hub.journal.rotating import rotate_key
from hub.reviews.state import ChangeState
from tests.journal_world import HOME, HUBS, PEOPLE, JournalHub, World

# What the home alone decides, or the author of a change, or whoever said something.
ACTS: Final = (
    *("open", "patchset", "edit", "state", "merge", "review", "comment", "comment_edit", "comment_delete"),
    *("resolve", "reviewer", "dismiss", "redact", "future", "person", "key"),
    *("comment", "review", "patchset", "resolve", "comment", "review", "patchset", "comment"),
)


# Of nobody: what people register.
KEYS: Final = tuple(
    Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32)
    .public_key()
    .public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    .decode()
    for n in range(1, 4)
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: at that hub, with two numbers that say which one of many is meant."""

    hub: int
    what: str
    x: int
    y: int


def steps_of(seed: int, count: int) -> list[Step]:
    """A history: the first change is opened at home and shown to all, a fifth of the rest are exchanges."""
    rng = random.Random(seed)
    steps = [Step(HOME, "open", 1, 1), Step(HOME, "sync", 1, 1), Step(HOME, "sync", 2, 1)]
    for _ in range(count):
        hub, x, y = rng.randrange(HUBS), rng.randrange(31), rng.randrange(31)
        is_sync = rng.random() < 0.2
        if rng.random() < 0.02:
            steps.append(Step(hub, "rotate", x, y))
        steps.append(Step(hub, "sync", x % HUBS, y % 4) if is_sync else Step(hub, rng.choice(ACTS), x, y))
    return steps


class Acting:
    """One act of somebody at a hub; what their rules forbid is done as well where nobody is honest."""

    def __init__(self, hub: JournalHub, session: Session, step: Step, *, is_honest: bool) -> None:
        self.hub, self.session, self.step, self.is_honest = hub, session, step, is_honest
        self.x, self.y = step.x, step.y
        user = self.hub.users[self.x % PEOPLE]
        self.person = session.scalars(select(Person).where(Person.user_id == user)).one()
        self.is_home = step.hub == HOME

    def do(self) -> None:
        """Does it, if there is something to do it with."""
        topics = self.hub.topics(self.session)
        what = self.step.what if topics else "open"
        done = self._about_people(what) if what in ("person", "key") else None
        if what == "open":
            self.do_open()
        elif done is None:
            self.topic = topics[(self.x * 7 + self.y) % len(topics)]
            self.state = self._state()
            getattr(self, f"do_{what}")()

    def _state(self) -> ChangeState:
        kinds = find_kinds(self.topic.type)
        assert kinds is not None
        state = kinds.load(self.session, self.topic)
        if state is None:
            homes = homes_of(self.session, self.hub.repository_id)
            state = replay(self.topic.type, list_entries(self.session, self.topic), homes)
        return state

    def _say(self, kind: str, d: Mapping[str, Any], *bodies: str, allowed: bool = True) -> None:
        """Has it happen; what is not allowed at the hub is written down all the same."""
        if not allowed and self.is_honest:
            return
        self.hub.done[kind] = self.hub.done.get(kind, 0) + 1
        try:
            with self.session.begin_nested():
                act(self.session, self.topic, kind=kind, person=self.person, d=d, bodies=bodies)
        except NotCounted:
            self.session.expire_all()
            if not self.is_honest:
                record(self.session, self.topic, kind=kind, person=self.person, d=d, bodies=bodies)
                replay_topics(self.session, [self.topic])

    @property
    def _me(self) -> str:
        return self.person.global_id

    @property
    def _may(self) -> bool:
        return self.is_home or self.state.topic.author == self._me

    def _some(self, names: Iterable[Any]) -> Any:
        ordered = sorted(names)
        return ordered[(self.x + 3 * self.y) % len(ordered)] if ordered else None

    def do_open(self) -> None:
        number = next_number(self.session, self.hub.repository_id) if self.is_home else self._own_number()
        d = {"number": number, "target": "main", "draft": bool(self.y % 2), "name": ""}
        self.topic = begin(
            self.session,
            self.hub.repository_id,
            type="change",
            person=self.person,
            d=d,
            bodies=[f"T{self.x}\n\nd{self.y}"],
        ).topic
        self._say("patchset", {"n": 1, "commit": f"{self.x:040x}", "base": f"{self.y:040x}"})

    def _own_number(self) -> int:
        openings = select(func.count()).where(JournalEntry.kind == "open", JournalEntry.hub == self.hub.id)
        return 1 + self.session.execute(openings).scalar_one()

    def _about_people(self, what: str) -> bool:
        topic = repository_topic(self.session, self.hub.repository_id)
        if what == "person":
            set_name(self.session, topic, self.person, f"name {self.x}")
        else:
            public = KEYS[self.y % len(KEYS)]
            set_key(self.session, topic, self.person, public, is_on=bool(self.x % 3))
        self.hub.done[what] = self.hub.done.get(what, 0) + 1
        return True

    def do_patchset(self) -> None:
        n = 1 + max((one.number for one in self.state.patch_sets.values()), default=0)
        commit, is_merged = f"{self.x * 1000 + self.y:040x}", self.state.topic.state == "merged"
        self._say(
            "patchset",
            {"n": n, "commit": commit, "base": f"{self.y:040x}"},
            allowed=self._may and not is_merged,
        )

    def do_edit(self) -> None:
        moves = self.y % 4 == 0 and not self.is_honest
        d: dict[str, Any] = {"target": f"r{self.y}"} if moves else {"draft": bool(self.y % 2)}
        if self.x % 3:
            self._say("edit", {**d, "body": 0}, f"T{self.x}\n\nedited {self.y}", allowed=self._may)
        else:
            self._say("edit", d, allowed=self._may)

    def do_state(self) -> None:
        self._say("state", {"state": ("open", "closed")[self.y % 2]}, allowed=self._may)

    def do_merge(self) -> None:
        if self.state.patch_sets:
            ps = list(self.state.patch_sets)[-1]
            self._say("merge", {"ps": ps, "commit": self.hub.main, "strategy": "merge"}, allowed=self.is_home)

    def do_review(self) -> None:
        ps = self._some(self.state.patch_sets)
        if ps is None:
            return
        place = {"ps": ps, "side": "new", "path": codec.path_text(b"caf\xe9/%d.py" % self.x), "lines": [1, 2]}
        comments: list[dict[str, Any]] = [{"body": 1, "at": place}, {"body": 2}]
        answered = self._some(self.state.topic.comments)
        if answered is not None:
            comments[1]["re"] = answered
        verdict = ("approve", "request_changes", "comment", "none")[self.x % 4]
        d = {"ps": ps, "verdict": verdict, "body": 0, "comments": comments}
        self._say("review", d, f"sum {self.x}", f"c {self.y}", "é ✓")

    def do_comment(self) -> None:
        one: dict[str, Any] = {"body": 0}
        answered = self._some(self.state.topic.comments)
        if answered is not None and self.x % 2:
            one |= {"re": answered, "resolved": bool(self.y % 2)}
        self._say("comment", {"comments": [one]}, f"hello {self.x} {self.y}")

    def do_comment_edit(self) -> None:
        comment = self._some(self.state.topic.comments)
        if comment is not None:
            is_own = self.state.topic.comments[comment].author == self._me
            self._say("comment_edit", {"comment": comment}, f"edited {self.x}", allowed=is_own)

    def do_comment_delete(self) -> None:
        comment = self._some(self.state.topic.comments)
        if comment is not None:
            is_own = self.is_home or self.state.topic.comments[comment].author == self._me
            self._say("comment_delete", {"comment": comment}, allowed=is_own)

    def do_resolve(self) -> None:
        thread = self._some(self.state.topic.threads)
        if thread is not None:
            self._say("resolve", {"thread": thread, "resolved": bool(self.x % 2)})

    def do_reviewer(self) -> None:
        person = self._some(
            one.global_id for one in self.session.scalars(select(Person).where(Person.handle != ""))
        )
        self._say("reviewer", {"person": person, "on": bool(self.x % 4)}, allowed=self._may)

    def do_dismiss(self) -> None:
        review = self._some(self.state.reviews)
        if review is not None:
            self._say("dismiss", {"review": review}, allowed=self.is_home)

    def do_redact(self) -> None:
        """Words are taken away: one's own, or any where it happens at home."""
        own = (
            select(JournalBody.digest)
            .join(JournalEntry, JournalEntry.id == JournalBody.entry_id)
            .where(JournalEntry.topic_id == self.topic.id, JournalBody.content.is_not(None))
        )
        if not self.is_home:
            own = own.where(JournalEntry.hub == self.hub.id)
        digest = self._some(self.session.scalars(own))
        if digest is not None:
            redact(self.session, self.topic, person=self.person, digests=[digest])

    def do_future(self) -> None:
        """A kind or a version that this hub does not know."""
        kind, version = ("poll", 1) if self.x % 2 else ("comment", 2)
        d = {"what": {"is": [1, True, "näh"]}}
        made = record(self.session, self.topic, kind=kind, person=self.person, d=d, bodies=["unknown"])
        if version == 2:
            _make_newer(self.session, made.topic, made.entry)
        replay_topics(self.session, [self.topic])
        self.hub.done["future"] = self.hub.done.get("future", 0) + 1


def _make_newer(session: Session, topic: JournalTopic, entry: Entry) -> None:
    """Has the entry be one of the next version."""
    row = session.scalars(select(JournalEntry).where(JournalEntry.entry_id == entry.id)).one()
    head = session.get_one(JournalHead, (topic.id, entry.id))
    row.data = codec.encode({**codec.decode(row.data), "v": 2})
    row.entry_id = codec.digest(row.data)
    session.delete(head)
    session.add(JournalHead(topic_id=topic.id, entry_id=row.entry_id))
    session.flush()


def play(world: World, steps: Iterable[Step], *, is_honest: bool = False) -> None:
    """Has everything happen, in order."""
    for step in steps:
        hub = world.hubs[step.hub]
        if step.what == "rotate":
            rotate_key(hub.database, export)
        elif step.what != "sync":
            with hub.database.writing() as session:
                Acting(hub, session, step, is_honest=is_honest).do()
        elif step.x != step.hub and step.x < len(world.hubs):
            world.exchange(step.hub, step.x, is_all=bool(step.y))
