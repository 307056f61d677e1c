"""SSH itself: whose key signed, what a session may not do, and how connections end."""

import asyncio
import signal
import socket
import subprocess
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
import pytest
from sqlalchemy import select

from hub.accounts.models import SshKey, User
from tests.databases import Template
from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.beside import beside
from tests.wire.processes import has_git, kill_part
from tests.wire.scripted_policy import wait_until
from tests.wire.ways import ssh, ssh_arguments

# One worker starts the hub that these share.
pytestmark = pytest.mark.xdist_group("ssh")

T = TypeVar("T")


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory, template_database: Template) -> Iterator[Served]:
    """A hub that looks at everything after a second."""
    folder = tmp_path_factory.mktemp("hasty-ssh")
    (folder / "data").mkdir(mode=0o700)
    served = Served(folder, template_database.copy_to(folder / "data"), {"idle_seconds": "1"})
    served.start()
    yield served
    served.close()


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(work, 120))


def connecting(served: Served, *keys: Path) -> Any:
    host, _, port = served.ssh.rpartition(":")
    return asyncssh.connect(
        host, int(port), username="git", client_keys=[str(key) for key in keys], known_hosts=None, config=None
    )


def forget_keys(served: Served, person: Person) -> None:
    with served.hub.database.writing() as session:
        for key in session.scalars(select(SshKey).where(SshKey.user_id == person.id)):
            session.delete(key)


async def greeting(connection: asyncssh.SSHClientConnection) -> str:
    done = await connection.run("", stdin=asyncssh.DEVNULL)
    assert done.exit_status == 1
    return str(done.stderr)


@pytest.mark.parametrize("user", ["git", "root", "anybody"])
def test_key_says_who_it_is_and_the_user_name_nothing(served: Served, anna: Person, user: str) -> None:
    arguments = [part.replace("git@", f"{user}@") for part in ssh_arguments(served, anna)]

    answer = subprocess.run((*arguments[:-1], "-T", arguments[-1]), capture_output=True, check=False)

    assert answer.returncode == 1
    assert answer.stderr.decode() == (
        f"Hi {anna.name}! You've successfully authenticated, but Hub does not provide shell access.\n"
    )


def test_identity_is_that_of_the_key_that_signed(served: Served, anna: Person, ben: Person) -> None:
    """The attack: offer a public key of somebody else's, which is accepted, then sign with one's own."""

    class Confused(asyncssh.SSHClient):
        offered = False

        def public_key_auth_requested(self) -> Any:
            if not self.offered:
                self.offered = True
                # Ben's key signs under Anna's public one: the offer is accepted, the signature is not.
                return forged(anna, ben)
            return asyncssh.read_private_key(ben.key)

    async def attack() -> str:
        host, _, port = served.ssh.rpartition(":")
        connection, _ = await asyncssh.create_connection(
            Confused, host, int(port), username="git", client_keys=None, known_hosts=None, config=None
        )
        async with connection:
            return await greeting(connection)

    assert run(attack()).startswith(f"Hi {ben.name}!")


def forged(public: Person, private: Person) -> asyncssh.SSHKeyPair:
    """A pair whose public half is one person's and whose private half is another's."""
    pair = asyncssh.load_keypairs([str(private.key)])[0]
    other = asyncssh.load_keypairs([str(public.key)])[0]
    pair.public_data = other.public_data
    return pair


def test_stranger_cannot_ask_for_anything_before_a_key_was_proved(served: Served, tmp_path: Path) -> None:
    async def knock() -> None:
        await connecting(served, asyncssh_key(tmp_path / "unknown"))

    with pytest.raises(asyncssh.PermissionDenied):
        run(knock())


def asyncssh_key(path: Path) -> Path:
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(path))
    return path


def test_nothing_but_commands_is_to_be_had(served: Served, anna: Person) -> None:
    async def try_all() -> list[str]:
        refused = []
        async with connecting(served, anna.key) as connection:
            for name, attempt in {
                "sftp": connection.start_sftp_client,
                "subsystem": lambda: connection.create_process(subsystem="netconf"),
                "forward": lambda: connection.open_connection("127.0.0.1", 22),
                "unix": lambda: connection.open_unix_connection("/run/x.sock"),
                "listen": lambda: connection.start_server(lambda *_: False, "127.0.0.1", 0),
                "terminal": lambda: connection.create_process("git-upload-pack 'x'", term_type="xterm"),
            }.items():
                try:
                    await attempt()
                except (asyncssh.Error, asyncssh.ChannelListenError, OSError):
                    refused.append(name)
        return refused

    assert run(try_all()) == ["sftp", "subsystem", "forward", "unix", "listen", "terminal"]


