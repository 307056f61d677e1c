"""`hub doctor`: looks at everything a hub stands on, and says of each fault what, why and what to do next."""

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.cli_line import require_current
from hub.clock import now
from hub.config import Config
from hub.db import Database
from hub.errors import Conflict, HubError, Unavailable, text
from hub.journal.keys.hub_key import key_file, load_hub_key, next_file
from hub.journal.models import JournalLeftover
from hub.journal.overseeing import count_journals
from hub.journal.refs.healing import is_elsewhere
from hub.journal.rotating import count_unaware, is_begun
from hub.repos.git import store
from hub.repos.git.refs import RefFiles, RefsDamaged
from hub.repos.models import ZERO_ID, RefLogEntry, Repository
from hub.search.symbols.ctags import find_ctags

OLDEST_GIT: Final = (2, 38)
OLDEST_PYTHON: Final = (3, 11)
LEAST_FREE_BYTES: Final = 1 << 30
_PURGED_WITHIN: Final = timedelta(hours=1)
HOST_KEY: Final = "ssh_host_ed25519"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what was found, and the fault where there is one."""

    name: str
    found: str
    fault: HubError | None = None


def examine(config: Config) -> Iterator[Finding]:
    """Looks at one thing after the other; what cannot work without an earlier one is left out."""
    yield _look("Python", _find_python, config)
    yield _look("git", _find_git, config)
    yield _look("symbols", _find_ctags, config)
    data = _look("data folder", _find_data, config)
    yield data
    if data.fault is not None:
        return
    yield _look("disk", _find_disk, config)
    yield _look("SSH host keys", _find_host_keys, config)
    yield _look("key of the hub", _find_hub_key, config)
    database = _look("database", _find_database, config)
    yield database
    if database.fault is None:
        yield _look("keys in journals", _find_keys_in_journals, config)
        yield _look("journals", _find_journals, config)
        yield _look("words taken away", _find_taken_words, config)
        yield _look("search index", _find_search_index, config)
        yield from _examine_repositories(config)


def _look(name: str, look: Callable[[Config], str], config: Config) -> Finding:
    try:
        return Finding(name, look(config))
    except HubError as fault:
        return Finding(name, str(fault.what), fault)


def _find_python(_: Config) -> str:
    found = sys.version.partition(" ")[0]
    if sys.version_info < OLDEST_PYTHON:
        raise Conflict(
            text("Python is %(found)s.", found=found),
            text("The hub needs 3.11 or newer."),
            text("Install the hub with a newer Python."),
        )
    return found


def _find_git(_: Config) -> str:
    program = shutil.which("git")
    if program is None:
        raise Conflict(
            text("There is no git on the PATH."),
            text("The hub serves repositories with it."),
            text("Install git 2.38 or newer."),
        )
    # The list is fixed and the program is the one that the hub itself starts.
    said = subprocess.run((program, "version"), capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
    version = re.search(r"(\d+)\.(\d+)[\d.]*", said.stdout)
    if version is None or (int(version[1]), int(version[2])) < OLDEST_GIT:
        raise Conflict(
            text("git is %(found)s.", found=said.stdout.strip() or "silent about its version"),
            text("The hub needs 2.38 or newer: older ones drop pushes that are ended."),
            text("Install a newer git, and put it first on the PATH of the hub."),
        )
    return version[0]


def _find_ctags(_: Config) -> str:
    ctags = find_ctags()
    if ctags is None:
        return "told by the text of files: universal-ctags, which knows their languages, is not on the PATH"
    return f"universal-ctags {ctags.version}"


def _find_data(config: Config) -> str:
    if not config.data.is_dir():
        raise Conflict(
            text("There is no folder %(data)s.", data=config.data),
            next_step=text("`hub init` makes it. HUB_DATA names another one."),
        )
    if not os.access(config.data, os.R_OK | os.W_OK | os.X_OK):
        raise Conflict(
            text("%(data)s cannot be read and written by this user.", data=config.data),
            next_step=text("Run the hub as the user that the folder belongs to."),
        )
    mode = stat.S_IMODE(config.data.stat().st_mode)
    if mode & 0o077:
        raise Conflict(
            text("Other users of this machine can enter %(data)s.", data=config.data),
            text("It holds private repositories and keys; its mode is %(mode)s.", mode=f"{mode:04o}"),
            text("Close it: chmod 700 %(data)s", data=config.data),
        )
    return str(config.data)


def _find_disk(config: Config) -> str:
    free = shutil.disk_usage(config.data).free
    if free < LEAST_FREE_BYTES:
        raise Unavailable(
            text("The disk of %(data)s has %(free)s MiB left.", data=config.data, free=free >> 20),
            text("Pushes are refused when it is full."),
            text("Make room, or move the data folder to a larger disk."),
        )
    return f"{free >> 30} GiB free"


def _find_host_keys(config: Config) -> str:
    if not config.ssh:
        return "not needed: git over SSH is turned off"
    path = config.data / "keys" / HOST_KEY
    if not path.is_file():
        raise Conflict(
            text("The host key of git over SSH is missing."),
            text("There is no %(path)s.", path=path),
            text("`hub init` makes a new one; people are then asked to trust it again."),
        )
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise Conflict(
            text("Other users of this machine can read the host key of git over SSH."),
            text("Whoever has it can pass for this hub."),
            text("Close it: chmod 600 %(path)s", path=path),
        )
    return str(path)


def _find_hub_key(config: Config) -> str:
    path = key_file(config)
    if not path.is_file() and not next_file(config).is_file():
        raise Conflict(
            text("The key of the hub is missing."),
            text("There is no %(path)s; it names the hub in the journals of its repositories.", path=path),
            text("Bring it back from a backup. Where no repository has a journal yet, `hub init` makes one."),
        )
    for one in (path, next_file(config)):
        if one.is_file() and stat.S_IMODE(one.stat().st_mode) & 0o077:
            raise Conflict(
                text("Other users of this machine can read the key of the hub."),
                text("Whoever has it can write journals in the name of this hub."),
                text("Close it: chmod 600 %(path)s", path=one),
            )
    try:
        return load_hub_key(config).fingerprint
    except ValueError as error:
        raise Conflict(
            text("The key of the hub cannot be read."),
            text("%(path)s: %(error)s", path=path, error=error),
            text("Bring it back from a backup."),
        ) from error


def _find_keys_in_journals(config: Config) -> str:
    database = Database(config)
    try:
        if is_begun(database):
            raise Conflict(
                text("The key of the hub began to be changed, and that did not end."),
                text("Journals know two keys of it, or one that does not sign yet."),
                text("Go on: hub journal rotate-key"),
            )
        unaware = count_unaware(database)
    except ValueError:
        return "not looked at: the key of the hub cannot be read"
    finally:
        database.dispose()
    if unaware:
        raise Conflict(
            text("%(count)s journals do not know the key of the hub.", count=unaware),
            text("They were kept with another key: the folder keys is not the one of this database."),
            text("Bring the folder keys back from the backup that the database is from."),
        )
    return "the hub's own alone"


def _find_journals(config: Config) -> str:
    database = Database(config)
    try:
        with database.reading() as session:
            counts, elsewhere = count_journals(session), _list_elsewhere(session, config)
    finally:
        database.dispose()
    if counts.unseen:
        raise Conflict(
            text(
                "Journals were found damaged, and nobody has looked yet: %(count)s times.",
                count=counts.unseen,
            ),
            text("They were put right; what happened may happen again."),
            text("See what it was, and say that you did: hub journal status, hub journal acknowledge NUMBER"),
        )
    if elsewhere:
        raise Conflict(
            text(
                "The head of the journal of %(paths)s is not where it was written.",
                paths=", ".join(elsewhere[:5]),
            ),
            text(
                "An older copy of the database or of the repository came back, or somebody moved refs/hub/at."
            ),
            text("A hub puts it right when it starts, and with the next act: start it, then look again."),
        )
    if counts.late:
        raise Conflict(
            text(
                "%(count)s journals have waited for more than ten minutes to be written.", count=counts.late
            ),
            text("The worker writes them, mostly within seconds."),
            text("Start it (`hub serve` does), or look into its log: hub journal status lists them."),
        )
    return f"{counts.journals}, each written to its refs"


def _find_taken_words(config: Config) -> str:
    database = Database(config)
    try:
        with database.reading() as session:
            is_late = JournalLeftover.since < now() - _PURGED_WITHIN
            late = session.scalar(select(func.count()).select_from(JournalLeftover).where(is_late)) or 0
    finally:
        database.dispose()
    if late:
        raise Conflict(
            text("%(count)s texts that were taken away may still be on the disk.", count=late),
            text("The worker removes them, mostly within minutes, where nobody is at work."),
            text("Start it (`hub serve` does), or look into its log for words_not_purged."),
        )
    return "none is left on the disk"


def _find_search_index(config: Config) -> str:
    # Whoosh and numpy would be paid for by every other command.
    from hub.search.code.health import examine_index  # noqa: PLC0415

    database = Database(config)
    try:
        found = examine_index(database)
    finally:
        database.dispose()
    if found.is_readable is False or found.wrong:
        raise Conflict(
            text("The search index is missing or damaged."),
            text("Searching says that it is being built again, until it is."),
            text("The worker does it by itself: start it (`hub serve` does), or run: hub reindex"),
        )
    if found.late:
        raise Conflict(
            text("%(count)s branches have waited for more than ten minutes to be indexed.", count=found.late),
            text("The worker indexes them, mostly within seconds."),
            text("Start it (`hub serve` does), or look into its log for code_not_indexed."),
        )
    return f"{found.documents} files of {found.branches} branches, {found.size_bytes >> 20} MiB"


def _list_elsewhere(session: Session, config: Config) -> list[str]:
    repositories = session.scalars(select(Repository).order_by(Repository.id)).all()
    return [one.path for one in repositories if is_elsewhere(session, one.id, store.directory(config, one))]


def _find_database(config: Config) -> str:
    require_current(config)
    kind = config.database_url.partition(":")[0] or "sqlite"
    return f"{kind}, up to date"


def _examine_repositories(config: Config) -> Iterator[Finding]:
    database = Database(config)
    try:
        with database.reading() as session:
            repositories = session.scalars(select(Repository).order_by(Repository.id)).all()
            damaged = 0
            for repository in repositories:
                fault = _find_fault(session, config, repository)
                if fault is not None:
                    damaged += 1
                    yield Finding(repository.path, str(fault.what), fault)
    finally:
        database.dispose()
    if not damaged:
        yield Finding("repositories", f"{len(repositories)}, each with the refs that were recorded")


def _find_fault(session: Session, config: Config, repository: Repository) -> HubError | None:
    directory = store.directory(config, repository)
    if not (directory / "HEAD").is_file():
        return Conflict(
            text("The directory of %(path)s is missing.", path=repository.path),
            text("There is no repository at %(directory)s.", directory=directory),
            text("Bring it back from a backup of the data folder."),
        )
    try:
        found = {os.fsdecode(name): ref_id for name, ref_id in RefFiles(directory).read_shared().items()}
    except RefsDamaged as error:
        return Conflict(
            text("The refs of %(path)s are damaged.", path=repository.path),
            text("%(error)s", error=error),
            text("Bring %(directory)s back from a backup.", directory=directory),
        )
    recorded = _recorded_refs(session, repository)
    differing = sorted(
        name for name in found.keys() | recorded.keys() if found.get(name) != recorded.get(name)
    )
    if not differing:
        return None
    return Conflict(
        text("Refs of %(path)s differ from the ref log.", path=repository.path),
        text("They are %(names)s.", names=", ".join(differing[:5])),
        text("A running hub records them within a minute. If they stay, look into its log."),
    )


def _recorded_refs(session: Session, repository: Repository) -> dict[str, str]:
    newest = (
        select(func.max(RefLogEntry.id))
        .where(RefLogEntry.repository_id == repository.id)
        .group_by(RefLogEntry.ref)
    )
    entries = session.scalars(select(RefLogEntry).where(RefLogEntry.id.in_(newest)))
    return {entry.ref: entry.new_id for entry in entries if entry.new_id != ZERO_ID}
