"""Makes the index again beside the one that serves, and puts right one that lacks what rows say it holds.

A document's number stands in rows and is never given to another, so that an index that is made again holds
the same documents under the same numbers: views mean the same in both, and one may take the other's place at
any moment. What is interrupted leaves the old one serving, and a folder that the next run removes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import delete, select

from hub.db import Database
from hub.repos.git.objects import Unreadable
from hub.repos.git.process import GitFailed
from hub.repos.git.store import place
from hub.repos.models import Repository
from hub.search.code import folders
from hub.search.code.indexing import (
    File,
    files_in,
    forget_numbers,
    mask_of,
    numbers_of,
    read_texts,
    state_of,
)
from hub.search.engine.damage import id_of
from hub.search.engine.documents import Document
from hub.search.engine.index import CodeIndex
from hub.search.engine.numbers import as_numbers, unpack
from hub.search.models import CodeDocument, CodeView

Note = Callable[[int, int], None]
Mask = NDArray[np.bool_]

_WAIT_SECONDS = 600.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was made: documents, the views that show them, and files that git could not give any more."""

    documents: int
    views: int
    lost: int


def rebuild(
    database: Database,
    note: Note = lambda _done, _total: None,
    *,
    wait_seconds: float = _WAIT_SECONDS,
) -> Rebuilt:
    """Builds the index again from what git holds, and has it serve.

    Others search and index the old one meanwhile. `note` is told how many views are done, and of how many.
    Raises Unavailable while another process builds.
    """
    config = database.config
    with folders.building(config):
        folders.drop_others(config)
        index = CodeIndex(folders.new_folder(config))
        try:
            _fill(database, index, note)
            index.tidy()
            with folders.changing(config, wait_seconds=wait_seconds):
                # What was pushed meanwhile went into the old one.
                views = _fill(database, index)
                lost = _forget_lacking(database, index)
                with database.writing() as session:
                    state_of(session).index_id = id_of(index.folder) or ""
                folders.have_serve(config, index.folder)
            documents = int(mask_of(index).sum())
        finally:
            index.close()
        folders.drop_others(config)
    return Rebuilt(documents, views, lost)


def repair(database: Database, index: CodeIndex) -> int:
    """Adds the documents that rows name and the index lacks; returns how many rows had to be forgotten.

    Those that git cannot give any more are forgotten with the views that showed them, which are made again.
    """
    if not len(_find_lacking(database, mask_of(index))):
        return 0
    _log.warning("code_index_lacks_documents")
    _fill(database, index)
    return _forget_lacking(database, index)


def _fill(database: Database, index: CodeIndex, note: Note = lambda _done, _total: None) -> int:
    """Adds what views show and the index lacks; returns how many views there are."""
    with database.reading() as session:
        named = select(CodeView.repository_id, CodeView.ref).order_by(CodeView.repository_id, CodeView.ref)
        views = session.execute(named).all()
    held = mask_of(index)
    for done, (repository_id, ref) in enumerate(views):
        note(done, len(views))
        try:
            held = _add_lacking(database, index, held, repository_id, ref)
        except (Unreadable, GitFailed) as error:
            _log.warning("code_view_unreadable", repository_id=repository_id, ref=ref, error=str(error))
    note(len(views), len(views))
    return len(views)


def _add_lacking(database: Database, index: CodeIndex, held: Mask, repository_id: int, ref: str) -> Mask:
    with database.reading() as session:
        wanted = select(Repository.storage, CodeView.tree_id, CodeView.documents).join(Repository)
        view = session.execute(
            wanted.where(CodeView.repository_id == repository_id, CodeView.ref == ref)
        ).one_or_none()
    if view is None:
        return held
    storage, tree_id, packed = view
    shown = unpack(packed)
    held = np.pad(held, (0, max(0, int(shown.max(initial=0)) + 1 - len(held))))
    if held[shown].all():
        return held
    path = place(database.config, storage, repository_id)
    is_lacking = np.zeros(len(held), np.bool_)
    is_lacking[shown[~held[shown]]] = True
    for some in read_texts(path, list(_numbered(database, path, tree_id, is_lacking))):
        with index.writing(expected=len(some)) as writer:
            writer.add(Document(one.number, one.path, content) for one, content in some)
        held[[one.number for one, _ in some]] = True
    return held


def _numbered(database: Database, path: Path, tree_id: str, is_lacking: Mask) -> Iterator[File]:
    """The files of the tree whose documents are lacking, each number once."""
    files = files_in(path, tree_id)
    with database.reading() as session:
        numbers = numbers_of(session, [one.key for one in files])
    for one in files:
        number = numbers.get(one.key)
        if number is not None and number < len(is_lacking) and is_lacking[number]:
            is_lacking[number] = False
            yield File(one.key, one.path, one.blob_id, number)


def _find_lacking(database: Database, held: Mask) -> NDArray[np.int64]:
    """The numbers that rows know and the index does not."""
    with database.reading() as session:
        known = np.fromiter(session.scalars(select(CodeDocument.number)), np.int64)
    inside = known < len(held)
    lacking: NDArray[np.int64] = np.sort(
        np.concatenate([known[~inside], known[inside][~held[known[inside]]]])
    )
    return lacking


def _forget_lacking(database: Database, index: CodeIndex) -> int:
    lacking = _find_lacking(database, mask_of(index))
    if not len(lacking):
        return 0
    with database.writing() as session:
        for repository_id, ref in _showing(database, as_numbers(lacking.tolist())):
            is_it = (CodeView.repository_id == repository_id) & (CodeView.ref == ref)
            session.execute(delete(CodeView).where(is_it))
        forget_numbers(session, lacking.tolist())
    return len(lacking)


def _showing(database: Database, numbers: NDArray[np.uint32]) -> Sequence[tuple[int, str]]:
    with database.reading() as session:
        views = session.execute(select(CodeView.repository_id, CodeView.ref, CodeView.documents))
        return [
            (repository_id, ref)
            for repository_id, ref, packed in views
            if np.isin(unpack(packed), numbers, assume_unique=True).any()
        ]
