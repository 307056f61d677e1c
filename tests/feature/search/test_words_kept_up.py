"""The index of words says what rows say, soon after, whatever became of it; what was taken away is gone."""

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from hub.access import ANONYMOUS, Role, Visibility
from hub.clock import now
from hub.issues.models import Draft, Topic
from hub.journal.models import JournalBody
from hub.journal.redacting import redact
from hub.repos.access import find_repository
from hub.repos.git.store import directory
from hub.repos.models import Collaborator, Repository
from hub.search import jobs
from hub.search.engine.damage import IndexDamaged
from hub.search.models import ChangedPaths
from hub.search.words import keeping_up
from hub.search.words.documents import Document, DocumentKind
from hub.search.words.marks import index_folder, is_behind
from tests.factories import SYSTEM
from tests.fast_import import Stream
from tests.feature.search.word_ground import Words
from tests.left_words import find_words


def _is_behind(words: Words) -> bool:
    with words.hub.database.reading() as session:
        return is_behind(session, words.hub.config)


def test_what_is_said_is_found_after_the_next_look(words: Words) -> None:
    anna = words.person("anna")
    demo = words.repository(anna, "demo")
    look = jobs.follow_talk(words.hub.database)
    topic = words.open(demo, anna, "Apple")
    look()
    assert words.rows("changes", "apple") == [topic]
    said = words.say(topic, anna, "Pear")
    assert words.rows("comments", "pear") == []
    look()
    assert words.rows("comments", "pear") == [said]
    before = sorted(index_folder(words.hub.config).iterdir())
    look()
    assert sorted(index_folder(words.hub.config).iterdir()) == before
    jobs.index_words.function(words.hub.database)
    assert not _is_behind(words)


def test_what_may_not_be_seen_is_neither_found_nor_counted(words: Words) -> None:
    chance = random.Random(8)
    people = [words.person(f"person{at}") for at in range(3)]
    ids = [
        words.repository(chance.choice(people), f"r{at}", chance.choice(list(Visibility))) for at in range(8)
    ]
    with words.hub.database.writing() as session:
        for one in ids:
            owner_id = session.get_one(Repository, one).owner_id
            for who in chance.sample(people, chance.randint(0, 2)):
                if who.user_id != owner_id:
                    row = Collaborator(repository_id=one, user_id=who.user_id, role=Role.READ)
                    row.created_at = now()
                    session.add(row)
    made = {one: words.open(one, people[0], f"Apple {one}") for one in ids}
    said = {one: words.say(made[one], people[1], "An apple " * chance.randint(1, 5)) for one in ids}
    words.catch_up()
    for viewer in (ANONYMOUS, *people, SYSTEM):
        with words.hub.database.reading() as session:
            seen = {one for one in ids if find_repository(session, viewer, one) is not None}
        expected = {made[one] for one in seen}
        for query in ("apple", "is:open", "apple author:person0", "-pear"):
            assert set(words.rows("changes", query, viewer)) == expected, query
        assert set(words.rows("comments", "apple", viewer)) == {said[one] for one in seen}
        assert set(words.rows("repositories", "repo:r", viewer)) == seen
        # A word that stands in no visible text is as good as no word.
        for one in set(ids) - seen:
            assert words.rows("changes", f'"apple {one}"', viewer) == []


def test_words_that_were_taken_away_leave_every_file(words: Words) -> None:
    anna = words.person("anna")
    topic = words.open(words.repository(anna, "demo"), anna, "Apple hunterone\n\nHuntertwo")
    said = words.say(topic, anna, "Pear hunterthree")
    others = [words.say(topic, anna, f"Plum number {at}") for at in range(3)]
    words.catch_up()
    folder = index_folder(words.hub.config)
    secrets = [b"hunteron", b"huntertwo", b"hunterthre"]
    assert all(find_words(folder, one) for one in secrets)
    with words.hub.database.writing() as session:
        journal = words.journal(session.get_one(Topic, topic).journal_id, session)
        bodies = session.execute(select(JournalBody.digest, JournalBody.content)).all()
        taken = [one for one, content in bodies if content is not None and b"unter" in content]
        redact(session, journal, person=None, digests=taken)
    # At once nothing is shown of them, and after two sweeps nothing stands on the disk.
    assert words.rows("comments", "hunterthree") == []
    keeping_up.index_new_entries(words.hub.database)
    assert words.rows("changes", "hunterone") == words.rows("comments", "hunterthree") == []
    assert words.rows("comments", "plum", order="oldest") == others
    assert said not in others
    assert _is_behind(words)
    jobs.index_words.function(words.hub.database)
    assert [find_words(folder, one) for one in secrets] == [[], [], []]
    assert words.rows("comments", "plum", order="oldest") == others
    assert not _is_behind(words)


