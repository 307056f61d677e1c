"""Secrets and who they stand for: passwords, access tokens, SSH keys by fingerprint, sign-ins."""

import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from hub.access import Scope, Viewer
from hub.accounts.models import AccessToken, SignIn, SshKey, TokenRepository, User
from hub.clock import now
from hub.config import Config
from hub.db import Database, config_of
from hub.events import KeyUsed, SignInUsed, TokenUsed, publish

# What every access token begins with, so that it is known where it does not belong.
PREFIX: Final = "hub_"
TOUCH_AFTER: Final = timedelta(minutes=10)
# What an SSH key may be used for.
KEY_SCOPE: Final = Scope.REPOSITORY_WRITE

# OWASP's first choice for argon2id: two passes over 19 MiB in one lane.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# Of a password that nobody knows: what is verified for a name that does not exist.
_DUMMY_HASH: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$H7aZPzsUPT0G5ZkKjVddHA$PupYdNiWEJyyxm32lAo8Bm+CwI2RwmEcv/w+A6zkhgE"
)

# Each hash holds 19 MiB and a processor: more at once only make all of them slower.
_AT_ONCE: Final = threading.BoundedSemaphore(2)


# Each request asks one of these: to put a statement together takes longer than to run it.
_BY_TOKEN: Final = (
    select(AccessToken, User)
    .join(User, User.id == AccessToken.user_id)
    .where(AccessToken.secret_hash == bindparam("secret_hash"))
)
_BY_KEY: Final = (
    select(SshKey, User)
    .outerjoin(User, User.id == SshKey.user_id)
    .where(SshKey.fingerprint == bindparam("fingerprint"))
)
_BY_SIGN_IN: Final = (
    select(SignIn, User)
    .join(User, User.id == SignIn.user_id)
    .where(SignIn.secret_hash == bindparam("secret_hash"))
)


@dataclass(frozen=True, slots=True)
class TokenUse:
    """Who a token stands for; `needs_touch` where its last use is to be noted."""

    viewer: Viewer
    token_id: int
    needs_touch: bool


@dataclass(frozen=True, slots=True)
class KeyUse:
    """Who an SSH key stands for; `needs_touch` where its last use is to be noted."""

    viewer: Viewer
    key_id: int
    needs_touch: bool


@dataclass(frozen=True, slots=True)
class SignInUse:
    """Who is signed in in a browser; `needs_touch` where its last use is to be noted."""

    user: User
    sign_in_id: int
    needs_touch: bool
    proved_at: datetime


def hash_password(password: str) -> str:
    """The argon2id hash of a password, with its salt and costs."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one that was hashed; takes as long where there is no hash."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(password_hash or _DUMMY_HASH, password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


def hash_secret(secret: str) -> bytes:
    """The SHA-256 by which a random secret is kept and found."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def new_secret() -> str:
    """A random secret of 256 bits, in 43 characters that a URL may hold."""
    return secrets.token_urlsafe(32)


def new_token() -> tuple[str, bytes]:
    """A fresh access token and the hash that its row keeps."""
    secret = PREFIX + new_secret()
    return secret, hash_secret(secret)


def is_same(given: str, expected: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


def find_token_viewer(session: Session, secret: str) -> TokenUse | None:
    """Whom a token stands for, or None where it is unknown, expired or of an account that may not enter."""
    if not secret.startswith(PREFIX):
        return None
    found = session.execute(_BY_TOKEN, {"secret_hash": hash_secret(secret)}).one_or_none()
    if found is None:
        return None
    token, user = found
    if not user.is_active or (token.expires_at is not None and token.expires_at <= now()):
        return None
    only = _repositories_of(session, token.id) if token.is_limited else None
    return TokenUse(user.viewer(token.scope_set, only), token.id, is_stale(token.last_used_at))


def _repositories_of(session: Session, token_id: int) -> frozenset[int]:
    rows = session.scalars(select(TokenRepository.repository_id).where(TokenRepository.token_id == token_id))
    return frozenset(rows)


def find_key_viewer(session: Session, fingerprint: str) -> KeyUse | None:
    """Whom the SSH key of this fingerprint (`SHA256:...`) stands for, a person or a deploy key, or None."""
    found = session.execute(_BY_KEY, {"fingerprint": fingerprint}).one_or_none()
    if found is None:
        return None
    key, user = found
    viewer = _deploy_key_viewer(key) if key.repository_id is not None else _person(user)
    return None if viewer is None else KeyUse(viewer, key.id, is_stale(key.last_used_at))


def _person(user: User | None) -> Viewer | None:
    return user.viewer(frozenset({KEY_SCOPE})) if user is not None and user.is_active else None


def _deploy_key_viewer(key: SshKey) -> Viewer:
    assert key.repository_id is not None, "a deploy key belongs to a repository"
    only = frozenset({key.repository_id})
    return Viewer(name=f"deploy key {key.title}", scopes=frozenset({KEY_SCOPE}), only=only, key_role=key.role)


def find_sign_in(session: Session, secret: str) -> SignInUse | None:
    """Who is signed in with this secret, or None where the sign-in ended."""
    found = session.execute(_BY_SIGN_IN, {"secret_hash": hash_secret(secret)}).one_or_none()
    if found is None:
        return None
    sign_in, user = found
    config = config_of(session)
    ended = (
        sign_in.seen_at + idle_time(config) <= now()
        or sign_in.created_at + timedelta(days=config.session_days) <= now()
    )
    if ended or not user.is_active:
        return None
    return SignInUse(user, sign_in.id, is_stale(sign_in.seen_at), sign_in.proved_at)


def idle_time(config: Config) -> timedelta:
    """After how long without a use a sign-in ends; a use is noted a while after it happened."""
    return timedelta(hours=config.session_idle_hours) + TOUCH_AFTER


def is_stale(used_at: datetime | None) -> bool:
    """Whether a use that was last noted at this moment is to be noted again."""
    return used_at is None or used_at + TOUCH_AFTER <= now()


def note_use(database: Database, use: TokenUse | KeyUse | SignInUse) -> None:
    """Has the worker write down that credentials are in use, at most every ten minutes."""
    if not use.needs_touch:
        return
    with database.writing() as session:
        if isinstance(use, TokenUse):
            publish(session, TokenUsed(use.token_id))
        elif isinstance(use, KeyUse):
            publish(session, KeyUsed(use.key_id))
        else:
            publish(session, SignInUsed(use.sign_in_id))
