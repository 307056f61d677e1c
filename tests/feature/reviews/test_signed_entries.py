"""An entry that its author signed is taken in as if its form had been sent, or refused in words."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub import signing
from hub.accounts import key_actions
from hub.accounts.models import SshKey, User
from hub.app import Hub
from hub.clock import now
from hub.db import config_of
from hub.issues.models import Comment, Thread
from hub.journal.format import codec
from hub.journal.format.signed import SignedEntry, commit_of
from hub.journal.keys.hub_key import load_hub_key
from hub.journal.keys.public_keys import wire_form
from hub.journal.models import JournalEntry, JournalHead, JournalTopic
from hub.journal.people import person_of
from hub.journal.recording import find_topic, get_repository_topic_id
from hub.journal.refs.exporting import export
from hub.journal.verifying.verification import verify
from hub.repos.git.record_objects import RecordObjects
from hub.repos.models import Repository
from hub.repos.settings import settings
from hub.reviews.actions import close
from hub.reviews.changes import get_change
from hub.reviews.models import PatchSet, Review
from hub.reviews.signed.taking import MOST_HEADS
from tests.factories import SYSTEM
from tests.feature.repos.pushing import ZERO, Pusher
from tests.visitor import Visitor, words_of

SAID = {"ps": "", "verdict": "approve", "body": 0}
Outcome = tuple[str, list[str]]


@dataclass
class Author:
    """Somebody who signs with a key of theirs, and how what they sign differs from what is right."""

    pusher: Pusher
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def __post_init__(self) -> None:
        with self.pusher.database.writing() as session:
            user = session.get_one(User, self.pusher.viewer.user_id)
            key_actions.add_key(session, user.viewer(), user, title="laptop", text=self.public)

    @property
    def public(self) -> str:
        return self.private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

    @property
    def fingerprint(self) -> str:
        return signing.fingerprint_of(wire_form(self.public))

    def entry(self, session: Session, *, kind: str = "review", d: Any = None, **other: Any) -> dict[str, Any]:
        """The fields of an entry about change 1 that follows all there is, or what differs from it."""
        repository_id, user_id = self.pusher.repository_id, self.pusher.viewer.user_id
        assert user_id is not None
        topic = session.scalars(select(JournalTopic).where(JournalTopic.type == "change")).first()
        assert topic is not None
        patch_set = session.scalars(select(PatchSet.entry_id).order_by(PatchSet.id.desc())).first()
        heads = session.scalars(select(JournalHead.entry_id).where(JournalHead.topic_id == topic.id)).all()
        last = session.scalar(select(func.max(JournalEntry.t)).where(JournalEntry.topic_id == topic.id))
        said = SAID if d is None else d
        value = {
            "at": int(now().timestamp()),
            "by": person_of(session, repository_id, user_id).handle,
            "d": {**said, "ps": patch_set} if said.get("ps") == "" else said,
            "hub": load_hub_key(config_of(session)).hub_id,
            "key": self.fingerprint,
            "kind": kind,
            "prev": sorted(heads),
            "repo": get_repository_topic_id(session, repository_id),
            "t": 1 + (last or 0),
            "topic": topic.topic_id,
            "v": 1,
        }
        return {**value, **other}

    def sign(self, *texts: str, private: Ed25519PrivateKey | None = None, **other: Any) -> SignedEntry:
        with self.pusher.database.writing() as session:
            value = self.entry(session, **other)
        bodies = tuple(codec.make_body(one) for one in texts)
        data = codec.encode({"bodies": [codec.digest(one) for one in bodies], **value})
        return SignedEntry(data, signing.sign(private or self.private, signing.ENTRY, data), bodies)

    def push(self, signed: SignedEntry, pusher: Pusher | None = None) -> Outcome:
        """The answer about the ref, and the lines that the pusher reads."""
        who = pusher or self.pusher
        objects = RecordObjects(who.directory)
        commit_id = objects.write_commit(commit_of(signed, objects.write_tree(signed.files)))
        judgement = who.judge((ZERO, commit_id, f"refs/for-journal/{signed.id}"))
        assert not judgement.intent
        return judgement.answers[0][1], judgement.lines


@pytest.fixture
def author(anna: Pusher, bob: Pusher) -> Author:
    """Bob, who looks at change 1 of Anna's."""
    anna.push((ZERO, anna.git.commit(anna.work, "Fix it", {"README": "the\n"}), "refs/for/main"))
    return Author(bob)


