"""Where the index of code lies: folders beside each other, of which one serves, and the locks around them.

All of it is made from what git holds, and need not be backed up.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Final

from hub.config import Config
from hub.errors import Unavailable, text
from hub.repos.git.store import fsync, holding
from hub.search.engine.damage import id_of

_POINTER: Final = "code"
_DAMAGED: Final = "damaged"
_WRITE_LOCK: Final = "code-index.lock"
_REBUILD_LOCK: Final = "code-rebuild.lock"


def root_of(config: Config) -> Path:
    """What holds the folders; nobody but the hub's own user can enter it."""
    return config.data / "index"


def index_folder(config: Config) -> Path:
    """The folder of the index that serves; it may not be there."""
    pointer = root_of(config) / _POINTER
    try:
        return pointer.with_name(os.readlink(pointer))
    except OSError:  # there is none, or the folder itself has this name
        return pointer


def new_folder(config: Config) -> Path:
    """A folder for an index that does not serve yet."""
    folder = root_of(config) / f"{_POINTER}-{token_hex(8)}"
    folder.mkdir(parents=True, mode=0o700)
    return folder


def have_serve(config: Config, folder: Path) -> None:
    """Has this be the folder that serves, all at once; whoever searches in the other one ends there."""
    pointer, partial = root_of(config) / _POINTER, root_of(config) / f".{_POINTER}"
    partial.unlink(missing_ok=True)
    partial.symlink_to(folder.name)
    if pointer.is_dir() and not pointer.is_symlink():
        pointer.rename(new_folder(config) / _POINTER)
    partial.replace(pointer)
    fsync(root_of(config))
    (root_of(config) / _DAMAGED).unlink(missing_ok=True)


def drop_others(config: Config) -> list[str]:
    """Removes every folder but the one that serves; only while nobody builds one. Returns the names."""
    serving, found = index_folder(config), sorted(root_of(config).glob(f"{_POINTER}-*"))
    removed = [one for one in found if one.is_dir() and one != serving]
    for one in removed:
        shutil.rmtree(one, ignore_errors=True)
    return [one.name for one in removed]


def note_damage(config: Config) -> None:
    """Has the worker build the index that serves again."""
    root_of(config).mkdir(parents=True, exist_ok=True, mode=0o700)
    (root_of(config) / _DAMAGED).touch(mode=0o600)


def is_begun(config: Config) -> bool:
    """Whether there is an index, or what is left of one."""
    return os.path.lexists(root_of(config) / _POINTER)


def is_sound(config: Config) -> bool:
    """Whether there is an index that this version can read, and nobody found it damaged. Quick."""
    return not (root_of(config) / _DAMAGED).exists() and id_of(index_folder(config)) is not None


@contextmanager
def changing(config: Config, *, wait_seconds: float) -> Iterator[None]:
    """For the one process that changes the index that serves; raises Unavailable while another one does."""
    with _holding(config, _WRITE_LOCK, wait_seconds) as is_ours:
        if not is_ours:
            raise Unavailable(text("The index is being changed."), next_step=text("Try it again."))
        yield


@contextmanager
def building(config: Config) -> Iterator[None]:
    """For the one process that builds an index beside the one that serves; raises Unavailable for others."""
    with _holding(config, _REBUILD_LOCK, 0) as is_ours:
        if not is_ours:
            raise Unavailable(
                text("The index is being built again already."), next_step=text("Wait until it is done.")
            )
        yield


@contextmanager
def _holding(config: Config, name: str, wait_seconds: float) -> Iterator[bool]:
    root_of(config).mkdir(parents=True, exist_ok=True, mode=0o700)
    with holding(root_of(config), name, wait_seconds=wait_seconds) as is_ours:
        yield is_ours
