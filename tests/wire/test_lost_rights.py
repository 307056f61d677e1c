"""Whoever loses a right loses it in the middle of what they do: of a clone, of a push, of a session."""

import contextlib
import os
import socket
import subprocess
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from hub.access import Permission, Role
from hub.accounts.models import AccessToken, SshKey, User
from hub.clock import now
from hub.repos.access import open_repository
from hub.repos.models import Collaborator, Repository
from tests.databases import Template
from tests.factories import SYSTEM
from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.beside import beside
from tests.wire.http_requests import as_git, fetch_v2_body, request
from tests.wire.made_by_hand import ZERO, pack_of, push_body, read_answer
from tests.wire.records import refs_on_disk, repository_id
from tests.wire.scripted_policy import wait_until
from tests.wire.ways import ssh_arguments

# One worker starts the hub that these share.
pytestmark = pytest.mark.xdist_group("lost-rights")

MEGABYTES = 18
# A client that reads so much at once and pauses takes nine seconds for all of it: some looks of this hub at
# what is going on, between which lie three. One that paused longer would be let go for being too slow.
PIECE, PAUSE_SECONDS = 160 << 10, 0.08
CUT_SECONDS = 60

Loss = Callable[[Session, Person, Repository], None]


@pytest.fixture(scope="module")
def watchful(tmp_path_factory: pytest.TempPathFactory, template_database: Template) -> Iterator[Served]:
    """A hub that looks at everything after three seconds."""
    folder = tmp_path_factory.mktemp("watchful")
    (folder / "data").mkdir(mode=0o700)
    served = Served(folder, template_database.copy_to(folder / "data"), {"idle_seconds": "3"})
    served.start()
    yield served
    served.close()