def _reviews(hub: Hub) -> list[tuple[str, str | None]]:
    with hub.database.reading() as session:
        rows = session.execute(select(Review.verdict, Review.text).order_by(Review.id))
        return [(str(verdict), text) for verdict, text in rows]


def test_a_signed_review_is_a_review(author: Author, hub: Hub) -> None:
    signed = author.sign("Good.")
    assert author.push(signed) == (
        "ok",
        [
            f"Your review of change 1, signed with {author.fingerprint}:",
            "  http://hub/anna/demo/changes/1",
        ],
    )
    assert _reviews(hub) == [("approve", "Good.")]
    with hub.database.reading() as session:
        row = session.scalars(select(JournalEntry).where(JournalEntry.entry_id == signed.id)).one()
        assert (row.data, row.signature, row.why) == (signed.data, signed.signature, None)
        heads = select(JournalHead.entry_id).where(JournalHead.topic_id == row.topic_id)
        assert session.scalars(heads).all() == [signed.id]
    export(hub.database, author.pusher.repository_id)
    message = author.pusher.run(author.pusher.directory, "log", "-1", "--format=%B", "refs/hub/changes/1")
    assert signed.data + b"\n" + signed.signature in message
    report = verify(author.pusher.directory).report
    assert (report.faults, report.signed) == ([], 1)


def test_the_page_says_which_key_signed_a_review(author: Author, app: Flask) -> None:
    said = f"Signed by its author with {author.fingerprint}"
    assert said not in words_of(Visitor(app).get("/anna/demo/changes/1").text)
    assert author.push(author.sign("Good."))[0] == "ok"
    assert said in words_of(Visitor(app).get("/anna/demo/changes/1").text)


def test_what_came_meanwhile_stays(author: Author, anna: Pusher, hub: Hub) -> None:
    """The entry follows what its author had seen, and is put where it belongs among the others."""
    signed = author.sign("Good.")
    hers = Author(anna)
    hers.push(hers.sign("Mine.", kind="comment", d={"comments": [{"body": 0}]}))
    assert author.push(signed)[0] == "ok"
    with hub.database.reading() as session:
        assert session.scalars(select(Comment.text)).all() == ["Mine."]
        topic = find_topic(session, author.pusher.repository_id, signed.value["topic"])
        assert topic is not None
        heads = session.scalars(select(JournalHead.entry_id).where(JournalHead.topic_id == topic.id)).all()
        assert len(heads) == 2
    assert author.push(author.sign("Better.", kind="comment", d={"comments": [{"body": 0}]}))[0] == "ok"
    assert _reviews(hub) == [("approve", "Good.")]
    export(hub.database, author.pusher.repository_id)
    assert verify(author.pusher.directory).report.faults == []


def test_comments_on_lines_answers_and_what_is_settled_are_signed(author: Author, hub: Hub) -> None:
    with hub.database.reading() as session:
        patch_set = session.scalars(select(PatchSet.entry_id)).one()
    place = {"ps": patch_set, "side": "new", "path": "README", "lines": [1, 1]}
    d = {"ps": patch_set, "verdict": "comment", "comments": [{"body": 0, "at": place}]}
    first = author.sign("Why?", d=d)
    assert author.push(first)[0] == "ok"
    answer = {"comments": [{"body": 0, "re": f"{first.id}.0", "resolved": False}]}
    assert author.push(author.sign("Because.", kind="comment", d=answer))[0] == "ok"
    settled = {"thread": f"{first.id}.0", "resolved": True}
    assert author.push(author.sign(kind="resolve", d=settled))[0] == "ok"
    with hub.database.reading() as session:
        assert session.scalars(select(Comment.text).order_by(Comment.id)).all() == ["Why?", "Because."]
        assert session.scalars(select(Thread.is_resolved)).all() == [True]


MALFORMED = "The entry does not hold what its kind says."
STRANGER = Ed25519PrivateKey.from_private_bytes(b"s" * 32)

REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "another repository": ("The entry is for another repository.", {"repo": "0" * 64}),
    "another hub": ("The entry is for another hub;", {"hub": "0" * 64}),
    "somebody else": ("The entry is somebody else's.", {"by": "0" * 16}),
    "nobody": ("The entry is somebody else's.", {"by": ""}),
    "another signature": ("It is signed with SHA256:", {"private": STRANGER}),
    "a stale place": ("The entry has the place 1, and follows one at", {"t": 1}),
    "a place ahead": ("The entry has the place 99, and follows one at", {"t": 99}),
    "ancestors elsewhere": ("The entry follows others that are not in this change.", {"prev": ["0" * 64]}),
    "no topic": ("The entry is about no change of this repository.", {"topic": "0" * 64}),
    "a merge": (
        "People sign reviews, comments and what they resolve, and nothing else yet.",
        {"kind": "merge", "d": {}},
    ),
    "a newer version": ("People sign reviews, comments", {"v": 2}),
    "an entry of next year": ("The entry is dated ", {"at": int(now().timestamp()) + 86400 * 365}),
    "an old entry": ("The entry was signed more than a week ago.", {"at": 1_700_000_000}),
    "no such patch set": (
        "There is no such patch set of this change.",
        {"d": {"ps": "0" * 64, "verdict": "approve", "body": 0}},
    ),
    "another verdict": (MALFORMED, {"d": {"ps": "", "verdict": "love", "body": 0}}),
    "more than a form sends": (MALFORMED, {"d": {**SAID, "dismissed": True}}),
    "a text that nothing names": (MALFORMED, {"d": {"ps": "", "verdict": "approve"}}),
    "a text that is not there": (MALFORMED, {"d": {**SAID, "body": 1}}),
    "no thread": (
        "There is no such thread in this change.",
        {"kind": "resolve", "d": {"thread": "x", "resolved": True}},
    ),
    "an answer to nothing": (
        "There is no such comment in this change.",
        {"kind": "comment", "d": {"comments": [{"body": 0, "re": "x"}]}},
    ),
    "no comment": (MALFORMED, {"kind": "comment", "d": {"comments": []}}),
}


