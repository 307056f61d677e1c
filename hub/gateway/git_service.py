"""What a git service is asked to do, by whom, within which limits, and how many at once."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hub.gateway.loop_local import LoopLocal

SERVICES = frozenset({"git-upload-pack", "git-receive-pack"})


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one client may ask of the server. The sizes hold only where there is a policy."""

    max_push_bytes: int = 2 << 30
    push_memory_bytes: int = min(4 << 30, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)
    """How much memory a process of git may take that unpacks a push."""
    push_processor_seconds: int = 3600
    max_fetch_request_bytes: int = 32 << 20
    idle_seconds: float = 60
    pack_slots: int = 2 * (os.cpu_count() or 2)
    """How many fetches git works on at once."""
    content_checks: int = 1
    """How many pushes are examined at once: fewer than there are policy processes."""
    cache_bytes: int = 2 << 30
    cache_seconds: float = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryPolicy:
    """Where a repository's pushes are judged and recorded, and its fetches allowed."""

    socket: Path
    """The Unix socket of the policy processes."""
    repository_id: int
    name: str
    """As people write it: `anna/demo`. For log lines."""
    viewer: Mapping[str, object]
    """Who asks, as Viewer.as_dict() gives it."""
    base_url: str
    """The hub's address as this client reached it, for links in what a pusher reads."""
    hooks: Path
    """The folder that `hook_channel.install_hooks` filled."""
    cache: Path | None = None
    """The folder for answers to fetches that are kept; None keeps none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitTarget:
    """One request to one repository: what `resolve` found, and what the caller may do there."""

    directory: Path
    """The bare repository."""
    path: str
    """What follows it in the URL: `info/refs`, `git-upload-pack` or `git-receive-pack`."""
    services: frozenset[str]
    """Those of `git-upload-pack` and `git-receive-pack` that this caller may use."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Additions to the children's environment, which win over ours."""
    config: Mapping[str, str] = field(default_factory=dict)
    """Additional `-c name=value` settings, which win over ours."""
    policy: RepositoryPolicy | None = None
    """The hub's own limits, hooks, judge and recorder; without it a client meets stock git."""
    limits: Limits = Limits()


_slots: LoopLocal[dict[tuple[str, int], asyncio.Semaphore]] = LoopLocal(dict)


def slots(kind: str, count: int) -> asyncio.Semaphore:
    """The running loop's `count` places for this kind of work."""
    return _slots.get().setdefault((kind, count), asyncio.Semaphore(count))
