"""Reviews written at a terminal: signed with the key that one pushes with, and sent by git itself."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from hub import signing
from hub.errors import Forbidden, HubError, Unavailable
from hub.issues.models import Topic
from hub.journal.format import codec
from hub.journal.models import JournalEntry, JournalTopic
from hub.journal.refs.exporting import export
from hub.reviews.models import Review, VerdictValue
from hub.reviews.terminal.reviewing import Desk, Wanted
from tests.factories import write_key
from tests.git_client import GitClient
from tests.served import ROOT, Person, Served
from tests.wire.beside import beside
from tests.wire.records import refs_on_disk, repository_id
from tests.wire.ways import Way


@pytest.fixture
def clone(his: GitClient, hers: GitClient, way: Way, path: str, work: Path, ben: Person) -> Path:
    """Ben's clone of Anna's repository, in which she proposed change 1."""
    hers.commit(work, "Fix typo", {"README": "the\n"})
    hers.push(work, "origin", "HEAD:refs/for/main")
    export(way.served.hub.database, repository_id(way.served, path))
    his.clone(way.url(path, ben))
    return his.folder / "clone"


def reviews(served: Served, path: str) -> list[tuple[str, str | None]]:
    """What was said, the newest first."""
    with served.hub.database.reading() as session:
        in_repository = Topic.repository_id == repository_id(served, path)
        query = select(Review.verdict, Review.text).join(Topic, Topic.id == Review.topic_id)
        rows = session.execute(query.where(in_repository).order_by(Review.id.desc()))
        return [(str(verdict), text) for verdict, text in rows]


def newest_signed(served: Served, path: str) -> tuple[bytes, bytes]:
    """The entry of the repository that was signed last, with its signature."""
    with served.hub.database.reading() as session:
        in_repository = JournalTopic.repository_id == repository_id(served, path)
        query = select(JournalEntry.data, JournalEntry.signature).join(JournalTopic)
        signed = query.where(in_repository, JournalEntry.signature.is_not(None))
        data, signature = session.execute(signed.order_by(JournalEntry.id.desc())).first() or (b"", b"")
        return data, signature or b""


def approve(words: str = "Good.", **more: object) -> Wanted:
    return Wanted(1, VerdictValue.APPROVE, words, **more)  # type: ignore[arg-type]


def test_a_review_is_signed_and_sent_by_the_way_one_pushes(
    his: GitClient, way: Way, path: str, clone: Path, ben: Person
) -> None:
    """Ben never acted in this repository: the hub introduces him first."""
    desk = Desk(clone, his.environment, "origin")
    key = None if way.name == "ssh" else ben.key
    written = desk.write(approve(key=key))
    lines = desk.send(written)
    assert lines == [
        f"Your review of change 1, signed with {written.fingerprint}:",
        f"  {way.served.http}/{path}/changes/1",
    ]
    assert reviews(way.served, path)[0] == ("approve", "Good.")
    data, signature = newest_signed(way.served, path)
    assert signing.verify(signature, signing.ENTRY, data) == codec.decode(data)["key"]
    export(way.served.hub.database, repository_id(way.served, path))
    with pytest.raises(Forbidden, match="holds this entry already"):
        desk.send(written)
    again = Desk(clone, his.environment, "origin").write(approve("Still good.", key=key))
    assert again.change.find_person(again.fingerprint) == codec.decode(data)["by"]
    desk.send(again)
    assert [text for _, text in reviews(way.served, path)] == ["Still good.", "Good."]
    refs = refs_on_disk(his, way.served.git_directory(path))
    assert not [one for one in refs if one.startswith("refs/for")]


@pytest.fixture
def agent(tmp_path: Path, ben: Person) -> Iterator[str]:
    """The socket of an ssh-agent that holds Ben's key."""
    socket = tmp_path / "agent"
    with beside(("ssh-agent", "-D", "-a", str(socket)), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        add = ("ssh-add", "-q", str(ben.key))
        subprocess.run(add, env={**os.environ, "SSH_AUTH_SOCK": str(socket)}, check=True)
        yield str(socket)


@pytest.mark.parametrize("way", ["http"], indirect=True)
def test_a_key_in_an_agent_signs_and_what_was_signed_is_sent_by_git_alone(
    his: GitClient, way: Way, path: str, clone: Path, agent: str
) -> None:
    environment = {**his.environment, "SSH_AUTH_SOCK": agent, "PYTHONPATH": str(ROOT)}
    command = (sys.executable, "-m", "hub", "sign", "--request-changes", "-m", "One.", "-m", "Two.", "#1")
    done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("Requests changes to patch set 1 (")
    entry, *_, send = done.stdout.splitlines()
    assert codec.decode(entry.encode())["kind"] == "review"
    his.run(*send.split()[1:], cwd=clone)
    assert reviews(way.served, path)[0] == ("request_changes", "One.\n\nTwo.")


def test_a_repository_that_one_may_not_see_is_none(
    his: GitClient, way: Way, anna: Person, ben: Person, clone: Path
) -> None:
    """An attack: a review is pushed to a private repository, by somebody who may not see it."""
    hidden = way.served.repository(anna, private=True)
    desk = Desk(clone, his.environment, "origin")
    written = desk.write(approve(key=ben.key))
    said = []
    for one in (hidden, f"{anna.name}/none"):
        his.run("remote", "set-url", "origin", way.url(one, ben), cwd=clone)
        with pytest.raises(HubError) as refused:
            desk.send(written)
        with pytest.raises(Unavailable, match="was not fetched"):
            desk.write(approve(key=ben.key))
        said.append(refused.value.as_text().replace(one, "PATH"))
    assert said[0] == said[1]
    assert "No repository PATH." in said[0]


def test_a_key_that_is_not_ones_own_signs_nothing(
    his: GitClient, way: Way, anna: Person, clone: Path
) -> None:
    desk = Desk(clone, his.environment, "origin")
    with pytest.raises(Forbidden, match="somebody else's"):
        desk.send(desk.write(Wanted(1, VerdictValue.COMMENT, "Hm.", key=anna.key)))
    stranger = clone.parent / "stranger"
    write_key(stranger)
    with pytest.raises(Forbidden, match="No key that is here is one of your account"):
        desk.write(approve(key=stranger))
