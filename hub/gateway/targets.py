"""Finds the repository that a git client asks for, and says what this viewer may do there."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from hub.access import Permission, Role, Viewer
from hub.app import Hub
from hub.config import Config
from hub.errors import Unavailable, text
from hub.gateway.git_service import GitTarget, Limits, RepositoryPolicy
from hub.gateway.hook_channel import install_hooks
from hub.gateway.listeners import policy_socket_path
from hub.repos.access import find_repository, open_repository
from hub.repos.git.store import directory

T = TypeVar("T")

# What somebody must be allowed for each service. A push may propose; each of its refs is judged by itself.
NEEDS: Final = {"git-upload-pack": Permission.SEE, "git-receive-pack": Permission.PROPOSE}

_THREADS: Final = 4

log = structlog.get_logger(__name__)


class Targets:
    """The repositories of one hub as git services see them. Made once per process."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._hooks = install_hooks(hub.config.data / "run")
        self._limits = _limits(hub.config)
        # Short reads only; they must not hold up the event loop, nor each other behind one connection.
        self._threads = ThreadPoolExecutor(_THREADS, "database")

    async def read(self, work: Callable[[Session], T]) -> T:
        """What `work` returns, called in a thread with a session that only reads.

        Raises Unavailable where the database cannot be read.
        """

        def read() -> T:
            try:
                with self.hub.database.reading() as session:
                    return work(session)
            except SQLAlchemyError as error:
                log.error("database_failed", error=repr(error))
                raise Unavailable(
                    text("The hub cannot read its records now."), next_step=text("Try it again in a moment.")
                ) from error

        return await asyncio.get_running_loop().run_in_executor(self._threads, read)

    def later(self, work: Callable[[], None]) -> None:
        """Has `work` done in a thread, without waiting for it; what goes wrong is only logged."""
        self._threads.submit(_logged, work)

    def open(
        self, session: Session, viewer: Viewer, path: str, *, service: str, tail: str, base_url: str
    ) -> GitTarget:
        """The target for one service of the repository at `owner/name`; raises NotFound or Forbidden.

        `service` may be one that does not exist: then the target allows none.
        """
        repository = open_repository(session, viewer, path, need=NEEDS.get(service, Permission.SEE))
        config = self.hub.config
        return GitTarget(
            directory=directory(config, repository),
            path=tail,
            services=frozenset({service}) & NEEDS.keys(),
            policy=RepositoryPolicy(
                socket=policy_socket_path(config),
                repository_id=repository.id,
                name=repository.path,
                viewer=viewer.as_dict(),
                base_url=config.url.rstrip("/") or base_url,
                hooks=self._hooks,
                cache=config.data / "cache" / "fetch" if config.fetch_cache_bytes else None,
            ),
            limits=self._limits,
        )


def describe_reach(session: Session, viewer: Viewer) -> str:
    """What a deploy key may do, in words for whoever tries it out."""
    assert viewer.only is not None, "a deploy key reaches one repository"
    (repository_id,) = viewer.only
    repository = find_repository(session, viewer, repository_id)
    if repository is None:
        return "Its repository was deleted.\n"
    if viewer.key_role is Role.READ:
        return f"It reads {repository.path}.\n"
    if repository.archived_at is not None:
        return f"It reads {repository.path}, which is archived and takes no pushes.\n"
    return f"It reads {repository.path} and pushes to it.\n"


def _logged(work: Callable[[], None]) -> None:
    try:
        work()
    except SQLAlchemyError as error:
        log.warning("later_failed", error=repr(error))


def _limits(config: Config) -> Limits:
    return Limits(
        max_push_bytes=config.max_push_bytes,
        idle_seconds=config.idle_seconds,
        pack_slots=config.pack_slots or 2 * (os.cpu_count() or 1),
        content_checks=max(1, config.policy_processes - 1),
        cache_bytes=config.fetch_cache_bytes,
        cache_seconds=config.fetch_cache_seconds,
    )
