"""git over SSH: keys instead of names, git's two commands and nothing else, the same code as over HTTP."""

import asyncio
import logging
import shlex
import signal
import socket
import time
from typing import Final

import asyncssh
import structlog
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts.credentials import KeyUse, find_key_viewer, note_use
from hub.app import Hub
from hub.config import Config
from hub.errors import BadRequest, Forbidden, HubError, Moved, Unavailable, text
from hub.gateway import fetch, push
from hub.gateway.client import ClientLeft
from hub.gateway.fetch_cache import AnswerBroken
from hub.gateway.git_service import GitTarget
from hub.gateway.listeners import BACKLOG
from hub.gateway.renewal import RECHECK_SECONDS, while_allowed
from hub.gateway.ssh_client import SshClient, SshSession
from hub.gateway.ssh_keys import load_host_keys
from hub.gateway.targets import NEEDS, Targets, describe_reach
from hub.repos.addresses import ssh_address

LOGIN_SECONDS: Final = 20
STOP_SECONDS: Final = 60
FETCH_STOP_SECONDS: Final = 5.0
# Of those who have not proved a key yet, over all addresses.
MOST_UNAUTHENTICATED: Final = 500
MOST_CONNECTIONS: Final = 2000
MOST_SESSIONS: Final = 10
# For the last words to those whose command was cut off at the end.
GOODBYE_SECONDS: Final = 3.0
# A client says nothing while it computes a large pack; that its machine is there, SSH itself finds out.
_READ_IDLE_FACTOR: Final = 10
_KEEPALIVE_SECONDS: Final = 30
_WINDOW_BYTES: Final = 2 << 20
_PACKET_BYTES: Final = 32 << 10

# The client's order decides, and OpenSSH's begins with ChaCha20, which costs this process twice the time of
# the AES that processors have built in. Every client knows one of these.
_CIPHERS: Final = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
)

# Names are shorter by far. Taking words apart is slow, and everybody else waits for it.
_LONGEST_COMMAND: Final = 1000

log = structlog.get_logger(__name__)


class Connections:
    """Every open connection and every command at work, over the whole process."""

    def __init__(self, targets: Targets) -> None:
        self.targets = targets
        self.working: dict[asyncio.Task[None], str] = {}
        """The service that each running command asked for."""
        # In the order in which they came.
        self._open: dict[SshServer, None] = {}

    def add(self, connection: "SshServer") -> None:
        """Lets one more in. Where there are too many that have not proved a key, the oldest of them has to
        go: proving one takes a second, so it is those who do not mean to that wait longest."""
        strangers = [one for one in self._open if one.use is None]
        if len(strangers) >= MOST_UNAUTHENTICATED:
            strangers[0].abort()
        if len(self._open) >= MOST_CONNECTIONS:
            connection.abort()
        else:
            self._open[connection] = None

    def remove(self, connection: "SshServer") -> None:
        """Forgets one that is closed."""
        self._open.pop(connection, None)

    async def find(self, fingerprint: str) -> KeyUse | None:
        """Whom the key stands for at this moment."""
        return await self.targets.read(lambda session: find_key_viewer(session, fingerprint))

    async def recheck(self) -> None:
        """Ends, again and again, the connections whose key was withdrawn or whose owner was suspended."""
        while True:
            await asyncio.sleep(min(RECHECK_SECONDS, self.targets.hub.config.idle_seconds))
            for connection in list(self._open):
                try:
                    await connection.still_known()
                except ClientLeft:
                    pass
                except Unavailable as error:
                    log.warning("ssh_recheck_failed", error=str(error))

    async def finish(self) -> None:
        """Waits for what runs: for fetches, which can be repeated, a little; for pushes a minute."""
        for service, seconds in (("git-upload-pack", FETCH_STOP_SECONDS), ("git-receive-pack", STOP_SECONDS)):
            running = {task for task, name in self.working.items() if name == service}
            if running:
                await asyncio.wait(running, timeout=seconds)
            for task in running:
                task.cancel()
        if self.working:
            await asyncio.wait(set(self.working), timeout=GOODBYE_SECONDS)
        for connection in list(self._open):
            connection.abort()


