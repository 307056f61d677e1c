"""The texts that people wrote about a change, each by a name: what can be taken away, and what was."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.issues.models import Comment, CommentEdit, Topic
from hub.issues.rows import moment
from hub.journal.format.entries import Entry
from hub.journal.models import JournalBody, JournalEntry, JournalTopic, Person
from hub.journal.person_rows import split
from hub.journal.recording import list_entries, read_entry
from hub.journal.redactions import REDACT
from hub.reviews.faces import Face, face_of

# What reading an entry of another hub may raise.
_MALFORMED = (KeyError, IndexError, TypeError, ValueError, AttributeError)


class WordingKind(StrEnum):
    """What a text is part of."""

    CHANGE = "change"
    COMMENT = "comment"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Wording:
    """One text. `name` is the id of the entry that said it, with the comment's index where it has several.

    `of` is what it is or was a wording of: the id of a comment, of a review, or empty for title and
    description, which are one text. `text` is None once it was taken away.
    """

    name: str
    kind: WordingKind
    of: str
    author: str
    at: datetime
    digest: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Withheld:
    """Who took a text away, and when."""

    who: Face
    at: datetime


def list_wordings(session: Session, topic: JournalTopic) -> list[Wording]:
    """Every text of the change, in the order of its entries, those that were taken away included."""
    return wordings_in(list_entries(session, topic))


def wordings_in(entries: Iterable[Entry]) -> list[Wording]:
    """The texts of these entries. Pure."""
    found = []
    for entry in entries:
        try:
            found += [_wording(entry, *one) for one in _texts(entry)]
        except _MALFORMED:
            continue
    return found


def _wording(entry: Entry, name: str, kind: WordingKind, of: str, body: int) -> Wording:
    # Where entries were read without their texts, those are not known.
    words = entry.bodies[body] if entry.bodies else None
    return Wording(name, kind, of, entry.person, moment(entry.at), entry.digests[body], words)


def _texts(entry: Entry) -> list[tuple[str, WordingKind, str, int]]:
    d = entry.d
    if entry.kind == "open":
        return [(entry.id, WordingKind.CHANGE, "", 0)]
    if entry.kind == "edit":
        return [(entry.id, WordingKind.CHANGE, "", d["body"])] if "body" in d else []
    if entry.kind == "comment_edit":
        return [(entry.id, WordingKind.COMMENT, d["comment"], 0)]
    if entry.kind not in ("comment", "review"):
        return []
    named = [(f"{entry.id}.{index}", one["body"]) for index, one in enumerate(d.get("comments", ()))]
    found = [(name, WordingKind.COMMENT, name, body) for name, body in named]
    if entry.kind == "review" and "body" in d:
        found.insert(0, (entry.id, WordingKind.REVIEW, entry.id, d["body"]))
    return found


class Withholdings:
    """Who took which texts of a change away; asked of the database when it is first needed."""

    def __init__(self, session: Session, topic: JournalTopic) -> None:
        self._session, self._topic_id = session, topic.id

    def find_of(self, comment: Comment) -> Withheld | None:
        """Who took away what the comment says; None where it says something, or was deleted."""
        if comment.text is not None or comment.is_deleted:
            return None
        return self.find(self._last_edits.get(comment.id, comment.global_id))

    def find(self, name: str) -> Withheld | None:
        """Who took the text of that name away, where the journal says so."""
        return self._known.get(name)

    @cached_property
    def _last_edits(self) -> Mapping[int, str]:
        """The entry that gave each comment its words, where it was edited, of those that have none."""
        query = (
            select(CommentEdit.comment_id, CommentEdit.entry_id)
            .join(Comment, Comment.id == CommentEdit.comment_id)
            .join(Topic, Topic.id == Comment.topic_id)
            .where(Topic.journal_id == self._topic_id, Comment.text.is_(None))
            .order_by(CommentEdit.comment_id, CommentEdit.position)
        )
        return dict(self._session.execute(query).all())

    @cached_property
    def _known(self) -> Mapping[str, Withheld]:
        is_one = (
            JournalEntry.topic_id == self._topic_id,
            JournalEntry.kind == REDACT,
            JournalEntry.why.is_(None),
        )
        query = select(JournalEntry).where(*is_one).order_by(JournalEntry.t, JournalEntry.entry_id)
        redactions = list(self._session.scalars(query))
        faces = self._faces({f"{one.by}@{one.hub}" for one in redactions})
        by_digest: dict[str, Withheld] = {}
        for row in redactions:
            who = faces.get(f"{row.by}@{row.hub}") or Face(0, None, None, is_hub=not row.by)
            for digest in read_entry(row.entry_id, row.data, ()).d["bodies"]:
                by_digest.setdefault(digest, Withheld(who, moment(row.at)))
        return {
            one.name: by_digest[one.digest]
            for one in wordings_in(self._entries_with(set(by_digest)))
            if one.digest in by_digest
        }

    def _entries_with(self, digests: set[str]) -> list[Entry]:
        query = (
            select(JournalEntry.entry_id, JournalEntry.data)
            .join(JournalBody, JournalBody.entry_id == JournalEntry.id)
            .where(JournalEntry.topic_id == self._topic_id, JournalBody.digest.in_(digests))
            .distinct()
        )
        return [read_entry(entry_id, data, ()) for entry_id, data in self._session.execute(query)]

    def _faces(self, names: set[str]) -> dict[str, Face]:
        handles = {split(one)[0] for one in names}
        people = self._session.scalars(select(Person).where(Person.handle.in_(handles)))
        return {one.global_id: face_of(one) for one in people}