@pytest.mark.parametrize(("line", "other"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_wrong_is_said_in_words(author: Author, hub: Hub, line: str, other: dict[str, Any]) -> None:
    verdict, lines = author.push(author.sign("Good.", **other))
    assert verdict == "ng"
    assert lines[0].startswith(line)
    assert _reviews(hub) == []


def test_an_entry_is_taken_once_and_from_its_author_alone(author: Author, anna: Pusher, hub: Hub) -> None:
    signed = author.sign("Good.")
    verdict, lines = author.push(signed, anna)
    assert (verdict, lines[0]) == ("ng", "The entry is somebody else's.")
    assert author.push(signed)[0] == "ok"
    verdict, lines = author.push(signed)
    assert (verdict, lines) == ("ng", ["The journal holds this entry already."])
    assert len(_reviews(hub)) == 1


def test_a_key_that_was_removed_signs_nothing_more(author: Author, hub: Hub) -> None:
    signed = author.sign("Good.")
    with hub.database.writing() as session:
        user = session.get_one(User, author.pusher.viewer.user_id)
        key_id = session.scalars(select(SshKey.id).where(SshKey.user_id == user.id)).one()
        key_actions.remove_key(session, user.viewer(), user, key_id=key_id)
    verdict, lines = author.push(signed)
    assert (verdict, lines[0]) == ("ng", f"{author.fingerprint} is no key of yours.")


def test_what_a_key_signed_stands_when_it_is_removed_and_added_again(author: Author, hub: Hub) -> None:
    for words in ("Good.", "Still good."):
        assert author.push(author.sign(words))[0] == "ok"
        with hub.database.writing() as session:
            user = session.get_one(User, author.pusher.viewer.user_id)
            key_id = session.scalars(select(SshKey.id).where(SshKey.user_id == user.id)).one()
            key_actions.remove_key(session, user.viewer(), user, key_id=key_id)
            if words == "Good.":
                key_actions.add_key(session, user.viewer(), user, title="again", text=author.public)
    export(hub.database, author.pusher.repository_id)
    report = verify(author.pusher.directory).report
    assert (report.faults, report.signed) == ([], 2)


def _close(session: Session, repository: Repository) -> None:
    opened = get_change(session, _owner(session, repository).viewer(), repository.path, 1, locks=True)
    close(session, _owner(session, repository).viewer(), opened)


def _archive(session: Session, repository: Repository) -> None:
    settings.archive(session, SYSTEM, repository)


def _owner(session: Session, repository: Repository) -> User:
    return session.get_one(User, repository.owner_id)


@pytest.mark.parametrize(
    ("happens", "line"),
    [
        (_close, "Change 1 is not open any more."),
        (_archive, "anna/demo is archived: it is read-only."),
    ],
)
def test_what_may_not_be_said_any_more_is_refused(
    author: Author, hub: Hub, happens: Callable[[Session, Repository], None], line: str
) -> None:
    signed = author.sign("Good.")
    with hub.database.writing() as session:
        happens(session, session.get_one(Repository, author.pusher.repository_id))
    verdict, lines = author.push(signed)
    assert (verdict, lines[0].startswith(line)) == ("ng", True), lines


def test_nobody_approves_their_own_change(author: Author, anna: Pusher, hub: Hub) -> None:
    hers = Author(anna)
    verdict, lines = hers.push(hers.sign("Good."))
    assert (verdict, lines[0]) == ("ng", "This change is your own.")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda one: SignedEntry(one.data, one.signature, (codec.make_body("Bad."),)),
        lambda one: SignedEntry(one.data, one.signature, ()),
        lambda one: SignedEntry(one.data, b"", one.bodies),
        lambda one: SignedEntry(one.data, one.signature.replace(b"U1NIU0lH", b"U1NIU0lI"), one.bodies),
    ],
    ids=["another text", "no text", "no signature", "a broken signature"],
)
def test_what_is_no_signed_entry_is_refused(
    author: Author, hub: Hub, spoil: Callable[[SignedEntry], SignedEntry]
) -> None:
    verdict, lines = author.push(spoil(author.sign("Good.")))
    assert (verdict, lines[0].split(" (")[0].split(":")[0]) in (
        ("ng", "This is no signed entry"),
        ("ng", "The signature does not hold"),
    )
    assert _reviews(hub) == []


def test_whoever_asks_who_they_are_is_introduced(author: Author, hub: Hub) -> None:
    some = author.pusher.refs()["refs/heads/main"]
    judgement = author.pusher.judge((ZERO, some, "refs/for-journal/me"))
    with hub.database.writing() as session:
        assert author.pusher.viewer.user_id is not None
        person = person_of(session, author.pusher.repository_id, author.pusher.viewer.user_id)
        assert judgement.lines == [
            f"journal-person {person.global_id}",
            f"journal-key {author.fingerprint}",
        ]
    assert judgement.answers == [("refs/for-journal/me", "ok", [])]


def test_nothing_is_deleted_and_a_commit_of_a_branch_is_no_entry(author: Author) -> None:
    some = author.pusher.refs()["refs/heads/main"]
    judgement = author.pusher.judge((some, ZERO, "refs/for-journal/x"), (ZERO, some, "refs/for-journal/y"))
    assert judgement.lines[0] == "Nothing in a journal is deleted."
    assert judgement.lines[1].startswith("This is no signed entry (")


@pytest.mark.no_replay
def test_entries_that_follow_what_is_long_past_are_signed_again(author: Author, hub: Hub) -> None:
    """An attack: so many entries beside each other that no entry can name all of them as what it follows."""
    signed = author.sign("Good.")
    with hub.database.writing() as session:
        topic = find_topic(session, author.pusher.repository_id, signed.value["topic"])
        assert topic is not None
        heads = [JournalHead(topic_id=topic.id, entry_id=f"{one:064}") for one in range(MOST_HEADS)]
        session.add_all(heads)
    assert author.push(signed) == (
        "ng",
        [
            "Too much was said since.",
            "The entry follows what is long past.",
            "Sign it again with `hub review`.",
        ],
    )
