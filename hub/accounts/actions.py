"""What can be done with accounts and their credentials: made, changed, revoked."""

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.access import Scope, Viewer
from hub.accounts import credentials, keys, names
from hub.accounts.models import AccessToken, Principal, SetupCode, SignIn, SshKey, User
from hub.clock import now
from hub.errors import Forbidden, Invalid, NotFound, Text, text
from hub.events import KeyAdded, KeyWithdrawn, publish

MIN_PASSWORD: Final = 8
MAX_PASSWORD: Final = 1024
MAX_LABEL: Final = 100
SETUP_CODE_LIFETIME: Final = timedelta(hours=24)

_EMAIL: Final = re.compile(r"[^\s@<>\"(),:;\\]+@[^\s@<>\"(),:;\\]+")


def create_user(
    session: Session,
    viewer: Viewer,
    *,
    name: str,
    email: str,
    password: str | None,
    is_admin: bool = False,
    is_demo: bool = False,
) -> User:
    """A new account; without a password it cannot sign in to the pages. For administrators.

    With an administrator the link that makes the first one stops working.
    """
    _require_admin(viewer)
    name = names.clean(name)
    email = _clean_email(email)
    if password is not None:
        check_password(password, name=name, email=email, field="password")
    _check_unique(session, name, email)
    user = User(
        name=name,
        name_key=names.key_of(name),
        look_key=names.look_key_of(name),
        email=email,
        email_key=_email_key(email),
        password_hash=None if password is None else credentials.hash_password(password),
        is_admin=is_admin,
        is_demo=is_demo,
        created_at=now(),
    )
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:
        raise Invalid(_NOT_CREATED, {"name": _NAME_TAKEN}) from error
    if is_admin:
        session.execute(delete(SetupCode))
    return user


_NOT_CREATED: Final = text("The account was not created.")
_NAME_TAKEN: Final = text("This name is taken. Choose another one.")


def check_password(password: str, *, name: str, email: str, field: str) -> None:
    """Raises Invalid, under the name of the form's field, for a password that protects nothing."""
    fault: Text | None = None
    if len(password) < MIN_PASSWORD:
        fault = text("A password has at least %(least)s characters.", least=MIN_PASSWORD)
    elif len(password) > MAX_PASSWORD:
        fault = text("A password has at most %(most)s characters.", most=MAX_PASSWORD)
    elif password.casefold() in (name.casefold(), email.casefold()):
        fault = text("This password is the first that anybody would try. Choose another one.")
    if fault is not None:
        raise Invalid(text("This password cannot be used."), {field: fault})


def change_password(session: Session, viewer: Viewer, user: User, *, password: str) -> None:
    """Sets a new password and ends every sign-in of the account; keys and tokens stay."""
    _require_self(viewer, user)
    check_password(password, name=user.name, email=user.email, field="new")
    set_password_hash(session, viewer, user, password_hash=credentials.hash_password(password))


def set_password_hash(session: Session, viewer: Viewer, user: User, *, password_hash: str) -> None:
    """As `change_password`, for a caller that hashed before its transaction began."""
    _require_self(viewer, user)
    user.password_hash = password_hash
    session.execute(delete(SignIn).where(SignIn.user_id == user.id))
    session.flush()


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
    _require_self(viewer, user)
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
    _require_self(viewer, user)
    token = session.scalars(
        select(AccessToken).where(AccessToken.id == token_id, AccessToken.user_id == user.id)
    ).one_or_none()
    if token is None:
        raise NotFound(text("There is no such token."), next_step=text("It may have been revoked already."))
    session.delete(token)
    session.flush()


