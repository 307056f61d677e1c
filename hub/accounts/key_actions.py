"""What can be done with people's SSH keys: added and taken back."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts import audit, credentials, keys, names
from hub.accounts.access import require_self
from hub.accounts.models import SshKey, User
from hub.clock import now
from hub.errors import Forbidden, Invalid, NotFound, text
from hub.events import KeyAdded, KeyWithdrawn, publish

ADDED: Final = audit.action("key.added", text("added the SSH key “%(title)s” of %(name)s (%(fingerprint)s)"))
REMOVED: Final = audit.action("key.removed", text("removed the SSH key “%(title)s” of %(name)s"))


def add_key(session: Session, viewer: Viewer, user: User, *, title: str, text: str) -> SshKey:
    """Registers a public key; the title is the key's own comment where none is given."""
    require_self(viewer, user)
    _require_scope_of_keys(viewer)
    title = names.clean_line(title, field="title", limit=keys.MAX_TITLE)
    parsed = keys.parse(text)
    _check_key_unused(session, user, parsed.fingerprint)
    key = SshKey(
        user_id=user.id,
        title=keys.clean_title(title, parsed),
        kind=parsed.kind,
        fingerprint=parsed.fingerprint,
        public_key=parsed.line,
        created_at=now(),
    )
    session.add(key)
    try:
        session.flush()
    except IntegrityError as error:
        raise _key_in_use() from error
    audit.note(
        session,
        viewer,
        ADDED,
        user_id=user.id,
        title=key.title,
        name=user.name,
        fingerprint=key.fingerprint,
    )
    publish(session, KeyAdded(user.id, key.fingerprint))
    return key


def _require_scope_of_keys(viewer: Viewer) -> None:
    if not viewer.has_scope(credentials.KEY_SCOPE):
        raise Forbidden(
            text("The key was not added."),
            text("A token cannot add a key that may do more than itself: keys read and push."),
            text(
                "Add it in the browser, or use a token with the scope %(scope)s.", scope=credentials.KEY_SCOPE
            ),
        )


def _check_key_unused(session: Session, user: User, fingerprint: str) -> None:
    other = session.scalars(select(SshKey).where(SshKey.fingerprint == fingerprint)).one_or_none()
    if other is None:
        return
    if other.user_id == user.id:
        fault = text("You added this key before, as “%(title)s”.", title=other.title)
        raise Invalid(text("This key cannot be added."), {"key": fault})
    raise _key_in_use() if other.repository_id is None else _deploy_key()


def _key_in_use() -> Invalid:
    fault = text(
        "This key is in use by another account. A key stands for one person: "
        "make another one with `ssh-keygen -t ed25519`."
    )
    return Invalid(text("This key cannot be added."), {"key": fault})


def _deploy_key() -> Invalid:
    fault = text(
        "This key is the deploy key of a repository, and stands for nobody: "
        "make another one with `ssh-keygen -t ed25519`."
    )
    return Invalid(text("This key cannot be added."), {"key": fault})


def remove_key(session: Session, viewer: Viewer, user: User, *, key_id: int) -> None:
    """Takes one of the person's keys back; it is refused from now on."""
    require_self(viewer, user)
    key = session.scalars(select(SshKey).where(SshKey.id == key_id, SshKey.user_id == user.id)).one_or_none()
    if key is None:
        raise NotFound(text("There is no such key."), next_step=text("It may have been removed already."))
    session.delete(key)
    session.flush()
    audit.note(session, viewer, REMOVED, user_id=user.id, title=key.title, name=user.name)
    publish(session, KeyWithdrawn(user.id, key.fingerprint))
