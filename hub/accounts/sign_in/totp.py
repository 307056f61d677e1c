"""The authenticator app: a secret that it shares with the hub, and codes that follow from it and the time."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import pyotp
import segno
from cryptography.fernet import InvalidToken
from sqlalchemy import delete, or_, update
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts import audit, queries
from hub.accounts.models import Totp
from hub.accounts.sign_in import recovery, sealing, sessions
from hub.clock import now
from hub.db import config_of
from hub.errors import Conflict, Invalid, NotFound, text

STEP_SECONDS: Final = 30
# What was begun and not confirmed for so long is begun anew.
SETUP_LIFETIME: Final = timedelta(hours=1)

TURNED_ON: Final = audit.action("app.on", text("turned the authenticator app on"))
TURNED_OFF: Final = audit.action("app.off", text("turned the authenticator app off"))


@dataclass(frozen=True, slots=True)
class Setup:
    """What an app is to be told: the secret, alone and as an address, and its picture as a path of an SVG.

    The picture is `picture_size` units wide and high.
    """

    secret: str
    address: str
    picture: str
    picture_size: int


def begin(session: Session, viewer: Viewer) -> None:
    """Makes a secret for the viewer's app; it counts once a code has confirmed it. Raises Conflict."""
    user = queries.get_self(session, viewer)
    known = session.get(Totp, user.id)
    if known is not None and known.confirmed_at is not None:
        raise Conflict(
            text("The authenticator app is on already."),
            next_step=text("Turn it off first if you want to use another one."),
        )
    sealed = sealing.seal(session, user.id, pyotp.random_base32())
    session.merge(
        Totp(user_id=user.id, sealed_secret=sealed, created_at=now(), confirmed_at=None, last_step=None)
    )
    session.flush()


def get_setup(session: Session, viewer: Viewer) -> Setup:
    """What the viewer's app is to be told; raises NotFound where nothing was begun, or long ago."""
    user = queries.get_self(session, viewer)
    secret = _secret_of(session, _get_begun(session, user.id))
    address = pyotp.TOTP(secret).provisioning_uri(name=user.name, issuer_name=config_of(session).name)
    code = segno.make(address, error="m", micro=False)
    return Setup(secret, address, _path_of(code), int(code.symbol_size(scale=1)[0]))


def _path_of(code: segno.QRCode) -> str:
    # One square a module, in rows: an SVG needs neither styles nor scripts for it.
    return "".join(
        f"M{x} {y}h1v1h-1z"
        for y, row in enumerate(code.matrix_iter(scale=1))
        for x, is_dark in enumerate(row)
        if is_dark
    )


def _get_begun(session: Session, user_id: int) -> Totp:
    begun = session.get(Totp, user_id)
    if begun is None or begun.confirmed_at is not None or begun.created_at + SETUP_LIFETIME <= now():
        raise NotFound(
            text("No authenticator app is being set up."),
            text("It is either on already, or it was begun more than an hour ago."),
            text("Begin on the page about signing in, in your settings."),
        )
    return begun


def confirm(session: Session, viewer: Viewer, *, code: str, browser: str) -> list[str]:
    """Turns the app on once it gives the right code; returns the recovery codes if they are the first.

    Every browser but the one whose sign-in has the secret `browser` is signed out. Raises Invalid.
    """
    user = queries.get_self(session, viewer)
    begun = _get_begun(session, user.id)
    step = find_step(_secret_of(session, begun), code, now())
    if step is None:
        fault = text(
            "This is not the code of this moment. Check the clock of the device, then enter a new one."
        )
        raise Invalid(text("The authenticator app was not turned on."), {"code": fault})
    begun.confirmed_at, begun.last_step = now(), step
    session.flush()
    audit.note(session, viewer, TURNED_ON, user_id=user.id)
    sessions.end_all(session, user.id, but_secret=browser)
    return recovery.make_first(session, user.id)


def turn_off(session: Session, viewer: Viewer, *, browser: str) -> None:
    """Turns the viewer's app off; every browser but the one with this secret is signed out."""
    user = queries.get_self(session, viewer)
    gone = session.execute(delete(Totp).where(Totp.user_id == user.id).returning(Totp.confirmed_at)).first()
    if gone is None:
        raise NotFound(text("There is no authenticator app."), next_step=text("It may be off already."))
    recovery.drop_if_unneeded(session, user.id)
    if gone[0] is not None:
        audit.note(session, viewer, TURNED_OFF, user_id=user.id)
        sessions.end_all(session, user.id, but_secret=browser)


def is_on(session: Session, user_id: int) -> bool:
    """Whether the person's app is confirmed."""
    totp = session.get(Totp, user_id)
    return totp is not None and totp.confirmed_at is not None


def spend(session: Session, user_id: int, code: str) -> bool:
    """Whether this is the code of now, a step earlier or later, and newer than any that was used before."""
    totp = session.get(Totp, user_id)
    # A recovery code does not even look at the secret, which may be of no use any more.
    if totp is None or totp.confirmed_at is None or not _digits_of(code):
        return False
    step = find_step(_secret_of(session, totp), code, now())
    if step is None:
        return False
    # Whoever saw a code over a shoulder, or sends it at the same moment, comes too late.
    spent = session.execute(
        update(Totp)
        .where(Totp.user_id == user_id, or_(Totp.last_step.is_(None), Totp.last_step < step))
        .values(last_step=step)
        .returning(Totp.user_id)
    )
    return spent.first() is not None


def find_step(secret: str, code: str, at: datetime) -> int | None:
    """The 30-second step whose code this is, of those around the moment; None where it is none of theirs."""
    given = _digits_of(code)
    this_step = int(at.timestamp()) // STEP_SECONDS
    generator = pyotp.TOTP(secret)
    for step in (this_step + 1, this_step, this_step - 1):
        if hmac.compare_digest(generator.generate_otp(step), given):
            return step
    return None


def _digits_of(code: str) -> str:
    given = "".join(code.split())
    return given if given.isascii() and given.isdigit() else ""


def _secret_of(session: Session, totp: Totp) -> str:
    try:
        return sealing.unseal(session, totp.user_id, totp.sealed_secret)
    except (InvalidToken, ValueError) as error:
        raise Conflict(
            text("The authenticator app cannot be used."),
            text("The key that its secret was sealed with is not the one of this hub."),
            text("Use a passkey. Whoever runs the hub can bring the key back, or turn the second step off."),
        ) from error


def prune(session: Session) -> None:
    """Deletes what was begun and never confirmed."""
    session.execute(
        delete(Totp).where(Totp.confirmed_at.is_(None), Totp.created_at <= now() - SETUP_LIFETIME)
    )
