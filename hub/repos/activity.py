"""Who pushed what when: pushes read from the ref log, the newest first, each with what the viewer may see.

A push is found by its first row, which says how many branches and tags it moved, so that a list costs the
same whether a push moved one of them or ten thousand. The copies that a fork begins with are no push.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts.models import Principal, User
from hub.db import Base
from hub.repos.access import visible_to
from hub.repos.browsing.spots import Spot, SpotKind
from hub.repos.models import PushIntent, RefKind, RefLogEntry, Repository
from hub.repos.names import BRANCHES, SHOWN, short_name

MOST_PUSHES: Final = 30
MOST_MOVES: Final = 5
# Of all that happens on a hub, and of what one person does, no more pushes are looked at than this: most of
# them may be to repositories that the viewer may not see.
_MOST_LOOKED_AT: Final = 2000
# Of an owner's repositories those that were pushed to last.
_MOST_REPOSITORIES: Final = 50
# The rows of a push follow each other, but for those of others that are recorded at the same moment.
_ROWS_READ: Final = 4 * MOST_MOVES

_LOG: Final = Base.metadata.tables[RefLogEntry.__tablename__]
_OTHER: Final = _LOG.alias("other")
_OWNERS: Final = Base.metadata.tables[Principal.__tablename__].alias("owners")
_PUSHERS: Final = Base.metadata.tables[Principal.__tablename__].alias("pushers")
_USERS: Final = Base.metadata.tables[User.__tablename__]
_INTENTS: Final = Base.metadata.tables[PushIntent.__tablename__]


@dataclass(frozen=True, slots=True)
class Move:
    """A branch or tag that a push moved: `old_id` is None where it made it, `new_id` where it deleted it."""

    kind: RefKind
    name: str
    old_id: str | None
    new_id: str | None

    @property
    def spot(self) -> Spot | None:
        """What it named after the push."""
        return None if self.new_id is None else Spot(SpotKind(self.kind), self.name, self.new_id)


@dataclass(frozen=True, slots=True)
class Push:
    """One push; `moves` are the first of `size` branches and tags that it moved. `id` grows with time.

    `pusher` is None for a deploy key, which `key_name` names, and for an account that was deleted.
    """

    id: int
    owner: str
    repository: str
    pusher: str | None
    key_name: str | None
    at: datetime
    size: int
    moves: Sequence[Move]

    @property
    def path(self) -> str:
        """`owner/name` of the repository, as in addresses."""
        return f"{self.owner}/{self.repository}"


def list_pushes(session: Session, viewer: Viewer, *, limit: int = MOST_PUSHES) -> list[Push]:
    """The last pushes to any repository; fewer than there are where the viewer may see few of them."""
    return _list(session, viewer, _is_since(_MOST_LOOKED_AT), limit=limit)


def list_pushes_by(
    session: Session, viewer: Viewer, person: Principal, *, limit: int = MOST_PUSHES
) -> list[Push]:
    """The last pushes of that person, to whichever repository."""
    is_among_last = _is_since(_MOST_LOOKED_AT, _OTHER.c.user_id == person.id)
    return _list(session, viewer, _LOG.c.user_id == person.id, is_among_last, limit=limit)


def list_pushes_to(
    session: Session,
    viewer: Viewer,
    repository: Repository,
    *,
    before: int | None = None,
    limit: int = MOST_PUSHES,
) -> list[Push]:
    """The last pushes to that repository, or the last ones before the push of that id."""
    conditions = [_LOG.c.repository_id == repository.id]
    if before is not None:
        conditions.append(_LOG.c.id < before)
    return _list(session, viewer, *conditions, limit=limit)


def list_pushes_to_owner(
    session: Session, viewer: Viewer, owner: Principal, *, limit: int = MOST_PUSHES
) -> list[Push]:
    """The last pushes to the repositories of that owner, whoever pushed."""
    pushed_last = (
        select(Repository.id)
        .where(Repository.owner_id == owner.id, Repository.pushed_at.is_not(None), visible_to(viewer))
        .order_by(Repository.pushed_at.desc())
        .limit(_MOST_REPOSITORIES)
    )
    # Of each repository no more than would fill the list, so that no log is read to its end.
    is_among_last = _is_since(limit, _OTHER.c.repository_id == Repository.id)
    return _list(session, viewer, Repository.id.in_(pushed_last), is_among_last, limit=limit)


def _is_since(number: int, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a push is among the last so many for which the conditions on `_OTHER` hold."""
    oldest = (
        select(_OTHER.c.id)
        .where(_OTHER.c.push_size.is_not(None), *conditions)
        .order_by(_OTHER.c.id.desc())
        .offset(number - 1)
        .limit(1)
        .correlate(Repository)
    )
    return _LOG.c.id >= func.coalesce(oldest.scalar_subquery(), 0)


