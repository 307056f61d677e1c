"""The twelve ways in which a push path like ours goes wrong: each was met, and each has its test here."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.access import Role
from hub.app import Hub
from hub.repos import receive
from hub.repos.git.store import QUEUE_LOCK, directory, holding
from hub.repos.receive import PushContext
from tests.factories import SYSTEM, make_repository
from tests.git_client import GitClient, Result
from tests.served import Person, Served
from tests.wire.http_requests import as_git, request
from tests.wire.made_by_hand import ZERO, pack_of, push_body, read_answer
from tests.wire.processes import has_git, holders, kill_part, named, processes
from tests.wire.records import FailingRecord, logged_refs, open_intents, ref_log, refs_on_disk
from tests.wire.scripted_policy import wait_until
from tests.wire.test_crafted import MAIN, Attack
from tests.wire.ways import Way


class Mortal:
    """A hub of the test's own, with a repository of two commits, of which one is pushed."""

    def __init__(self, served: Served, git: GitClient) -> None:
        self.served, self.git = served, git
        self.anna = served.person()
        self.path = served.repository(self.anna)
        self.directory = served.git_directory(self.path)
        self.work = git.init()
        git.commit(self.work)
        git.run("remote", "add", "origin", served.url(self.path, self.anna), cwd=self.work)
        git.push(self.work, "origin", "main")

    @contextmanager
    def push_waiting_for_its_turn(self) -> Iterator[Future[Result]]:
        """Pushes main to `topic` while the repository's queue is taken, until the block ends."""
        with ThreadPoolExecutor() as pool, holding(self.directory, QUEUE_LOCK) as is_held:
            assert is_held
            pushed = pool.submit(self.git.push, self.work, "origin", "main:topic", check=False)
            assert wait_until(lambda: bool(named(self.served, "cat")) or pushed.done())
            yield pushed

    def gits(self) -> set[int]:
        """The id of every git of the hub, and of the hooks it waits for."""
        return {one.id for one in processes(self.served) if one.name in ("git", "cat", "sh")}

    def goes_on(self) -> None:
        """Asserts that the next push goes through unaided, and that log and refs are one."""
        self.git.push(self.work, "origin", "main:topic")
        refs = refs_on_disk(self.git, self.directory)
        assert set(refs) == {MAIN, "refs/heads/topic"}
        assert logged_refs(self.served, self.path) == refs
        assert open_intents(self.served, self.path) == 0


@pytest.fixture
def mortal(fresh_served: Served, git: GitClient) -> Mortal:
    """A hub that the test may kill."""
    return Mortal(fresh_served, git)


def test_01_name_with_a_space_is_not_answered_as_another_one(
    way: Way, hers: GitClient, path: str, work: Path
) -> None:
    """The attack: an `ok` for `refs/heads/main x` is read by git as the answer for refs/heads/main."""
    writer = way.served.person()
    way.served.grant(path, writer, Role.WRITE)
    old, new = hers.head(work), hers.commit(work, "Hostile")
    attack = Attack(way, hers, path, writer, old, new, pack_of(hers, work, new))

    answer = attack.push((ZERO, new, "refs/heads/main x"), (old, new, MAIN))

    assert f"ng {MAIN} protected branch" in answer.report
    assert attack.refs() == {MAIN: old}


def test_02_front_that_dies_in_proc_receive_leaves_nobody_waiting(mortal: Mortal) -> None:
    with mortal.push_waiting_for_its_turn() as pushed:
        waiting = mortal.gits()
        kill_part(mortal.served, "hub front")

        assert wait_until(lambda: not waiting & mortal.gits())
    # The client may have sent its push once more, to the front that came after.
    pushed.result(120)
    mortal.goes_on()


def is_taken(mortal: Mortal) -> bool:
    with holding(mortal.directory, QUEUE_LOCK) as is_free:
        return not is_free


def test_03_queue_stays_taken_while_a_judge_outlives_the_front(mortal: Mortal) -> None:
    queue = mortal.directory / QUEUE_LOCK
    with ThreadPoolExecutor() as pool:
        with mortal.served.hub.database.writing() as session:
            session.execute(text("SELECT 1"))  # the database is ours alone until the block ends
            pushed = pool.submit(mortal.git.push, mortal.work, "origin", "main:topic", check=False)
            # The first question of a push brings the descriptors along as well, before the queue is taken.
            assert wait_until(lambda: is_taken(mortal) and "hub judge" in holders(mortal.served, queue))
            waiting = mortal.gits()
            kill_part(mortal.served, "hub front")
            assert wait_until(lambda: not waiting & mortal.gits())

            with holding(mortal.directory, QUEUE_LOCK) as is_free:
                assert not is_free
        pushed.result(120)
    mortal.goes_on()