def add_key(session: Session, viewer: Viewer, user: User, *, title: str, text: str) -> SshKey:
    """Registers a public key; the title is the key's own comment where none is given."""
    _require_self(viewer, user)
    _require_scope_of_keys(viewer)
    parsed = keys.parse(text)
    _check_key_unused(session, user, parsed.fingerprint)
    key = SshKey(
        user_id=user.id,
        title=_clean_title(title, parsed),
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


def _clean_title(title: str, parsed: keys.PublicKey) -> str:
    printable = "".join(one for one in (title or parsed.comment) if one.isprintable())
    return printable.strip()[:MAX_LABEL] or parsed.fingerprint[:17]


def _check_key_unused(session: Session, user: User, fingerprint: str) -> None:
    other = session.scalars(select(SshKey).where(SshKey.fingerprint == fingerprint)).one_or_none()
    if other is None:
        return
    if other.user_id == user.id:
        fault = text("You added this key before, as “%(title)s”.", title=other.title)
        raise Invalid(text("This key cannot be added."), {"key": fault})
    raise _key_in_use()


def _key_in_use() -> Invalid:
    fault = text(
        "This key is in use by another account. A key stands for one person: "
        "make another one with `ssh-keygen -t ed25519`."
    )
    return Invalid(text("This key cannot be added."), {"key": fault})


def remove_key(session: Session, viewer: Viewer, user: User, *, key_id: int) -> None:
    """Takes one of the person's keys back; it is refused from now on."""
    _require_self(viewer, user)
    key = session.scalars(select(SshKey).where(SshKey.id == key_id, SshKey.user_id == user.id)).one_or_none()
    if key is None:
        raise NotFound(text("There is no such key."), next_step=text("It may have been removed already."))
    session.delete(key)
    session.flush()
    publish(session, KeyWithdrawn(user.id, key.fingerprint))


def make_setup_code(session: Session) -> str:
    """A code for the link that makes the first administrator; one made earlier stops working."""
    session.execute(delete(SetupCode))
    code = credentials.new_secret()
    session.add(SetupCode(id=1, secret_hash=credentials.hash_secret(code), created_at=now()))
    session.flush()
    return code


def check_setup_code(session: Session, code: str) -> None:
    """Raises NotFound unless this is the code of the set-up link, unused and of the last day."""
    row = session.get(SetupCode, 1)
    is_known = row is not None and row.secret_hash == credentials.hash_secret(code)
    if row is None or not is_known or row.created_at + SETUP_CODE_LIFETIME <= now():
        raise _no_setup_link()


def _no_setup_link() -> NotFound:
    return NotFound(
        text("This set-up link does not work."),
        text("It works once, within a day, and only the newest one."),
        text("`hub init` on the machine of the hub prints a new one."),
    )


def use_setup_code(session: Session, code: str, *, name: str, email: str, password: str) -> User:
    """The first administrator, made by whoever holds the code; the code is used up."""
    check_setup_code(session, code)
    # Of two who use it at the same moment, the second waits here and then finds nothing to use up.
    used = session.execute(delete(SetupCode).where(SetupCode.id == 1).returning(SetupCode.id))
    if used.first() is None:
        raise _no_setup_link()
    maker = Viewer(is_admin=True)
    return create_user(session, maker, name=name, email=email, password=password, is_admin=True)


def _require_admin(viewer: Viewer) -> None:
    if not viewer.administers:
        raise Forbidden(
            text("Only administrators make accounts."),
            next_step=text("Ask whoever runs this hub."),
        )


def _require_self(viewer: Viewer, user: User) -> None:
    is_self = viewer.user_id == user.id and viewer.has_scope(Scope.ACCOUNT)
    if not is_self and not viewer.administers:
        raise Forbidden(
            text("These are the credentials of another account."),
            text("Only the person themself and administrators change them."),
        )


def _clean_email(email: str) -> str:
    cleaned = unicodedata.normalize("NFC", email.strip())
    is_printable = all(one.isprintable() for one in cleaned)
    if len(cleaned) > 254 or not is_printable or not _EMAIL.fullmatch(cleaned):
        raise Invalid(
            text("This e-mail address cannot be used."),
            {"email": text("Enter an address such as anna@example.org.")},
        )
    return cleaned


def _email_key(email: str) -> str:
    return names.key_of(email)[:254]


def _check_unique(session: Session, name: str, email: str) -> None:
    faults: dict[str, Text] = {}
    if session.scalar(select(Principal.id).where(Principal.name_key == names.key_of(name))) is not None:
        faults["name"] = _NAME_TAKEN
    if session.scalar(select(User.id).where(User.email_key == _email_key(email))) is not None:
        faults["email"] = text("There is an account with this address.")
    if faults:
        raise Invalid(_NOT_CREATED, faults)
