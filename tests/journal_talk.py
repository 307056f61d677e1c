"""A repository with a change that is talked about, and what stands in its refs."""

import subprocess
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.app import Hub
from hub.issues.models import Comment
from hub.journal.models import JournalDamage
from hub.journal.people import person_of
from hub.journal.recording import find_topic
from hub.journal.refs import exporting
from hub.journal.refs.exporting import export
from hub.journal.replay import act, begin
from tests import databases
from tests.factories import make_repository, make_user


class Talk:
    """A repository with a change that is talked about."""

    def __init__(self, hub: Hub, name: str = "anna") -> None:
        self.hub = hub
        with hub.database.writing() as session:
            user = make_user(session, name)
            self.repository_id = make_repository(session, owner=user).id
            self.user_id = user.id
            self.topic_id = self.open(session, 1)
        path = exporting.find_place(hub.database, self.repository_id)
        assert path is not None
        self.path = path

    def open(self, session: Session, number: int) -> str:
        person = person_of(session, self.repository_id, self.user_id)
        d = {"number": number, "target": "main", "draft": False, "name": ""}
        return begin(
            session, self.repository_id, type="change", person=person, d=d, bodies=["Fix it"]
        ).entry.id

    def say(self, words: str) -> None:
        with self.hub.database.writing() as session:
            person = person_of(session, self.repository_id, self.user_id)
            topic = find_topic(session, self.repository_id, self.topic_id)
            assert topic is not None
            act(session, topic, kind="comment", person=person, d={"comments": [{"body": 0}]}, bodies=[words])

    def export(self, stop: Callable[[str], None] = lambda _: None) -> int:
        return export(self.hub.database, self.repository_id, stop=stop)

    def refs(self) -> dict[str, str]:
        out = self.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/hub", "refs/hub-broken")
        return dict(line.split(" ") for line in out.splitlines())

    def git(self, *command: str) -> str:
        return subprocess.run(
            ("git", "-C", str(self.path), *command), capture_output=True, text=True, check=True
        ).stdout

    def damage(self) -> list[str]:
        with self.hub.database.reading() as session:
            return [
                str(one.kind) for one in session.scalars(select(JournalDamage).order_by(JournalDamage.id))
            ]

    def keep_database(self) -> bytes:
        """What the database holds now, as SQLite alone gives it."""
        self.hub.database.dispose()
        return (self.hub.config.data / databases.FILE).read_bytes()

    def put_back(self, content: bytes) -> None:
        """Has the database be what it was."""
        self.hub.database.dispose()
        (self.hub.config.data / databases.FILE).write_bytes(content)

    def words(self) -> list[str | None]:
        """What comments say."""
        with self.hub.database.reading() as session:
            return list(session.scalars(select(Comment.text).order_by(Comment.id)))
