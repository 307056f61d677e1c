"""What was taken away leaves the disk, whatever holds it, and everything else stays as it was."""

import hashlib
import os
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from hub.accounts import leaving
from hub.accounts.models import User
from hub.app import Hub
from hub.clock import now
from hub.doctor import examine
from hub.journal.format.codec import make_body
from hub.journal.format.records import commit_bytes
from hub.journal.jobs import purge_again, purge_words
from hub.journal.models import JournalBody, JournalDamage, JournalEntry, JournalLeftover
from hub.journal.people import person_of
from hub.journal.recording import find_topic
from hub.journal.redacting import redact
from hub.journal.refs.purging import purge
from hub.kept import kept_in
from hub.repos.browsing.files.prose import prepare_markdown
from hub.repos.forks.forking import fork_repository
from hub.repos.git.loans import has_ended_lately
from hub.repos.git.record_objects import RecordObjects
from hub.repos.git.store import ALIVE_LOCK, directory, lock
from hub.repos.maintenance import maintain
from hub.repos.models import Repository
from tests.factories import make_user, unique
from tests.feature.journal.test_exporting import Talk
from tests.left_words import find_words, objects_of

SECRET = "the password is hunter2"
STEPS = (
    "exported",
    "forks looked at",
    "graph",
    "packed",
    "unlisted",
    "emptied",
    "dropped",
    "loose",
    "objects",
    "kept",
    "scrubbed",
)


class PowerCut(Exception):
    """Everything ends here."""


class Taken(Talk):
    """A talk in which something was said that was taken away, in packs and in loose objects."""

    def __init__(self, hub: Hub, *, is_packed: bool) -> None:
        super().__init__(hub)
        self.say("Looks good.")
        self.say(SECRET)
        self.export()
        self.say("And more.")
        self.export()
        if is_packed:
            maintain(hub.database, self.repository_id)
            assert list(self.path.glob("objects/pack/*.bitmap"))
            self.say("Something loose.")
            self.export()

    def take_away(self) -> None:
        with self.hub.database.writing() as session:
            topic = find_topic(session, self.repository_id, self.topic_id)
            assert topic is not None
            bodies = session.execute(
                select(JournalBody.digest, JournalBody.content)
                .join(JournalEntry, JournalEntry.id == JournalBody.entry_id)
                .where(JournalEntry.topic_id == topic.id)
            )
            digests = [one for one, content in bodies if SECRET.encode() in (content or b"")]
            assert len(digests) == 1
            redact(session, topic, person=None, digests=digests)

    def purge(self) -> bool:
        return purge(self.hub.database, [self.repository_id]) == [self.repository_id]

    def old_tip(self) -> str:
        return self.refs()["refs/hub/changes/1"]

    def left(self) -> list[str]:
        return find_words(self.hub.config.data, SECRET.encode())

    def rows(self) -> int:
        with self.hub.database.reading() as session:
            return len(session.scalars(select(JournalLeftover)).all())

    def check(self) -> None:
        """Nothing is left of the words, and the repository is whole, down to what only makes it fast."""
        assert self.left() == []
        assert self.rows() == 0
        check_whole(self.path)
        assert "journal" in self.git("log", "--format=%s", "refs/hub/changes/1")
        assert self.git("show", "refs/hub/changes/1~0:") != ""


def check_whole(path: Path) -> None:
    for command in (("fsck", "--full", "--strict"), ("rev-list", "--objects", "--all", "--quiet")):
        done = subprocess.run(("git", "-C", str(path), *command), capture_output=True, text=True, check=True)
        assert "missing" not in done.stdout + done.stderr
        assert "broken" not in done.stdout + done.stderr
        assert "error" not in done.stderr
    if (path / "objects/pack/multi-pack-index").exists():
        subprocess.run(("git", "-C", str(path), "multi-pack-index", "verify"), check=True)
    if (path / "objects/info/commit-graph").exists():
        subprocess.run(("git", "-C", str(path), "commit-graph", "verify"), check=True)


@pytest.fixture(params=[False, True], ids=["loose", "packed"])
def taken(hub: Hub, request: pytest.FixtureRequest) -> Taken:
    return Taken(hub, is_packed=request.param)


def fork(talk: Taken) -> tuple[int, Path]:
    with talk.hub.database.writing() as session:
        person = make_user(session)
        origin = session.get_one(Repository, talk.repository_id)
        made = fork_repository(session, person.viewer(), origin, owner=person, name=unique("fork"))
        session.flush()
        return made.id, directory(talk.hub.config, made)


def test_the_words_leave_every_file(taken: Taken) -> None:
    other = taken.git("hash-object", "-w", "--stdin").strip()
    prepare_markdown(taken.hub.config, blob_id=sha256(SECRET), content=SECRET.encode())
    assert len(taken.left()) > 1
    taken.take_away()
    old = taken.old_tip()
    purge_words.function(taken.hub.database)
    purge_words.function(taken.hub.database)
    taken.check()
    assert kept_in(taken.hub.config).get("markdown", 2, 1, sha256(SECRET)) is None
    # Nobody misses what named them; what has nothing to do with them stays.
    assert subprocess.run(("git", "-C", str(taken.path), "cat-file", "-e", old), check=False).returncode != 0
    taken.git("cat-file", "-e", other)


