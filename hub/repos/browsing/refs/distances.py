"""How far branches are from the default one: counted while a page waits, or by the worker for the next visit.

What two ids are apart never changes, so that it is kept; what the time of a page was not enough for is noted.
"""

import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from hub.config import Config
from hub.db import Database, config_of
from hub.kept import Kept, kept_in
from hub.repos.browsing.refs.ref_order import order_refs
from hub.repos.git.history import Distance, measure_distance
from hub.repos.git.process import GitFailed
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.repos.names import BRANCHES

PAGE_SECONDS: Final = 0.5
_WORKER_SECONDS: Final = 60.0
# What the worker counts for one note: the first pages of the list.
_MOST_COUNTED: Final = 100
_KIND: Final = "distance"


def find_distances(
    session: Session, repository: Repository, tips: Iterable[str], *, seconds: float = PAGE_SECONDS
) -> dict[str, Distance]:
    """The distances of these commits from the default branch, by their ids; those that are left out come
    later, by the next visit or the worker."""
    config = config_of(session)
    path = directory(config, repository)
    base = RefFiles(path).get(BRANCHES + repository.default_branch)
    if base is None:
        return {}
    found, is_whole = _count(config, path, tips, base, seconds=seconds)
    if not is_whole:
        note = _notes(config) / str(repository.id)
        with suppress(OSError):  # a full disk: whoever comes next leaves it
            note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            note.touch()
    return found


def count_noted(database: Database) -> None:
    """Counts what pages had no time for."""
    for note in sorted(_notes(database.config).glob("[0-9]*")):
        note.unlink(missing_ok=True)
        with database.reading() as session:
            repository = session.get(Repository, int(note.name))
            if repository is None:
                continue
            path, default = directory(database.config, repository), repository.default_branch
        base = RefFiles(path).get(BRANCHES + default)
        tips = [tip for _, tip in order_refs(path, BRANCHES.encode()).refs[:_MOST_COUNTED]]
        if base is not None:
            _count(database.config, path, tips, base, seconds=_WORKER_SECONDS)


def _count(
    config: Config, path: Path, tips: Iterable[str], base: str, *, seconds: float
) -> tuple[dict[str, Distance], bool]:
    """The distances there was time for, and whether those are all."""
    kept, deadline = kept_in(config), time.monotonic() + seconds
    found: dict[str, Distance] = {}
    is_whole = True
    for tip in dict.fromkeys(tips):
        distance = _read(kept, tip, base)
        left = deadline - time.monotonic()
        if distance is None and left > 0:
            with suppress(GitFailed):  # an object is missing
                distance = measure_distance(path, tip, base, timeout_seconds=left)
            if distance is not None:
                data = f"{distance.ahead} {distance.behind}".encode()
                kept.put(_KIND, tip, base, data=data)
        if distance is None:
            is_whole = False
        else:
            found[tip] = distance
    return found, is_whole


def _read(kept: Kept, tip: str, base: str) -> Distance | None:
    data = kept.get(_KIND, tip, base)
    return None if data is None else Distance(*map(int, data.split()))


def _notes(config: Config) -> Path:
    return config.data / "cache" / "distances-wanted"
