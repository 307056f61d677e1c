"""Brings the index up to what branches hold, tidies it, makes it again where it is damaged."""

from collections.abc import Collection

import numpy as np
import structlog
from sqlalchemy import select

from hub.clock import now
from hub.db import Database
from hub.errors import Unavailable
from hub.repos.models import Repository
from hub.search.code import folders
from hub.search.code.choosing import drop_unwanted, wanted_refs
from hub.search.code.health import count_wrong
from hub.search.code.indexing import drop_unused, find_unused, indexing, state_of, update_view
from hub.search.code.moved import list_moved
from hub.search.code.rebuilding import rebuild, repair
from hub.search.engine.damage import IndexDamaged, id_of
from hub.search.engine.index import CodeIndex
from hub.search.engine.numbers import pack, unpack
from hub.search.models import CodeState, CodeView

_log = structlog.get_logger(__name__)


def bring_up(database: Database, places: Collection[tuple[int, str]], *, wait_seconds: float = 0) -> bool:
    """Has the index look at these refs; False while another process changes it, or makes it again."""
    if not make_sound(database):
        return False
    try:
        with indexing(database.config, wait_seconds=wait_seconds, must_exist=True) as index:
            for repository_id, ref in places:
                _update(database, index, repository_id, ref)
            index.tidy()
    except IndexDamaged:
        folders.note_damage(database.config)
        return False
    except Unavailable:
        return False
    return True


def _update(database: Database, index: CodeIndex, repository_id: int, ref: str) -> None:
    try:
        update_view(database, index, repository_id, ref)
    except IndexDamaged:
        raise
    except Exception:  # noqa: BLE001  # the edge: whatever is wrong with one repository, the others are searched
        _log.exception("code_not_indexed", repository_id=repository_id, ref=ref)


def index_moved(database: Database) -> int:
    """Has the index look at every branch that moved; returns at how many.

    Whoever finds it held leaves them to the next sweep.
    """
    with database.reading() as session:
        moved = list_moved(session, database.config)
    return len(moved) if bring_up(database, moved) else 0


def index_again(database: Database, repository_id: int) -> int:
    """Looks anew at every branch of a repository that is searched; returns how many there are.

    Raises Unavailable while another process changes the index, and IndexDamaged.
    """
    is_it = Repository.id == repository_id
    with database.reading() as session:
        row = select(Repository.id, Repository.storage, Repository.default_branch).where(is_it)
        wanted = wanted_refs(session, database.config, session.execute(row).all())[repository_id]
        views = session.scalars(select(CodeView.ref).where(CodeView.repository_id == repository_id)).all()
    refs = sorted(wanted | set(views))
    with indexing(database.config, must_exist=True) as index:
        for ref in refs:
            update_view(database, index, repository_id, ref, is_anew=True)
    return len(refs)


def make_sound(database: Database) -> bool:
    """Makes the index where there is none, and again where it is damaged or not the one that rows are about.

    False while another process does.
    """
    config = database.config
    try:
        with database.reading() as session:
            known = session.scalar(select(CodeState.index_id))
        if not folders.is_sound(config) or (known and known != id_of(folders.index_folder(config))):
            made = rebuild(database)
            _log.info("code_index_built", documents=made.documents, views=made.views, lost=made.lost)
        return True
    except Unavailable:
        return False


def look_over(database: Database) -> bool:
    """Compares the index with the rows, and adds what it lacks; False while another process changes it."""
    if not make_sound(database):
        return False
    try:
        with indexing(database.config, wait_seconds=0, must_exist=True) as index:
            repair(database, index)
            index_id = id_of(index.folder) or ""
            with database.reading() as session:
                is_known = session.scalar(select(CodeState.index_id)) == index_id
            if not is_known:
                with database.writing() as session:
                    state_of(session).index_id = index_id
    except IndexDamaged:
        folders.note_damage(database.config)
        return False
    except Unavailable:
        return False
    return True


def check_part(database: Database, *, part: int, parts: int) -> int:
    """Compares a part of the texts with what rows say of them; where some are wrong, all is made again."""
    try:
        wrong = count_wrong(database, part=part, parts=parts)
    except IndexDamaged:
        return 0
    if wrong:
        _log.error("code_index_damaged", wrong=wrong)
        folders.note_damage(database.config)
    return wrong


def drop_what_nobody_shows(database: Database) -> int:
    """Removes the documents that no branch shows any more; returns how many there were.

    Only those that none showed at the sweep before either: somebody may have begun to search with older rows.
    """
    with database.writing() as session:
        drop_unwanted(session, database.config, at=now())
    try:
        with indexing(database.config, wait_seconds=0, must_exist=True) as index:
            unused = find_unused(database, index)
            with database.writing() as session:
                state = state_of(session)
                before, state.unused = unpack(state.unused), pack(unused)
            return drop_unused(database, index, np.intersect1d(before, unused, assume_unique=True))
    except IndexDamaged:
        folders.note_damage(database.config)
        return 0
    except Unavailable:
        return 0