def test_04_client_that_leaves_in_the_middle_leaves_no_quarantine(
    served: Served, anna: Person, git: GitClient
) -> None:
    path, work = served.repository(anna), git.init()
    tip = git.commit(work, "Large", {"noise": os.urandom(4 << 20)})
    body = push_body([(ZERO, tip, MAIN)], pack_of(git, work, tip))
    objects = served.git_directory(path) / "objects"
    with _connect(served) as connection:
        connection.sendall(_push_head(path, anna, len(body)) + body[: len(body) // 2])
        assert wait_until(lambda: bool(list(objects.glob("tmp_objdir-*"))))

    assert wait_until(lambda: not has_git(served))
    assert not list(objects.glob("tmp_objdir-*"))
    assert refs_on_disk(git, served.git_directory(path)) == {}


def test_05_marks_of_a_killed_push_do_not_keep_its_pack_for_ever(mortal: Mortal) -> None:
    mortal.git.commit(mortal.work, "Two")
    packs = mortal.directory / "objects" / "pack"
    with mortal.push_waiting_for_its_turn():
        left = list(packs.glob("*.keep"))
        mortal.served.kill()
    by_hand = packs / "pack-by-hand.keep"
    by_hand.write_text("kept by an administrator\n")

    mortal.served.start()

    assert left, "git marks its pack until the push is over"
    assert wait_until(lambda: list(packs.glob("*.keep")) == [by_hand])
    mortal.goes_on()


def test_06_push_that_waits_holds_up_nobody_else(served: Served, anna: Person, git: GitClient) -> None:
    paths = [served.repository(anna) for _ in range(2)]
    work = git.init()
    tip = git.commit(work)
    names = "".join(f"create refs/tags/{'long-' * 12}{number:04} {tip}\n" for number in range(1200))
    git.run("update-ref", "--stdin", cwd=work, input=names)
    first, second = (served.url(path, anna) for path in paths)
    with ThreadPoolExecutor() as pool:
        with holding(served.git_directory(paths[0]), QUEUE_LOCK):
            # 1,200 answers are more than a pipe holds.
            waiting = pool.submit(git.push, work, first, "--tags", check=False)
            assert wait_until(lambda: bool(named(served, "cat")))
            git.push(work, second, "main")
            assert git.ls_remote(first) == {}
            assert request(served, f"/{paths[0]}").status == 200
            assert not waiting.done()
        assert waiting.result(240).ok, waiting.result().text
    assert len(logged_refs(served, paths[0])) == 1200


@pytest.mark.wire_writes
def test_07_push_after_a_failed_record_leaves_no_gap_in_the_log(
    hers: GitClient, way: Way, path: str, work: Path
) -> None:
    second = hers.commit(work, "Two")
    with FailingRecord(way.served, path):
        hers.push(work, "origin", "main", check=False)

    hers.push(work, "origin", "main:topic")

    moves = [(ref, new) for ref, _, new in ref_log(way.served, path)]
    assert moves[1:] == [(MAIN, second), ("refs/heads/topic", second)]


def test_08_judge_that_comes_too_late_commits_nothing(hub: Hub, git: GitClient) -> None:
    with hub.database.writing() as session:
        repository = make_repository(session)
        identity, bare = repository.id, directory(hub.config, repository)
    work = git.init()
    tip = git.commit(work)
    git.push(work, str(bare), "main")
    push = PushContext("late", identity, SYSTEM)

    with pytest.raises(TimeoutError):
        receive.judge(
            hub.database,
            push,
            [(ZERO, tip, "refs/heads/topic")],
            options={},
            atomic=False,
            packs=[],
            deadline=time.monotonic() - 1,
        )

    with hub.database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM push_intents")) == 0


@pytest.mark.parametrize("trick", ["refs/heads/x\nexit 0", "refs/heads/x\npre-receive\n/", "x\nEND\n"])
def test_09_line_feeds_reach_no_hook(
    way: Way, hers: GitClient, path: str, work: Path, anna: Person, trick: str
) -> None:
    tip = hers.commit(work, "Two")
    commands = [(ZERO, tip, trick), (ZERO, tip, "refs/heads/fine"), (ZERO, tip, "refs/for/main")]
    body = push_body(commands, pack_of(hers, work, tip), options=[trick.encode(), b"exit 0"])

    answer = read_answer(way.push_by_hand(path, anna, body))

    assert answer.report[0] == "unpack ok" or answer.said
    of_the_proposal = {"refs/changes/1/1", "refs/pull/1/head"}
    assert set(refs_on_disk(hers, way.served.git_directory(path))) <= {
        MAIN,
        "refs/heads/fine",
        *of_the_proposal,
    }
    assert logged_refs(way.served, path) == refs_on_disk(hers, way.served.git_directory(path))


def test_10_atomic_push_of_a_branch_and_a_proposal_moves_nothing(
    way: Way, hers: GitClient, path: str, work: Path
) -> None:
    first = hers.head(work)
    hers.commit(work, "Two")

    pushed = hers.push(work, "origin", "--atomic", "main", "main:refs/for/main", check=False)

    assert "main -> main (atomic push" in pushed.err
    assert refs_on_disk(hers, way.served.git_directory(path)) == {MAIN: first}


def test_11_folder_and_branch_of_one_name_are_refused_without_a_word_about_locks(
    way: Way, hers: GitClient, path: str, work: Path
) -> None:
    pushed = hers.push(work, "origin", "main:x", "main:x/y", "main:main/z", check=False)

    assert "cannot lock ref" not in pushed.err
    assert "(a branch 'main' exists, so 'main/z' cannot)" in pushed.err
    assert pushed.err.count("exists, so") == 2
    assert set(refs_on_disk(hers, way.served.git_directory(path))) < {MAIN, "refs/heads/x", "refs/heads/x/y"}


def test_12_no_part_outlives_its_supervisor(mortal: Mortal) -> None:
    with mortal.push_waiting_for_its_turn() as pushed:
        assert mortal.served.process is not None
        os.kill(mortal.served.process.pid, signal.SIGKILL)
        mortal.served.process.wait(120)

        assert wait_until(lambda: not processes(mortal.served)), processes(mortal.served)
        assert not pushed.result(120).ok
    mortal.served.start()
    mortal.goes_on()


def _connect(served: Served) -> socket.socket:
    host, _, port = served.http.removeprefix("http://").rpartition(":")
    return socket.create_connection((host, int(port)), timeout=120)


def _push_head(path: str, person: Person, length: int) -> bytes:
    lines = [
        f"POST /{path}.git/git-receive-pack HTTP/1.1",
        "Host: hub",
        "Content-Type: application/x-git-receive-pack-request",
        f"Content-Length: {length}",
        *(f"{name}: {value}" for name, value in as_git(person).items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
