"""The browsers in which people are signed in: how such a sign-in begins, is renewed, listed and ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts import audit, credentials
from hub.accounts.models import SignIn, User
from hub.accounts.queries import get_self
from hub.accounts.sign_in import browsers, challenges
from hub.clock import now
from hub.db import config_of
from hub.errors import NotFound, Text, Unauthenticated, text

# A sensitive change asks for a proof that is not older.
PROOF_LIFETIME: Final = timedelta(minutes=15)

ENDED: Final = audit.action("sign_in.ended", text("signed %(browser)s out"))
OTHERS_ENDED: Final = audit.action("sign_in.others_ended", text("signed every other browser out"))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sign-in comes from: the network address and what the browser calls itself."""

    address: str
    browser: str


@dataclass(frozen=True, slots=True)
class SignInRow:
    """One browser in the list of its person; `is_this` is the one that asks."""

    id: int
    browser: Text
    address: str
    created_at: datetime
    seen_at: datetime
    is_this: bool


def start(session: Session, user: User, origin: Origin) -> str:
    """The secret of a new sign-in of this person."""
    secret = credentials.new_secret()
    at = now()
    session.add(
        SignIn(
            secret_hash=credentials.hash_secret(secret),
            user_id=user.id,
            created_at=at,
            seen_at=at,
            proved_at=at,
            address=origin.address[:64],
            browser=origin.browser[:300],
        )
    )
    session.flush()
    return secret


def renew(session: Session, secret: str) -> str:
    """A new secret for the sign-in with this one, whose person has just proved who they are.

    Raises Unauthenticated where it ended in the meantime.
    """
    fresh = credentials.new_secret()
    renewed = session.execute(
        update(SignIn)
        .where(SignIn.secret_hash == credentials.hash_secret(secret))
        .values(secret_hash=credentials.hash_secret(fresh), proved_at=now())
        .returning(SignIn.id)
    )
    if renewed.first() is None:
        raise Unauthenticated(text("This browser is signed out."), next_step=text("Sign in again."))
    return fresh


def is_fresh(proved_at: datetime) -> bool:
    """Whether a proof of that moment still counts."""
    return proved_at + PROOF_LIFETIME > now()


def end(session: Session, secret: str) -> None:
    """Ends the sign-in with this secret, where there is one."""
    session.execute(delete(SignIn).where(SignIn.secret_hash == credentials.hash_secret(secret)))


def end_all(session: Session, user_id: int, *, but_secret: str | None = None) -> None:
    """Ends every sign-in of a person, or all but the one with this secret; half-done ones as well."""
    ended = delete(SignIn).where(SignIn.user_id == user_id)
    if but_secret is not None:
        ended = ended.where(SignIn.secret_hash != credentials.hash_secret(but_secret))
    session.execute(ended)
    challenges.drop_of(session, user_id)


def list_own(session: Session, viewer: Viewer, *, secret: str) -> list[SignInRow]:
    """The viewer's browsers that are signed in, this one first, then those seen last."""
    user = get_self(session, viewer)
    config = config_of(session)
    found = session.scalars(
        select(SignIn).where(
            SignIn.user_id == user.id,
            SignIn.seen_at > now() - credentials.idle_time(config),
            SignIn.created_at > now() - timedelta(days=config.session_days),
        )
    )
    this = credentials.hash_secret(secret)
    rows = [_row(one, is_this=one.secret_hash == this) for one in found]
    return sorted(rows, key=lambda row: (row.is_this, row.seen_at), reverse=True)


def _row(sign_in: SignIn, *, is_this: bool) -> SignInRow:
    return SignInRow(
        id=sign_in.id,
        browser=browsers.describe(sign_in.browser),
        address=sign_in.address,
        created_at=sign_in.created_at,
        seen_at=sign_in.seen_at,
        is_this=is_this,
    )


def end_one(session: Session, viewer: Viewer, *, sign_in_id: int) -> None:
    """Ends one sign-in of the viewer; raises NotFound."""
    user = get_self(session, viewer)
    ended = session.execute(
        delete(SignIn).where(SignIn.id == sign_in_id, SignIn.user_id == user.id).returning(SignIn.browser)
    ).first()
    if ended is None:
        raise NotFound(
            text("There is no such browser."), next_step=text("It may have been signed out already.")
        )
    audit.note(session, viewer, ENDED, user_id=user.id, browser=browsers.describe(ended[0]))


def end_others(session: Session, viewer: Viewer, *, secret: str) -> None:
    """Ends every sign-in of the viewer but the one with this secret."""
    user = get_self(session, viewer)
    end_all(session, user.id, but_secret=secret)
    audit.note(session, viewer, OTHERS_ENDED, user_id=user.id)
