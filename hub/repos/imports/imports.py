"""Imports: asked for with an address or an uploaded bundle, watched, and tried again.

The row says where the content comes from, how far it is and how it ended, never with what credentials. Those
lie in a file that only the hub's user can read, from the request to the start of the job, which removes it.
"""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import IO, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.access import Permission, Viewer
from hub.clock import now
from hub.config import Config
from hub.db import config_of
from hub.egress import Source
from hub.errors import Conflict, Invalid, NotFound, text
from hub.events import ImportWanted, publish
from hub.repos.access import require
from hub.repos.models import Import, ImportState, Repository
from hub.repos.names import printable

# At once, of one person: each takes a place in the worker and room on the disk.
MOST_AT_ONCE: Final = 3
MAX_SECRET_LENGTH: Final = 1000
_MAX_NAME_LENGTH: Final = 200
_UNFINISHED: Final = (ImportState.WAITING, ImportState.RUNNING)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is; `phase` is what git does, `error` why it failed. A bundle was uploaded."""

    source: str
    state: ImportState
    phase: str
    percent: int
    error: str
    is_bundle: bool

    @property
    def is_running(self) -> bool:
        """Whether it goes on, or is about to."""
        return self.state in _UNFINISHED


@dataclass(frozen=True, slots=True)
class Handover:
    """What the job needs and no row keeps: an address with credentials, or the file of a bundle."""

    url: str = ""
    user: str = ""
    secret: str = ""
    bundle: str = ""


def start_import(
    session: Session,
    viewer: Viewer,
    repository: Repository,
    *,
    source: Source | None = None,
    bundle: Path | None = None,
    bundle_name: str = "",
) -> None:
    """Has the new, empty repository filled from an address, or from an uploaded bundle.

    Raises Forbidden, Invalid for too many at once, and Conflict for what is not empty.
    """
    require(session, viewer, repository, Permission.ADMINISTER)
    if repository.refs_count:
        raise Conflict(
            text("%(path)s is not empty.", path=repository.path),
            next_step=text("Import into a new repository."),
        )
    _require_room(session, viewer)
    shown = bundle_name if source is None else source.url
    row = session.get(Import, repository.id)
    if row is None:
        row = Import(repository_id=repository.id, user_id=viewer.user_id, created_at=now())
        session.add(row)
    row.source, row.state, row.progress, row.percent, row.error = shown, ImportState.WAITING, "", 0, ""
    row.user_id, row.seen_at, row.ended_at = viewer.user_id, None, None
    session.flush()
    given = (
        Handover(bundle=str(bundle)) if source is None else Handover(source.url, source.user, source.secret)
    )
    _write_handover(config_of(session), repository.id, given)
    publish(session, ImportWanted(repository.id))


def _require_room(session: Session, viewer: Viewer) -> None:
    is_theirs = (Import.user_id == viewer.user_id, Import.state.in_(_UNFINISHED))
    count = session.scalar(select(func.count()).select_from(Import).where(*is_theirs)) or 0
    if count >= MOST_AT_ONCE:
        fault = text(
            "%(count)s of your imports are under way. Wait until one of them has ended.", count=count
        )
        raise Invalid(text("The import was not begun."), {"url": fault})


def retry_import(session: Session, viewer: Viewer, repository: Repository, *, source: Source) -> None:
    """Begins a failed import from an address again; raises Forbidden, NotFound, Conflict and Invalid."""
    row = session.get(Import, repository.id)
    if row is None or row.state is not ImportState.FAILED:
        raise NotFound(text("%(path)s has no import that failed.", path=repository.path))
    start_import(session, viewer, repository, source=source)


def find_progress(session: Session, repository: Repository) -> Progress | None:
    """How far the import of this repository is; None where it ended well or there was none."""
    row = session.get(Import, repository.id)
    if row is None or row.state is ImportState.DONE:
        return None
    is_bundle = not row.source.startswith(("http://", "https://"))
    return Progress(row.source, row.state, row.progress, row.percent, row.error, is_bundle)


def shown_name(file_name: str) -> str:
    """The name of an uploaded file, as it may stand on a page."""
    return printable(os.path.basename(file_name))[:_MAX_NAME_LENGTH] or "bundle"


# --- the files that are handed over ---------------------------------------------------------------------


def folder(config: Config) -> Path:
    """Where uploads and credentials wait for the job, for the hub's user alone."""
    found = config.data / "run" / "imports"
    found.mkdir(parents=True, exist_ok=True, mode=0o700)
    return found


def keep_upload(config: Config, upload: IO[bytes]) -> Path:
    """The upload as a file of ours; raises Invalid for one that is too large or empty."""
    target = folder(config) / f"{token_hex(8)}.bundle"
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        shutil.copyfileobj(upload, file, 1 << 20)
        size = file.tell()
    if 0 < size <= config.max_bundle_bytes:
        return target
    target.unlink()
    fault = (
        text("A bundle may have %(limit)s bytes.", limit=config.max_bundle_bytes)
        if size
        else text("Choose a file, or give an address.")
    )
    raise Invalid(text("The import was not begun."), {"bundle": fault})


def take_handover(config: Config, repository_id: int) -> Handover | None:
    """What was left for the job, once: the file is gone then."""
    path = _handover_file(config, repository_id)
    try:
        values = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    path.unlink()
    return Handover(**values)


def _write_handover(config: Config, repository_id: int, given: Handover) -> None:
    path = _handover_file(config, repository_id)
    path.unlink(missing_ok=True)
    values = {"url": given.url, "user": given.user, "secret": given.secret, "bundle": given.bundle}
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(values, file)
        file.flush()
        os.fsync(file.fileno())


def _handover_file(config: Config, repository_id: int) -> Path:
    return folder(config) / f"{repository_id}.json"