class SshServer(asyncssh.SSHServer):
    """One connection: who it is, and the sessions on it."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._connection: asyncssh.SSHServerConnection
        self._offered: tuple[str, KeyUse] | None = None
        self._fingerprint = ""
        self._sessions: set[SshSession] = set()
        self.use: KeyUse | None = None
        """Whom the key that signed stands for; None until it has."""

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Takes the client in, unless there are too many."""
        self._connection = conn
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        self._connections.remove(self)

    def abort(self) -> None:
        """Ends the connection at once."""
        self._connection.abort()

    def begin_auth(self, username: str) -> bool:
        """True: everybody proves a key. The name is ignored; `git` is what addresses show."""
        return True

    def public_key_auth_supported(self) -> bool:
        """True: there is no other way."""
        return True

    async def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Whether somebody has registered the key.

        Asked for each key that is offered, and again for the one that signs: a new request ends the one
        before, so that the last one found before `auth_completed` is that of the signature.
        """
        fingerprint = key.get_fingerprint()
        use = await self._connections.find(fingerprint)
        if self.use is not None:
            return False
        self._offered = None if use is None else (fingerprint, use)
        return use is not None

    def auth_completed(self) -> None:
        """Settles for the whole connection who this is."""
        if self._offered is None:
            self.abort()
            return
        self._fingerprint, self.use = self._offered
        use, database = self.use, self._connections.targets.hub.database
        if use.needs_touch:
            self._connections.targets.later(lambda: note_use(database, use))

    def session_requested(self) -> SshSession | bool:
        """A session, while there are not too many on this connection."""
        if self.use is None or len(self._sessions) >= MOST_SESSIONS:
            return False
        session = SshSession(self._serve, on_closed=self._sessions.discard)
        self._sessions.add(session)
        return session

    async def still_known(self) -> KeyUse | None:
        """Whom the key stands for now, or None before one was proved.

        Ends the connection and raises ClientLeft when it stands for nobody any more, or for another.
        """
        if self.use is None:
            return None
        use = await self._connections.find(self._fingerprint)
        if use is None or use.key_id != self.use.key_id:
            log.info("ssh_key_withdrawn", viewer=self.use.viewer.name, fingerprint=self._fingerprint)
            self.abort()
            raise ClientLeft
        return use

    async def _serve(self, session: SshSession) -> None:
        try:
            use = await self.still_known()
        except ClientLeft:
            return
        assert use is not None, "a session is only begun after the key was proved"
        await Command(self._connections, self._fingerprint, use, session).run()


class Command:
    """What one session runs."""

    def __init__(self, connections: Connections, fingerprint: str, use: KeyUse, session: SshSession) -> None:
        self._connections = connections
        self._fingerprint = fingerprint
        self._key_id = use.key_id
        self._viewer = use.viewer
        self._session = session
        self._config = connections.targets.hub.config

    async def run(self) -> None:
        """Runs it, and ends the session: as git does, or with words and a status."""
        task = asyncio.current_task()
        assert task is not None
        try:
            status, words = await self._outcome(task)
            async with asyncio.timeout(self._config.idle_seconds):
                await self._session.end(status, words)
        except (ClientLeft, AnswerBroken, TimeoutError):
            self._session.cut_off()
        finally:
            self._connections.working.pop(task, None)

    async def _outcome(self, task: asyncio.Task[None]) -> tuple[int, str]:
        command = self._session.command
        try:
            if not command:
                return 1, await self._greeting()
            service, path = parse(command)
            path, target = await self._find_moved(service, path)
            self._connections.working[task] = service
            await self._work(service, path, target)
        except asyncio.CancelledError:
            return 1, "The hub is going down. Run the command again in a moment.\n"
        except HubError as error:
            return 128, error.as_text()
        except (ClientLeft, AnswerBroken):
            raise
        except Exception:  # the edge: whatever it is, the client gets an answer and the log the cause
            log.exception("ssh_command_failed", viewer=self._viewer.name, command=command)
            return 128, "The hub failed to serve this. Its log says why.\n"
        return 0, ""

    async def _work(self, service: str, path: str, target: GitTarget) -> None:
        client = SshClient(
            self._session,
            read_idle_seconds=self._config.idle_seconds * _READ_IDLE_FACTOR,
            write_idle_seconds=self._config.idle_seconds,
        )
        protocol = str(self._session.channel.get_environment().get("GIT_PROTOCOL", ""))
        started = time.monotonic()

        async def renew() -> GitTarget:
            return await self._renew(service, path)

        try:
            if service == "git-receive-pack":
                await push.converse(target, protocol, client, renew)
            else:
                await while_allowed(target, fetch.converse(target, protocol, client, renew), renew)
        finally:
            log.info(
                "ssh_command",
                viewer=self._viewer.name,
                service=service,
                directory=target.directory.name,
                milliseconds=round((time.monotonic() - started) * 1000, 1),
            )

    async def _greeting(self) -> str:
        # Scripts look for these very words, which GitHub made known.
        greeting = (
            f"Hi {self._viewer.name}! You've successfully authenticated, "
            f"but {self._config.name} does not provide shell access.\n"
        )
        if self._viewer.key_role is None:
            return greeting
        viewer = self._viewer
        return greeting + await self._connections.targets.read(
            lambda session: describe_reach(session, viewer)
        )

    async def _find_moved(self, service: str, path: str) -> tuple[str, GitTarget]:
        """The target and its path of today, which the client is told where it asked for another."""
        try:
            return path, await self._find(service, path)
        except Moved as moved:
            target = await self._find(service, moved.path)
            address = ssh_address(self._config, self._config.url or f"http://{self._config.http}", moved.path)
            self._session.tell(
                f"This repository has moved to {address}.\n"
                f"Update your remote: git remote set-url origin {address}\n"
            )
            return moved.path, target

    async def _find(self, service: str, path: str) -> GitTarget:
        return await self._connections.targets.read(
            lambda session: self._open(session, self._viewer, service, path)
        )

    async def _renew(self, service: str, path: str) -> GitTarget:
        """The target as the key stands now, by its new path where it moved meanwhile."""

        def find(session: Session) -> GitTarget:
            use = find_key_viewer(session, self._fingerprint)
            if use is None or use.key_id != self._key_id:
                raise ClientLeft
            try:
                return self._open(session, use.viewer, service, path)
            except Moved as moved:
                return self._open(session, use.viewer, service, moved.path)

        return await self._connections.targets.read(find)

    def _open(self, session: Session, viewer: Viewer, service: str, path: str) -> GitTarget:
        targets, address = self._connections.targets, f"http://{self._config.http}"
        return targets.open(session, viewer, path, service=service, tail=service, base_url=address)


def parse(command: str) -> tuple[str, str]:
    """The service and the path, `owner/name`, that git asks for; raises BadRequest or Forbidden in words."""
    try:
        words = shlex.split(command) if len(command) <= _LONGEST_COMMAND else []
    except ValueError:
        words = []
    if words[:1] == ["git"] and len(words) > 1:
        words = [f"git-{words[1]}", *words[2:]]
    if words[:1] == ["git-upload-archive"]:
        raise Forbidden(
            text("git archive --remote is not served here."),
            text("It would read files that no branch or tag shows."),
            text("Clone the repository and run git archive there."),
        )
    if len(words) != 2 or words[0] not in NEEDS:
        raise BadRequest(
            text("The hub runs git-upload-pack and git-receive-pack for git, and nothing else."),
            next_step=text("Use git clone, git fetch, git push or git ls-remote."),
        )
    return words[0], words[1].strip("/").removesuffix(".git")


def serve(hub: Hub, listener: socket.socket) -> None:
    """Serves git over SSH on the socket until SIGTERM; running pushes are finished, for a minute at most."""
    # It tells each connection, each channel and each request.
    logging.getLogger("asyncssh").setLevel(logging.WARNING)
    asyncio.run(_serve(hub, listener))


async def _serve(hub: Hub, listener: socket.socket) -> None:
    connections = Connections(Targets(hub))
    acceptor = await asyncssh.listen(
        sock=listener,
        backlog=BACKLOG,
        server_factory=lambda: SshServer(connections),
        options=await _options(hub.config),
    )
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    recheck = asyncio.create_task(connections.recheck())
    await stopping.wait()
    recheck.cancel()
    acceptor.close()
    await connections.finish()


async def _options(config: Config) -> asyncssh.SSHServerConnectionOptions:
    host_keys = await asyncio.to_thread(load_host_keys, config)
    for key in host_keys:
        log.info("ssh_host_key", kind=key.get_algorithm(), fingerprint=key.get_fingerprint())
    options: asyncssh.SSHServerConnectionOptions = await asyncssh.SSHServerConnectionOptions.construct(
        server_host_keys=host_keys,
        server_version="Hub",
        encryption_algs=_CIPHERS,
        compression_algs=["none"],
        password_auth=False,
        kbdint_auth=False,
        gss_host=None,
        allow_pty=False,
        agent_forwarding=False,
        x11_forwarding=False,
        line_editor=False,
        encoding=None,
        window=_WINDOW_BYTES,
        max_pktsize=_PACKET_BYTES,
        login_timeout=LOGIN_SECONDS,
        keepalive_interval=_KEEPALIVE_SECONDS,
    )
    return options
