"""Where repositories lie on disk: their directories, locks, and what makes their files survive a power cut.

Knows files only, no git and no pygit2: the gateway's own processes import it.
"""

import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from hub.config import Config
from hub.repos.models import Repository

# Both are flocks. The queue: held from the judgement of a push's refs to their record. Alive: shared by
# every git process of a push, so that whoever gets it alone knows that none is left.
QUEUE_LOCK: Final = "hub-queue.lock"
ALIVE_LOCK: Final = "hub-alive.lock"
# Held by whatever rearranges the objects of a repository: one at a time.
UPKEEP_LOCK: Final = "hub-upkeep.lock"
# Held by whoever merges a change: one at a time.
MERGE_LOCK: Final = "hub-merge.lock"
# Held by whoever finds out what can be merged: one at a time.
ASK_LOCK: Final = "hub-ask.lock"

# Held by whoever writes the journal to refs: one at a time.
JOURNAL_LOCK: Final = "hub-journal.lock"

_LOCKS: Final = (QUEUE_LOCK, ALIVE_LOCK, UPKEEP_LOCK, MERGE_LOCK, ASK_LOCK, JOURNAL_LOCK)

_QUARANTINES: Final = ("tmp_objdir-", "incoming-")
_PACK_SUFFIXES: Final = (".pack", ".idx", ".rev")
_CONFIG: Final = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.002, 0.05


def directory(config: Config, repository: Repository) -> Path:
    """The directory of a repository: named by its id, never by anything a person chose."""
    return place(config, repository.storage, repository.id)


def place(config: Config, storage: str, repository_id: int) -> Path:
    """The directory of the repository of that id in that storage."""
    return config.data / "repositories" / storage / f"{repository_id}.git"


def create(config: Config, repository: Repository) -> Path:
    """Makes the bare, empty repository, durably and all at once; returns its directory.

    What already lies there belongs to a row that was rolled back or lost (a restored backup): it is set
    aside, so that nobody's objects ever show up in somebody else's repository.
    """
    target = directory(config, repository)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = target.with_name(f"new-{repository.id}-{secrets.token_hex(4)}")
    lay_out(made, repository.default_branch)
    if target.exists():
        target.rename(target.with_name(f"lost-{repository.id}-{secrets.token_hex(4)}"))
    made.rename(target)
    fsync(target.parent)
    return target


def lay_out(made: Path, default_branch: str) -> None:
    """Makes the directories and files of an empty repository, durably."""
    for name in ("objects/info", "objects/pack", "refs/heads", "refs/tags"):
        (made / name).mkdir(parents=True, mode=0o700)
    for name, content in (("HEAD", f"ref: refs/heads/{default_branch}\n"), ("config", _CONFIG)):
        write_durably(made / name, content)
    for folder in sorted((path for path in made.rglob("*") if path.is_dir()), reverse=True):
        fsync(folder)
    fsync(made)


def write_durably(path: Path, content: str | bytes) -> None:
    """Makes the file, which must not be there yet, with that content on the disk."""
    with path.open("xb") as file:
        file.write(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))
        file.flush()
        os.fsync(file.fileno())


def set_head(repository_directory: Path, ref: str) -> None:
    """Points HEAD at a branch, durably and all at once, under the lock that git itself takes for HEAD.

    Raises FileExistsError while somebody else holds that lock.
    """
    lock = repository_directory / "HEAD.lock"
    try:
        write_durably(lock, f"ref: {ref}\n")
        lock.rename(repository_directory / "HEAD")
    except FileExistsError:
        raise
    except BaseException:
        lock.unlink(missing_ok=True)
        raise
    fsync(repository_directory)


def read_head(repository_directory: Path) -> str:
    """The content of HEAD: `ref: refs/heads/<name>`, or an id."""
    return (repository_directory / "HEAD").read_text("utf-8", "surrogateescape").strip()


def reachable_ids_file(config: Config, repository: Repository) -> Path:
    """Where the ids of all objects that the repository's refs reach are kept; see git.reachable_ids."""
    return config.data / "cache" / "reachable" / str(repository.id)


def journal_ids_file(config: Config, repository: Repository) -> Path:
    """The same of the journal's refs, which move with every act."""
    return config.data / "cache" / "reachable" / f"{repository.id}.journal"


