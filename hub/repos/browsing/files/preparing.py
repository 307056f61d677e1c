"""What the worker makes of a repository before somebody reads it, and again after pushes.

The order of its commits, the last commit of each entry, who made the commits, the languages: each a file that
pages read, and do without while it is missing. Nothing is asked of a push, which would wait for the queue's
disk: a sweep finds what was pushed to, and a page that misses something asks at once.
"""

import ctypes
import gc
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import select

from hub.config import Config
from hub.db import Database
from hub.jobs import every, job
from hub.repos.browsing.files.file_preparing import prepare_files
from hub.repos.git.commit_order import make_order
from hub.repos.git.contributors import count_contributors
from hub.repos.git.languages import measure_languages
from hub.repos.git.last_commits import LastCommits
from hub.repos.git.objects import Objects
from hub.repos.git.path_walk import Budget
from hub.repos.git.prepared_files import read_json, remove_abandoned, write_json
from hub.repos.git.process import GitFailed
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory, holding, reading_folder
from hub.repos.models import Repository
from hub.repos.names import BRANCHES

_log = structlog.get_logger(__name__)

_MARK: Final = "prepared.json"
_LOCK: Final = "preparing.lock"
_FOLDER_LOCK: Final = "folder.lock"
# One pass over git's own 82,000 commits takes 7 s; a history of a million shall not take a day.
_WHOLE: Final = Budget(commits=20_000_000, seconds=1800.0)
_FOLDER: Final = Budget(commits=5_000_000, seconds=60.0)
_GIT_SECONDS: Final = 600.0
# Pushes that come while it is prepared are taken in, but not without end.
_ROUNDS: Final = 3
# What a fork takes from its origin, which shortens its own walks.
_SHARED: Final = ("touched-*", "order-*")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a repository lies, the tip of its default branch, and where what is prepared is kept."""

    directory: Path
    folder: Path
    tip: str | None
    origin_folder: Path | None


@job
def prepare_reading(database: Database, repository_id: int) -> None:
    """Makes what the pages of the default branch need, if it is not there; once at a time."""
    place = _find(database, repository_id)
    if place is None:
        return
    place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with holding(place.folder, _LOCK) as is_ours:
        for _ in range(_ROUNDS if is_ours else 0):
            started_at = time.time()
            place = _find(database, repository_id)
            if place is None:
                return
            known = read_json(place.folder / _MARK)
            if place.tip is not None and known != {"tip": place.tip}:
                _prepare(place, place.tip, repository_id)
                _prepare_files(database.config, place, place.tip, old_tip=_tip_of(known))
                write_json(place.folder / _MARK, {"tip": place.tip})
            elif known is None:
                write_json(place.folder / _MARK, {"tip": None})
            _mark(place.folder / _MARK, started_at)
            if place.tip is None or known == {"tip": place.tip}:
                return


@job
def prepare_folder(database: Database, repository_id: int, commit_id: str, path_hex: str) -> None:
    """Finds the last commits for the entries of a folder, which took too long for somebody's page."""
    place = _find(database, repository_id)
    if place is None:
        return
    if commit_id == place.tip and read_json(place.folder / _MARK) != {"tip": place.tip}:
        prepare_reading.function(database, repository_id)
        return
    place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Whoever has to wait for another folder asks again, with the next view of the page.
    with holding(place.folder, _FOLDER_LOCK) as is_ours:
        if is_ours:
            last = LastCommits(place.directory, place.folder)
            last.make_folder(commit_id, bytes.fromhex(path_hex), budget=_FOLDER)


@every(1)
def prepare_what_was_pushed(database: Database) -> None:
    """Prepares each repository that was pushed to since it was prepared; nothing while that goes on."""
    run = database.config.data / "run"
    run.mkdir(parents=True, exist_ok=True, mode=0o700)
    with holding(run, _LOCK) as is_ours:
        for repository_id in _find_due(database) if is_ours else ():
            prepare_reading.function(database, repository_id)


