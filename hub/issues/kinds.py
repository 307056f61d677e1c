"""What each kind of entry does to a topic and its conversation. Pure: one function a kind.

Each returns why the entry does not count, or None where it does. Malformed data raises before anything is
changed, and whoever calls takes that for a reason as well.
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, Final

from hub.issues.state import CommentState, CommentWords, ThreadState, TopicState, TopicWords
from hub.journal.format.entries import Entry
from hub.journal.redactions import taken_by

_NOT_AUTHOR: Final = "only the author or the home hub"
_PERSON: Final = re.compile(r"[^@]{0,16}@[^@]{1,64}")
_STATES: Final = ("open", "closed")


@dataclass(frozen=True, slots=True)
class _Said:
    """One comment of an entry, taken from its data before anything is changed."""

    global_id: str
    reply_to: str
    text: str | None
    resolves: bool | None


def is_home(entry: Entry, homes: Set[str]) -> bool:
    """Whether the hub that keeps the repository recorded it, which then checked the person's right."""
    return entry.hub in homes


def split_words(body: str | None) -> tuple[str | None, str | None]:
    """Title and description of a body: the first line, and what follows a blank one."""
    if body is None:
        return None, None
    title, _, rest = body.partition("\n")
    return title, rest.removeprefix("\n")


def join_words(title: str, description: str) -> str:
    """The body that holds this title and description; see `split_words`."""
    return f"{title}\n\n{description}" if description else title


def apply_open(state: TopicState, entry: Entry, homes: Set[str]) -> str | None:
    """The opening: the first one counts. A number that another hub gave is only what that hub calls it."""
    if state.id:
        return "second opening"
    title, description = split_words(entry.bodies[0])
    number, kind, is_draft = as_int(entry.d["number"]), as_str(entry.d["type"]), as_bool(entry.d["draft"])
    state.id, state.type, state.author = entry.id, kind, entry.person
    state.number = number if is_home(entry, homes) else 0
    state.title, state.description, state.is_draft = title, description, is_draft
    state.state, state.opened_at = "open", entry.at
    return None


def apply_number(state: TopicState, entry: Entry, homes: Set[str]) -> str | None:
    """The number of a topic that was opened at another hub, by the home."""
    number = as_int(entry.d["number"])
    if not is_home(entry, homes):
        return "only the home hub numbers"
    if state.number:
        return "numbered before"
    state.number = number
    return None


def apply_edit(state: TopicState, entry: Entry, homes: Set[str]) -> str | None:
    """Another title, description or readiness; what was said before is kept."""
    if not is_home(entry, homes) and entry.person != state.author:
        return _NOT_AUTHOR
    is_draft = as_bool(entry.d.get("draft", state.is_draft))
    if "body" in entry.d:
        title, description = split_words(entry.bodies[as_int(entry.d["body"])])
        state.edits.append(TopicWords(entry.id, entry.person, entry.at, state.title, state.description))
        state.title, state.description = title, description
    state.is_draft = is_draft
    return None


def apply_state(state: TopicState, entry: Entry, homes: Set[str]) -> str | None:
    """Closed, or open again; nothing closes or opens what was merged."""
    if not is_home(entry, homes) and entry.person != state.author:
        return _NOT_AUTHOR
    wanted = as_str(entry.d["state"])
    if wanted not in _STATES:
        raise ValueError(wanted)
    if state.state == "merged":
        return "already merged"
    if wanted == "closed":
        state.end("closed", by=entry.person, at=entry.at)
    else:
        state.state, state.ended_by, state.ended_at = "open", "", 0
    return None


def apply_comment(state: TopicState, entry: Entry) -> str | None:
    """Comments: each begins a thread or joins that of the comment which it answers."""
    said = [_said(entry, index, one) for index, one in enumerate(entry.d.get("comments", ()))]
    for one in said:
        parent = state.comments.get(one.reply_to)
        thread = parent.thread if parent else one.global_id
        reply_to = one.reply_to if parent else ""
        state.comments[one.global_id] = CommentState(thread, reply_to, entry.person, one.text, entry.at)
        state.threads.setdefault(thread, ThreadState())
        if one.resolves is not None:
            state.threads[thread] = ThreadState(one.resolves, entry.person, entry.at)
    return None


def apply_comment_edit(state: TopicState, entry: Entry) -> str | None:
    """Other words for one's own comment; what it said before is kept."""
    comment = state.comments.get(as_str(entry.d["comment"]))
    text = entry.bodies[0]
    if comment is None or comment.author != entry.person:
        return "no such comment, or not one's own"
    if comment.is_deleted:
        return "deleted"
    comment.edits.append(CommentWords(entry.id, entry.at, comment.text))
    comment.text = text
    return None


def apply_comment_delete(state: TopicState, entry: Entry, homes: Set[str]) -> str | None:
    """Takes a comment away for good, with all that it ever said."""
    comment = state.comments.get(as_str(entry.d["comment"]))
    if comment is None or (comment.author != entry.person and not is_home(entry, homes)):
        return "no such comment, or not one's own"
    comment.text, comment.is_deleted = None, True
    comment.edits.clear()
    return None


def apply_resolve(state: TopicState, entry: Entry, homes: Set[str]) -> str | None:
    """Settles a thread or takes it up again: whoever took part in it, or the author."""
    name, is_resolved = as_str(entry.d["thread"]), as_bool(entry.d["resolved"])
    if name not in state.threads:
        return "no such thread"
    involved = {one.author for one in state.comments.values() if one.thread == name} | {state.author}
    if not is_home(entry, homes) and entry.person not in involved:
        return "not in this thread"
    state.threads[name] = ThreadState(is_resolved, entry.person, entry.at)
    return None


def apply_redact(state: TopicState, entry: Entry, homes: Set[str]) -> str | None:
    """Takes texts away, for good. They are withheld from entries before these are replayed."""
    return None if taken_by(entry, state.hubs_of_texts, homes) else "not one's own words"


def _said(entry: Entry, index: int, one: Mapping[str, Any]) -> _Said:
    resolves = one.get("resolved")
    return _Said(
        global_id=f"{entry.id}.{index}",
        reply_to=as_str(one.get("re", "")),
        text=entry.bodies[as_int(one["body"])],
        resolves=None if resolves is None else as_bool(resolves),
    )


# Entries of other hubs may hold anything: what is not of the right type is malformed.


def as_str(value: object) -> str:
    """The value, if it is a string."""
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def as_person(value: object) -> str:
    """The value, if it names a person as all hubs do."""
    name = as_str(value)
    if not _PERSON.fullmatch(name):
        raise ValueError(name)
    return name


def as_int(value: object) -> int:
    """The value, if it is a number."""
    if type(value) is not int:
        raise TypeError(value)
    return value


def as_bool(value: object) -> bool:
    """The value, if it is true or false."""
    if not isinstance(value, bool):
        raise TypeError(value)
    return value
