"""What the worker prepares before somebody reads: found by a sweep, asked for by pages, gone with it."""

import shutil
from pathlib import Path

import pytest
from flask import Flask

from hub.app import Hub
from hub.clock import now
from hub.jobs import run
from hub.repos.browsing.files.preparing import prepare_folder, prepare_reading, prepare_what_was_pushed
from hub.repos.forks.forking import fork_repository
from hub.repos.git.commit_order import known_count
from hub.repos.git.commits import read_commits
from hub.repos.git.contributors import read_contributors
from hub.repos.git.languages import read_languages
from hub.repos.git.last_commits import LastCommits
from hub.repos.git.path_walk import Budget
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory, holding, reading_folder
from hub.repos.models import Repository
from hub.repos.purging import purge_deleted
from hub.repos.receive import reconcile
from hub.repos.settings.deletion import KEPT
from hub.web.request import ask_worker
from tests.factories import make_repository, make_user, unique
from tests.fast_import import Stream
from tests.odd_repository import git
from tests.visitor import Visitor

MAIN = b"refs/heads/main"
# More than a page walks.
COMMITS = 2100
NOTHING = Budget(commits=1, seconds=10)


def add_commits(place: Path, count: int) -> str:
    """Commits so often; returns the new tip."""
    stream, before = Stream(), RefFiles(place).get(MAIN)
    for number in range(count):
        files = {b"src/changing.c": b"%d\n" % number}
        if before is None:
            files |= {b"README.md": b"# Long\n", b"src/first.c": b"int main;\n", b"docs/a.md": b"a\n"}
        stream.commit(f"{number}", MAIN, files, parents=[before] if before else [])
        before = f"{number}"
    return stream.run(place)[f"{count - 1}"]


