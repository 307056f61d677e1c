"""What can be done with accounts: made, and their passwords set. Keys and tokens have files of their own."""

import re
import unicodedata
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts import audit, credentials, former, names, naming
from hub.accounts.access import require_admin
from hub.accounts.models import SetupCode, User
from hub.accounts.sign_in.passwords import check_password
from hub.clock import now
from hub.errors import Invalid, NotFound, Text, text

SETUP_CODE_LIFETIME: Final = timedelta(hours=24)

CREATED: Final = audit.action("account.created", text("made the account %(name)s"))

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
    require_admin(viewer)
    name, email = check_new(session, name=name, email=email, password=password, with_looks=False)
    password_hash = None if password is None else credentials.hash_password(password)
    user = insert_user(session, name=name, email=email, password_hash=password_hash)
    user.is_admin, user.is_demo = is_admin, is_demo
    session.flush()
    audit.note(session, viewer, CREATED, user_id=user.id, name=name)
    if is_admin:
        session.execute(delete(SetupCode))
    return user


def check_new(
    session: Session, *, name: str, email: str, password: str | None, with_looks: bool
) -> tuple[str, str]:
    """The name and the address as they are kept; raises Invalid where there can be no such account.

    `with_looks` refuses a name that looks like somebody else's, too.
    """
    name = names.clean(name)
    email = clean_email(email)
    if password is not None:
        check_password(password, name=name, email=email, field="password")
    faults = {
        "name": naming.find_fault(session, name, with_looks=with_looks),
        "email": find_fault_of_email(session, email),
    }
    found = {field: fault for field, fault in faults.items() if fault is not None}
    if found:
        raise Invalid(_NOT_CREATED, found)
    return name, email


def insert_user(session: Session, *, name: str, email: str, password_hash: str | None) -> User:
    """The row of a new account, of which everything was checked; raises Invalid where somebody was faster."""
    former.release(session, name)
    user = User(
        name=name,
        name_key=names.key_of(name),
        look_key=names.look_key_of(name),
        email=email,
        email_key=email_key(email),
        password_hash=password_hash,
        created_at=now(),
    )
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:
        raise Invalid(_NOT_CREATED, {"name": naming.NAME_TAKEN}) from error
    return user


_NOT_CREATED: Final = text("The account was not created.")


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


def clean_email(email: str) -> str:
    """The address as it is kept; raises Invalid for what cannot be one."""
    cleaned = unicodedata.normalize("NFC", email.strip())
    is_printable = all(one.isprintable() for one in cleaned)
    if len(cleaned) > 254 or not is_printable or not _EMAIL.fullmatch(cleaned):
        raise Invalid(
            text("This e-mail address cannot be used."),
            {"email": text("Enter an address such as anna@example.org.")},
        )
    return cleaned


def email_key(email: str) -> str:
    """The address as it is compared."""
    return names.key_of(email)[:254]


def find_fault_of_email(session: Session, email: str, *, for_id: int | None = None) -> Text | None:
    """Why nobody, or not the account of that id, may have this address; None where it is free."""
    used = select(User.id).where(User.email_key == email_key(email), User.id != (for_id or 0))
    if session.scalar(used) is None:
        return None
    return text("There is an account with this address.")
