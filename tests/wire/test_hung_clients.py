"""Clients that hang: everybody else is served meanwhile, and nothing is left when they go."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.beside import beside
from tests.wire.http_requests import as_git, fetch_v0_body, fetch_v2_body, request
from tests.wire.made_by_hand import ZERO, pack_of, push_body
from tests.wire.processes import has_git
from tests.wire.records import refs_on_disk
from tests.wire.scripted_policy import wait_until
from tests.wire.ways import ssh_arguments

# Alone each of these takes milliseconds; whoever waits for a hung client waits for a minute.
LIVENESS_SECONDS = 30
LARGE_BYTES = 12 << 20


@dataclass(frozen=True)
class Large:
    """A repository whose clone does not fit into the buffers of a connection."""

    path: str
    tip: str
    parent: str
    pack: bytes


@pytest.fixture(scope="module")
def large(served: Served, anna: Person, tmp_path_factory: pytest.TempPathFactory) -> Large:
    """One large commit upon a small one."""
    git = GitClient(tmp_path_factory.mktemp("large"))
    path, work = served.repository(anna), git.init()
    parent = git.commit(work, "Small")
    tip = git.commit(work, "Large", {"noise": os.urandom(LARGE_BYTES)})
    git.push(work, served.url(path, anna), "main")
    return Large(path, tip, parent, pack_of(git, work, tip))


@pytest.fixture
def others_are_served(served: Served, anna: Person, git: GitClient) -> Callable[[], None]:
    """Does what others do meanwhile, over HTTP and SSH, each of it soon enough."""
    path, work = served.repository(anna), git.init("others")
    git.commit(work)
    git.use_key(anna.key)

    def act() -> None:
        git.commit(work)
        acts: list[Callable[[], object]] = [
            lambda: request(served, f"/{path}"),
            lambda: git.push(work, served.url(path, anna), "main"),
            lambda: git.ls_remote(served.url(path)),
            lambda: git.ls_remote(served.ssh_url(path)),
            lambda: git.clone(served.url(path), f"clone-{time.monotonic_ns()}"),
            lambda: git.clone(served.ssh_url(path), f"clone-{time.monotonic_ns()}"),
        ]
        for number, one in enumerate(acts):
            began = time.monotonic()
            one()
            assert time.monotonic() - began < LIVENESS_SECONDS, number

    return act


def connect(address: str, sent: bytes, *, receive_bytes: int = 0) -> socket.socket:
    """A connection on which these bytes were sent and nothing is read."""
    host, _, port = address.removeprefix("http://").rpartition(":")
    connection = socket.socket()
    connection.settimeout(120)
    if receive_bytes:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    connection.connect((host, int(port)))
    connection.sendall(sent)
    return connection


@contextmanager
def hung(count: int, make: Callable[[], socket.socket]) -> Iterator[list[socket.socket]]:
    """So many connections, closed at the end of the block."""
    with ExitStack() as stack:
        yield [stack.enter_context(make()) for _ in range(count)]


def head(method: str, target: str, person: Person | None, *lines: str) -> bytes:
    """The head of a request made by hand."""
    who = [f"{name}: {value}" for name, value in as_git(person).items()]
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: hub", *who, *lines, "", ""]).encode()


def fetch_request(large: Large, version: str, haves: list[str]) -> bytes:
    """A whole request for the large commit, as git sends it."""
    body = (fetch_v2_body if version == "2" else fetch_v0_body)([large.tip], haves)
    return body_of_post(f"/{large.path}.git/git-upload-pack", body, f"Git-Protocol: version={version}")


def body_of_post(target: str, body: bytes, *lines: str) -> bytes:
    """A whole POST to git-upload-pack, by a stranger."""
    kind = "Content-Type: application/x-git-upload-pack-request"
    return head("POST", target, None, kind, *lines, f"Content-Length: {len(body)}") + body


@pytest.mark.parametrize(
    ("version", "has_haves"), [("2", False), ("2", True), ("0", False)], ids=["clone", "fetch", "old clone"]
)
def test_forty_clones_that_are_never_read(
    served: Served, large: Large, others_are_served: Callable[[], None], version: str, has_haves: bool
) -> None:
    asked = fetch_request(large, version, [large.parent] if has_haves else [])

    with hung(40, lambda: connect(served.http, asked, receive_bytes=4096)) as connections:
        assert connections[0].recv(12) == b"HTTP/1.1 200"
        others_are_served()

    assert wait_until(lambda: not has_git(served))


@pytest.mark.parametrize("asked", ["advertisement", "ls-refs"])
def test_eighty_lists_of_refs_that_are_never_read(
    served: Served, anna: Person, git: GitClient, others_are_served: Callable[[], None], asked: str
) -> None:
    path, work = served.repository(anna), git.init()
    tip = git.commit(work)
    git.push(work, served.url(path, anna), "main")
    # More than the system keeps for a connection that is not read, and pushing them would take long.
    names = "".join(f"{tip} refs/tags/{'x' * 230}/{'y' * 130}{number:05}\n" for number in range(10_000))
    (served.git_directory(path) / "packed-refs").write_text(f"# pack-refs with: sorted \n{names}")
    requests = {
        "advertisement": head("GET", f"/{path}.git/info/refs?service=git-upload-pack", None),
        "ls-refs": body_of_post(
            f"/{path}.git/git-upload-pack", b"0014command=ls-refs\n0000", "Git-Protocol: version=2"
        ),
    }

    with hung(80, lambda: connect(served.http, requests[asked], receive_bytes=4096)) as connections:
        assert connections[0].recv(12) == b"HTTP/1.1 200"
        others_are_served()

    (served.git_directory(path) / "packed-refs").unlink()
    assert wait_until(lambda: not has_git(served))


def test_forty_pushes_that_dribble(
    served: Served, anna: Person, large: Large, git: GitClient, others_are_served: Callable[[], None]
) -> None:
    path = served.repository(anna)
    body = push_body([(ZERO, large.tip, "refs/heads/main")], large.pack)
    length = f"Content-Length: {len(body)}"
    kind = "Content-Type: application/x-git-receive-pack-request"
    begun = head("POST", f"/{path}.git/git-receive-pack", anna, kind, length) + body[:100_000]

    with hung(40, lambda: connect(served.http, begun)) as connections, dribbling(connections, body[100_000:]):
        assert wait_until(lambda: has_git(served))
        others_are_served()

    directory = served.git_directory(path)
    assert wait_until(lambda: not has_git(served))
    assert not list((directory / "objects").glob("tmp_objdir-*"))
    assert refs_on_disk(git, directory) == {}


@pytest.mark.parametrize(
    ("count", "sent"), [(200, b""), (40, b"GET /person HTTP/1.1\r\nHost: h")], ids=["silent", "half a head"]
)
@pytest.mark.parametrize("port", ["http", "ssh"])
def test_connections_that_say_nothing_or_half_a_word(
    served: Served, others_are_served: Callable[[], None], count: int, sent: bytes, port: str
) -> None:
    address = served.http if port == "http" else served.ssh

    with hung(count, lambda: connect(address, sent)):
        others_are_served()

    assert wait_until(lambda: not has_git(served))


def test_git_of_a_clone_ends_when_its_client_is_gone(
    served: Served, anna: Person, large: Large, git: GitClient, tmp_path: Path
) -> None:
    ssh = ssh_arguments(served, anna)
    asked = [*ssh, f"git-upload-pack '{large.path}.git'"]
    with beside(asked, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client:
        assert wait_until(lambda: has_git(served))
        client.kill()

    assert wait_until(lambda: not has_git(served))


@contextmanager
def dribbling(connections: list[socket.socket], body: bytes) -> Iterator[None]:
    """Sends a few bytes on each connection again and again, until the block ends."""
    is_over = Event()

    def dribble() -> None:
        at = 0
        while not is_over.wait(0.05):
            for connection in connections:
                connection.sendall(body[at : at + 10])
            at += 10

    thread = Thread(target=dribble)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