def _find(database: Database, repository_id: int) -> _Place | None:
    with database.reading() as session:
        repository = session.get(Repository, repository_id)
        if repository is None or repository.deleted_at is not None:
            return None
        path, branch = directory(database.config, repository), repository.default_branch
        origin_id = repository.origin_id
    folder = reading_folder(database.config, repository_id)
    ref_id = RefFiles(path).get(BRANCHES + branch)
    tip = None if ref_id is None else Objects(path).peel(ref_id)
    origin = None if origin_id is None else reading_folder(database.config, origin_id)
    return _Place(path, folder, tip, origin)


def _find_due(database: Database) -> list[int]:
    columns = (Repository.id, Repository.pushed_at)
    with database.reading() as session:
        rows = session.execute(
            select(*columns).where(Repository.deleted_at.is_(None)).order_by(Repository.id)
        )
        found = [(one, pushed_at) for one, pushed_at in rows]
    return [one for one, pushed_at in found if _is_due(reading_folder(database.config, one), pushed_at)]


def _is_due(folder: Path, pushed_at: datetime | None) -> bool:
    try:
        prepared_at = (folder / _MARK).stat().st_mtime
    except FileNotFoundError:
        return True
    return pushed_at is not None and prepared_at < pushed_at.timestamp()


def _mark(path: Path, at: float) -> None:
    """Notes when the tip was read: what is pushed after that is not prepared."""
    with suppress(FileNotFoundError):  # purged meanwhile
        os.utime(path, (at, at))


def _prepare(place: _Place, tip: str, repository_id: int) -> None:
    remove_abandoned(place.folder)
    _take_from_origin(place)
    steps: dict[str, Callable[[], object]] = {
        "languages": lambda: measure_languages(place.directory, place.folder, tip),
        "order": lambda: make_order(place.directory, place.folder, tip, timeout_seconds=_GIT_SECONDS),
        "last_commits": lambda: LastCommits(place.directory, place.folder).make_all(tip, budget=_WHOLE),
        "contributors": lambda: count_contributors(
            place.directory, place.folder, tip, timeout_seconds=_GIT_SECONDS
        ),
    }
    began_at = time.monotonic()
    for name, step in steps.items():
        try:
            step()
        except (GitFailed, OSError, KeyError) as error:  # too slow, too large, or damaged: pages do without
            _log.warning("reading_not_prepared", repository_id=repository_id, step=name, error=str(error))
    _give_back_memory()
    seconds = round(time.monotonic() - began_at, 3)
    _log.info("reading_prepared", repository_id=repository_id, tip=tip, seconds=seconds)


def _give_back_memory() -> None:
    """Has the system get back what a walk over a history took: the worker is idle for most of its days.

    Of git's own history 120 MB of mapped packs and 70 MB of heap stayed with it.
    """
    gc.collect()
    with suppress(AttributeError, OSError):  # another C library than glibc keeps what it has
        ctypes.CDLL(None).malloc_trim(0)


def _tip_of(mark: object) -> str | None:
    """The commit that a mark names, if it was written whole."""
    tip = mark.get("tip") if isinstance(mark, dict) else None
    return tip if isinstance(tip, str) else None


def _prepare_files(config: Config, place: _Place, tip: str, *, old_tip: str | None) -> None:
    """Has the files that changed since be highlighted before somebody reads them."""
    try:
        prepare_files(config, place.directory, old_commit=old_tip, new_commit=tip)
    except (GitFailed, OSError, KeyError, ValueError) as error:  # pages do it themselves, one by one
        _log.warning("files_not_prepared", directory=place.directory.name, error=str(error))


def _take_from_origin(place: _Place) -> None:
    """A fork begins with what is known of its origin: it says something only of commits that both have."""
    if place.origin_folder is None:
        return
    for pattern in _SHARED:
        if not any(place.folder.glob(pattern)):
            for path in place.origin_folder.glob(pattern):
                with suppress(FileNotFoundError):
                    shutil.copy2(path, place.folder / path.name)
