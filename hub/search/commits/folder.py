"""Where the index of commits lies, and whether it can be read. Quick, and without Whoosh."""

from pathlib import Path
from typing import Final

from hub.config import Config

# Grows with what documents are made of; an index of another version is made anew.
_VERSION: Final = 1
_DAMAGED: Final = "commits-damaged"


def index_folder(config: Config) -> Path:
    """Where the index lies; nobody but the hub's own user can enter it."""
    return config.data / "index" / f"commits-{_VERSION}"


def note_damage(config: Config) -> None:
    """Has the worker make the index anew."""
    _mark(config).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _mark(config).touch(mode=0o600)


def forget_damage(config: Config) -> None:
    """Notes that it was made anew."""
    _mark(config).unlink(missing_ok=True)


def is_sound(config: Config) -> bool:
    """Whether there is an index, and nobody found it damaged."""
    return not _mark(config).exists() and any(index_folder(config).glob("*.toc"))


def _mark(config: Config) -> Path:
    return config.data / "index" / _DAMAGED
