"""Between the state of a change and its rows: `load` gives what `save` wrote."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import insert
from sqlalchemy.orm import Session

from hub.db import Base
from hub.issues.models import Thread, Topic
from hub.issues.numbers import number_topic
from hub.issues.rows import (
    THREADS,
    PeopleNames,
    SavedTopic,
    assign,
    find_topic,
    load_topic,
    moment,
    people_in,
    save_topic,
    seconds_of,
)
from hub.issues.topic_tables import AnyRow, TopicTable, Values
from hub.journal.models import JournalTopic
from hub.journal.people import ids_of
from hub.reviews.models import (
    Anchor,
    Change,
    ChangeReviewer,
    PatchSet,
    Review,
    Side,
    Verdict,
    VerdictValue,
)
from hub.reviews.state import AnchorState, ChangeState, PatchSetState, ReviewState, VerdictState

_INSERT_CHANGE: Final = insert(Base.metadata.tables[Change.__tablename__])
_PATCH_SETS: Final = TopicTable(PatchSet, order=["id"])
_REVIEWS: Final = TopicTable(Review, order=["id"])
_VERDICTS: Final = TopicTable(Verdict)
_REVIEWERS: Final = TopicTable(ChangeReviewer)
_ANCHORS: Final = TopicTable(Anchor, by=("thread_id", Thread))


def load(session: Session, journal_topic: JournalTopic) -> ChangeState | None:
    """The state that the rows say; None where it has none."""
    topic = find_topic(session, journal_topic)
    if topic is None:
        return None
    names = PeopleNames(session)
    change = session.get_one(Change, topic.id)
    state = ChangeState(
        topic=load_topic(session, topic, journal_topic.topic_id, names),
        target=change.target,
        name=change.name,
        merged_commit_id=change.merged_commit_id,
        merged_strategy=change.merged_strategy,
        merged_patch_set=change.merged_patch_set,
    )
    _load_patch_sets(session, topic, state, names)
    _load_reviews(session, topic, state, names)
    anchors = _ANCHORS.read(session, topic.id)
    if anchors:
        threads = {one.id: one.global_id for one in THREADS.read(session, topic.id)}
        state.anchors = {threads[one.thread_id]: _anchor_state(one) for one in anchors}
    return state


def _load_patch_sets(session: Session, topic: Topic, state: ChangeState, names: PeopleNames) -> None:
    rows = {one.entry_id: one for one in _PATCH_SETS.read(session, topic.id)}
    names.note(one.author_id for one in rows.values())
    state.patch_sets = {
        entry_id: PatchSetState(
            one.number, one.label, one.commit_id, one.base_id, names(one.author_id), seconds_of(one.at)
        )
        for entry_id, one in rows.items()
    }


def _load_reviews(session: Session, topic: Topic, state: ChangeState, names: PeopleNames) -> None:
    reviews = {one.entry_id: one for one in _REVIEWS.read(session, topic.id)}
    verdicts = {(one.person_id, one.patch_set): one for one in _VERDICTS.read(session, topic.id)}
    reviewers = [one.person_id for one in _REVIEWERS.read(session, topic.id)]
    names.note(
        [*reviewers, *(person for person, _ in verdicts), *(one.author_id for one in reviews.values())]
    )
    state.reviews = {
        entry_id: ReviewState(
            one.patch_set,
            one.verdict.value,
            one.text,
            names(one.author_id),
            seconds_of(one.at),
            one.is_dismissed,
        )
        for entry_id, one in reviews.items()
    }
    state.verdicts = {
        (names(person), patch_set): VerdictState(one.value.value, one.review)
        for (person, patch_set), one in verdicts.items()
    }
    state.reviewers = {names(one) for one in reviewers}


def save(session: Session, journal_topic: JournalTopic, state: ChangeState) -> None:
    """Writes the rows of the change that differ from its state; none while it has no number."""
    if not state.topic.number:
        return
    people = ids_of(session, people_in(state.topic) | _people_in(state))
    topic = save_topic(session, journal_topic, state.topic, people)
    _save_change(session, topic, journal_topic.repository_id, state)
    _save_patch_sets(session, topic, state, people)
    _save_reviews(session, topic, state, people)
    _save_anchors(session, topic, state)


def welcome(session: Session, journal_topic: JournalTopic, state: ChangeState) -> None:
    """Has the home number a change that was opened at another hub."""
    number_topic(session, journal_topic, state.topic)


def _people_in(state: ChangeState) -> set[str]:
    named = {one.author for one in state.patch_sets.values()}
    named |= {one.author for one in state.reviews.values()}
    return named | {person for person, _ in state.verdicts} | state.reviewers


def _save_change(session: Session, topic: SavedTopic, repository_id: int, state: ChangeState) -> None:
    newest = state.newest
    values = {
        "topic_id": topic.id,
        "repository_id": repository_id,
        "target": state.target,
        "name": state.name,
        "patch_sets_count": len(state.patch_sets),
        "commit_id": newest.commit_id if newest else "",
        "merged_commit_id": state.merged_commit_id,
        "merged_strategy": state.merged_strategy,
        "merged_patch_set": state.merged_patch_set,
    }
    if topic.is_new:
        session.connection().execute(_INSERT_CHANGE, values)
    else:
        assign(session.get_one(Change, topic.id), values)
        session.flush()


def _save_patch_sets(
    session: Session, topic: SavedTopic, state: ChangeState, people: Mapping[str, int]
) -> None:
    wanted: dict[str, Values] = {
        entry_id: {
            "topic_id": topic.id,
            "entry_id": entry_id,
            "number": one.number,
            "label": one.label,
            "commit_id": one.commit_id,
            "base_id": one.base_id,
            "author_id": people[one.author],
            "at": moment(one.at),
        }
        for entry_id, one in state.patch_sets.items()
    }
    there = {one.entry_id: one for one in topic.there(session, _PATCH_SETS)}
    _PATCH_SETS.write(session, there, wanted, in_order=True)


def _save_reviews(session: Session, topic: SavedTopic, state: ChangeState, people: Mapping[str, int]) -> None:
    reviews: dict[str, Values] = {
        entry_id: {
            "topic_id": topic.id,
            "entry_id": entry_id,
            "patch_set": one.patch_set,
            "verdict": VerdictValue(one.verdict),
            "text": one.text,
            "author_id": people[one.author],
            "at": moment(one.at),
            "is_dismissed": one.is_dismissed,
        }
        for entry_id, one in state.reviews.items()
    }
    there = {one.entry_id: one for one in topic.there(session, _REVIEWS)}
    _REVIEWS.write(session, there, reviews, in_order=True)
    verdicts: dict[tuple[int, str], Values] = {
        (people[person], patch_set): {
            "topic_id": topic.id,
            "person_id": people[person],
            "patch_set": patch_set,
            "value": VerdictValue(one.value),
            "review": one.review,
        }
        for (person, patch_set), one in state.verdicts.items()
    }
    given = {(one.person_id, one.patch_set): one for one in topic.there(session, _VERDICTS)}
    _VERDICTS.write(session, given, verdicts)
    reviewers: dict[int, Values] = {
        people[one]: {"topic_id": topic.id, "person_id": people[one]} for one in state.reviewers
    }
    asked = {one.person_id: one for one in topic.there(session, _REVIEWERS)}
    _REVIEWERS.write(session, asked, reviewers)


def _save_anchors(session: Session, topic: SavedTopic, state: ChangeState) -> None:
    there = {one.thread_id: one for one in topic.there(session, _ANCHORS)}
    wanted: dict[int, Values] = {
        topic.threads[global_id]: {
            "thread_id": topic.threads[global_id],
            "patch_set": one.patch_set,
            "side": Side(one.side),
            "path": one.path,
            "first_line": one.lines[0] if one.lines else None,
            "last_line": one.lines[1] if one.lines else None,
        }
        for global_id, one in state.anchors.items()
    }
    _ANCHORS.write(session, there, wanted)


def _anchor_state(row: AnyRow) -> AnchorState:
    has_lines = row.first_line is not None and row.last_line is not None
    lines = (row.first_line or 0, row.last_line or 0) if has_lines else None
    return AnchorState(row.patch_set, row.side.value, row.path, lines)
