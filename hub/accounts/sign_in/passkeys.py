"""Passkeys: key pairs in people's devices, which sign a question of the hub (WebAuthn level 2)."""

import ipaddress
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from webauthn.helpers.base64url_to_bytes import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from hub.access import Viewer
from hub.accounts import audit, queries
from hub.accounts.models import ChallengePurpose, Passkey
from hub.accounts.sign_in import challenges, recovery, sessions
from hub.accounts.sign_in.challenges import Asked
from hub.clock import now
from hub.db import config_of
from hub.errors import Conflict, Invalid, NotFound, Text, text

MAX_TITLE: Final = 100
MAX_PASSKEYS: Final = 20
MAX_ANSWER: Final = 20_000

ADDED: Final = audit.action("passkey.added", text("added the passkey “%(title)s”"))
RENAMED: Final = audit.action("passkey.renamed", text("renamed the passkey “%(former)s” to “%(title)s”"))
REMOVED: Final = audit.action("passkey.removed", text("removed the passkey “%(title)s”"))

# What the library and Python raise about an answer that is none.
_NO_ANSWER: Final = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Place:
    """Where passkeys belong to: the host's name, and the address that a browser gives for pages there."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class PasskeyRow:
    """One passkey in the list of its person."""

    id: int
    title: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Used:
    """A passkey whose answer is right; it counts once `note_use` has written it down."""

    passkey_id: int
    user_id: int
    former_count: int
    count: int


def find_place(address: str) -> Place | None:
    """The place of passkeys of a hub at this address, or None where browsers make none there.

    They need a name of the host, and HTTPS except on the machine itself.
    """
    parts = urlsplit(address)
    host = parts.hostname or ""
    is_own_machine = host == "localhost" or host.endswith(".localhost")
    if _is_ip_address(host) or not (parts.scheme == "https" or is_own_machine):
        return None
    return Place(host, f"{parts.scheme}://{parts.netloc}")


def find_other_address(address: str) -> str | None:
    """The same hub under a name that browsers take, where this is an IP address of the machine itself."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if not _is_ip_address(host) or not ipaddress.ip_address(host).is_loopback:
        return None
    return f"{parts.scheme}://localhost" + (f":{parts.port}" if parts.port else "")


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def list_own(session: Session, viewer: Viewer) -> list[PasskeyRow]:
    """The viewer's passkeys, the newest first."""
    user = queries.get_self(session, viewer)
    found = session.scalars(select(Passkey).where(Passkey.user_id == user.id).order_by(Passkey.id.desc()))
    return [PasskeyRow(one.id, one.title, one.created_at, one.last_used_at) for one in found]


