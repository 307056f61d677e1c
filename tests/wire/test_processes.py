"""The parts of a running hub: what dies is started again, what is stopped ends in order, one hub a folder."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from hub.accounts.models import AccessToken
from hub.gateway import readiness
from tests.databases import Template
from tests.factories import make_user
from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.beside import beside
from tests.wire.http_requests import as_git, request
from tests.wire.made_by_hand import ZERO, pack_of, push_body, read_answer
from tests.wire.processes import kill_part, named, part_of, processes
from tests.wire.scripted_policy import wait_until

# One worker starts the hub that these share.
pytestmark = pytest.mark.xdist_group("processes")

PARTS = ("hub policy", "hub worker", "hub web", "hub front", "hub ssh")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, template_database: Template) -> Iterator[Served]:
    """A hub whose parts these tests may kill."""
    folder = tmp_path_factory.mktemp("processes")
    data = folder / "data"
    data.mkdir(mode=0o700)
    served = Served(folder, template_database.copy_to(data))
    served.start()
    yield served
    served.close()


@dataclass(frozen=True)
class Bystander:
    """Somebody whose pushes, pages and jobs have to go on."""

    served: Served
    person: Person
    git: GitClient
    path: str

    def push(self) -> None:
        """Makes a commit and pushes it over both ways."""
        for url in (self.served.url(self.path, self.person), self.served.ssh_url(self.path)):
            work = self.git.folder / "work"
            self.git.commit(work, f"At {time.monotonic()}")
            self.git.push(work, url, "main")

    def read(self) -> None:
        """Reads a page."""
        assert request(self.served, f"/{self.path}", headers=self.person.headers).status == 200

    def has_work_done(self) -> None:
        """Uses a token for the first time, which the worker writes down."""
        stranger = self.served.person()
        assert request(self.served, "/", headers=stranger.headers).status == 200
        assert wait_until(lambda: _is_noted(self.served, stranger))

    def push_words(self, words: str) -> None:
        """Pushes a file with these words."""
        work = self.git.folder / "work"
        self.git.commit(work, words, {"words": words.encode()})
        self.git.push(work, self.served.url(self.path, self.person), "main")

    def finds(self, words: str) -> bool:
        """Whether a search finds them."""
        address = f"/api/v1/search/code?q={words}"
        answer = request(self.served, address, headers=self.person.headers)
        return answer.status == 200 and self.path in answer.body.decode()


def _is_noted(served: Served, person: Person) -> bool:
    with served.hub.database.reading() as session:
        token = session.scalars(select(AccessToken).where(AccessToken.user_id == person.id)).one()
        return token.last_used_at is not None


@pytest.fixture
def bystander(running: Served, tmp_path: Path) -> Bystander:
    """Anna's repository with one commit."""
    person = running.person()
    git = GitClient(tmp_path / "bystander", key=person.key)
    git.init("work")
    return Bystander(running, person, git, running.repository(person))


@pytest.mark.parametrize("part", PARTS)
def test_part_that_is_killed_is_started_again(running: Served, bystander: Bystander, part: str) -> None:
    before = part_of(running, part)

    kill_part(running, part)
    bystander.push()
    bystander.read()
    bystander.has_work_done()

    assert part_of(running, part) != before
    assert "part_ended" in running.log()


def test_what_is_pushed_is_found_whatever_happens_to_the_worker_and_the_index(
    running: Served, bystander: Bystander
) -> None:
    bystander.push_words("apple-tree")
    assert wait_until(lambda: bystander.finds("apple-tree"))
    kill_part(running, "hub worker")
    bystander.push_words("pear-tree")
    assert wait_until(lambda: bystander.finds("pear-tree"))
    assert not bystander.finds("apple-tree")
    shutil.rmtree(running.data / "index")
    assert wait_until(lambda: bystander.finds("pear-tree"))


@pytest.mark.parametrize("name", ["hub judge", "hub page"])
def test_worker_that_is_killed_is_replaced(running: Served, bystander: Bystander, name: str) -> None:
    before = named(running, name)

    for process in before:
        os.kill(process, signal.SIGKILL)
    bystander.push()
    bystander.read()

    assert wait_until(lambda: len(named(running, name)) == len(before))
    assert not set(before) & set(named(running, name))


@pytest.mark.parametrize("part", ["hub front", "hub ssh"])
def test_nobody_is_refused_meanwhile(running: Served, bystander: Bystander, part: str) -> None:
    address = running.http.removeprefix("http://") if part == "hub front" else running.ssh
    host, _, port = address.rpartition(":")

    kill_part(running, part)

    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: hub\r\n\r\n")
        assert connection.recv(4) in (b"HTTP", b"SSH-")


def test_idle_parts_take_little_memory_together(tmp_path: Path) -> None:
    """The hub alone is weighed: measuring which lines run, too, takes it from 205 MiB to 314."""
    (tmp_path / "data").mkdir(mode=0o700)
    hub = Served(tmp_path, is_apart=True)
    hub.command("init")
    hub.start()

    try:
        total = sum(_pss_bytes(one.id) for one in processes(hub))
    finally:
        hub.close()

    print(f"all parts: {total / (1 << 20):.0f} MiB")
    assert total < 300 << 20


def _pss_bytes(process: int) -> int:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))


def test_second_hub_on_the_same_data_is_refused_in_words(running: Served) -> None:
    assert running.process is not None

    second = running.command("serve", "--http", "127.0.0.1:0", check=False)

    assert second.returncode == 1
    assert second.stderr == (
        f"A hub already serves the data folder {running.data}.\n"
        f"It is process {running.process.pid}.\n"
        "Stop it first, or set HUB_DATA to another folder.\n"
    )