def reading_folder(config: Config, repository_id: int) -> Path:
    """Where the worker keeps what the pages of reading need of a repository; see git.prepared_files."""
    return config.data / "cache" / "reading" / str(repository_id)


# --- locks -----------------------------------------------------------------------------------------


def lock(folder: Path, name: str, *, shared: bool = False, wait_seconds: float = 0) -> int | None:
    """A descriptor that holds this flock until it is closed; None when it was not to be had in time."""
    how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline, pause = time.monotonic() + wait_seconds, _FIRST_PAUSE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() + pause > deadline:
                os.close(descriptor)
                return None
        except BaseException:
            os.close(descriptor)
            raise
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


@contextmanager
def holding(folder: Path, name: str, *, wait_seconds: float = 0) -> Iterator[bool]:
    """Holds this flock alone inside the block, if it is to be had in time; says whether."""
    descriptor = lock(folder, name, wait_seconds=wait_seconds)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            os.close(descriptor)


# --- durability ------------------------------------------------------------------------------------


def fsync(path: Path) -> None:
    """Puts a file, or the entries of a directory, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def harden(repository_directory: Path, refs: Iterable[str], packs: Sequence[str]) -> None:
    """Puts new packs on the disk, and every directory whose entries change when these refs move.

    git syncs the files of refs itself (core.fsync=committed), but no directory.
    """
    pack_directory = repository_directory / "objects" / "pack"
    folders = {repository_directory}
    for pack in packs:
        for suffix in _PACK_SUFFIXES:
            with suppress(FileNotFoundError):  # repacked meanwhile, or a kind of file this git does not write
                fsync(pack_directory / f"{pack}{suffix}")
        folders.add(pack_directory)
    for parent in {os.path.dirname(ref) for ref in refs}:
        parts = parent.split("/")
        folders.update(repository_directory.joinpath(*parts[:count]) for count in range(1, len(parts) + 1))
    for folder in sorted(folders, reverse=True):
        with suppress(FileNotFoundError, NotADirectoryError):  # git removes folders that a deletion emptied
            fsync(folder)


def pack_bytes(repository_directory: Path, packs: Sequence[str]) -> int:
    """What these packs take on disk, with their indexes; one that is gone takes nothing."""
    total = 0
    for pack in packs:
        for suffix in _PACK_SUFFIXES:
            with suppress(FileNotFoundError):
                total += os.stat(repository_directory / "objects" / "pack" / f"{pack}{suffix}").st_size
    return total


def size_bytes(repository_directory: Path) -> int:
    """The bytes of all files of the repository."""
    total = 0
    for folder, _, names in os.walk(repository_directory):
        for name in names:
            with suppress(FileNotFoundError):
                total += os.stat(os.path.join(folder, name), follow_symlinks=False).st_size
    return total


# --- a push's new objects, and what a dead one left ----------------------------------------------------


def is_quarantine(repository_directory: Path, quarantine: Path) -> bool:
    """Whether this is where git keeps the new objects of a running push to this repository."""
    return quarantine.name.startswith(_QUARANTINES) and (
        quarantine.parent.resolve() == (repository_directory / "objects").resolve()
    )


def packs_in(objects: Path) -> list[str]:
    """The names of the packs in an object directory, without their suffixes."""
    return sorted(path.stem for path in (objects / "pack").glob("*.pack"))


def sweep(repository_directory: Path) -> list[str]:
    """Removes what dead processes of git left; returns the names. Only while ALIVE_LOCK is held alone."""
    removed = []
    for folder, folders, names in os.walk(repository_directory):
        if folder == str(repository_directory / "objects"):
            for name in [one for one in folders if one.startswith(_QUARANTINES)]:
                shutil.rmtree(os.path.join(folder, name))
                folders.remove(name)
                removed.append(name)
            # The two-digit folders are many, and git writes nothing else into them under a lock.
            folders[:] = [one for one in folders if one in ("pack", "info")]
        for name in names:
            path = Path(folder, name)
            if _is_leftover(path):
                path.unlink()
                removed.append(name)
    return removed


def _is_leftover(path: Path) -> bool:
    if path.name in _LOCKS:
        return False
    if path.name.endswith(".keep") and path.name.startswith("pack-"):
        # receive-pack's own mark: no repack would ever touch that pack again. People keep packs as well.
        with path.open("rb") as file:
            return file.read(13) == b"receive-pack "
    return path.name.endswith(".lock") or path.name.startswith("tmp_")
