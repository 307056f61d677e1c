"""Brings the index up to what branches hold: files that are new are added, and what a branch shows is noted.

The index is committed first and the rows after: a crash in between leaves documents that nobody is shown,
which `drop_unused` finds. One process at a time changes the index, and looks keys up while it does: no file
gets two numbers. No number is given twice, so that rows mean the same in whichever index holds it.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from hub.clock import now
from hub.config import Config
from hub.db import Database
from hub.repos.git.diff_records import Entry
from hub.repos.git.objects import Objects, Unreadable
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory
from hub.repos.git.tree_survey import survey
from hub.repos.git.trees import Trees
from hub.repos.models import Repository
from hub.search.code import folders
from hub.search.code.folders import index_folder
from hub.search.engine.documents import MAX_BYTES, Document, is_text
from hub.search.engine.index import CodeIndex, Writer
from hub.search.engine.numbers import NONE, Numbers, as_numbers, key_of, pack, unpack
from hub.search.models import CodeDocument, CodeState, CodeView
from hub.search.parts import parts

# Rows of documents, as dicts of their columns.
_Rows = list[dict[str, object]]

_log = structlog.get_logger(__name__)

MOST_FILES: Final = 500_000

_WAIT_SECONDS: Final = 600.0
_FILE_MODES: Final = (0o100644, 0o100755)
_KEYS_AT_ONCE: Final = 500
# What is held in memory, and what one commit of the index takes.
_BYTES_AT_ONCE: Final = 32 << 20


@dataclass(frozen=True, slots=True)
class Indexed:
    """What was done for a branch: how many documents are new, and how many it shows."""

    added: int
    shown: int


@dataclass(frozen=True, slots=True)
class File:
    """A file of a tree; `number` is that of its document, where it has one and somebody asked."""

    key: bytes
    path: bytes
    blob_id: str
    number: int = -1


@dataclass(frozen=True, slots=True)
class _Plan:
    """What has to be done so that the view is right: files that came, files that went."""

    commit_id: str
    tree_id: str
    before: Numbers
    added: Sequence[File] = ()
    dropped: Sequence[File] = ()


@contextmanager
def indexing(
    config: Config, *, wait_seconds: float = _WAIT_SECONDS, must_exist: bool = False
) -> Iterator[CodeIndex]:
    """The index, for the one process that changes it; made where there is none, unless it `must_exist`.

    Raises Unavailable while another process changes it, and IndexDamaged.
    """
    with folders.changing(config, wait_seconds=wait_seconds):
        if not must_exist and not index_folder(config).exists():
            folders.have_serve(config, folders.new_folder(config))
        index = CodeIndex(index_folder(config), must_exist=must_exist)
        try:
            left = index.sweep()
            if left:
                _log.info("code_leftovers_removed", names=left)
            yield index
        finally:
            index.close()


def update_view(
    database: Database, index: CodeIndex, repository_id: int, ref: str, *, is_anew: bool = False
) -> Indexed:
    """Has the index know what the branch or tag holds now; a ref that is gone shows nothing any more.

    What is looked at `is_anew` is not derived from what the index saw before.
    """
    with database.reading() as session:
        repository = session.get(Repository, repository_id)
        if repository is None:
            return Indexed(0, 0)
        path = directory(database.config, repository)
        plan = _make_plan(session, path, repository_id, ref, is_anew=is_anew)
    if plan is None:
        with database.writing() as session:
            is_it = (CodeView.repository_id == repository_id) & (CodeView.ref == ref)
            session.execute(delete(CodeView).where(is_it))
        return Indexed(0, 0)
    added, rows = _add(database, index, path, plan.added)
    with database.writing() as session:
        _insert(session, rows)
        shown = _shown(session, plan)
        if session.scalar(select(Repository.id).where(Repository.id == repository_id)) is not None:
            _save(session, repository_id, ref, plan, shown)
    return Indexed(added, len(shown))


def drop_unused(database: Database, index: CodeIndex, among: Numbers | None = None) -> int:
    """Removes the documents that no branch shows, all or those among these; returns how many there were."""
    unused = find_unused(database, index)
    if among is not None:
        unused = np.intersect1d(unused, among, assume_unique=True)
    if not len(unused):
        return 0
    with index.writing(expected=0) as writer:
        dropped = writer.drop(set(unused.tolist()))
    with database.writing() as session:
        forget_numbers(session, unused.tolist())
    return dropped


def find_unused(database: Database, index: CodeIndex) -> Numbers:
    """The documents that no branch shows."""
    held = mask_of(index)
    with database.reading() as session:
        for packed in session.scalars(select(CodeView.documents)):
            shown = unpack(packed)
            held[shown[shown < len(held)]] = False
    return np.flatnonzero(held).astype(np.uint32)


def mask_of(index: CodeIndex) -> NDArray[np.bool_]:
    """One truth value for each number: whether the index holds a document of it."""
    numbers = [np.array(one.live_numbers(), np.int64) for one in index.segments()]
    mask = np.zeros(max((int(one.max()) + 1 for one in numbers if len(one)), default=0), np.bool_)
    for one in numbers:
        mask[one] = True
    return mask


def forget_numbers(session: Session, numbers: Sequence[int]) -> None:
    """Deletes the rows of these documents; their numbers are never given to others."""
    state = state_of(session)
    highest = session.scalar(select(func.max(CodeDocument.number)))
    state.next_number = max(state.next_number, -1 if highest is None else highest + 1)
    for some in parts(numbers, _KEYS_AT_ONCE):
        session.execute(delete(CodeDocument).where(CodeDocument.number.in_(some)))


def state_of(session: Session) -> CodeState:
    """What is known of the index as a whole; written down when it is asked for first."""
    state = session.get(CodeState, 1)
    if state is None:
        state = CodeState(id=1, index_id="", next_number=0, unused=pack(NONE))
        session.add(state)
        session.flush()
    return state


def files_in(path: Path, tree_id: str) -> list[File]:
    """The files of a whole tree; raises Unreadable."""
    return _added(survey(path, None, tree_id, most=MOST_FILES).entries)


def _added(entries: Sequence[Entry]) -> list[File]:
    return [
        File(key_of(one.path, one.new_id), one.path, one.new_id)
        for one in entries
        if one.new_mode in _FILE_MODES and one.new_id is not None
    ]


def _make_plan(session: Session, path: Path, repository_id: int, ref: str, *, is_anew: bool) -> _Plan | None:
    tip = RefFiles(path).get(ref)
    objects = Objects(path)
    commit_id = None if tip is None else objects.peel(tip)
    tree_id = None if commit_id is None else objects.tree_of(commit_id)
    if commit_id is None or tree_id is None:
        return None
    if is_anew:
        return _Plan(commit_id, tree_id, NONE, files_in(path, tree_id))
    view = session.get(CodeView, (repository_id, ref))
    same = session.scalars(select(CodeView.documents).where(CodeView.tree_id == tree_id).limit(1)).first()
    if same is not None:
        # A fork, or a branch that is where another one is.
        return _Plan(commit_id, tree_id, unpack(same))
    before = NONE if view is None else unpack(view.documents)
    try:
        found = survey(path, None if view is None else view.tree_id, tree_id, most=MOST_FILES)
    except Unreadable:
        # What the view was made from is gone: all of it is looked at again.
        before, found = NONE, survey(path, None, tree_id, most=MOST_FILES)
    if not found.is_whole:
        _log.warning("code_not_wholly_indexed", repository_id=repository_id, ref=ref, most=MOST_FILES)
    dropped = [
        File(key_of(one.path, one.old_id), one.path, one.old_id)
        for one in found.entries
        if one.old_mode in _FILE_MODES and one.old_id is not None
    ]
    return _Plan(commit_id, tree_id, before, _added(found.entries), dropped)


def _add(database: Database, index: CodeIndex, path: Path, files: Sequence[File]) -> tuple[int, _Rows]:
    """Adds what the index lacks of these files, some megabytes at a time.

    Returns how many they were, and the rows of the last ones, which are written with what shows them.
    """
    with database.reading() as session:
        known = numbers_of(session, [one.key for one in files])
        lowest = _lowest_free(session)
    count, rows = 0, _Rows()
    for some in read_texts(path, [one for one in files if one.key not in known]):
        if rows:
            with database.writing() as session:
                _insert(session, rows)
        with index.writing(expected=len(some)) as writer:
            numbered = _number(writer, some, lowest)
        rows = _Rows({"number": one.number, "key": key} for key, one in numbered)
        count += len(some)
    return count, rows


def _insert(session: Session, rows: _Rows) -> None:
    if rows:
        session.execute(insert(CodeDocument), rows)


def _lowest_free(session: Session) -> int:
    highest = session.scalar(select(func.max(CodeDocument.number)))
    kept = session.scalar(select(CodeState.next_number))
    return max(-1 if highest is None else highest, -1 if kept is None else kept - 1) + 1


def _number(writer: Writer, some: Sequence[tuple[File, bytes]], lowest: int) -> list[tuple[bytes, Document]]:
    first = writer.next_number(lowest)
    numbered = [(one.key, Document(first + at, one.path, content)) for at, (one, content) in enumerate(some)]
    writer.add(document for _, document in numbered)
    return numbered


def read_texts(path: Path, files: Sequence[File]) -> Iterator[list[tuple[File, bytes]]]:
    """The files that are text, with what they hold, in parts of some megabytes."""
    trees, part, size = Trees(path), list[tuple[File, bytes]](), 0
    for one in files:
        blob = trees.read_blob(one.blob_id, most_bytes=MAX_BYTES)
        if blob is None or blob.content is None or not is_text(blob.content):
            continue
        part.append((one, blob.content))
        size += len(blob.content)
        if size >= _BYTES_AT_ONCE:
            yield part
            part, size = [], 0
    if part:
        yield part


def _shown(session: Session, plan: _Plan) -> Numbers:
    if not plan.added and not plan.dropped:
        return plan.before
    gone = as_numbers(numbers_of(session, [one.key for one in plan.dropped]).values())
    came = as_numbers(numbers_of(session, [one.key for one in plan.added]).values())
    return np.union1d(np.setdiff1d(plan.before, gone, assume_unique=True), came)


def _save(session: Session, repository_id: int, ref: str, plan: _Plan, shown: Numbers) -> None:
    place = {"repository_id": repository_id, "ref": ref}
    values = {
        "commit_id": plan.commit_id,
        "tree_id": plan.tree_id,
        "documents": pack(shown),
        "indexed_at": now(),
    }
    is_it = (CodeView.repository_id == repository_id) & (CodeView.ref == ref)
    known = session.execute(update(CodeView).where(is_it).values(values).returning(CodeView.ref)).first()
    if known is None:
        session.execute(insert(CodeView).values(**place, **values))


def numbers_of(session: Session, keys: Collection[bytes]) -> dict[bytes, int]:
    """The numbers of the documents with these keys, where there are any."""
    found: dict[bytes, int] = {}
    for some in parts(list(keys), _KEYS_AT_ONCE):
        rows = session.execute(
            select(CodeDocument.key, CodeDocument.number).where(CodeDocument.key.in_(some))
        )
        found.update((key, number) for key, number in rows)
    return found
