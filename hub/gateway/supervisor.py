"""`hub serve`: all parts of a hub, forked from one process that starts those again which end."""

import dataclasses
import fcntl
import gc
import json
import os
import resource
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy.orm import configure_mappers

from hub import logs
from hub.app import create_app
from hub.config import Config
from hub.errors import Conflict, text
from hub.gateway import lifeline, parts, readiness
from hub.gateway.exposure import refuse_strangers
from hub.gateway.forwarded import Proxies
from hub.gateway.front import STOP_SECONDS
from hub.gateway.listeners import (
    addresses_path,
    bind_tcp,
    bind_unix,
    bound_address,
    policy_socket_path,
    reachable_address,
    web_socket_path,
)
from hub.gateway.part import Part
from hub.gateway.worker import heartbeat_path

# So often in a row before the hub was ever ready, and starting it is given up.
_HOPELESS_STARTS: Final = 5
_TICK_SECONDS: Final = 0.05
_CALM_SECONDS: Final = 1.0
# Each client takes one, each page and each git child some more; systems often allow 1,024 by default.
_WANTED_FILES: Final = 16384

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a running hub is reached; `ssh` is None where it is turned off."""

    http: str
    ssh: str | None

    def as_json(self) -> str:
        """What the ready file holds."""
        named = {"http": self.http, "ssh": self.ssh}
        return json.dumps({name: value for name, value in named.items() if value is not None}) + "\n"


@contextmanager
def only_one(config: Config) -> Iterator[None]:
    """Holds the data folder for this process; raises Conflict while another `hub serve` does."""
    path = config.data / "run" / "serve.lock"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(
                text("A hub already serves the data folder %(data)s.", data=config.data),
                text("It is process %(pid)s.", pid=lock.read().strip() or "?"),
                text("Stop it first, or set HUB_DATA to another folder."),
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        # A child that kept the open file would hold the lock after this process is gone.
        os.register_at_fork(after_in_child=lock.close)
        yield


def _preload(config: Config) -> None:
    # What is imported before the fork, the pages with all they need above all, is in memory only once.
    metrics = config.data / "run" / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(mode=0o700)
    # Read by prometheus_client when it is imported: the web workers count into files that each can add up.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)
    create_app(config)
    configure_mappers()


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED_FILES if hard == resource.RLIM_INFINITY else min(_WANTED_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Supervisor:
    """`hub serve`: one per data folder. `on_ready` is called once, in this process, when all parts answer."""

    def __init__(self, config: Config, on_ready: Callable[[Addresses], None] | None = None) -> None:
        self._config = config
        self._on_ready = on_ready

    def run(self) -> int:
        """Runs the whole hub until a signal to stop; returns the exit status. Raises HubError in words."""
        refuse_strangers(self._config, self._config.http, self._config.ssh)
        Proxies(self._config.trusted_proxies)  # a mistake there is said now, not by a part that cannot start
        with only_one(self._config):
            _remove_ready_files(self._config)
            logs.configure(self._config)
            _raise_file_limit()
            _preload(self._config)
            return _Parts(self._config, self._on_ready).run()


class _Parts:
    """The parts and what they listen on: bound here, so that no client is refused while one starts again."""

    def __init__(self, config: Config, on_ready: Callable[[Addresses], None] | None) -> None:
        self._http = bind_tcp(config.http)
        self._ssh = bind_tcp(config.ssh) if config.ssh else None
        self._web = bind_unix(web_socket_path(config))
        self._policy = bind_unix(policy_socket_path(config))
        self._listeners = [one for one in (self._http, self._ssh, self._web, self._policy) if one is not None]
        # With port 0 the parts would not know where they can be reached.
        self._config = dataclasses.replace(
            config,
            http=bound_address(self._http),
            ssh="" if self._ssh is None else bound_address(self._ssh),
        )
        self._on_ready = on_ready
        self._is_ready = False
        self._parts = [self._make_policy(), self._make_worker(), self._make_web(), self._make_front()]
        if self._ssh is not None:
            self._parts.append(self._make_ssh())

    @property
    def addresses(self) -> Addresses:
        """Where this machine itself reaches the hub."""
        return Addresses(
            http=f"http://{reachable_address(self._http)}",
            ssh=None if self._ssh is None else reachable_address(self._ssh),
        )

    def _make_policy(self) -> Part:
        return Part(
            "policy",
            run=lambda: parts.run_policy(self._config, self._policy),
            answers=lambda: readiness.policy_answers(policy_socket_path(self._config)),
            listener=self._policy,
        )

    def _make_worker(self) -> Part:
        beat = heartbeat_path(self._config)
        beat.unlink(missing_ok=True)
        return Part("worker", run=lambda: parts.run_worker(self._config), answers=beat.exists)

    def _make_web(self) -> Part:
        # It is asked through the front.
        return Part(
            "web",
            run=lambda: parts.run_web(self._config, self._web),
            answers=lambda: True,
            listener=self._web,
        )

    def _make_front(self) -> Part:
        return Part(
            "front",
            run=lambda: parts.run_front(self._config, self._http),
            answers=lambda: readiness.pages_answer(reachable_address(self._http)),
            listener=self._http,
            stop_seconds=STOP_SECONDS + 5,
        )

    def _make_ssh(self) -> Part:
        listener = self._ssh
        assert listener is not None
        return Part(
            "ssh",
            run=lambda: parts.run_ssh(self._config, listener),
            answers=lambda: readiness.ssh_answers(reachable_address(listener)),
            listener=listener,
            stop_seconds=STOP_SECONDS + 5,
        )

    def run(self) -> int:
        """Starts the parts and keeps them alive until a signal to stop; returns the exit status."""
        lifeline.hold_signals()
        gc.collect()
        gc.freeze()
        while True:
            for part in self._parts:
                if part.is_due():
                    part.start(self._listeners)
            found = lifeline.wait_for_signal(_CALM_SECONDS if self._is_calm() else _TICK_SECONDS)
            if found in lifeline.STOP_SIGNALS:
                log.info("hub_stops", signal=found.name)
                self._stop()
                return 0
            self._bury()
            if not self._is_ready and self._is_hopeless():
                self._stop()
                return 1
            if not self._is_ready and all(part.pid is not None and part.answers() for part in self._parts):
                self._announce()

    def _is_calm(self) -> bool:
        return self._is_ready and all(part.pid is not None for part in self._parts)

    def _is_hopeless(self) -> bool:
        failing = [part.name for part in self._parts if part.failures >= _HOPELESS_STARTS]
        if failing:
            log.error("hub_gives_up", parts=failing, reason="ended at every start; see the lines above")
        return bool(failing)

    def _bury(self) -> None:
        for pid, status in lifeline.reap():
            for part in self._parts:
                if part.pid == pid:
                    part.ended()
                    log.warning("part_ended", part=part.name, pid=pid, status=status)

    def _announce(self) -> None:
        self._is_ready = True
        for path in _ready_files(self._config):
            _write_whole(path, self.addresses.as_json())
        log.info("hub_ready", http=self.addresses.http, ssh=self.addresses.ssh)
        if self._on_ready is not None:
            self._on_ready(self.addresses)

    def _stop(self) -> None:
        # From now on nobody new is let in; who is being served is served to the end, pushes above all.
        # The front goes before what it asks.
        for listener in self._listeners:
            listener.close()
        _remove_ready_files(self._config)
        for names in (("front", "ssh"), ("web", "worker"), ("policy",)):
            self._end([part for part in self._parts if part.name in names and part.pid is not None])

    def _end(self, ending: list[Part]) -> None:
        for part in ending:
            part.stop()
        while ending:
            is_hurried = lifeline.wait_for_signal(_TICK_SECONDS) in lifeline.STOP_SIGNALS
            ended = {pid for pid, _ in lifeline.reap()}
            for part in self._parts:
                if part.pid in ended:
                    part.pid = None
            ending = [part for part in ending if part.pid is not None]
            for part in ending:
                if is_hurried or time.monotonic() > part.kill_at:
                    log.warning("part_killed", part=part.name, pid=part.pid)
                    part.kill()


def _ready_files(config: Config) -> list[Path]:
    return [addresses_path(config), *([Path(config.ready_file)] if config.ready_file else [])]


def _remove_ready_files(config: Config) -> None:
    for path in _ready_files(config):
        path.unlink(missing_ok=True)


def _write_whole(path: Path, words: str) -> None:
    # Whoever waits for the file must never read half of it.
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(words, "utf-8")
    partial.replace(path)
