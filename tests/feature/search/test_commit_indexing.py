"""The index of commits holds what default branches lead to, each commit once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from hub.access import Permission, Visibility
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.clock import now
from hub.repos.access import open_repository
from hub.repos.forks import forking
from hub.repos.models import RefLogEntry, Repository
from hub.search import jobs
from hub.search.commits import keeping_up
from hub.search.commits.folder import index_folder, note_damage
from hub.search.commits.indexing import Indexed, indexing
from hub.search.commits.moved import list_moved
from hub.search.commits.watching import HistoryWatcher, look_over
from hub.search.models import CommitDocument, CommitPerson, CommitView
from tests.factories import SYSTEM, make_user
from tests.feature.search.histories import MAIN, Histories


@pytest.fixture
def histories(hub: Hub) -> Iterator[Histories]:
    made = Histories(hub)
    yield made
    made.search.close()


def test_a_push_adds_what_it_brings(histories: Histories) -> None:
    one = histories.make("anna/one")
    first = histories.commit(one, "Plant apples")
    assert histories.update(one) == Indexed(1, 1)
    second = histories.commit(one, "Water apples")
    assert histories.update(one) == Indexed(1, 2)
    assert histories.update(one) == Indexed(0, 2)
    assert histories.ids("apple") == [second, first]


def test_a_fork_is_a_row_and_no_document_until_it_has_its_own(histories: Histories) -> None:
    one = histories.make("anna/one")
    for message in ("Plant apples", "Water apples"):
        histories.commit(one, message)
    histories.update(one)
    with histories.hub.database.writing() as session:
        bo = make_user(session, "bo")
        origin = open_repository(session, SYSTEM, "anna/one", need=Permission.SEE)
        fork = forking.fork_repository(session, bo.viewer(), origin, owner=bo, name="one").id
    assert histories.update(fork) == Indexed(0, 2)
    own = histories.commit(fork, "Pick apples")
    assert histories.update(fork) == Indexed(1, 3)
    assert len(histories.ids("apples")) == 2
    assert own in histories.ids("apples fork:yes")
    places = histories.find("water fork:yes").commits[0]
    assert (places.place.path, [other.path for other in places.elsewhere]) == ("anna/one", ["bo/one"])


def test_a_history_that_is_written_anew_shows_what_it_leads_to_now(histories: Histories) -> None:
    one = histories.make("anna/one")
    kept = histories.commit(one, "Plant apples")
    histories.commit(one, "Water plums")
    histories.update(one)
    new = histories.commit(one, "Water pears", parents=[kept])
    assert histories.update(one) == Indexed(1, 2)
    assert histories.ids("water") == [new]
    assert keeping_up.drop_what_nobody_shows(histories.hub.database) == 1
    assert histories.count_rows() == 2
    other = histories.commit(one, "Something else", parents=[])
    assert histories.update(one) == Indexed(1, 1)
    assert histories.ids("before:1h") == [other]


def test_long_histories_are_taken_in_by_parts(histories: Histories) -> None:
    one = histories.make("anna/one")
    big = "\n\nword " + "x" * 300
    tip = [histories.commit(one, f"Number {number}{big}") for number in range(5)][-1]
    assert histories.update(one) == Indexed(5, 5)
    assert histories.ids("number", order="newest")[0] == tip
    assert len(histories.ids("word")) == 5


def test_what_only_a_deleted_repository_said_leaves_the_files(histories: Histories) -> None:
    one = histories.make("anna/one")
    two = histories.make("anna/two", visibility=Visibility.PRIVATE)
    for repository_id, word in ((one, "Shared apples"), (two, "Hushed xylophones")):
        histories.commit(repository_id, word, who=f"Who{word[:3]} <{word[:3]}@example.org>")
        histories.update(repository_id)
    assert b"xylophon" in histories.files()
    with histories.hub.database.writing() as session:
        session.execute(delete(Repository).where(Repository.id == two))
    jobs.drop_unused_commits.function(histories.hub.database)
    assert b"xylophon" not in histories.files()
    assert len(histories.ids("apples")) == 1
    with histories.hub.database.reading() as session:
        assert session.scalars(select(CommitPerson.name)).all() == ["WhoSha"]
    assert histories.count_rows() == 1


def test_the_look_finds_what_was_pushed_and_the_sweep_everything_else(histories: Histories) -> None:
    database = histories.hub.database
    one = histories.make("anna/one")
    tip = histories.commit(one, "Plant apples")
    watcher = HistoryWatcher(database)
    watcher.look()
    assert histories.ids("apples") == [tip]
    later = histories.commit(one, "Plant more apples")
    # Nobody wrote down that it was pushed: the look sees no reason, the sweep compares.
    watcher.look()
    assert histories.ids("more") == []
    jobs.index_histories.function(database)
    assert histories.ids("more") == [later]
    last = histories.commit(one, "Pick them")
    with database.writing() as session:
        values = {"repository_id": one, "ref": MAIN, "old_id": later, "new_id": last}
        session.execute(insert(RefLogEntry).values(**values, push_id="x", at=now(), push_size=1))
    watcher.look()
    assert histories.ids("pick") == [last]
    with database.writing() as session:
        session.execute(update(Repository).values(default_branch="next"))
    look_over(database)
    assert histories.ids("apples") == []
    with database.reading() as session:
        assert list_moved(session, database.config) == []


def test_who_finds_the_index_held_leaves_it(histories: Histories) -> None:
    one = histories.make("anna/one")
    histories.commit(one, "Plant apples")
    watcher = HistoryWatcher(histories.hub.database)
    with indexing(histories.hub.database):
        watcher.look()
        assert keeping_up.drop_what_nobody_shows(histories.hub.database) == 0
    watcher.look()
    assert len(histories.ids("apples")) == 1


@pytest.mark.parametrize("harm", ["gone", "damaged", "beside other rows"])
def test_an_index_that_is_not_what_rows_say_is_made_again(histories: Histories, harm: str) -> None:
    database = histories.hub.database
    one = histories.make("anna/one")
    tips = [histories.commit(one, "Plant apples"), histories.commit(one, "Water apples")]
    histories.update(one)
    if harm == "gone":
        for file in index_folder(database.config).iterdir():
            file.unlink()
    elif harm == "damaged":
        note_damage(database.config)
    else:
        with database.writing() as session:
            session.execute(update(CommitDocument).where(CommitDocument.number == 0).values(number=77))
        jobs.drop_unused_commits.function(database)
    jobs.index_histories.function(database)
    assert histories.ids("apples", order="oldest") == tips


def test_a_crash_between_index_and_rows_leaves_what_nobody_is_shown(histories: Histories) -> None:
    database = histories.hub.database
    one = histories.make("anna/one")
    tip = histories.commit(one, "Plant apples")
    histories.update(one)
    with database.writing() as session:
        session.execute(delete(CommitView))
        session.execute(delete(CommitDocument))
    assert histories.ids("apples") == []
    assert histories.update(one) == Indexed(1, 1)
    assert histories.ids("apples") == [tip]
    assert keeping_up.drop_what_nobody_shows(database) == 1
    assert histories.ids("apples") == [tip]


def test_a_repository_that_was_deleted_is_not_searched_until_it_is_back(histories: Histories) -> None:
    one = histories.make("anna/one")
    tip = histories.commit(one, "Plant apples")
    histories.update(one)
    for deleted_at, found in ((now() - timedelta(days=1), []), (None, [tip])):
        with histories.hub.database.writing() as session:
            session.execute(update(Repository).values(deleted_at=deleted_at))
        assert histories.ids("apples") == found
    with histories.hub.database.reading() as session:
        assert session.get(CommitView, (one, MAIN)) is not None
        assert get_user(session, "anna").name == "anna"
