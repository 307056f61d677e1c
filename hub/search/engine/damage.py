"""An index that cannot be read: another version's, one of which files are missing, one that was damaged.

It is made of what git holds, so that none of this is a loss; whoever keeps it makes it again.
"""

import json
import os
import pickle
import secrets
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from whoosh.index import IndexError as NoIndex

from hub.errors import Unavailable, text
from hub.search.engine.schema import VERSION

_ABOUT: Final = "about.json"

# What Whoosh and numpy come up with when they are given other bytes than they wrote. Errors of the system,
# too many open files among them, say nothing of the index.
_NONSENSE: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    NoIndex,
    RecursionError,
    TypeError,
    ValueError,
    pickle.PickleError,
    struct.error,
    zlib.error,
)


class IndexDamaged(Unavailable):
    """There is no index that this version can read; the worker makes it again."""

    code = "index_damaged"

    def __init__(self) -> None:
        super().__init__(
            text("The search index is being built again."),
            text("It was missing or damaged, or another version of the hub wrote it."),
            text("Try it again in a minute. Everything else works meanwhile."),
        )


@contextmanager
def reading() -> Iterator[None]:
    """Raises IndexDamaged for what Whoosh cannot make sense of inside the block."""
    try:
        yield
    except _NONSENSE as error:
        raise IndexDamaged from error


def write_about(folder: Path) -> None:
    """Notes which version writes the index that is begun in the folder, and gives it an id."""
    about, partial = folder / _ABOUT, folder / f".{_ABOUT}.{os.getpid()}"
    partial.write_text(json.dumps({"version": VERSION, "id": secrets.token_hex(16)}), "ascii")
    partial.replace(about)


def id_of(folder: Path) -> str | None:
    """The id of the index in the folder; None where there is none that this version can read."""
    try:
        about = json.loads((folder / _ABOUT).read_text("ascii"))
        return str(about["id"]) if about["version"] == VERSION else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