def test_one_connection_has_few_sessions_at_once(served: Served, anna: Person) -> None:
    async def open_many() -> int:
        path = served.repository(anna)
        async with connecting(served, anna.key) as connection:
            opened = 0
            for _ in range(20):
                try:
                    await connection.create_process(f"git-upload-pack '{path}'")
                    opened += 1
                except asyncssh.ChannelOpenError:
                    break
            return opened

    assert run(open_many()) == 10


def test_withdrawn_key_opens_nothing_more(served: Served) -> None:
    person = served.person()
    path = served.repository(person)

    async def withdraw() -> str:
        async with connecting(served, person.key) as connection:
            first = await greeting(connection)
            forget_keys(served, person)
            done = await connection.run(f"git-upload-pack '{path}'")
            assert (done.exit_status, done.stdout) == (None, "")
            await connection.wait_closed()
            return first

    assert run(withdraw()).startswith(f"Hi {person.name}!")
    assert ssh(served, person, f"git-upload-pack '{path}'").returncode == 255


@pytest.mark.parametrize("cause", ["key withdrawn", "account suspended"])
def test_open_connection_ends_when_its_key_stands_for_nobody(hasty: Served, cause: str) -> None:
    person = hasty.person()

    async def wait_for_the_end() -> None:
        async with connecting(hasty, person.key) as connection:
            await greeting(connection)
            if cause == "key withdrawn":
                forget_keys(hasty, person)
            else:
                with hasty.hub.database.writing() as session:
                    session.scalars(select(User).where(User.id == person.id)).one().is_suspended = True
            await connection.wait_closed()

    run(wait_for_the_end())


def test_host_keys_stay_the_same(fresh_served: Served) -> None:
    async def host_key() -> str:
        host, _, port = fresh_served.ssh.rpartition(":")
        key = await asyncssh.get_server_host_key(host, int(port), config=None)
        assert key is not None
        return key.get_fingerprint()

    before = run(host_key())
    fresh_served.stop()
    fresh_served.start()

    assert run(host_key()) == before
    assert before in fresh_served.log()


@pytest.mark.parametrize("count", [300])
def test_silent_connections_keep_nobody_out(served: Served, anna: Person, count: int) -> None:
    host, _, port = served.ssh.rpartition(":")
    silent = [socket.create_connection((host, int(port))) for _ in range(count)]
    try:
        assert ssh(served, anna, "").returncode == 1
    finally:
        for connection in silent:
            connection.close()


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_no_git_is_left_when_a_client_is_killed(hasty: Served, git: GitClient, version: str) -> None:
    person = hasty.person()
    path = hasty.repository(person)
    work = git.init()
    git.commit(work)
    git.push(work, hasty.url(path, person), "main")
    command = (*ssh_arguments(hasty, person), f"git-upload-pack '{path}'")
    options = ("-o", f"SetEnv=GIT_PROTOCOL=version={version}")
    with beside(
        (*command[:1], *options, *command[1:]), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as client:
        assert client.stdout is not None
        client.stdout.read(8)

        client.kill()
        client.communicate()

    assert wait_until(lambda: not has_git(hasty))


def test_stop_lets_a_running_push_finish(fresh_served: Served, git: GitClient, tmp_path: Path) -> None:
    person = fresh_served.person()
    path = fresh_served.repository(person)
    git.use_key(person.key)
    work = git.init()
    git.run("config", "core.hooksPath", str(tmp_path), cwd=work)
    commit_id = git.commit(work)
    # The client's own hook waits after it has seen the hub's refs, when the session is under way.
    waits, go_on = tmp_path / "waits", tmp_path / "go on"
    (tmp_path / "pre-push").write_text(
        f'#!/bin/sh\ntouch "{waits}"\nwhile [ ! -e "{go_on}" ]; do sleep 0.05; done\n'
    )
    (tmp_path / "pre-push").chmod(0o755)
    assert fresh_served.process is not None
    url = fresh_served.ssh_url(path)
    with beside(("git", "push", url, "main"), cwd=work, env=git.environment, stderr=subprocess.PIPE) as push:
        assert wait_until(waits.exists)

        fresh_served.process.send_signal(signal.SIGTERM)
        go_on.touch()
        told = push.communicate(timeout=240)[1].decode()

    assert push.returncode == 0, told
    assert fresh_served.process.wait(240) == 0
    fresh_served.start()
    git.use_key(person.key)
    assert git.ls_remote(fresh_served.ssh_url(path))["refs/heads/main"] == commit_id


def test_ssh_that_dies_takes_no_git_with_it_for_long(hasty: Served, git: GitClient) -> None:
    person = hasty.person()
    path = hasty.repository(person)
    with beside(
        (*ssh_arguments(hasty, person), f"git-receive-pack '{path}'"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as client:
        assert client.stdout is not None
        client.stdout.read(8)

        kill_part(hasty, "hub ssh")
        client.communicate()

    assert wait_until(lambda: not has_git(hasty))
    assert wait_until(lambda: ssh(hasty, person, "").returncode == 1)
