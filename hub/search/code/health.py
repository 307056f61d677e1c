"""How the index is: what it takes, whether it keeps up, and whether it still holds what was put into it."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.clock import now
from hub.db import Database
from hub.repos.git.removing import blob_id_of
from hub.repos.models import RefLogEntry
from hub.search.code import folders
from hub.search.code.moved import list_moved
from hub.search.engine.damage import IndexDamaged, reading
from hub.search.engine.documents import path_of
from hub.search.engine.index import CodeIndex
from hub.search.engine.numbers import key_of
from hub.search.models import CodeDocument, CodeView

LATE_AFTER: Final = timedelta(minutes=10)

_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Health:
    """What there is; `is_readable` is None where nothing was indexed yet.

    `waiting` branches are not what the index saw of them, `late` of them since ten minutes or more.
    """

    documents: int
    branches: int
    size_bytes: int
    waiting: int
    late: int
    is_readable: bool | None
    wrong: int = 0


def examine_index(database: Database, *, part: int = 0, parts: int = 1) -> Health:
    """Looks at the index and compares its texts with what rows say of them, all or a part of them."""
    config = database.config
    with database.reading() as session:
        documents = session.scalar(select(func.count()).select_from(CodeDocument)) or 0
        branches = session.scalar(select(func.count()).select_from(CodeView)) or 0
        moved = list_moved(session, config)
        late = sum(_is_late(session, repository_id, ref, now()) for repository_id, ref in moved)
    folder, is_readable, wrong = folders.index_folder(config), None, 0
    if documents or folder.exists():
        try:
            wrong, is_readable = count_wrong(database, part=part, parts=parts), True
        except IndexDamaged:
            is_readable = False
    return Health(documents, branches, _size(folder), len(moved), late, is_readable, wrong)


def count_wrong(database: Database, *, part: int = 0, parts: int = 1) -> int:
    """How many documents are not what rows say of them, of those whose numbers are in that part of so many.

    A filter that lost a bit counts as one. Raises IndexDamaged.
    """
    wrong = 0
    if not folders.is_sound(database.config):
        raise IndexDamaged
    index = CodeIndex(folders.index_folder(database.config), must_exist=True)
    try:
        with reading():
            keys = dict(_keys_in(index, part, parts))
            wrong += sum(
                one.code is not None and not one.code.is_whole()
                for at, one in enumerate(index.segments())
                if at % parts == part
            )
    finally:
        index.close()
    numbers = list(keys)
    with database.reading() as session:
        for begin in range(0, len(numbers), _AT_ONCE):
            some = numbers[begin : begin + _AT_ONCE]
            rows = select(CodeDocument.number, CodeDocument.key).where(CodeDocument.number.in_(some))
            # What has no row is shown to nobody.
            wrong += sum(keys[number] != key for number, key in session.execute(rows))
    return wrong


def _keys_in(index: CodeIndex, part: int, parts: int) -> Iterator[tuple[int, bytes]]:
    for segment in index.segments():
        if segment.code is None:
            continue
        for document, number in enumerate(segment.numbers.tolist()):
            if number % parts == part and (segment.live is None or segment.live[document]):
                path, _, content = segment.code[document].partition(b"\n")
                yield number, key_of(path_of(path), blob_id_of(content))


def _is_late(session: Session, repository_id: int, ref: str, at: datetime) -> bool:
    newest = select(func.max(RefLogEntry.at)).where(
        RefLogEntry.repository_id == repository_id, RefLogEntry.ref == ref
    )
    moved_at = session.scalar(newest)
    return moved_at is None or moved_at < at - LATE_AFTER


def _size(folder: Path) -> int:
    size = 0
    with suppress(FileNotFoundError):
        for one in folder.iterdir():
            with suppress(FileNotFoundError):
                size += os.stat(one).st_size
    return size
