"""What a pusher is in a repository at this moment, and the rules there: read by one statement.

Credentials are looked at when a push begins, which may be long before its refs are judged: whoever lost a
role or an account meanwhile moves nothing. Every push waits for this, so that no rows are loaded.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Integer, RowMapping, and_, bindparam, select
from sqlalchemy.orm import Session

from hub.access import Role, Viewer
from hub.accounts.models import User
from hub.db import Base
from hub.repos.access import role_given
from hub.repos.models import Collaborator, Repository
from hub.repos.ref_rules import PEOPLE, RULES, Rule

_REPOSITORIES: Final = Base.metadata.tables[Repository.__tablename__]
_USERS: Final = Base.metadata.tables[User.__tablename__]
_COLLABORATORS: Final = Base.metadata.tables[Collaborator.__tablename__]

_pusher: Final = bindparam("user_id", type_=Integer)
# One row per rule, and one without a rule where there is none.
_STANDING: Final = (
    select(
        _REPOSITORIES.c.owner_id,
        _REPOSITORIES.c.deleted_at.label("repository_deleted_at"),
        _USERS.c.id.label("user_id"),
        _USERS.c.is_admin,
        _USERS.c.is_suspended,
        _USERS.c.is_pending,
        _USERS.c.deleted_at,
        _COLLABORATORS.c.role,
        PEOPLE.c.user_id.label("named_id"),
        RULES.c.id.label("rule_id"),
        RULES.c.kind,
        RULES.c.pattern,
        RULES.c.least_role,
        RULES.c.needs_change,
        RULES.c.may_rewind,
        RULES.c.may_delete,
        RULES.c.approvals_needed,
        RULES.c.needs_resolved_threads,
    )
    .select_from(_REPOSITORIES)
    .outerjoin(_USERS, _USERS.c.id == _pusher)
    .outerjoin(
        _COLLABORATORS,
        and_(_COLLABORATORS.c.repository_id == _REPOSITORIES.c.id, _COLLABORATORS.c.user_id == _pusher),
    )
    .outerjoin(RULES, RULES.c.repository_id == _REPOSITORIES.c.id)
    .outerjoin(PEOPLE, and_(PEOPLE.c.rule_id == RULES.c.id, PEOPLE.c.user_id == _pusher))
    .where(_REPOSITORIES.c.id == bindparam("repository_id"))
    .order_by(RULES.c.id)
)


@dataclass(frozen=True, slots=True)
class Standing:
    """The pusher's role, whether their account may still be used, and the rules as they are for them."""

    role: Role | None
    is_active: bool
    rules: Sequence[Rule]


def find_standing(session: Session, viewer: Viewer, repository_id: int) -> Standing:
    """How the viewer stands in that repository now; without any role where it was deleted."""
    asked = {"user_id": viewer.user_id, "repository_id": repository_id}
    rows = session.execute(_STANDING, asked).mappings().all()
    if not rows or rows[0]["repository_deleted_at"] is not None:
        return Standing(None, is_active=True, rules=())
    first = rows[0]
    if viewer.user_id is not None:
        viewer = replace(viewer, is_admin=viewer.is_admin and bool(first["is_admin"]))
    return Standing(
        role=role_given(
            viewer, repository_id=repository_id, owner_id=first["owner_id"], granted=first["role"]
        ),
        is_active=viewer.user_id is None or _is_active(first),
        rules=[_rule(row) for row in rows if row["rule_id"] is not None],
    )


def _is_active(row: RowMapping) -> bool:
    is_there = row["user_id"] is not None and row["deleted_at"] is None
    return is_there and not row["is_suspended"] and not row["is_pending"]


def _rule(row: RowMapping) -> Rule:
    return Rule(
        kind=row["kind"],
        pattern=row["pattern"],
        least_role=row["least_role"],
        names_them=row["named_id"] is not None,
        needs_change=row["needs_change"],
        may_rewind=row["may_rewind"],
        may_delete=row["may_delete"],
        approvals_needed=row["approvals_needed"],
        needs_resolved_threads=row["needs_resolved_threads"],
    )
