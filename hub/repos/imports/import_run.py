"""One import from its beginning to its end: fetched aside, examined, then taken over all at once.

Everything arrives in a directory beside the repository. Only when all of it is there and found good do the
packs move in, and the refs appear: under the queue, with an intent, recorded as a push is. Whatever fails
before leaves the repository as empty as it was.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Final

import structlog
from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from hub import egress
from hub.clock import now
from hub.db import Database
from hub.errors import HubError, Text, text
from hub.repos.git.forks import write_refs
from hub.repos.git.importing import (
    SourceFailed,
    fetch,
    fetch_bundle,
    hand_over_packs,
    largest_object,
    list_remote,
)
from hub.repos.git.loans import Busy, upkeep
from hub.repos.git.process import GitFailed
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import QUEUE_LOCK, directory, holding, lay_out, set_head, size_bytes
from hub.repos.imports.imports import Handover, folder, take_handover
from hub.repos.models import ZERO_ID, Import, ImportState, Repository
from hub.repos.names import BRANCHES, COUNTED, find_ref_fault, is_ref_name
from hub.repos.pushes import RefUpdate
from hub.repos.pushing.recording import Intent, close_intent, look_what_moved, open_intent, settle
from hub.repos.ref_rules import follow_default

_log = structlog.get_logger(__name__)

# So many at once: each holds one of the worker's threads for as long as it takes.
PLACES: Final = 2
_QUEUE_SECONDS: Final = 30.0
_NOTED_EVERY_SECONDS: Final = 1.0
_BROKE_OFF: Final = text("The hub stopped in the middle of it.")


def run_import(database: Database, repository_id: int) -> bool:
    """Does the import that waits in this repository; nothing where none waits, or all places are taken.

    How it ended stands in its row, and whether it went well is returned. Runs for as long as the settings
    let it.
    """
    with _place(database) as is_free, holding(folder(database.config), _lock_name(repository_id)) as is_ours:
        if not (is_free and is_ours and _begin(database, repository_id)):
            return False
        given = take_handover(database.config, repository_id)
        try:
            if given is None:
                raise SourceFailed(_BROKE_OFF)
            _Run(database, repository_id, given).do()
            return True
        except SourceFailed as error:
            _end(database, repository_id, ImportState.FAILED, error.reason)
        except HubError as error:
            _end(database, repository_id, ImportState.FAILED, _in_one(error))
        except (GitFailed, OSError, Busy) as error:
            _log.error("import_failed", repository_id=repository_id, error=str(error))
            _end(database, repository_id, ImportState.FAILED, text("The hub could not take it over."))
        finally:
            if given is not None and given.bundle:
                Path(given.bundle).unlink(missing_ok=True)
    return False


@contextmanager
def _place(database: Database) -> Iterator[bool]:
    where = folder(database.config)
    for number in range(PLACES):
        with holding(where, f"place-{number}.lock") as is_ours:
            if is_ours:
                yield True
                return
    yield False


def _begin(database: Database, repository_id: int) -> bool:
    is_waiting = (Import.repository_id == repository_id, Import.state == ImportState.WAITING)
    values = {"state": ImportState.RUNNING, "progress": "connecting", "percent": 0, "seen_at": now()}
    with database.writing() as session:
        begun = session.execute(update(Import).where(*is_waiting).values(values))
        assert isinstance(begun, CursorResult)
        return bool(begun.rowcount)


def _end(database: Database, repository_id: int, state: ImportState, why: Text | None = None) -> None:
    values = {"state": state, "error": "" if why is None else str(why), "ended_at": now(), "percent": 0}
    with database.writing() as session:
        session.execute(update(Import).where(Import.repository_id == repository_id).values(values))
    _log.info("import_ended", repository_id=repository_id, state=state.value, why=values["error"])


def _in_one(error: HubError) -> Text:
    fields = getattr(error, "fields", {})
    return next(iter(fields.values()), error.what)


class _Run:
    """One import under way."""

    def __init__(self, database: Database, repository_id: int, given: Handover) -> None:
        self._database = database
        self._config = database.config
        self._id = repository_id
        self._given = given
        self._noted_at = 0.0
        with database.reading() as session:
            repository = session.get_one(Repository, repository_id)
            self._path = directory(self._config, repository)
            self._user_id = session.scalar(
                select(Import.user_id).where(Import.repository_id == repository_id)
            )

    def do(self) -> None:
        """Fetches aside, and takes over; raises SourceFailed, HubError and what git or the disk raise."""
        aside = self._path.with_name(f"new-import-{self._id}-{token_hex(4)}")
        try:
            lay_out(aside, "main")
            heads = self._bring(aside)
            self._note("checking", 95)
            refs, left_out = self._choose(aside)
            self._require_sizes(aside)
            self._take_over(aside, refs, heads)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        if left_out:
            _log.info("import_left_out", repository_id=self._id, refs=left_out[:20], count=len(left_out))

    def _bring(self, aside: Path) -> list[str]:
        """The branches to take for the default one, the best first, as far as the source says."""
        watch = _Watch(self, aside, self._config.max_import_bytes)
        seconds = float(self._config.import_seconds)
        if self._given.bundle:
            return fetch_bundle(aside, Path(self._given.bundle), watch, timeout_seconds=seconds)
        source = egress.read_url(self._given.url)
        source = egress.with_credentials(source, self._given.user, self._given.secret)
        destination = egress.resolve(self._config, source)
        remote = list_remote(destination)
        if remote.refs > self._config.max_refs:
            raise SourceFailed(_too_many(self._config.max_refs))
        fetch(aside, destination, watch, timeout_seconds=seconds)
        return remote.heads

    def _choose(self, aside: Path) -> tuple[dict[bytes, str], list[str]]:
        """The refs to take, and the names of those that nobody may have here."""
        found = RefFiles(aside).read_all()
        names = {one: one.decode("utf-8", "replace") for one in found}
        good = {
            one: found[one]
            for one, name in names.items()
            if is_ref_name(name) and name.startswith(COUNTED) and find_ref_fault(name) is None
        }
        if len(good) > self._config.max_refs:
            raise SourceFailed(_too_many(self._config.max_refs))
        return good, [name for one, name in names.items() if one not in good]

    def _require_sizes(self, aside: Path) -> None:
        largest, limit = largest_object(aside), self._config.max_object_bytes
        if largest > limit:
            raise SourceFailed(
                text(
                    "An object in it has %(size)s bytes; the hub takes %(limit)s.", size=largest, limit=limit
                )
            )

    def _take_over(self, aside: Path, refs: dict[bytes, str], heads: list[str]) -> None:
        moves = [RefUpdate(name.decode(), ZERO_ID, refs[name]) for name in sorted(refs)]
        intent = Intent(f"import-{token_hex(8)}", self._id, self._user_id, moves)
        with (
            upkeep(self._path, wait_seconds=_QUEUE_SECONDS),
            holding(self._path, QUEUE_LOCK, wait_seconds=_QUEUE_SECONDS) as is_ours,
        ):
            if not is_ours:
                raise Busy(str(self._path))
            settle(self._database, self._id)
            if RefFiles(self._path).read_shared():
                raise SourceFailed(text("Somebody pushed to the repository in the meantime."))
            self._note("finishing", 99, is_last=True)
            hand_over_packs(aside, self._path)
            with self._database.writing() as session:
                open_intent(session, intent)
            write_refs(self._path, refs)
            moved = look_what_moved(self._path, intent)
            with self._database.writing() as session:
                self._choose_default(session, refs, heads)
                close_intent(session, self._path, intent, moved)
                self._finish(session)

    def _choose_default(self, session: Session, refs: dict[bytes, str], heads: list[str]) -> None:
        there = (one for one in heads if one.startswith(BRANCHES) and one.encode() in refs)
        head = next(there, None)
        if head is None:
            return  # what is recorded next chooses among the branches that came
        repository = session.get_one(Repository, self._id)
        old, new = repository.default_branch, head.removeprefix(BRANCHES)
        repository.default_branch = new
        session.flush()
        set_head(self._path, head)
        follow_default(session, self._id, old=old, new=new)

    def _finish(self, session: Session) -> None:
        values = {"state": ImportState.DONE, "progress": "", "percent": 100, "error": "", "ended_at": now()}
        session.execute(update(Import).where(Import.repository_id == self._id).values(values))
        size = size_bytes(self._path)
        session.execute(update(Repository).where(Repository.id == self._id).values(size_bytes=size))

    def note(self, phase: str, percent: int) -> None:
        """Writes down how far it is, once a second at most; raises SourceFailed once nobody wants it."""
        if time.monotonic() - self._noted_at >= _NOTED_EVERY_SECONDS:
            self._note(phase, percent)

    def _note(self, phase: str, percent: int, *, is_last: bool = False) -> None:
        self._noted_at = time.monotonic()
        values: dict[str, object] = {
            "seen_at": now(),
            **({"progress": phase, "percent": percent} if phase else {}),
        }
        wanted = select(Repository.id).where(Repository.id == self._id, Repository.deleted_at.is_(None))
        with self._database.writing() as session:
            is_wanted = session.scalar(wanted) is not None
            if is_wanted:
                session.execute(update(Import).where(Import.repository_id == self._id).values(values))
        if not is_wanted:
            raise SourceFailed(text("The repository was deleted."))


# Receiving is most of the way; what git then does with what it has is quicker.
_SHARES: Final = {"counting": (0, 5), "receiving": (5, 75), "resolving": (80, 15)}


class _Watch:
    """Hears what git does: passes it on, and stops it when it takes more room than it may."""

    def __init__(self, run: _Run, aside: Path, max_bytes: int) -> None:
        self._run = run
        self._aside = aside
        self._max_bytes = max_bytes

    def __call__(self, phase: str, percent: int) -> None:
        first, share = _SHARES.get(phase, (0, 0))
        self._run.note(phase, first + share * percent // 100)
        if size_bytes(self._aside) > self._max_bytes:
            raise SourceFailed(
                text("It is larger than the %(limit)s bytes an import may have.", limit=self._max_bytes)
            )


def _too_many(limit: int) -> Text:
    return text("The source has more than %(limit)s branches, tags and notes.", limit=limit)


def end_dead(database: Database) -> list[int]:
    """Ends imports whose process is gone; returns the ids of those that still wait for a place."""
    with database.reading() as session:
        running = _list_in(session, ImportState.RUNNING)
        waiting = _list_in(session, ImportState.WAITING)
    for repository_id in running:
        # Whoever works on it holds this for as long.
        with holding(folder(database.config), _lock_name(repository_id)) as is_dead:
            if is_dead:
                _end_dead(database, repository_id)
    return waiting


def _list_in(session: Session, state: ImportState) -> list[int]:
    wanted = select(Import.repository_id).where(Import.state == state)
    return list(session.scalars(wanted.order_by(Import.repository_id)))


def _end_dead(database: Database, repository_id: int) -> None:
    with database.reading() as session:
        row = session.get(Import, repository_id)
        if row is None or row.state is not ImportState.RUNNING:
            return  # it ended meanwhile
        path = directory(database.config, session.get_one(Repository, repository_id))
    # Refs that are there were moved all at once, and the reconciler records them.
    is_done = bool(RefFiles(path).read_shared())
    _end(
        database,
        repository_id,
        ImportState.DONE if is_done else ImportState.FAILED,
        None if is_done else _BROKE_OFF,
    )


def _lock_name(repository_id: int) -> str:
    return f"{repository_id}.lock"