def begin(session: Session, viewer: Viewer, place: Place, *, former: str) -> tuple[str, str]:
    """The secret of a question, and the question as a browser reads it that is to make a passkey."""
    user = queries.get_self(session, viewer)
    known = _descriptors(session, user.id)
    if len(known) >= MAX_PASSKEYS:
        raise Conflict(
            text("You have %(count)s passkeys, and more are not kept.", count=len(known)),
            next_step=text("Remove one that you no longer use."),
        )
    secret, nonce = challenges.ask(session, ChallengePurpose.PASSKEY_ADD, user_id=user.id, instead_of=former)
    options = webauthn.generate_registration_options(
        rp_id=place.host,
        rp_name=config_of(session).name,
        user_name=user.name,
        user_id=_handle(user.id),
        challenge=nonce,
        exclude_credentials=known,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    return secret, webauthn.options_to_json(options)


def add(
    session: Session,
    viewer: Viewer,
    place: Place,
    *,
    question: str,
    answer: str,
    title: str,
    browser: str,
) -> list[str]:
    """Registers a passkey that a browser made; returns the recovery codes if they are the first.

    Every browser but the one whose sign-in has the secret `browser` is signed out. Raises Invalid.
    """
    user = queries.get_self(session, viewer)
    title = _clean_title(title)
    asked = challenges.take(session, ChallengePurpose.PASSKEY_ADD, question)
    if asked is None or asked.user_id != user.id:
        raise _not_added(text("This was not finished within ten minutes. Begin again."))
    made = _verify_made(place, answer, asked, title)
    taken = session.scalar(select(Passkey.id).where(Passkey.credential_id == made.credential_id))
    if taken is not None:
        raise _not_added(text("This passkey is registered already."))
    made.user_id = user.id
    session.add(made)
    session.flush()
    audit.note(session, viewer, ADDED, user_id=user.id, title=title)
    sessions.end_all(session, user.id, but_secret=browser)
    return recovery.make_first(session, user.id)


def _verify_made(place: Place, answer: str, asked: Asked, title: str) -> Passkey:
    try:
        given = _read(answer)
        made = webauthn.verify_registration_response(
            credential=given,
            expected_challenge=asked.nonce,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            require_user_verification=True,
        )
        transports = _transports(given)
    except _NO_ANSWER as error:
        raise _not_added(text("The browser's answer cannot be taken. Begin again.")) from error
    return Passkey(
        title=title,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        transports=" ".join(transports),
        created_at=now(),
    )


def _not_added(fault: Text) -> Invalid:
    return Invalid(text("The passkey was not added."), {"answer": fault})


def rename(session: Session, viewer: Viewer, *, passkey_id: int, title: str) -> None:
    """Gives one of the viewer's passkeys another name."""
    passkey = _get_own(session, viewer, passkey_id)
    former, passkey.title = passkey.title, _clean_title(title)
    session.flush()
    audit.note(session, viewer, RENAMED, user_id=passkey.user_id, former=former, title=passkey.title)


def remove(session: Session, viewer: Viewer, *, passkey_id: int, browser: str) -> None:
    """Deletes one of the viewer's passkeys; every browser but the one with this secret is signed out."""
    passkey = _get_own(session, viewer, passkey_id)
    session.execute(delete(Passkey).where(Passkey.id == passkey.id))
    recovery.drop_if_unneeded(session, passkey.user_id)
    audit.note(session, viewer, REMOVED, user_id=passkey.user_id, title=passkey.title)
    sessions.end_all(session, passkey.user_id, but_secret=browser)


def _get_own(session: Session, viewer: Viewer, passkey_id: int) -> Passkey:
    user = queries.get_self(session, viewer)
    wanted = select(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user.id)
    found = session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFound(text("There is no such passkey."), next_step=text("It may have been removed already."))
    return found


def question(session: Session, place: Place, nonce: bytes, *, user_id: int | None) -> str:
    """The question as a browser reads it: to the passkeys of this person, or to any where nobody is known."""
    options = webauthn.generate_authentication_options(
        rp_id=place.host,
        challenge=nonce,
        allow_credentials=None if user_id is None else _descriptors(session, user_id),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def find_used(session: Session, place: Place, answer: str, *, asked: Asked) -> Used | None:
    """The passkey that gave the right answer to the question, or None; of its person, where one was asked."""
    try:
        given = _read(answer)
        known = session.scalars(
            select(Passkey).where(Passkey.credential_id == base64url_to_bytes(given["rawId"]))
        ).one_or_none()
        if known is None or asked.user_id not in (None, known.user_id) or not _is_of(given, known.user_id):
            return None
        verified = webauthn.verify_authentication_response(
            credential=given,
            expected_challenge=asked.nonce,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=known.public_key,
            credential_current_sign_count=known.sign_count,
            require_user_verification=True,
        )
    except _NO_ANSWER:
        return None
    return Used(known.id, known.user_id, known.sign_count, verified.new_sign_count)


def note_use(session: Session, used: Used) -> bool:
    """Writes the use down; False where the passkey was removed or used since its answer was looked at."""
    noted = session.execute(
        update(Passkey)
        .where(Passkey.id == used.passkey_id, Passkey.sign_count == used.former_count)
        .values(sign_count=used.count, last_used_at=now())
        .returning(Passkey.id)
    )
    return noted.first() is not None


def _descriptors(session: Session, user_id: int) -> list[PublicKeyCredentialDescriptor]:
    found = session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id))
    return [
        PublicKeyCredentialDescriptor(
            id=one.credential_id,
            transports=[AuthenticatorTransport(name) for name in one.transports.split()] or None,
        )
        for one in found
    ]


def _read(answer: str) -> dict[str, Any]:
    # Any: it is JSON from a browser, and the library that reads it checks each part.
    given = json.loads(answer[:MAX_ANSWER])
    if not isinstance(given, dict):
        raise TypeError("an answer is an object")
    return given


def _transports(given: dict[str, Any]) -> list[str]:
    named = given["response"].get("transports", [])
    known = {one.value for one in AuthenticatorTransport}
    return sorted(known.intersection(one for one in named if isinstance(one, str)))


def _is_of(given: dict[str, Any], user_id: int) -> bool:
    handle = given["response"].get("userHandle")
    return handle is None or base64url_to_bytes(handle) == _handle(user_id)


def _handle(user_id: int) -> bytes:
    return user_id.to_bytes(8)


def _clean_title(title: str) -> str:
    cleaned = " ".join("".join(one if one.isprintable() else " " for one in title).split())
    if not cleaned or len(cleaned) > MAX_TITLE:
        fault = text("Enter a name of at most %(limit)s characters.", limit=MAX_TITLE)
        raise Invalid(text("The passkey was not saved."), {"title": fault})
    return cleaned