def sha256(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


def test_a_fork_that_borrows_stays_whole(taken: Taken) -> None:
    fork_id, path = fork(taken)
    taken.take_away()
    assert taken.purge()
    taken.check()
    check_whole(path)
    maintain(taken.hub.database, fork_id)
    check_whole(path)


def test_a_fork_whose_branch_holds_them_keeps_them_as_its_own(taken: Taken) -> None:
    _, path = fork(taken)
    subprocess.run(("git", "-C", str(path), "update-ref", "refs/heads/mine", taken.old_tip()), check=True)
    taken.take_away()
    assert taken.purge()
    check_whole(taken.path)
    check_whole(path)
    assert taken.left() != []
    assert not any(taken.path.name in one for one in taken.left())


def test_a_copy_that_lies_about_in_a_fork_goes_as_well(taken: Taken) -> None:
    _, path = fork(taken)
    with taken.hub.database.reading() as session:
        (body,) = (
            one for one in session.scalars(select(JournalBody.content)) if SECRET.encode() in (one or b"")
        )
    write = ("git", "-C", str(path), "hash-object", "-w", "--stdin")
    subprocess.run(write, input=body, check=True, capture_output=True)
    taken.take_away()
    assert taken.purge()
    taken.check()


def test_a_push_that_was_refused_before_leaves_nothing_either(taken: Taken) -> None:
    objects = RecordObjects(taken.path)
    tree_id = objects.write_tree({"0.0": make_body(SECRET)})
    objects.write_commit(commit_bytes(tree_id, "", 0, b"journal entry: comment\n"))
    kept = objects.write_commit(commit_bytes(objects.write_tree({"0.0": make_body("Other.")}), "", 0, b"x\n"))
    taken.take_away()
    assert taken.purge()
    taken.check()
    taken.git("cat-file", "-e", f"{kept}^{{tree}}")


def test_words_that_were_never_exported_leave_too(hub: Hub) -> None:
    talk = Talk(hub)
    talk.say(SECRET)
    Taken.take_away(talk)  # type: ignore[arg-type]
    assert purge(hub.database, [talk.repository_id]) == [talk.repository_id]
    assert find_words(hub.config.data, SECRET.encode()) == []
    check_whole(talk.path)


def test_the_name_of_somebody_who_left_leaves_the_repository(hub: Hub) -> None:
    talk = Talk(hub)
    with hub.database.writing() as session:
        user = make_user(session, "zebulon")
        viewer, user_id = user.viewer(), user.id
        person_of(session, talk.repository_id, user_id)
    talk.export()
    assert b"zebulon" in objects_of(talk.path)
    with hub.database.writing() as session:
        leaving.delete_account(session, viewer, session.get_one(User, user_id))
    purge_words.function(hub.database)
    assert b"zebulon" not in objects_of(talk.path)
    check_whole(talk.path)


def test_pushes_of_the_next_days_are_looked_at_once_more(taken: Taken) -> None:
    _, path = fork(taken)
    assert not has_ended_lately(taken.path)
    taken.take_away()
    assert taken.purge()
    assert has_ended_lately(taken.path)
    assert has_ended_lately(path)


def test_the_doctor_says_what_is_left_for_long(taken: Taken) -> None:
    taken.take_away()
    found = {one.name: one for one in examine(taken.hub.config)}["words taken away"]
    assert found.fault is None
    with taken.hub.database.writing() as session:
        session.execute(update(JournalLeftover).values(since=now() - timedelta(hours=2)))
    found = {one.name: one for one in examine(taken.hub.config)}["words taken away"]
    assert found.found == "1 texts that were taken away may still be on the disk."


def test_what_was_put_aside_does_not_keep_them(taken: Taken) -> None:
    tip = taken.old_tip()
    taken.git("update-ref", "refs/hub-broken/changes/1/x", tip)
    taken.take_away()
    assert taken.purge()
    taken.check()
    assert "refs/hub-broken/changes/1/x" not in taken.refs()
    with taken.hub.database.reading() as session:
        assert not any(session.scalars(select(JournalDamage.kept_as)).all())


def test_it_waits_for_a_push_and_a_sweep_finds_it_again(taken: Taken) -> None:
    taken.take_away()
    alive = lock(taken.path, ALIVE_LOCK, shared=True)
    assert alive is not None
    try:
        assert purge(taken.hub.database, [taken.repository_id], wait_seconds=0.1) == []
    finally:
        os.close(alive)
    assert taken.rows() == 1
    purge_again.function(taken.hub.database)
    taken.check()


@pytest.mark.parametrize("last", STEPS)
def test_a_crash_at_any_step_is_made_up_for(hub: Hub, last: str) -> None:
    taken = Taken(hub, is_packed=True)
    taken.take_away()

    def stop(step: str) -> None:
        if step == last:
            raise PowerCut(step)

    with pytest.raises(PowerCut):
        purge(hub.database, [taken.repository_id], stop=stop)
    subprocess.run(("git", "-C", str(taken.path), "fsck", "--full"), check=True, capture_output=True)
    assert taken.rows() == 1
    purge_again.function(hub.database)
    taken.check()
