"""fetch.converse and push.converse, which SSH calls: whole sessions of real git over a byte stream."""

import asyncio
import contextlib
import socket
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Self

import pytest

from hub.gateway import fetch, push
from hub.gateway.client import Client, ClientLeft
from hub.gateway.git_http import GitTarget
from tests.git_client import GitClient
from tests.wire.gateway_hosting import Hosted, hosting
from tests.wire.gateway_server import BOTH, GatewayServer, git, git_processes
from tests.wire.raw_git import new_commit
from tests.wire.scripted_policy import refuse_all, tips_only, wait_until

# What git starts in place of ssh: it names the service and the protocol, and then only copies bytes.
STAND_IN = """
import os, socket, sys, threading
connection = socket.create_connection(("127.0.0.1", {port}))
command = sys.argv[-1].split()[0]
connection.sendall(f"{{command}} {{os.environ.get('GIT_PROTOCOL', '')}}\\n".encode())
def send():
    while data := os.read(0, 65536):
        connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)
threading.Thread(target=send, daemon=True).start()
while data := connection.recv(65536):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
os._exit(0)
"""


class StreamClient(Client):
    """A session over a stream: what the SSH side has to bring, without SSH."""

    reads_answer_early = True

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def body(self) -> AsyncIterator[bytes]:
        while data := await self._reader.read(65536):
            yield data

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        try:
            await self._writer.drain()
        except ConnectionError as error:
            raise ClientLeft from error

    async def finish(self) -> None:
        pass

    async def left(self) -> None:
        while not self._writer.is_closing():
            await asyncio.sleep(0.01)


class SessionServer:
    """Serves one target, session by session, in a loop of its own."""

    def __init__(self, hosted: Hosted) -> None:
        self._hosted = hosted
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        self._task = asyncio.current_task()
        async with await asyncio.start_server(self._session, sock=self._listener) as server:
            await server.serve_forever()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        service, protocol = (await reader.readline()).decode().rstrip("\n").split(" ")
        target = GitTarget(path=service, services=BOTH, **self._hosted.fields)
        converse = push.converse if service == "git-receive-pack" else fetch.converse
        with contextlib.suppress(ClientLeft):
            await converse(target, protocol, StreamClient(reader, writer))
        writer.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._task is not None
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="module")
def running() -> Iterator[GatewayServer]:
    with GatewayServer() as server:
        yield server


@pytest.fixture
def hosted(running: GatewayServer, tmp_path: Path) -> Iterator[Hosted]:
    with hosting(running, tmp_path) as one:
        one.script.wants = tips_only(one.directory)
        yield one


@pytest.fixture
def client(hosted: Hosted, tmp_path: Path) -> Iterator[GitClient]:
    made = GitClient(tmp_path / "client")
    with SessionServer(hosted) as server:
        stand_in = tmp_path / "stand_in.py"
        stand_in.write_text(STAND_IN.format(port=server.port))
        made.environment["GIT_SSH_COMMAND"] = f"{sys.executable} -IS {stand_in}"
        made.environment["GIT_SSH_VARIANT"] = "ssh"
        yield made


URL = "ssh://git@hub.test/anna/demo.git"


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_git_clones_fetches_and_pushes(hosted: Hosted, client: GitClient, version: str) -> None:
    client.run("config", "--global", "protocol.version", version)
    client.clone(URL, "clone", "--depth=1")
    work = client.folder / "clone"
    commit_id = client.commit(work)
    client.push(work, "origin", "HEAD:refs/heads/new")
    client.fetch(work, "--unshallow", "origin")
    assert git("rev-parse", "refs/heads/new", cwd=hosted.directory) == commit_id
    assert [one for one in hosted.script.questions() if one != "wants"] == ["gate", "judge", "record"]


def test_a_second_clone_comes_from_the_cache(hosted: Hosted, client: GitClient, tmp_path: Path) -> None:
    script, counter = tmp_path / "count", tmp_path / "packs"
    script.write_text(f'#!/bin/sh\necho made >>{counter}\nexec "$@"\n')
    script.chmod(0o755)
    hosted.change(config={"uploadpack.packObjectsHook": str(script)})
    client.clone(URL, "one")
    client.clone(URL, "two")
    assert counter.read_text() == "made\n"


@pytest.mark.parametrize("version", ["0", "2"])
def test_a_want_that_may_not_be_seen_is_refused(hosted: Hosted, client: GitClient, version: str) -> None:
    client.run("config", "--global", "protocol.version", version)
    secret = new_commit(hosted.directory)
    work = client.init()
    result = client.fetch(work, URL, secret, check=False)
    assert not result.ok
    assert not client.run("cat-file", "-e", secret, cwd=work, check=False).ok


def test_a_refused_push_says_why(hosted: Hosted, client: GitClient) -> None:
    hosted.script.judge = lambda question: refuse_all(question, "protected branch", ("Propose instead.",))
    work = client.init()
    client.commit(work)
    result = client.push(work, URL, "HEAD:release", check=False)
    assert "remote: Propose instead." in result.err
    assert "(protected branch)" in result.err


def test_a_push_of_nothing_ends(hosted: Hosted, client: GitClient) -> None:
    client.clone(URL)
    assert "Everything up-to-date" in client.push(client.folder / "clone", "origin", "main").err
    assert [one for one in hosted.script.questions() if one != "wants"] == []


@pytest.mark.parametrize("version", ["0", "2"])
def test_no_git_is_left_after_a_session(hosted: Hosted, client: GitClient, version: str) -> None:
    client.run("config", "--global", "protocol.version", version)
    client.ls_remote(URL)
    assert wait_until(lambda: git_processes(hosted.directory) == [])
