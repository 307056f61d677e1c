"""What happens to repositories is right in search a look later; a sweep finds what no look saw."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, insert, select, update
from structlog.testing import capture_logs

from hub import jobs as all_jobs
from hub.access import ANONYMOUS, Viewer, Visibility
from hub.accounts.models import User
from hub.app import Hub
from hub.clock import now
from hub.repos.forks.forking import fork_repository
from hub.repos.git.store import directory
from hub.repos.imports.import_run import run_import
from hub.repos.imports.imports import keep_upload, start_import
from hub.repos.models import ZERO_ID, RefLogEntry, Repository
from hub.repos.settings.deletion import delete_repository, restore_repository
from hub.repos.settings.handover import rename, transfer
from hub.repos.settings.settings import set_default_branch
from hub.search import jobs
from hub.search.code.finding import CodeSearch
from hub.search.code.indexing import indexing
from hub.search.code.keeping_up import index_moved
from hub.search.code.moved import list_moved
from hub.search.code.queries import read_code_query
from hub.search.code.watching import RefWatcher
from hub.search.models import CodeRequest, CodeView
from tests.factories import SYSTEM, make_repository, make_user
from tests.fast_import import Files
from tests.feature.search.test_code_indexing import MAIN, Code
from tests.git_client import GitClient

NEXT = "refs/heads/next"


@dataclass
class Watched(Code):
    """A hub whose worker looks whenever it is told to, and that is searched."""

    watcher: RefWatcher
    search: CodeSearch

    def push(self, repository_id: int, files: Files, *, ref: str = MAIN) -> None:
        """A commit on a branch, and the row that the record of a push writes."""
        self.commit(repository_id, files, ref=ref)
        tip = (self.path(repository_id) / ref).read_text().strip()
        values = {"repository_id": repository_id, "ref": ref, "old_id": ZERO_ID, "new_id": tip}
        with self.hub.database.writing() as session:
            session.execute(insert(RefLogEntry).values(**values, push_id="x", at=now(), push_size=1))

    def paths(self, query: str = "apple", viewer: Viewer = ANONYMOUS) -> set[str]:
        """`owner/name:path` of what is found."""
        with self.hub.database.reading() as session:
            found = self.search.files(session, viewer, read_code_query(query))
            return {
                f"{place.path}:{one.path.decode()}"
                for one in found.files
                for place in (one.place, *one.elsewhere)
            }

    def name(self, repository_id: int) -> str:
        """Its path."""
        with self.hub.database.reading() as session:
            return session.get_one(Repository, repository_id).path


@pytest.fixture
def watched(hub: Hub) -> Iterator[Watched]:
    with indexing(hub.config) as index:
        made = Watched(hub, index, RefWatcher(hub.database), CodeSearch(hub.config))
    made.watcher.look()
    return made


def _moved(hub: Hub) -> int:
    with hub.database.reading() as session:
        return len(list_moved(session, hub.config))


def _shown(hub: Hub, repository_id: int, ref: str = MAIN) -> str | None:
    with hub.database.reading() as session:
        view = session.get(CodeView, (repository_id, ref))
        return None if view is None else view.commit_id


def test_a_push_is_found_after_the_next_look(watched: Watched) -> None:
    one, other = watched.make(), watched.make()
    watched.push(one, {b"a": b"apple\n"})
    watched.commit(other, {b"a": b"apple\n"})
    watched.watcher.look()
    assert watched.paths() == {f"{watched.name(one)}:a"}
    watched.push(one, {b"b": b"apple\n"})
    assert _moved(watched.hub) == 2
    watched.watcher.look()
    assert watched.paths() == {f"{watched.name(one)}:{name}" for name in "ab"}
    watched.watcher.look()
    assert _moved(watched.hub) == 1


def test_what_was_pushed_before_the_worker_started_is_found_by_its_first_look(watched: Watched) -> None:
    one = watched.make()
    watched.commit(one, {b"a": b"apple\n"})
    RefWatcher(watched.hub.database).look()
    assert watched.paths() == {f"{watched.name(one)}:a"}


def test_a_push_does_not_wait_for_all_that_was_never_looked_at(watched: Watched) -> None:
    path = watched.path(watched.make())
    watched.push(1, {b"a": b"apple\n"})
    tip = (path / MAIN).read_text()
    with watched.hub.database.writing() as session:
        for number in range(150):
            (path / f"refs/heads/b{number:03}").write_text(tip)
            session.add(CodeRequest(repository_id=1, ref=f"refs/heads/b{number:03}", used_at=now()))
    watcher = RefWatcher(watched.hub.database)
    shown = []
    for _ in range(2):
        watcher.look()
        with watched.hub.database.reading() as session:
            shown.append(len(session.scalars(select(CodeView.ref)).all()))
        watched.push(1, {b"b": b"apple\n"}, ref="refs/heads/b149")
    assert shown == [100, 151]


def test_rows_that_are_committed_in_another_order_are_seen(watched: Watched) -> None:
    one, other = watched.make(), watched.make()
    watched.push(one, {b"a": b"apple\n"})
    with watched.hub.database.writing() as session:
        session.execute(update(RefLogEntry).values(id=RefLogEntry.id + 10))
    watched.watcher.look()
    watched.push(other, {b"b": b"apple\n"})
    with watched.hub.database.writing() as session:
        is_it = RefLogEntry.repository_id == other
        session.execute(update(RefLogEntry).where(is_it).values(id=5))
    watched.watcher.look()
    assert len(watched.paths()) == 2


def test_who_finds_the_index_held_looks_again(watched: Watched) -> None:
    one = watched.make()
    watched.push(one, {b"a": b"apple\n"})
    with indexing(watched.hub.config):
        watched.watcher.look()
        assert index_moved(watched.hub.database) == 0
    assert watched.paths() == set()
    watched.watcher.look()
    assert watched.paths() == {f"{watched.name(one)}:a"}


def _fork(ground: Watched, repository_id: int) -> tuple[str, set[str]]:
    with ground.hub.database.writing() as session:
        origin = session.get_one(Repository, repository_id)
        fork = fork_repository(session, SYSTEM, origin, owner=make_user(session, "bo"), name="fork")
        return "fork:only", {f"{fork.path}:a"}


def _rename(ground: Watched, repository_id: int) -> tuple[str, set[str]]:
    with ground.hub.database.writing() as session:
        rename(session, SYSTEM, session.get_one(Repository, repository_id), name="other")
    return "repo:other", {f"{ground.name(repository_id)}:a"}


def _hide(ground: Watched, repository_id: int) -> tuple[str, set[str]]:
    with ground.hub.database.writing() as session:
        session.get_one(Repository, repository_id).visibility = Visibility.PRIVATE
    return "", set()


def _give_away(ground: Watched, repository_id: int) -> tuple[str, set[str]]:
    with ground.hub.database.writing() as session:
        transfer(session, SYSTEM, session.get_one(Repository, repository_id), make_user(session, "bo"))
    return "owner:bo", {f"{ground.name(repository_id)}:a"}


def _delete(ground: Watched, repository_id: int) -> tuple[str, set[str]]:
    with ground.hub.database.writing() as session:
        delete_repository(session, SYSTEM, session.get_one(Repository, repository_id))
    return "", set()


def _restore(ground: Watched, repository_id: int) -> tuple[str, set[str]]:
    _delete(ground, repository_id)
    ground.watcher.look()
    jobs.drop_unused.function(ground.hub.database)
    jobs.drop_unused.function(ground.hub.database)
    with ground.hub.database.writing() as session:
        restore_repository(session, SYSTEM, repository_id)
    return "", {f"{ground.name(repository_id)}:a"}


def _choose_default(ground: Watched, repository_id: int) -> tuple[str, set[str]]:
    ground.commit(repository_id, {b"next": b"apple\n"}, ref=NEXT)
    database = ground.hub.database
    set_default_branch(database, SYSTEM, ground.name(repository_id), branch="next")
    jobs.index_repository.function(database, repository_id)
    return "", {f"{ground.name(repository_id)}:next"}


def _delete_branch(ground: Watched, repository_id: int) -> tuple[str, set[str]]:
    (ground.path(repository_id) / MAIN).unlink()
    ground.commit(repository_id, {b"next": b"pear\n"}, ref=NEXT)
    ground.push(repository_id, {b"x": b"y\n"}, ref=NEXT)
    return "", set()


@pytest.mark.parametrize(
    "act", [_fork, _rename, _hide, _give_away, _delete, _restore, _choose_default, _delete_branch]
)
def test_what_happens_to_a_repository_is_right_after_a_look(
    watched: Watched, act: Callable[[Watched, int], tuple[str, set[str]]]
) -> None:
    one = watched.make()
    watched.push(one, {b"a": b"apple\n"})
    watched.watcher.look()
    query, expected = act(watched, one)
    watched.watcher.look()
    assert watched.paths(f"apple {query}") == expected


def test_the_owner_still_finds_what_was_hidden(watched: Watched) -> None:
    one = watched.make()
    watched.push(one, {b"a": b"apple\n"})
    watched.watcher.look()
    _hide(watched, one)
    with watched.hub.database.reading() as session:
        owner = session.get_one(User, session.get_one(Repository, one).owner_id).viewer()
    assert watched.paths(viewer=owner) == {f"{watched.name(one)}:a"}


def test_what_is_imported_is_found_after_a_look(watched: Watched, git: GitClient) -> None:
    one, hub = watched.make(), watched.hub
    work = git.init("work", "trunk")
    (work / "a").write_text("apple\n")
    git.run("add", "a", cwd=work)
    git.run("commit", "-qm", "one", cwd=work)
    git.run("bundle", "create", "--quiet", "../a.bundle", "--all", cwd=work)
    with (git.folder / "a.bundle").open("rb") as upload, hub.database.writing() as session:
        repository = session.get_one(Repository, one)
        viewer = session.get_one(User, repository.owner_id).viewer()
        kept = keep_upload(hub.config, upload)
        start_import(session, viewer, repository, source=None, bundle=kept, bundle_name="a.bundle")
    run_import(hub.database, one)
    watched.watcher.look()
    assert watched.paths() == {f"{watched.name(one)}:a"}


def test_another_default_branch_is_asked_of_the_worker(watched: Watched) -> None:
    one = watched.make()
    watched.commit(one, {b"next": b"apple\n"}, ref=NEXT)
    set_default_branch(watched.hub.database, SYSTEM, watched.name(one), branch="next")
    task = watched.hub.queue.huey.dequeue()
    while task is not None and task.args[0] != "search.index_repository":
        task = watched.hub.queue.huey.dequeue()
    assert task is not None
    all_jobs.run(watched.hub.database, task.args[0], tuple(task.args[1]))
    assert watched.paths() == {f"{watched.name(one)}:next"}


def test_a_branch_that_comes_back_to_the_same_commit_is_found(watched: Watched) -> None:
    one = watched.make()
    watched.push(one, {b"a": b"apple\n"})
    watched.watcher.look()
    assert len(watched.paths()) == 1
    branch = watched.path(one) / MAIN
    tip = branch.read_text()
    branch.unlink()
    for _ in range(2):
        jobs.index_moved.function(watched.hub.database)
        jobs.drop_unused.function(watched.hub.database)
    assert watched.paths() == set()
    branch.write_text(tip)
    jobs.index_moved.function(watched.hub.database)
    assert len(watched.paths()) == 1


def test_one_repository_that_is_damaged_keeps_no_other_from_being_searched(watched: Watched) -> None:
    one, other, third = (watched.make() for _ in range(3))
    for repository_id in (one, other, third):
        watched.push(repository_id, {b"a": b"apple %d\n" % repository_id})
    (watched.path(one) / MAIN).write_text("1" * 40)
    (watched.path(other) / MAIN).write_text("nonsense")
    with capture_logs() as logged:
        watched.watcher.look()
    assert watched.paths() == {f"{watched.name(third)}:a"}
    assert {"code_refs_damaged"} <= {one["event"] for one in logged}


def test_the_sweep_finds_what_nobody_announced(watched: Watched) -> None:
    one, other = watched.make(), watched.make()
    watched.commit(one, {b"a": b"apple\n"})
    jobs.index_moved.function(watched.hub.database)
    assert _shown(watched.hub, one) is not None
    assert _shown(watched.hub, other) is None
    assert _moved(watched.hub) == 0


def test_a_branch_that_was_asked_for_is_followed_until_nobody_wants_it(watched: Watched) -> None:
    one = watched.make()
    watched.commit(one, {b"a": b"apple\n"}, ref=NEXT)
    with watched.hub.database.writing() as session:
        session.add(CodeRequest(repository_id=one, ref=NEXT, used_at=now()))
    assert index_moved(watched.hub.database) == 1
    watched.push(one, {b"b": b"apple\n"}, ref=NEXT)
    watched.watcher.look()
    assert len(watched.paths("apple branch:next")) == 2
    jobs.drop_unused.function(watched.hub.database)
    assert _shown(watched.hub, one, NEXT) is not None
    with watched.hub.database.writing() as session:
        session.execute(update(CodeRequest).values(used_at=now() - timedelta(days=31)))
    jobs.drop_unused.function(watched.hub.database)
    assert _shown(watched.hub, one, NEXT) is None
    with watched.hub.database.reading() as session:
        assert session.scalars(select(CodeRequest)).all() == []


def test_the_old_default_branch_is_dropped_by_the_sweep(watched: Watched) -> None:
    one = watched.make()
    watched.push(one, {b"a": b"apple\n"})
    watched.watcher.look()
    _choose_default(watched, one)
    assert _shown(watched.hub, one) is not None
    jobs.drop_unused.function(watched.hub.database)
    assert _shown(watched.hub, one) is None
    assert _shown(watched.hub, one, NEXT) is not None


def test_a_look_that_finds_nothing_asks_one_question(watched: Watched, hub: Hub) -> None:
    one = watched.make()
    watched.push(one, {b"a": b"apple\n"})
    watched.watcher.look()
    asked: list[str] = []
    event.listen(hub.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    watched.watcher.look()
    assert len([one for one in asked if one.startswith("SELECT")]) == 1


def test_whoever_deletes_everything_leaves_nothing(watched: Watched) -> None:
    one = watched.make()
    watched.push(one, {b"a": b"apple\n"})
    watched.watcher.look()
    with watched.hub.database.writing() as session:
        session.delete(session.get_one(Repository, one))
    for _ in range(2):
        jobs.drop_unused.function(watched.hub.database)
    with indexing(watched.hub.config) as index:
        assert sum(len(segment.live_numbers()) for segment in index.segments()) == 0


def test_the_folder_of_a_repository_that_is_gone_is_passed_over(watched: Watched, tmp_path: Path) -> None:
    one = watched.make()
    watched.push(one, {b"a": b"apple\n"})
    watched.path(one).rename(tmp_path / "away")
    watched.watcher.look()
    assert watched.paths() == set()
    with watched.hub.database.reading() as session:
        assert directory(watched.hub.config, session.get_one(Repository, one)).exists() is False


def test_an_empty_hub_has_no_index(hub: Hub) -> None:
    with hub.database.writing() as session:
        make_repository(session)
    watcher = RefWatcher(hub.database)
    watcher.look()
    watcher.look()
    assert not (hub.config.data / "index").exists()