def _list(session: Session, viewer: Viewer, *conditions: ColumnElement[bool], limit: int) -> list[Push]:
    wanted = _select().where(_LOG.c.push_size.is_not(None), visible_to(viewer), *conditions)
    rows = session.execute(wanted.order_by(_LOG.c.id.desc()).limit(limit)).all()
    moves = _read_moves(session, [row.id for row in rows])
    return [_push(row, moves.get(row.id, [])) for row in rows]


# Any: columns of several types.
def _select() -> Select[Any]:
    return (
        select(
            _LOG.c.id,
            _LOG.c.at,
            _LOG.c.push_size,
            _OWNERS.c.name.label("owner"),
            Repository.name.label("repository"),
            _PUSHERS.c.name.label("pusher"),
            _USERS.c.deleted_at,
            _INTENTS.c.key_name,
        )
        .join_from(_LOG, Repository, Repository.id == _LOG.c.repository_id)
        .join(_OWNERS, _OWNERS.c.id == Repository.owner_id)
        .outerjoin(_PUSHERS, _PUSHERS.c.id == _LOG.c.user_id)
        .outerjoin(_USERS, _USERS.c.id == _LOG.c.user_id)
        .outerjoin(_INTENTS, _INTENTS.c.push_id == _LOG.c.push_id)
    )


def _read_moves(session: Session, push_ids: Sequence[int]) -> dict[int, list[Move]]:
    """The first moves of each of these pushes, by the push's id."""
    # By the range of ids, which a database follows at once; the log of a repository may be long.
    is_near = _OTHER.c.id.between(_LOG.c.id, _LOG.c.id + _ROWS_READ)
    wanted = (
        select(_LOG.c.id.label("push"), _OTHER.c.ref, _OTHER.c.old_id, _OTHER.c.new_id)
        .join_from(_LOG, _OTHER, is_near & (_OTHER.c.push_id == _LOG.c.push_id))
        .where(_LOG.c.id.in_(push_ids))
        .order_by(_OTHER.c.id)
    )
    found: dict[int, list[Move]] = {}
    for row in session.execute(wanted):
        moves = found.setdefault(row.push, [])
        if len(moves) < MOST_MOVES and row.ref.startswith(SHOWN):
            moves.append(_move(row.ref, row.old_id, row.new_id))
    return found


def _move(ref: str, old_id: str, new_id: str) -> Move:
    kind = RefKind.BRANCH if ref.startswith(BRANCHES) else RefKind.TAG
    return Move(kind, short_name(ref), _id_or_none(old_id), _id_or_none(new_id))


def _id_or_none(object_id: str) -> str | None:
    return object_id if object_id.strip("0") else None


# Any: the columns of _select.
def _push(row: Row[Any], moves: Sequence[Move]) -> Push:
    return Push(
        id=row.id,
        owner=row.owner,
        repository=row.repository,
        pusher=None if row.deleted_at is not None else row.pusher,
        key_name=row.key_name,
        at=row.at,
        size=row.push_size,
        moves=moves,
    )
