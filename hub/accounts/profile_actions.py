"""What a person changes about their own account: what others read of them, their address, their name."""

import re
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts import audit, former, names, naming
from hub.accounts.access import require_self
from hub.accounts.actions import clean_email, email_key, find_fault_of_email
from hub.accounts.models import FormerName, User
from hub.clock import now
from hub.errors import Invalid, Text, text
from hub.events import PersonRenamed, publish

MAX_DISPLAY_NAME: Final = 100
MAX_ABOUT: Final = 500
MAX_WEBSITE: Final = 300
# Each rename keeps a name from everybody else for a while.
MAX_HELD_NAMES: Final = 3

PROFILE_CHANGED: Final = audit.action("profile.changed", text("changed the profile of %(name)s"))
EMAIL_CHANGED: Final = audit.action("account.email_changed", text("changed the e-mail address of %(name)s"))
RENAMED: Final = audit.action("account.renamed", text("renamed %(old)s to %(new)s"))

_NOT_CHANGED: Final = text("The profile was not changed.")
_NOT_RENAMED: Final = text("The name was not changed.")


def change_profile(
    session: Session, viewer: Viewer, user: User, *, display_name: str, about: str, website: str
) -> None:
    """Sets what others read on the person's page; raises Invalid."""
    require_self(viewer, user)
    user.display_name = names.clean_line(display_name, field="display_name", limit=MAX_DISPLAY_NAME)
    user.about = _clean_about(about)
    user.website = _clean_website(website)
    session.flush()
    audit.note(session, viewer, PROFILE_CHANGED, user_id=user.id, name=user.name)


def _clean_about(about: str) -> str:
    lines = [line.rstrip() for line in about.strip().splitlines()]
    cleaned = re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
    if len(cleaned) > MAX_ABOUT:
        raise Invalid(_NOT_CHANGED, {"about": text("At most %(limit)s characters.", limit=MAX_ABOUT)})
    if any(names.has_hidden(line.replace("\t", " ")) for line in lines):
        raise Invalid(_NOT_CHANGED, {"about": names.HIDDEN_FAULT})
    return cleaned


def _clean_website(website: str) -> str:
    given = website.strip()
    if not given:
        return ""
    fault: Text | None = None
    if len(given) > MAX_WEBSITE:
        fault = text("At most %(limit)s characters.", limit=MAX_WEBSITE)
    elif not _is_website(given):
        fault = text("Enter a whole address such as https://example.org.")
    if fault is not None:
        raise Invalid(_NOT_CHANGED, {"website": fault})
    return given


def _is_website(given: str) -> bool:
    try:
        parts = urlsplit(given)
    except ValueError:
        return False
    is_plain = not names.has_hidden(given) and not any(one in given for one in ' "<>\\`')
    # A name before the host would have readers take the one for the other.
    is_host = bool(parts.hostname) and "@" not in parts.netloc
    return parts.scheme in ("http", "https") and is_host and is_plain


def change_email(session: Session, viewer: Viewer, user: User, *, email: str) -> None:
    """Sets the address; raises Invalid for what is none, and for somebody else's."""
    require_self(viewer, user)
    cleaned = clean_email(email)
    fault = find_fault_of_email(session, cleaned, for_id=user.id)
    if fault is not None:
        raise Invalid(text("The address was not changed."), {"email": fault})
    user.email, user.email_key = cleaned, email_key(cleaned)
    _flush(session, Invalid(text("The address was not changed."), {"email": _EMAIL_USED}))
    audit.note(session, viewer, EMAIL_CHANGED, user_id=user.id, name=user.name)


_EMAIL_USED: Final = text("There is an account with this address.")


def rename(session: Session, viewer: Viewer, user: User, *, name: str) -> None:
    """Gives the person another name; the old one leads there and is kept for them. Raises Invalid.

    For administrators on the command line, too, who are not asked whether names look alike.
    """
    require_self(viewer, user)
    wanted = names.clean(name)
    if wanted == user.name:
        raise Invalid(_NOT_RENAMED, {"name": text("This is the name already.")})
    fault = naming.find_fault(session, wanted, for_id=user.id, with_looks=not viewer.administers)
    if fault is not None:
        raise Invalid(_NOT_RENAMED, {"name": fault})
    old = user.name
    if names.key_of(wanted) != user.name_key:
        former.release(session, wanted)
        _refuse_too_many(session, viewer, user)
        former.hold(session, user)
    user.name, user.name_key, user.look_key = wanted, names.key_of(wanted), names.look_key_of(wanted)
    _flush(session, Invalid(_NOT_RENAMED, {"name": naming.NAME_TAKEN}))
    audit.note(session, viewer, RENAMED, user_id=user.id, old=old, new=wanted)
    publish(session, PersonRenamed(user.id))


def _refuse_too_many(session: Session, viewer: Viewer, user: User) -> None:
    held = select(func.count()).where(
        FormerName.principal_id == user.id, FormerName.left_at > now() - former.HELD
    )
    if not viewer.administers and (session.scalar(held) or 0) >= MAX_HELD_NAMES:
        fault = text(
            "%(count)s names are kept for you already, and that is the most. Take one of them back, or wait "
            "until 90 days after you left it.",
            count=MAX_HELD_NAMES,
        )
        raise Invalid(_NOT_RENAMED, {"name": fault})


def _flush(session: Session, taken: Invalid) -> None:
    try:
        session.flush()
    except IntegrityError as error:  # somebody else was faster
        raise taken from error
