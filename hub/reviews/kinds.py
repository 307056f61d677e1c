"""What each kind of entry does to a change. Pure: one function a kind, those of every topic included.

Each returns why the entry does not count, or None where it does; malformed data raises before anything is
changed.
"""

from collections.abc import Callable, Mapping, Set
from typing import Any, Final

from hub.issues import kinds as topic_kinds
from hub.issues.kinds import as_bool, as_int, as_person, as_str, is_home
from hub.issues.state import TopicState
from hub.journal.format.entries import Entry
from hub.journal.kinds import NUMBER_USED
from hub.journal.redactions import REDACT, note_texts
from hub.reviews.models import Side, VerdictValue
from hub.reviews.state import AnchorState, ChangeState, PatchSetState, ReviewState, VerdictState

Kind = Callable[[ChangeState, Entry, Set[str]], str | None]

_SIDES: Final = (Side.OLD.value, Side.NEW.value)


def _of_topic(apply: Callable[[TopicState, Entry, Set[str]], str | None]) -> Kind:
    def apply_to_change(state: ChangeState, entry: Entry, homes: Set[str]) -> str | None:
        return apply(state.topic, entry, homes)

    return apply_to_change


def apply_comment_edit(state: ChangeState, entry: Entry, homes: Set[str]) -> str | None:
    """Other words for one's own comment."""
    return topic_kinds.apply_comment_edit(state.topic, entry)


def apply_open(state: ChangeState, entry: Entry, homes: Set[str]) -> str | None:
    """The opening of a change: a topic with a target."""
    target, name = as_str(entry.d["target"]), as_str(entry.d.get("name", ""))
    why = topic_kinds.apply_open(state.topic, entry, homes)
    if why is None:
        state.target, state.name = target, name
    return why


def apply_patch_set(state: ChangeState, entry: Entry, homes: Set[str]) -> str | None:
    """Another version, by the author or by the hub that keeps the repository."""
    number, commit, base = (entry.d[one] for one in ("n", "commit", "base"))
    added = PatchSetState(
        as_int(number), str(number), as_str(commit), as_str(base), author=entry.person, at=entry.at
    )
    if not is_home(entry, homes) and entry.person != state.topic.author:
        return "only the author or the home hub adds patch sets"
    if state.topic.state == "merged":
        return "already merged"
    if entry.hub != state.topic.hub:
        added.label = f"{number}-{entry.hub[:8]}"
    if any(one.label == added.label for one in state.patch_sets.values()):
        return NUMBER_USED
    state.patch_sets[entry.id] = added
    return None


def apply_edit(state: ChangeState, entry: Entry, homes: Set[str]) -> str | None:
    """Other words, another target, another readiness."""
    target, name = as_str(entry.d.get("target", state.target)), as_str(entry.d.get("name", state.name))
    why = topic_kinds.apply_edit(state.topic, entry, homes)
    if why is None:
        state.target, state.name = target, name
    return why


def apply_merge(state: ChangeState, entry: Entry, homes: Set[str]) -> str | None:
    """Merged: the word of the hub that keeps the repository; the first counts and stays."""
    commit, strategy, patch_set = (as_str(entry.d[one]) for one in ("commit", "strategy", "ps"))
    if not is_home(entry, homes):
        return "only the home hub says merged"
    if state.topic.state == "merged":
        return "already merged"
    state.topic.end("merged", by=entry.person, at=entry.at)
    state.merged_commit_id, state.merged_strategy, state.merged_patch_set = commit, strategy, patch_set
    return None


def apply_comment(state: ChangeState, entry: Entry, homes: Set[str]) -> str | None:
    """Comments, each at its place or at none."""
    anchors = _anchors(entry)
    why = topic_kinds.apply_comment(state.topic, entry)
    if why is None:
        # An answer stands where its thread does.
        state.anchors |= {one: at for one, at in anchors.items() if one in state.topic.threads}
    return why


