"""The form of a review: what the viewer wrote already, the text to go with it, and the verdicts there are."""

from dataclasses import dataclass, replace
from typing import Final

from markupsafe import Markup
from sqlalchemy.orm import Session

from hub.access import Permission, Viewer
from hub.issues.models import TopicState
from hub.repos.access import may
from hub.reviews.changes import OpenedChange
from hub.reviews.models import Anchor, VerdictValue
from hub.reviews.shell import ChangeHead
from hub.reviews.talking import list_drafts

_EXCERPT: Final = 100


@dataclass(frozen=True, slots=True)
class ListedDraft:
    """A draft in a line: where it is, how it begins, and the label of the patch set that it is about."""

    id: int
    place: str
    excerpt: str
    label: str
    resolves: bool | None


@dataclass(frozen=True, slots=True)
class ReviewForm:
    """What the form offers; `label` is the patch set that the review will be about."""

    label: str
    drafts: tuple[ListedDraft, ...]
    may_judge: bool
    summary: str = ""
    verdict: VerdictValue = VerdictValue.COMMENT
    error: str = ""
    preview: Markup | None = None

    def filled(self, *, summary: str, verdict: str, error: str, preview: Markup | None) -> "ReviewForm":
        """The form with what somebody entered; a verdict that there is none of is a comment."""
        known = {one.value: one for one in VerdictValue}
        chosen = known.get(verdict, VerdictValue.COMMENT)
        return replace(self, summary=summary, verdict=chosen, error=error, preview=preview)


def review_form(
    session: Session, viewer: Viewer, opened: OpenedChange, head: ChangeHead, *, label: str
) -> ReviewForm | None:
    """The empty form for a review of the patch set that is called so; None for who may not comment."""
    if viewer.user_id is None or not may(session, viewer, opened.repository, Permission.COMMENT):
        return None
    labels = {one.entry_id: one.label for one in head.versions}
    drafts = tuple(
        ListedDraft(
            id=draft.id,
            place=_place(anchor),
            excerpt=_excerpt(draft.text),
            label=labels.get(anchor.patch_set, "") if anchor else "",
            resolves=draft.resolves,
        )
        for draft, anchor in list_drafts(session, viewer.user_id, opened.topic.id)
    )
    may_judge = opened.topic.state is TopicState.OPEN and not opened.is_author
    return ReviewForm(label, drafts, may_judge)


def _excerpt(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _EXCERPT else f"{line[: _EXCERPT - 1]}…"


def _place(anchor: Anchor | None) -> str:
    if anchor is None:
        return ""
    name = anchor.path[:8] if anchor.side == "message" else anchor.path.rpartition("/")[2]
    return name if anchor.last_line is None else f"{name} {anchor.last_line}"
