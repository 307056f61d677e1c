"""What can be done with access tokens: made and revoked."""

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Scope, Viewer
from hub.accounts import credentials
from hub.accounts.access import require_self
from hub.accounts.models import AccessToken, User
from hub.clock import now
from hub.errors import Forbidden, Invalid, NotFound, Text, text

MAX_LABEL: Final = 100


def create_token(
    session: Session,
    viewer: Viewer,
    user: User,
    *,
    label: str,
    scopes: frozenset[Scope],
    expires_at: datetime | None,
) -> tuple[AccessToken, str]:
    """A new access token and its secret, which is known only now."""
    require_self(viewer, user)
    _check_token(viewer, label, scopes, expires_at)
    secret, secret_hash = credentials.new_token()
    token = AccessToken(
        user_id=user.id,
        label=label.strip(),
        secret_hash=secret_hash,
        scopes=" ".join(sorted(scopes)),
        created_at=now(),
        expires_at=expires_at,
    )
    session.add(token)
    session.flush()
    return token, secret


def _check_token(viewer: Viewer, label: str, scopes: frozenset[Scope], expires_at: datetime | None) -> None:
    faults: dict[str, Text] = {}
    if not label.strip():
        faults["label"] = text("Enter what the token is for.")
    elif len(label.strip()) > MAX_LABEL:
        faults["label"] = text("At most %(limit)s characters.", limit=MAX_LABEL)
    if not scopes:
        faults["scopes"] = text("Choose at least one thing that the token may do.")
    if expires_at is not None and expires_at <= now():
        faults["expiry"] = text("This moment has passed.")
    if faults:
        raise Invalid(text("The token was not created."), faults)
    if not all(viewer.has_scope(scope) for scope in scopes):
        raise Forbidden(
            text("The token was not created."),
            text("A token cannot make one that may do more than itself."),
            text("Make it in the browser, or ask for fewer scopes."),
        )


def revoke_token(session: Session, viewer: Viewer, user: User, *, token_id: int) -> None:
    """Deletes one of the person's tokens; whatever uses it is refused from now on."""
    require_self(viewer, user)
    token = session.scalars(
        select(AccessToken).where(AccessToken.id == token_id, AccessToken.user_id == user.id)
    ).one_or_none()
    if token is None:
        raise NotFound(text("There is no such token."), next_step=text("It may have been revoked already."))
    session.delete(token)
    session.flush()
