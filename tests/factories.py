"""Things that tests need, made through the same actions as everybody's, with defaults and unique names."""

import itertools
from datetime import datetime
from functools import cache
from pathlib import Path

import pyotp
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from hub.access import Role, Scope, Viewer, Visibility
from hub.accounts import actions as accounts
from hub.accounts import key_actions, token_actions
from hub.accounts.models import Principal, SshKey, Totp, User
from hub.accounts.sign_in import totp
from hub.journal.models import JournalHub, JournalKey, JournalTopic
from hub.repos import actions as repos
from hub.repos.models import Repository

# What the command line acts as.
SYSTEM = Viewer(is_admin=True)

PASSWORD = "a long and dull password"

_numbers = itertools.count(1)


def unique(stem: str) -> str:
    """A name that no other call gave."""
    return f"{stem}-{next(_numbers)}"


def make_user(
    session: Session,
    name: str | None = None,
    *,
    email: str | None = None,
    password: str | None = PASSWORD,
    is_admin: bool = False,
    is_demo: bool = False,
) -> User:
    """A person who can sign in with PASSWORD; None is an account without one."""
    name = name or unique("person")
    user = accounts.create_user(
        session,
        SYSTEM,
        name=name,
        email=email or f"{name}@example.org",
        password=None,
        is_admin=is_admin,
        is_demo=is_demo,
    )
    user.password_hash = None if password is None else _hash_once(password)
    session.flush()
    return user


def make_token(
    session: Session,
    user: User,
    *,
    label: str = "for a test",
    scopes: frozenset[Scope] = frozenset({Scope.ALL}),
    expires_at: datetime | None = None,
) -> str:
    """The secret of a new token of theirs."""
    _, secret = token_actions.create_token(
        session, user.viewer(), user, label=label, scopes=scopes, expires_at=expires_at
    )
    return secret


def make_key(session: Session, user: User, private_key: Path, *, title: str = "laptop") -> SshKey:
    """A new ed25519 key: the private part in that file, the public part registered as theirs."""
    public_text = write_key(private_key)
    return key_actions.add_key(session, user.viewer(), user, title=title, text=public_text)


def write_key(private_key: Path) -> str:
    """Writes a new ed25519 key where ssh takes it; returns its public line."""
    key = Ed25519PrivateKey.generate()
    private_key.touch(mode=0o600)
    private_key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def make_repository(
    session: Session,
    owner: Principal | None = None,
    name: str | None = None,
    *,
    description: str = "",
    visibility: Visibility = Visibility.PUBLIC,
    default_branch: str | None = None,
) -> Repository:
    """An empty repository, of a new person where no owner is given."""
    return repos.create_repository(
        session,
        SYSTEM,
        owner or make_user(session),
        name=name or unique("repository"),
        description=description,
        visibility=visibility,
        default_branch=default_branch,
    )


def make_collaborator(session: Session, repository: Repository, *, role: Role, name: str = "") -> User:
    """A new person with that role in the repository."""
    user = make_user(session, name or unique(role.value))
    repos.grant(session, SYSTEM, repository, user, role=role)
    return user


def make_second_step(session: Session, user: User) -> tuple[str, list[str]]:
    """The secret of an app that is on for them, none of its codes used, and their recovery codes."""
    totp.begin(session, user.viewer())
    secret = totp.get_setup(session, user.viewer()).secret
    code = pyotp.TOTP(secret).now()
    codes = totp.confirm(session, user.viewer(), code=code, browser="")
    session.execute(update(Totp).where(Totp.user_id == user.id).values(last_step=None))
    return secret, codes


def drop_journals(session: Session) -> None:
    """Leaves the repositories without a journal, as those are that stood before there was one."""
    for rows in (JournalTopic, JournalHub, JournalKey):
        session.execute(delete(rows))


@cache
def _hash_once(password: str) -> str:
    # A good password hash is slow by design, and a suite makes and signs in thousands of people. What a hash
    # costs is written in it, so that this one is verified in no time, by the very code that verifies others.
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)
