"""Recovery codes: each stands in once for a lost authenticator app or passkey. Shown once, never again."""

import secrets
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts import audit, queries
from hub.accounts.access import require_admin
from hub.accounts.models import Passkey, RecoveryCode, Totp, User
from hub.accounts.sign_in import sealing, sessions
from hub.clock import now
from hub.errors import Conflict, text

COUNT: Final = 10
# Neither 0 and o, nor 1, i and l, nor u, which makes words.
_LETTERS: Final = "23456789abcdefghjkmnpqrstvwxyz"
_LENGTH: Final = 16
_GROUP: Final = 4

MADE: Final = audit.action("recovery_codes.made", text("made new recovery codes"))
TURNED_OFF: Final = audit.action("second_step.off", text("turned the second step of %(name)s off"))
USED: Final = audit.action("recovery_code.used", text("used a recovery code; %(left)s are left"))


def make_anew(session: Session, viewer: Viewer) -> list[str]:
    """New codes of the viewer, as they are to be shown; those made earlier stop working.

    Raises Conflict where nothing is turned on that they could stand in for.
    """
    user = queries.get_self(session, viewer)
    if not has_second_step(session, user.id):
        raise Conflict(
            text("There is nothing that recovery codes could stand in for."),
            next_step=text("Set up an authenticator app or a passkey first."),
        )
    codes = _make(session, user.id)
    audit.note(session, viewer, MADE, user_id=user.id)
    return codes


def make_first(session: Session, user_id: int) -> list[str]:
    """The codes of somebody who turned the first second step on; none where there are codes already."""
    has_codes = session.scalar(select(RecoveryCode.id).where(RecoveryCode.user_id == user_id).limit(1))
    return [] if has_codes is not None else _make(session, user_id)


def turn_all_off(session: Session, viewer: Viewer, user: User) -> None:
    """Turns off whatever stands beside the password of somebody who lost it all; for administrators.

    Their browsers are signed out.
    """
    require_admin(viewer)
    for table in (Totp, Passkey, RecoveryCode):
        session.execute(delete(table).where(table.user_id == user.id))
    audit.note(session, viewer, TURNED_OFF, user_id=user.id, name=user.name)
    sessions.end_all(session, user.id)


def drop_if_unneeded(session: Session, user_id: int) -> None:
    """Deletes the codes of somebody who turned the last second step off."""
    if not has_second_step(session, user_id):
        session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def spend(session: Session, viewer: Viewer, user_id: int, code: str) -> bool:
    """Whether this is a code of that person that was not used; from now on it is."""
    spent = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == sealing.digest(session, user_id, _plain(code)),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now())
        .returning(RecoveryCode.id)
    )
    if spent.first() is None:
        return False
    audit.note(session, viewer, USED, user_id=user_id, left=count_left(session, user_id))
    return True


def count_left(session: Session, user_id: int) -> int:
    """How many codes of this person still work."""
    unused = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return session.scalar(unused) or 0


def has_second_step(session: Session, user_id: int) -> bool:
    """Whether the password alone does not sign this person in."""
    has_app = select(Totp.user_id).where(Totp.user_id == user_id, Totp.confirmed_at.is_not(None))
    has_passkey = select(Passkey.user_id).where(Passkey.user_id == user_id)
    return session.scalar(has_app.union_all(has_passkey).limit(1)) is not None


def _make(session: Session, user_id: int) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(COUNT)]
    session.add_all(
        RecoveryCode(user_id=user_id, code_hash=sealing.digest(session, user_id, code)) for code in codes
    )
    session.flush()
    return [_grouped(code) for code in codes]


def _grouped(code: str) -> str:
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def _plain(code: str) -> str:
    return "".join(one for one in code.casefold() if one.isalnum())
