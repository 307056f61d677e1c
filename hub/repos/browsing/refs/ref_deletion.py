"""Deleting a branch or a tag from its list: a push like any other, with the same judge."""

import os
from collections.abc import Iterable

from sqlalchemy.orm import Session

from hub.access import Permission, Viewer
from hub.db import config_of
from hub.errors import NotFound, text
from hub.repos.access import may
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory
from hub.repos.models import ZERO_ID, Repository
from hub.repos.names import is_ref_name
from hub.repos.pushes import RefUpdate
from hub.repos.pushing.judging import decide
from hub.repos.receive import update_refs


def list_deletable(
    session: Session, viewer: Viewer, repository: Repository, refs: Iterable[tuple[bytes, str]]
) -> frozenset[bytes]:
    """Those of the refs that a push of the viewer's could delete now."""
    if not may(session, viewer, repository, Permission.PUSH):
        return frozenset()
    updates = [_deletion(ref, object_id) for ref, object_id in refs]
    named = [update for update in updates if is_ref_name(update.name)]
    granted = decide(session, viewer, repository, updates=named, atomic=False).granted
    return frozenset(os.fsencode(name) for name in granted)


def delete_ref(session: Session, viewer: Viewer, repository: Repository, ref: bytes) -> str:
    """Deletes the branch or tag of that full name; returns the id it pointed at, by which it comes back.

    Raises NotFound, and what update_refs raises for a push.
    """
    files = RefFiles(directory(config_of(session), repository))
    # The name comes from a form: one that is none of git's may not become the path of a file.
    object_id = files.get(ref) if is_ref_name(os.fsdecode(ref)) else None
    if object_id is None:
        raise NotFound(
            text("There is no such branch or tag any more."),
            text("Somebody else may have deleted it."),
            text("Look at the list as it is now."),
        )
    update_refs(session, viewer, repository, [_deletion(ref, object_id)])
    return object_id


def _deletion(ref: bytes, object_id: str) -> RefUpdate:
    return RefUpdate(os.fsdecode(ref), object_id, ZERO_ID)
