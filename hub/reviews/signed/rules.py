"""Whether somebody may say now what a signed entry says: the same rules as for the forms of the pages."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.errors import Invalid, text
from hub.issues.kinds import as_bool, as_int, as_str
from hub.journal.format.entries import Entry
from hub.reviews import talking
from hub.reviews.changes import OpenedChange
from hub.reviews.kinds import read_anchor
from hub.reviews.models import Side, VerdictValue

# What reading from an entry raises where it does not hold what its kind says.
_MALFORMED: Final = (KeyError, IndexError, TypeError, ValueError, AttributeError)


def check_act(session: Session, viewer: Viewer, opened: OpenedChange, entry: Entry) -> None:
    """Raises what the form's action would raise, and Invalid for what no form writes."""
    try:
        used = _CHECKS[entry.kind](session, viewer, opened, entry)
    except _MALFORMED as error:
        raise _malformed() from error
    if sorted(used) != list(range(len(entry.bodies))):
        raise _malformed()


def _check_review(session: Session, viewer: Viewer, opened: OpenedChange, entry: Entry) -> list[int]:
    _require_only(entry.d, "ps", "verdict", "body", "comments")
    used = [as_int(entry.d["body"])] if "body" in entry.d else []
    verdict, summary = VerdictValue(entry.d["verdict"]), "".join(entry.bodies[one] or "" for one in used)
    patch_set = as_str(entry.d["ps"])
    talking.check_review(
        session, viewer, opened, patch_set=patch_set, verdict=verdict, summary=summary.strip()
    )
    used += _check_comments(session, viewer, opened, entry)
    if (not used and verdict is VerdictValue.COMMENT) or (used and not summary.strip() and "body" in entry.d):
        fault = text("Write a summary, or a comment on a line.")
        raise Invalid(text("There is nothing to publish."), {"summary": fault})
    return used


def _check_comment(session: Session, viewer: Viewer, opened: OpenedChange, entry: Entry) -> list[int]:
    _require_only(entry.d, "comments")
    if not entry.d["comments"]:
        raise _malformed()
    return _check_comments(session, viewer, opened, entry)


def _check_comments(session: Session, viewer: Viewer, opened: OpenedChange, entry: Entry) -> list[int]:
    comments, used = entry.d.get("comments", []), []
    if not isinstance(comments, list) or len(comments) > talking.MOST_DRAFTS:
        raise _malformed()
    for one in comments:
        _require_only(one, "body", "at", "re", "resolved")
        used.append(as_int(one["body"]))
        anchor = read_anchor(one["at"]) if "at" in one else None
        if "resolved" in one:
            as_bool(one["resolved"])
        place = None
        if anchor is not None:
            place = talking.Place(anchor.patch_set, Side(anchor.side), anchor.path, anchor.lines)
        talking.check_comment(
            session,
            viewer,
            opened,
            words=entry.bodies[used[-1]] or "",
            place=place,
            reply_to=as_str(one.get("re", "")),
        )
    return used


def _check_resolve(session: Session, viewer: Viewer, opened: OpenedChange, entry: Entry) -> list[int]:
    _require_only(entry.d, "thread", "resolved")
    as_bool(entry.d["resolved"])
    talking.check_resolve(session, viewer, opened, thread=as_str(entry.d["thread"]))
    return []


def _require_only(said: Mapping[str, Any], *names: str) -> None:
    if not said.keys() <= set(names):
        raise _malformed()


def _malformed() -> Invalid:
    return Invalid(
        text("The entry does not hold what its kind says."), next_step=text("Make one with `hub review`.")
    )


_CHECKS: Final[Mapping[str, Callable[[Session, Viewer, OpenedChange, Entry], list[int]]]] = {
    "review": _check_review,
    "comment": _check_comment,
    "resolve": _check_resolve,
}