def test_port_in_use_is_said_in_words(running: Served, tmp_path: Path) -> None:
    address = running.http.removeprefix("http://")
    environment = {**running.environment, "HUB_DATA": str(tmp_path / "other"), "HUB_DATABASE_URL": ""}

    subprocess.run((sys.executable, "-m", "hub", "init"), env=environment, check=True, capture_output=True)
    second = subprocess.run(
        (sys.executable, "-m", "hub", "serve", "--http", address, "--ssh", "127.0.0.1:0"),
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert second.returncode == 1
    assert second.stderr.startswith(f"The hub cannot listen on {address}.\n")


@pytest.mark.parametrize("command", ["serve --http", "serve --ssh", "front --http", "ssh --ssh"])
def test_demo_accounts_keep_the_hub_on_this_machine(running: Served, command: str) -> None:
    with running.hub.database.writing() as session:
        user = make_user(session, is_demo=True)

    refused = running.command(*command.split(), "0.0.0.0:0", check=False)

    with running.hub.database.writing() as session:
        session.delete(session.merge(user))
    assert refused.returncode == 1
    assert refused.stderr.startswith("The hub does not listen on 0.0.0.0:0.\n")


def test_stop_lets_a_running_push_finish(fresh_served: Served, git: GitClient) -> None:
    owner = fresh_served.person()
    path = fresh_served.repository(owner)
    work = git.init()
    commit_id = git.commit(work)
    body = push_body([(ZERO, commit_id, "refs/heads/main")], pack_of(git, work, commit_id))
    assert fresh_served.process is not None

    with _begin_push(fresh_served, path, owner) as connection:
        _send_chunk(connection, body[:-10])
        assert wait_until(lambda: bool(named(fresh_served, "git")))
        fresh_served.process.send_signal(signal.SIGTERM)
        assert wait_until(lambda: not _accepts(fresh_served))
        _send_chunk(connection, body[-10:])
        _send_chunk(connection, b"")
        answer = connection.getresponse().read()

    assert read_answer(answer).answer_for("refs/heads/main") == "ok"
    assert fresh_served.process.wait(240) == 0
    assert not fresh_served.ready_file.exists()
    fresh_served.start()
    assert git.ls_remote(fresh_served.url(path))["refs/heads/main"] == commit_id


@contextlib.contextmanager
def _begin_push(served: Served, path: str, person: Person) -> Iterator[http.client.HTTPConnection]:
    address = urlsplit(served.http)
    assert address.hostname is not None
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=120)
    with contextlib.closing(connection):
        _send_push_head(connection, path, person)
        yield connection


def _send_push_head(connection: http.client.HTTPConnection, path: str, person: Person) -> None:
    connection.putrequest("POST", f"/{path}.git/git-receive-pack")
    headers = {**as_git(person), "Content-Type": "application/x-git-receive-pack-request"}
    for name, value in {**headers, "Transfer-Encoding": "chunked"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    return connection


def _send_chunk(connection: http.client.HTTPConnection, data: bytes) -> None:
    connection.send(b"%x\r\n%s\r\n" % (len(data), data))


def _accepts(served: Served) -> bool:
    host, _, port = served.http.removeprefix("http://").rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError:
        return False
    return True


def test_parts_end_with_a_supervisor_that_is_killed(fresh_served: Served) -> None:
    assert fresh_served.process is not None

    fresh_served.process.kill()
    fresh_served.process.wait()

    assert wait_until(lambda: not processes(fresh_served))
    fresh_served.start()
    assert json.loads(fresh_served.ready_file.read_text())["http"] == fresh_served.http


@pytest.fixture
def alone(tmp_path: Path, template_database: Template) -> Iterator[Served]:
    """A hub of five commands, each started by itself."""
    (tmp_path / "alone" / "data").mkdir(mode=0o700, parents=True)
    served = Served(tmp_path / "alone", template_database.copy_to(tmp_path / "alone" / "data"))
    served.http, served.ssh = f"http://127.0.0.1:{_free_port()}", f"127.0.0.1:{_free_port()}"
    commands = [
        ("policy",),
        ("web",),
        ("worker",),
        ("front", "--http", served.http.removeprefix("http://")),
        ("ssh", "--ssh", served.ssh),
    ]
    with contextlib.ExitStack() as stack:
        stack.callback(served.close)
        started = [
            stack.enter_context(
                beside((sys.executable, "-m", "hub", *command), env=served.environment, cwd=served.folder)
            )
            for command in commands
        ]
        yield served
        for part in reversed(started):
            part.send_signal(signal.SIGTERM)
        assert [part.wait(120) for part in started] == [0] * len(started)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_each_part_also_starts_alone(alone: Served, tmp_path: Path) -> None:
    person = alone.person()
    git = GitClient(tmp_path / "client", key=person.key)
    git.init("work")
    bystander = Bystander(alone, person, git, alone.repository(person))
    assert wait_until(lambda: readiness.pages_answer(alone.http.removeprefix("http://")))
    assert wait_until(lambda: readiness.ssh_answers(alone.ssh))

    bystander.push()
    bystander.read()
    bystander.has_work_done()


def test_many_pages_at_once_are_all_answered(running: Served, bystander: Bystander) -> None:
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: request(running, "/login").status, range(80)))

    assert answers == [200] * 80
