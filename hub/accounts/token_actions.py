"""What can be done with access tokens: made and revoked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Scope, Viewer
from hub.accounts import audit, credentials, names
from hub.accounts.access import require_self
from hub.accounts.models import AccessToken, TokenRepository, User
from hub.clock import now
from hub.errors import Forbidden, Invalid, NotFound, Text, text

MAX_LABEL: Final = 100
# What a token may be used for that reaches some repositories only.
LIMITED_SCOPES: Final = frozenset({Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE})

CREATED: Final = audit.action("token.created", text("made the token “%(label)s” of %(name)s"))
REVOKED: Final = audit.action("token.revoked", text("revoked the token “%(label)s” of %(name)s"))


def create_token(
    session: Session,
    viewer: Viewer,
    user: User,
    *,
    label: str,
    scopes: frozenset[Scope],
    expires_at: datetime | None,
    repositories: Sequence[int] | None = None,
) -> tuple[AccessToken, str]:
    """A new access token and its secret, which is known only now.

    `repositories` are the ids of those it reaches, and it reaches nothing else then; None for no limit.
    """
    require_self(viewer, user)
    _check_token(viewer, label, scopes, expires_at)
    _check_limit(scopes, repositories)
    secret, secret_hash = credentials.new_token()
    token = AccessToken(
        user_id=user.id,
        label=names.clean_line(label, field="label", limit=MAX_LABEL),
        secret_hash=secret_hash,
        scopes=" ".join(sorted(scopes)),
        created_at=now(),
        expires_at=expires_at,
        is_limited=repositories is not None,
    )
    session.add(token)
    session.flush()
    session.add_all(TokenRepository(token_id=token.id, repository_id=one) for one in repositories or ())
    session.flush()
    audit.note(session, viewer, CREATED, user_id=user.id, label=token.label, name=user.name)
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


def _check_limit(scopes: frozenset[Scope], repositories: Sequence[int] | None) -> None:
    fault: tuple[str, Text] | None = None
    if repositories is None:
        return
    if not repositories:
        fault = ("repositories", text("Name at least one repository, as OWNER/NAME."))
    elif not scopes <= LIMITED_SCOPES:
        fault = ("scopes", text("A token for some repositories reads or writes them, and does nothing else."))
    if fault is not None:
        raise Invalid(text("The token was not created."), dict([fault]))


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
    audit.note(session, viewer, REVOKED, user_id=user.id, label=token.label, name=user.name)
