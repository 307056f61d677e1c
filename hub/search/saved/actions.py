"""What people do with their saved searches: save, rename, move and delete them."""

import re
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hub.access import Scope, Viewer
from hub.accounts import names
from hub.accounts.models import User
from hub.accounts.queries import get_self
from hub.clock import now
from hub.errors import Forbidden, Invalid, text
from hub.search.models import SavedSearch
from hub.search.saved.queries import get_saved, list_saved
from hub.search.syntax import LONGEST

MOST_SAVED: Final = 50
LONGEST_NAME: Final = 100

# Names of types and orders; which of them there are is known where they are answered.
_WORD: Final = re.compile(r"[a-z]{1,20}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A search: its type, what was written, and how the results are sorted; empty for the usual order."""

    kind: str
    query: str
    order: str = ""


def save_search(session: Session, viewer: Viewer, *, name: str, asked: Asked) -> SavedSearch:
    """Keeps the search under that name; raises Invalid where that is taken, or there are too many."""
    user = _own(session, viewer)
    _check(asked)
    held = list_saved(session, viewer)
    if len(held) >= MOST_SAVED:
        fault = text(
            "You have %(count)s saved searches, and that is the most. Delete one that you use no longer.",
            count=len(held),
        )
        raise Invalid(text("The search was not saved."), {"form": fault})
    cleaned = _clean_name(session, user, name)
    saved = SavedSearch(
        user_id=user.id,
        name=cleaned,
        name_key=names.key_of(cleaned),
        kind=asked.kind,
        query=asked.query,
        order=asked.order,
        position=max((one.position for one in held), default=0) + 1,
        created_at=now(),
    )
    session.add(saved)
    session.flush()
    return saved


def rename_search(session: Session, viewer: Viewer, *, saved_id: int, name: str) -> SavedSearch:
    """Gives one of the viewer's searches another name; raises Invalid and NotFound."""
    user = _own(session, viewer)
    saved = get_saved(session, viewer, saved_id)
    cleaned = _clean_name(session, user, name, besides=saved_id)
    saved.name, saved.name_key = cleaned, names.key_of(cleaned)
    session.flush()
    return saved


def move_up(session: Session, viewer: Viewer, *, saved_id: int) -> None:
    """Puts one of the viewer's searches before the one that it follows; raises NotFound."""
    _own(session, viewer)
    saved = get_saved(session, viewer, saved_id)
    held = list(list_saved(session, viewer))
    at = held.index(saved)
    if at:
        held[at - 1 : at + 1] = [held[at], held[at - 1]]
    for position, one in enumerate(held, 1):
        one.position = position
    session.flush()


def delete_search(session: Session, viewer: Viewer, *, saved_id: int) -> None:
    """Deletes one of the viewer's searches; raises NotFound."""
    _own(session, viewer)
    session.delete(get_saved(session, viewer, saved_id))
    session.flush()


def forget_searches(session: Session, user_id: int) -> None:
    """Deletes all that the person saved."""
    session.execute(delete(SavedSearch).where(SavedSearch.user_id == user_id))


def _own(session: Session, viewer: Viewer) -> User:
    """The viewer's account, with nobody else changing what it saved until this transaction ends."""
    user = get_self(session, viewer)
    if not viewer.has_scope(Scope.ACCOUNT):
        raise Forbidden(text("This token does not reach that far."))
    session.execute(select(User.id).where(User.id == user.id).with_for_update())
    return user


def _check(asked: Asked) -> None:
    if not asked.query.strip():
        raise Invalid(text("The search was not saved."), {"form": text("It asks for nothing.")})
    if len(asked.query) > LONGEST:
        fault = text("It has more than %(most)s characters.", most=LONGEST)
        raise Invalid(text("The search was not saved."), {"form": fault})
    if any(not _WORD.fullmatch(one) for one in (asked.kind, asked.order or "usual")):
        fault = text("There is no such type of search.")
        raise Invalid(text("The search was not saved."), {"form": fault})


def _clean_name(session: Session, user: User, name: str, *, besides: int | None = None) -> str:
    cleaned = names.clean_line(name, field="name", limit=LONGEST_NAME)
    if not cleaned:
        raise Invalid(text("The name was not kept."), {"name": text("Enter a name.")})
    taken = select(SavedSearch.id).where(
        SavedSearch.user_id == user.id, SavedSearch.name_key == names.key_of(cleaned)
    )
    if session.scalars(taken).first() not in (None, besides):
        fault = text("You have a saved search of this name. Choose another one, or delete that one first.")
        raise Invalid(text("The name was not kept."), {"name": fault})
    return cleaned