class Long:
    """anna/long: a history in whose first commit everything was made, but for one file that each touches."""

    def __init__(self, hub: Hub, history: Path) -> None:
        self.hub = hub
        with hub.database.writing() as session:
            made = make_repository(session, make_user(session, "anna"), "long")
            self.id, self.directory = made.id, directory(hub.config, made)
        self.folder = reading_folder(hub.config, self.id)
        for name in ("objects", "refs"):
            shutil.copytree(history / name, self.directory / name, dirs_exist_ok=True)
        self.tip = self._take_in()

    def add(self, count: int) -> str:
        """Commits so often, as somebody who pushes; returns the new tip."""
        add_commits(self.directory, count)
        return self._take_in()

    def _take_in(self) -> str:
        reconcile(self.hub.database, self.id)
        self.note_push()
        tip = RefFiles(self.directory).get(MAIN)
        assert tip is not None
        return tip

    def note_push(self) -> None:
        with self.hub.database.writing() as session:
            session.get_one(Repository, self.id).pushed_at = now()

    def knows(self, tip: str) -> bool:
        last = LastCommits(self.directory, self.folder)
        return last.in_folder(tip, b"src", [b"first.c", b"changing.c"], budget=NOTHING) is not None


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare repository with those commits, to copy."""
    place = tmp_path_factory.mktemp("long") / "long.git"
    git(tmp_path_factory.getbasetemp(), "init", "-q", "--bare", "-b", "main", str(place))
    add_commits(place, COMMITS)
    return place


@pytest.fixture
def long(hub: Hub, history: Path) -> Long:
    return Long(hub, history)


def prepared(one: Long) -> dict[str, object]:
    people, languages = read_contributors(one.folder), read_languages(one.folder)
    return {
        "people": people and people.tip,
        "languages": languages and languages.tip,
        "count": known_count(one.folder, one.tip),
        "last commits": one.knows(one.tip),
    }


def test_the_sweep_prepares_what_was_pushed_and_not_twice(hub: Hub, long: Long) -> None:
    nothing = {"people": None, "languages": None, "count": None, "last commits": False}
    assert prepared(long) == nothing
    prepare_what_was_pushed.function(hub.database)
    everything = {"people": long.tip, "languages": long.tip, "count": COMMITS, "last commits": True}
    assert prepared(long) == everything
    (long.folder / "languages.json").unlink()
    prepare_what_was_pushed.function(hub.database)
    prepare_reading.function(hub.database, long.id)
    assert prepared(long) == {**everything, "languages": None}


def test_the_sweep_finds_what_was_pushed_since(hub: Hub, long: Long) -> None:
    prepare_what_was_pushed.function(hub.database)
    long.tip = long.add(3)
    prepare_what_was_pushed.function(hub.database)
    assert prepared(long) == {
        "people": long.tip, "languages": long.tip, "count": COMMITS + 3, "last commits": True,
    }  # fmt: skip


def test_nothing_is_prepared_twice_at_once(hub: Hub, long: Long) -> None:
    long.folder.mkdir(parents=True)
    with holding(long.folder, "preparing.lock"):
        prepare_reading.function(hub.database, long.id)
    assert not long.knows(long.tip)


def test_a_repository_without_commits_has_nothing_to_prepare(hub: Hub, long: Long) -> None:
    with hub.database.writing() as session:
        empty = make_repository(session, make_user(session), "empty").id
    for _ in range(2):
        prepare_what_was_pushed.function(hub.database)
    assert read_contributors(reading_folder(hub.config, empty)) is None


def test_a_fork_begins_with_what_is_known_of_its_origin(hub: Hub, long: Long) -> None:
    prepare_reading.function(hub.database, long.id)
    with hub.database.writing() as session:
        person = make_user(session)
        origin = session.get_one(Repository, long.id)
        fork = fork_repository(session, person.viewer(), origin, owner=person, name=unique("fork"))
        session.flush()
        fork_id, path = fork.id, directory(hub.config, fork)
    prepare_reading.function(hub.database, fork_id)
    folder = reading_folder(hub.config, fork_id)
    names = {one.name for one in folder.iterdir()}
    assert f"touched-{long.tip}" in names
    assert known_count(folder, long.tip) == COMMITS
    assert LastCommits(path, folder).of_path(long.tip, b"README.md", budget=NOTHING) is not None


def test_what_was_prepared_goes_with_the_repository(hub: Hub, long: Long) -> None:
    prepare_reading.function(hub.database, long.id)
    with hub.database.writing() as session:
        session.get_one(Repository, long.id).deleted_at = now() - KEPT
    purge_deleted(hub.database)
    assert not long.folder.exists()
    prepare_reading.function(hub.database, long.id)
    prepare_folder.function(hub.database, long.id, long.tip, b"src".hex())
    assert not long.folder.exists()


def run_jobs(hub: Hub) -> list[str]:
    """Does what waits in the queue; returns the names of the jobs."""
    names = []
    while (task := hub.queue.huey.dequeue()) is not None:
        name, arguments = task.args
        run(hub.database, name, tuple(arguments))
        names.append(name)
    return names


BEING_WORKED_OUT = "is being worked out"


@pytest.mark.parametrize(
    "path", ["/anna/long", "/anna/long/src/branch/main/", "/anna/long/src/branch/main/src"]
)
def test_a_page_without_the_last_commits_asks_the_worker_once(
    hub: Hub, app: Flask, long: Long, path: str
) -> None:
    stranger = Visitor(app)
    run_jobs(hub)  # what it asked for that the repository was made
    for _ in range(3):
        assert BEING_WORKED_OUT in stranger.get(path, follow_redirects=True).text
    assert run_jobs(hub) == ["repos.browsing.files.preparing.prepare_folder"]
    assert BEING_WORKED_OUT not in stranger.get(path, follow_redirects=True).text
    assert long.knows(long.tip)
    assert run_jobs(hub) == []


def test_a_folder_of_another_commit_is_prepared_alone(hub: Hub, app: Flask, long: Long) -> None:
    before = LastCommits(long.directory, long.folder)
    other = Visitor(app)
    parent = read_commits(long.directory, [long.tip])[0].parent_ids[0]
    path = f"/anna/long/src/commit/{parent}/src"
    assert BEING_WORKED_OUT in other.get(path, follow_redirects=True).text
    run_jobs(hub)
    assert BEING_WORKED_OUT not in other.get(path, follow_redirects=True).text
    assert before.in_folder(parent, b"src", [b"first.c"], budget=NOTHING) is not None


def test_a_page_asks_for_few_things_altogether(hub: Hub, app: Flask, long: Long) -> None:
    run_jobs(hub)
    with app.test_request_context("/"):
        for number in range(100):
            ask_worker(prepare_reading, number)
    assert hub.queue.huey.pending_count() == 20


def test_files_that_a_push_changed_are_highlighted_before_they_are_read(hub: Hub, long: Long) -> None:
    prepare_reading.function(hub.database, long.id)
    kept = hub.config.data / "cache" / "kept"
    before = {path.parent.parent.name: path for path in kept.glob("*/*/*")}
    assert {"inked", "markdown"} <= before.keys()
    count = len(list(kept.glob("inked/*/*")))
    long.add(1)
    prepare_reading.function(hub.database, long.id)
    assert len(list(kept.glob("inked/*/*"))) == count + 1