@contextmanager
def _index_of(words: Words) -> Iterator[keeping_up.WordIndex]:
    with keeping_up.indexing(words.hub.config) as index:
        yield index


def test_an_index_that_is_ahead_behind_or_of_another_database_shows_rows_alone(words: Words) -> None:
    anna = words.person("anna")
    topic = words.open(words.repository(anna, "demo"), anna, "Apple")
    with _index_of(words) as index, index.writing(expected=9) as writer:
        wrong = [
            Document(DocumentKind.CHANGE, topic, unit=topic, stamp=1, repository=1, title="Pear"),
            Document(DocumentKind.CHANGE, 99, unit=99, stamp=1, repository=1, title="Pear"),
            Document(DocumentKind.COMMENT, 98, unit=99, stamp=1, repository=1, body="Pear"),
        ]
        writer.add(wrong)
    assert words.rows("changes", "pear") == [topic]
    assert words.rows("comments", "pear") == []
    words.catch_up()
    assert words.rows("changes", "pear") == []
    assert words.rows("changes", "apple") == [topic]
    with _index_of(words) as index:
        assert sum(int(one.live.sum()) for one in index.segments()) == 3


def test_an_index_that_is_damaged_or_gone_is_made_again(words: Words) -> None:
    anna = words.person("anna")
    topic = words.open(words.repository(anna, "demo"), anna, "Apple apple")
    words.catch_up()
    folder = index_folder(words.hub.config)
    for one in folder.glob("words*.seg"):
        one.unlink()
    other = Words(words.hub)
    with pytest.raises(IndexDamaged):
        other.rows("changes", "apple")
    words.catch_up()
    assert words.rows("changes", "apple") == [topic]
    shutil.rmtree(folder)
    assert _is_behind(words)
    words.catch_up()
    assert words.rows("changes", "apple") == [topic]


def test_an_index_that_is_built_again_finds_the_same(words: Words) -> None:
    anna = words.person("anna")
    topic = words.open(words.repository(anna, "demo"), anna, "Apple")
    said = words.say(topic, anna, "Pear")
    words.catch_up()
    with words.hub.database.writing() as session:
        session.add(
            Draft(
                topic_id=topic,
                user_id=anna.user_id,
                reply_to="",
                text="Pear plum",
                created_at=now(),
                updated_at=now(),
            )
        )
    assert keeping_up.rebuild(words.hub.database) == 4
    assert words.rows("changes", "apple") == [topic]
    assert words.rows("comments", "pear", anna) == [said]
    assert words.rows("comments", "plum", anna) == []
    assert not _is_behind(words)


def test_the_files_that_a_change_touches_are_kept(words: Words) -> None:
    anna = words.person("anna")
    demo = words.repository(anna, "demo")
    with words.hub.database.reading() as session:
        path = directory(words.hub.config, session.get_one(Repository, demo))
    stream = Stream()
    stream.commit("first", b"refs/heads/main", {b"a.txt": b"1\n", b"docs/b.md": b"1\n"})
    stream.commit("second", b"refs/heads/next", {b"docs/B\xe9.md": b"2\n"}, removes=[b"a.txt"])
    ids = stream.run(path)
    topic = words.open(demo, anna, "Apple")
    d = {"n": 2, "commit": ids["second"], "base": ids["first"]}
    words.act(topic, anna, "patchset", d)
    words.catch_up()
    with words.hub.database.reading() as session:
        kept = session.get_one(ChangedPaths, topic)
        assert kept.commit_id == ids["second"]
        assert "\ndocs/b\ufffd.md\n" in kept.paths
    assert words.rows("changes", "path:docs/*.md") == [topic]
    assert words.rows("changes", "path:nowhere") == []
