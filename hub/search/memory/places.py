"""Where threads stand in a file of today: rows say that it may be, and the text is read only then."""

from collections.abc import Callable, Collection, Iterable
from hashlib import blake2b
from typing import Final, NamedTuple

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from hub.search.memory.lines import Discussed, find_again, keys_of, split_lines
from hub.search.models import DiscussedLines, ToldBy

# What is larger is not shown as text either.
MOST_BYTES: Final = 2 << 20
# A file that was discussed more often shows what was said last.
_MOST_THREADS: Final = 300
_MOST_IN_FILES: Final = 1000


class Kept(NamedTuple):
    """What the worker noted of a thread."""

    thread_id: int
    repository_id: int
    path_key: bytes
    blob_id: str
    first_line: int
    last_line: int
    told_by: ToldBy
    keys: bytes


class Stand(NamedTuple):
    """A thread, and the lines of the text at hand that it is about."""

    thread_id: int
    first_line: int
    last_line: int


# Made once: every page of a file asks this one, and most get no row.
_IN_FILE: Final = (
    select(*(getattr(DiscussedLines, name) for name in Kept._fields))
    .where(
        or_(
            and_(
                DiscussedLines.repository_id == bindparam("here"),
                DiscussedLines.path_key == bindparam("path"),
            ),
            and_(
                DiscussedLines.repository_id.in_(bindparam("family", expanding=True)),
                DiscussedLines.blob_id == bindparam("blob"),
            ),
        )
    )
    .order_by(DiscussedLines.thread_id.desc())
    .limit(_MOST_THREADS)
)
_IN_FILES: Final = (
    select(*(getattr(DiscussedLines, name) for name in Kept._fields))
    .where(
        DiscussedLines.repository_id.in_(bindparam("repositories", expanding=True)),
        DiscussedLines.path_key.in_(bindparam("paths", expanding=True)),
    )
    .order_by(DiscussedLines.thread_id.desc())
    .limit(_MOST_IN_FILES)
)


def path_key(path: bytes) -> bytes:
    """What a path is found by."""
    return blake2b(path, digest_size=16).digest()


def list_kept(
    session: Session, repository_id: int, *, origin_id: int | None, path: bytes, blob_id: str
) -> list[Kept]:
    """What was noted of this path, and of the same content elsewhere in the repository and in its origin."""
    values = {
        "here": repository_id,
        "path": path_key(path),
        "family": [repository_id] if origin_id is None else [repository_id, origin_id],
        "blob": blob_id,
    }
    return [Kept(*row) for row in session.execute(_IN_FILE, values)]


def list_kept_in(
    session: Session, files: Collection[tuple[int, bytes]]
) -> dict[tuple[int, bytes], list[Kept]]:
    """What was noted of each of these paths in these repositories, where there is something."""
    wanted = {(repository_id, path_key(path)): (repository_id, path) for repository_id, path in files}
    values = {
        "repositories": sorted({one for one, _ in wanted}),
        "paths": sorted({one for _, one in wanted}),
    }
    found: dict[tuple[int, bytes], list[Kept]] = {}
    for row in session.execute(_IN_FILES, values) if files else ():
        one = Kept(*row)
        file = wanted.get((one.repository_id, one.path_key))
        if file is not None:
            found.setdefault(file, []).append(one)
    return found


def stands_in(kept: Iterable[Kept], blob_id: str, read: Callable[[], bytes | None]) -> list[Stand]:
    """Where these threads stand in the file of that id; those that do not stand in it are left out.

    `read` gives its content, if it is asked: a thread of this very file stands where it was.
    """
    keys: bytes | None = None
    found = []
    for one in kept:
        first: int | None = one.first_line
        if one.blob_id != blob_id:
            if keys is None:
                keys = keys_of(split_lines(read() or b""))
            first = find_again(keys, Discussed(one.first_line, one.told_by, one.keys))
        if first is not None:
            found.append(Stand(one.thread_id, first, first + one.last_line - one.first_line))
    return found
