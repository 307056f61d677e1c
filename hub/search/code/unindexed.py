"""Branches that somebody names in a query, that are there, and that are not searched yet."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session

from hub.access import Permission, Viewer
from hub.clock import now
from hub.db import Database, config_of
from hub.jobs import job
from hub.repos.access import may, visible_to
from hub.repos.models import Repository
from hub.repos.names import BRANCHES, TAGS
from hub.search.code.choosing import find_ref
from hub.search.code.places import is_asked
from hub.search.code.queries import CodeQuery
from hub.search.models import CodeRequest, CodeView

MOST: Final = 5

_NOTED_AFTER: Final = timedelta(days=1)
_MOST_NOTED: Final = 20


@dataclass(frozen=True, slots=True)
class Unindexed:
    """A branch or tag of a repository that the viewer may see; `is_coming` where somebody asked for it."""

    path: str
    ref: str
    name: str
    is_coming: bool
    can_ask: bool


def list_unindexed(session: Session, viewer: Viewer, query: CodeQuery) -> list[Unindexed]:
    """What the query's `branch:` means in repositories that its `repo:` names, and the index has not seen."""
    if not query.branch or query.only is not None or all(one.is_excluded for one in query.repositories):
        return []
    config, refs = config_of(session), [prefix + query.branch for prefix in (BRANCHES, TAGS)]
    is_seen = exists().where(CodeView.repository_id == Repository.id, CodeView.ref.in_(refs))
    wanted = select(Repository).where(visible_to(viewer), ~is_seen).order_by(Repository.id)
    found: list[Unindexed] = []
    for one in session.scalars(wanted):
        if not is_asked(one.path, query):
            continue
        ref = find_ref(config, one, query.branch)
        if ref is not None:
            is_coming = session.get(CodeRequest, (one.id, ref)) is not None
            can_ask = not is_coming and may(session, viewer, one, Permission.PROPOSE)
            found.append(Unindexed(one.path, ref, query.branch, is_coming, can_ask))
        if len(found) == MOST:
            break
    return found


def list_unnoted(session: Session, viewer: Viewer, query: CodeQuery) -> list[tuple[int, str]]:
    """Repository and ref of what was asked for, is searched now, and was last noted to be a day ago."""
    if not query.branch:
        return []
    is_meant = or_(*(CodeRequest.ref == prefix + query.branch for prefix in (BRANCHES, TAGS)))
    used = (
        select(CodeRequest.repository_id, CodeRequest.ref)
        .join(Repository, Repository.id == CodeRequest.repository_id)
        .where(visible_to(viewer), is_meant, CodeRequest.used_at < now() - _NOTED_AFTER)
        .limit(_MOST_NOTED)
    )
    return [(repository_id, ref) for repository_id, ref in session.execute(used)]


@job
def note_search(database: Database, repository_id: int, ref: str) -> None:
    """Writes down that a branch that somebody asked for is searched."""
    is_it = (CodeRequest.repository_id == repository_id) & (CodeRequest.ref == ref)
    with database.writing() as session:
        session.execute(update(CodeRequest).where(is_it).values(used_at=now()))
