"""A hub in which things are said, indexed and searched in this process."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from hub.access import ANONYMOUS, Viewer, Visibility
from hub.accounts.models import User
from hub.app import Hub
from hub.clock import now
from hub.issues.models import Comment, Topic
from hub.issues.numbers import next_number
from hub.journal.models import JournalTopic
from hub.journal.people import person_of
from hub.journal.recording import find_topic
from hub.journal.replay import act, begin
from hub.search.words import keeping_up
from hub.search.words.finding import FoundPage, WordSearch
from hub.search.words.kind import Asked
from hub.search.words.queries import read_word_query
from hub.search.words.registry import KINDS
from tests.factories import make_repository, make_user


@dataclass
class Words:
    """What is said and found there."""

    hub: Hub
    search: WordSearch = field(init=False)

    def __post_init__(self) -> None:
        self.search = WordSearch(self.hub.config)

    def person(self, name: str) -> Viewer:
        """Somebody new."""
        with self.hub.database.writing() as session:
            return make_user(session, name).viewer()

    def repository(self, owner: Viewer, name: str, visibility: Visibility = Visibility.PUBLIC) -> int:
        """A new repository of theirs."""
        with self.hub.database.writing() as session:
            user = session.get_one(User, owner.user_id)
            return make_repository(session, owner=user, name=name, visibility=visibility).id

    def open(self, repository_id: int, author: Viewer, words: str, **d: Any) -> int:
        """A change with a patch set; returns its row."""
        with self.hub.database.writing() as session:
            person = person_of(session, repository_id, author.user_id or 0)
            number = next_number(session, repository_id)
            opening = {"number": number, "target": "main", "draft": False, "name": "", **d}
            made = begin(session, repository_id, type="change", person=person, d=opening, bodies=[words])
            patch_set = {"n": 1, "commit": f"{number:040x}", "base": f"{number + 1000:040x}"}
            act(session, made.topic, kind="patchset", person=person, d=patch_set)
            return session.scalars(select(Topic.id).where(Topic.journal_id == made.topic.id)).one()

    def act(self, topic_id: int, who: Viewer, kind: str, d: dict[str, Any], *bodies: str) -> str:
        """Something that happens to a change; returns the entry's id."""
        with self.hub.database.writing() as session:
            topic = self.journal(session.get_one(Topic, topic_id).journal_id, session)
            person = person_of(session, topic.repository_id, who.user_id or 0)
            return act(session, topic, kind=kind, person=person, d=d, bodies=bodies).entry.id

    def journal(self, journal_id: int, session: Any) -> JournalTopic:
        """The topic of the journal, locked."""
        row = session.get_one(JournalTopic, journal_id)
        topic = find_topic(session, row.repository_id, row.topic_id)
        assert topic is not None
        return topic

    def say(self, topic_id: int, who: Viewer, words: str, at: dict[str, Any] | None = None) -> int:
        """A comment; returns its row."""
        one: dict[str, Any] = {"body": 0} if at is None else {"body": 0, "at": at}
        entry_id = self.act(topic_id, who, "comment", {"comments": [one]}, words)
        with self.hub.database.reading() as session:
            return session.scalars(select(Comment.id).where(Comment.global_id == f"{entry_id}.0")).one()

    def catch_up(self) -> None:
        """What the worker does each minute."""
        keeping_up.catch_up(self.hub.database)

    def find(
        self, kind: str, query: str, viewer: Viewer = ANONYMOUS, *, order: str = "", page: int = 1
    ) -> FoundPage:
        """A page of results."""
        with self.hub.database.reading() as session:
            asked = Asked(session, viewer, now())
            read = read_word_query(query, KINDS[kind], KINDS)
            return self.search.find(asked, KINDS[kind], read, order=order, page=page)

    def rows(self, kind: str, query: str, viewer: Viewer = ANONYMOUS, *, order: str = "") -> list[int]:
        """The rows that are found, in order; each is shown, and as many as are counted."""
        found = self.find(kind, query, viewer, order=order)
        assert found.total == len(found.names)
        assert len(self.shown(kind, found, viewer)) == len(found.names)
        return [row for _, row in found.names]

    def shown(self, kind: str, found: FoundPage, viewer: Viewer = ANONYMOUS) -> Sequence[Any]:
        """What a page writes of them."""
        with self.hub.database.reading() as session:
            return KINDS[kind].show(session, viewer, found.names, [])
