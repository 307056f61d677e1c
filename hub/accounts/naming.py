"""Whether a name is free: borne by nobody, kept for nobody, and mistaken for nobody's at a glance."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts import former, names
from hub.accounts.models import Principal
from hub.errors import Text, text

NAME_TAKEN = text("This name is taken. Choose another one.")


def find_fault(
    session: Session, name: str, *, for_id: int | None = None, with_looks: bool = True
) -> Text | None:
    """Why nobody, or not the principal of that id, may take a clean name; None where it is free.

    `with_looks` refuses what looks like the name of somebody else, or like one of the hub's own, too.
    """
    taken = select(Principal.id).where(
        Principal.name_key == names.key_of(name), Principal.id != (for_id or 0)
    )
    if session.scalar(taken) is not None:
        return NAME_TAKEN
    held_until = former.find_held_until(session, name, for_id=for_id)
    if held_until is not None:
        return text(
            "Somebody had this name until lately. It is kept for them until %(day)s: choose another one.",
            day=held_until.date().isoformat(),
        )
    if not with_looks:
        return None
    if names.looks_reserved(name):
        return text(
            "“%(name)s” looks like a name that is kept for an address of the hub. Choose another name.",
            name=name,
        )
    return _find_alike(session, name, for_id)


def _find_alike(session: Session, name: str, for_id: int | None) -> Text | None:
    look = names.look_key_of(name)
    alike = select(Principal.name).where(Principal.look_key == look, Principal.id != (for_id or 0))
    # A former name leads to whoever had it, so that one is not to be mistaken for another either.
    held = (one for one in former.list_held(session, for_id=for_id) if names.look_key_of(one) == look)
    other = session.scalar(alike.limit(1)) or next(held, None)
    if other is None:
        return None
    if names.key_of(other) == names.key_of(name):  # taken since it was asked for
        return NAME_TAKEN
    return text(
        "This looks like “%(other)s”, who is here already: l and 1, o and 0, rn and m count as the same, "
        "and hyphens, dots and underscores not at all. Choose another name.",
        other=other,
    )