@pytest.fixture(scope="module")
def stock(watchful: Served, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A private repository that takes long to clone slowly, and its commit."""
    owner = watchful.person()
    path = watchful.repository(owner, private=True)
    git = GitClient(tmp_path_factory.mktemp("stock"))
    work = git.init()
    commit_id = git.commit(work, "Much", {"noise": os.urandom(MEGABYTES << 20)})
    git.push(work, watchful.url(path, owner), "main")
    return path, commit_id


@pytest.fixture
def large(watchful: Served, stock: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """That repository, brought back for the next test."""
    number = repository_id(watchful, stock[0])
    yield stock
    with watchful.hub.database.writing() as session:
        repository = session.get_one(Repository, number)
        repository.deleted_at = repository.archived_at = None


def without_token(session: Session, person: Person, repository: Repository) -> None:
    session.execute(delete(AccessToken).where(AccessToken.user_id == person.id))


def without_key(session: Session, person: Person, repository: Repository) -> None:
    session.execute(delete(SshKey).where(SshKey.user_id == person.id))


def suspended(session: Session, person: Person, repository: Repository) -> None:
    session.get_one(User, person.id).is_suspended = True


def without_role(session: Session, person: Person, repository: Repository) -> None:
    session.delete(session.get_one(Collaborator, (repository.id, person.id)))


def deleted(session: Session, person: Person, repository: Repository) -> None:
    repository.deleted_at = now()


def archived(session: Session, person: Person, repository: Repository) -> None:
    repository.archived_at = now()


def lose(served: Served, person: Person, path: str, loss: Loss) -> None:
    with served.hub.database.writing() as session:
        loss(session, person, open_repository(session, SYSTEM, path, need=Permission.SEE))


def slowly(read: Callable[[int], bytes], first: Callable[[], None]) -> int:
    """Reads to the end, does something after the first megabyte; returns how much came."""
    count, is_done = 0, False
    while data := read(PIECE):
        count += len(data)
        if not is_done and count > 1 << 20:
            first()
            is_done = True
        time.sleep(PAUSE_SECONDS)
    return count


def clone_over_http(served: Served, path: str, commit_id: str, reader: Person, loss: Loss) -> bool:
    """Clones slowly, has the reader lose something on the way; returns whether all of it came."""
    address = urllib.parse.urlsplit(served.http)
    body = fetch_v2_body([commit_id])
    fields = {
        **as_git(reader),
        "Host": address.netloc,
        "Content-Type": "application/x-git-upload-pack-request",
        "Git-Protocol": "version=2",
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    with socket.socket() as client:
        # The kernels on both sides keep little for a client that is slow.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
        client.connect((address.hostname, address.port))
        client.settimeout(CUT_SECONDS)
        client.sendall(f"POST /{path}.git/git-upload-pack HTTP/1.1\r\n{head}\r\n".encode() + body)

        def read(size: int) -> bytes:
            with contextlib.suppress(ConnectionResetError):
                return client.recv(size)
            return b""

        return slowly(read, lambda: lose(served, reader, path, loss)) > MEGABYTES << 20


def clone_over_ssh(
    served: Served, path: str, commit_id: str, reader: Person, loss: Loss, version: str = "2"
) -> bool:
    """As over HTTP; fails if SSH's end says otherwise."""
    command = (*ssh_arguments(served, reader), f"git-upload-pack '{path}.git'")
    asked = fetch_v2_body([commit_id])
    if version == "0":
        asked = b"0032want %s\n00000009done\n" % commit_id.encode()
    with beside(
        (command[0], "-o", f"SetEnv=GIT_PROTOCOL=version={version}", *command[1:]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        with client.stdin, client.stdout as output:
            client.stdin.write(asked + b"0000" * (version == "2"))
            client.stdin.flush()
            count = slowly(
                lambda size: os.read(output.fileno(), size), lambda: lose(served, reader, path, loss)
            )
        is_whole = count > MEGABYTES << 20
        assert (client.wait(CUT_SECONDS) == 0) is is_whole
    return is_whole


@pytest.mark.parametrize("loss", [without_token, suspended, without_role, deleted])
def test_clone_over_http_is_cut_off(watchful: Served, large: tuple[str, str], loss: Loss) -> None:
    reader = watchful.person()
    watchful.grant(large[0], reader, Role.READ)
    assert not clone_over_http(watchful, *large, reader, loss)


@pytest.mark.parametrize("loss", [without_key, suspended, without_role, deleted])
def test_clone_over_ssh_is_cut_off(watchful: Served, large: tuple[str, str], loss: Loss) -> None:
    reader = watchful.person()
    watchful.grant(large[0], reader, Role.READ)
    assert not clone_over_ssh(watchful, *large, reader, loss)


def test_clone_over_ssh_by_the_old_protocol_is_cut_off(watchful: Served, large: tuple[str, str]) -> None:
    reader = watchful.person()
    watchful.grant(large[0], reader, Role.READ)
    assert not clone_over_ssh(watchful, *large, reader, without_role, version="0")


@pytest.mark.parametrize("clone", [clone_over_http, clone_over_ssh])
def test_clone_goes_on_while_the_reader_may_read(
    watchful: Served, large: tuple[str, str], clone: Callable[..., bool]
) -> None:
    """What changes around them cuts nobody off: the repository is archived meanwhile."""
    reader = watchful.person()
    watchful.grant(large[0], reader, Role.READ)
    assert clone(watchful, *large, reader, archived)


@pytest.mark.parametrize("loss", [without_token, suspended, without_role, archived, deleted])
def test_push_whose_body_is_on_its_way_moves_nothing(served: Served, git: GitClient, loss: Loss) -> None:
    owner, writer = served.person(), served.person()
    path = served.repository(owner)
    work = git.init()
    first = git.commit(work, "One")
    git.push(work, served.url(path, owner), "main")
    served.grant(path, writer, Role.WRITE)
    directory = served.git_directory(path)
    second = git.commit(work, "Two")
    body = push_body([(ZERO, second, "refs/heads/topic")], pack_of(git, work, second))

    def pieces() -> Iterator[bytes]:
        # Longer than the moment for which the hub remembers who was let in.
        yield body[: len(body) // 2]
        time.sleep(0.6)
        lose(served, writer, path, loss)
        yield body[len(body) // 2 : -1]
        time.sleep(0.6)
        yield body[-1:]

    answer = request(
        served,
        f"/{path}.git/git-receive-pack",
        method="POST",
        headers={**as_git(writer), "Content-Type": "application/x-git-receive-pack-request"},
        body=pieces(),
    )

    assert answer.status == 200
    said = read_answer(answer.body)
    assert said.answer_for("refs/heads/topic").startswith("ng ")
    assert said.said
    shown = refs_on_disk(git, directory)
    assert shown == {"refs/heads/main": first}


@pytest.mark.parametrize("way", ["http", "ssh"])
@pytest.mark.parametrize("loss", [suspended, without_role, archived, deleted])
def test_push_that_was_announced_is_refused_when_it_comes(
    served: Served, git: GitClient, tmp_path: Path, way: str, loss: Loss
) -> None:
    """The client has read the refs, and waits; then it sends, over the same connection with SSH."""
    owner, writer = served.person(), served.person()
    path = served.repository(owner)
    work = git.init()
    first = git.commit(work, "One")
    git.push(work, served.url(path, owner), "main")
    served.grant(path, writer, Role.WRITE)
    directory = served.git_directory(path)
    waits, go_on = tmp_path / "waits", tmp_path / "go on"
    (tmp_path / "pre-push").write_text(
        f'#!/bin/sh\ntouch "{waits}"\nwhile [ ! -e "{go_on}" ]; do sleep 0.05; done\n'
    )
    (tmp_path / "pre-push").chmod(0o755)
    git.run("config", "core.hooksPath", str(tmp_path), cwd=work)
    git.commit(work, "Two")
    git.use_key(writer.key)
    url = served.url(path, writer) if way == "http" else served.ssh_url(path)
    with beside(
        ("git", "push", url, "main:topic"), cwd=work, env=git.environment, stderr=subprocess.PIPE
    ) as push:
        assert wait_until(waits.exists)
        lose(served, writer, path, loss)
        go_on.touch()
        told = push.communicate(timeout=240)[1].decode()
    assert push.returncode != 0, told
    shown = refs_on_disk(git, directory)
    assert shown == {"refs/heads/main": first}