def apply_review(state: ChangeState, entry: Entry, homes: Set[str]) -> str | None:
    """A review: its verdict replaces the person's earlier one about the patch set."""
    patch_set, verdict = as_str(entry.d["ps"]), VerdictValue(entry.d["verdict"])
    text = entry.bodies[as_int(entry.d["body"])] if "body" in entry.d else ""
    if patch_set not in state.patch_sets:
        return "unknown patch set"
    why = apply_comment(state, entry, homes)
    if why is not None:
        return why
    state.reviews[entry.id] = ReviewState(patch_set, verdict.value, text, entry.person, entry.at)
    if verdict is not VerdictValue.COMMENT:
        state.verdicts[entry.person, patch_set] = VerdictState(verdict.value, entry.id)
    return None


def apply_dismiss(state: ChangeState, entry: Entry, homes: Set[str]) -> str | None:
    """Takes a review's verdict out of the count for good; a new review is a new entry."""
    review = state.reviews.get(as_str(entry.d["review"]))
    if not is_home(entry, homes):
        return "only the home hub dismisses"
    if review is None:
        return "no such review"
    review.is_dismissed = True
    return None


def apply_reviewer(state: ChangeState, entry: Entry, homes: Set[str]) -> str | None:
    """Asks somebody for a review, or does so no more."""
    person, is_on = as_person(entry.d["person"]), as_bool(entry.d["on"])
    if not is_home(entry, homes) and entry.person not in (person, state.topic.author):
        return "only oneself, the author or the home hub"
    (state.reviewers.add if is_on else state.reviewers.discard)(person)
    return None


def note_entry(state: ChangeState, entry: Entry) -> None:
    """Notes where the texts of an entry were written, whether it counts or not."""
    note_texts(entry, state.topic.hubs_of_texts)


def _anchors(entry: Entry) -> dict[str, AnchorState]:
    comments = enumerate(entry.d.get("comments", ()))
    return {f"{entry.id}.{index}": read_anchor(one["at"]) for index, one in comments if "at" in one}


def read_anchor(at: Mapping[str, Any]) -> AnchorState:
    """The place that an entry writes; raises what malformed data raises."""
    lines = at.get("lines")
    found = None if lines is None else (as_int(lines[0]), as_int(lines[1]))
    patch_set = as_str(at["ps"])
    if "message" in at:
        return AnchorState(patch_set, Side.MESSAGE.value, as_str(at["message"]), found)
    if at["side"] not in _SIDES:
        raise ValueError(at["side"])
    return AnchorState(patch_set, as_str(at["side"]), as_str(at["path"]), found)


def anchor_data(anchor: AnchorState) -> dict[str, Any]:
    """The place as an entry writes it; `read_anchor` reads it."""
    lines = {} if anchor.lines is None else {"lines": list(anchor.lines)}
    if anchor.side == Side.MESSAGE:
        return {"ps": anchor.patch_set, "message": anchor.path, **lines}
    return {"ps": anchor.patch_set, "side": anchor.side, "path": anchor.path, **lines}


def _noted(apply: Kind) -> Kind:
    def apply_and_note(state: ChangeState, entry: Entry, homes: Set[str]) -> str | None:
        why = apply(state, entry, homes)
        if why is None:
            state.topic.updated_at = max(state.topic.updated_at, entry.at)
        return why

    return apply_and_note


_KINDS: Final[Mapping[str, Kind]] = {
    "open": apply_open,
    "number": _of_topic(topic_kinds.apply_number),
    "patchset": apply_patch_set,
    "edit": apply_edit,
    "state": _of_topic(topic_kinds.apply_state),
    "merge": apply_merge,
    "review": apply_review,
    "comment": apply_comment,
    "comment_edit": apply_comment_edit,
    "comment_delete": _of_topic(topic_kinds.apply_comment_delete),
    "resolve": _of_topic(topic_kinds.apply_resolve),
    "dismiss": apply_dismiss,
    "reviewer": apply_reviewer,
    REDACT: _of_topic(topic_kinds.apply_redact),
}

KINDS: Final[Mapping[str, Kind]] = {kind: _noted(apply) for kind, apply in _KINDS.items()}
