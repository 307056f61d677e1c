"""Between the state of a change and its rows: `load` gives what `save` wrote."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.issues.models import Thread, Topic
from hub.issues.numbers import number_topic
from hub.issues.rows import (
    PeopleNames,
    Values,
    find_topic,
    load_topic,
    moment,
    save_topic,
    seconds_of,
    write,
    write_in_order,
)
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
    state.anchors = {
        global_id: _anchor_state(one) for global_id, one in _anchors_of(session, topic.id).items()
    }
    return state


def _load_patch_sets(session: Session, topic: Topic, state: ChangeState, names: PeopleNames) -> None:
    rows = _patch_sets_of(session, topic.id)
    names.note(one.author_id for one in rows.values())
    state.patch_sets = {
        entry_id: PatchSetState(
            one.number, one.label, one.commit_id, one.base_id, names(one.author_id), seconds_of(one.at)
        )
        for entry_id, one in rows.items()
    }


def _load_reviews(session: Session, topic: Topic, state: ChangeState, names: PeopleNames) -> None:
    reviews, verdicts = _reviews_of(session, topic.id), _verdicts_of(session, topic.id)
    reviewers = _reviewers_of(session, topic.id)
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
    """Writes the rows of the change that differ from its state, and flushes; none while it has no number."""
    topic = save_topic(session, journal_topic, state.topic)
    if topic is None:
        return
    _save_change(session, topic, state)
    people = ids_of(session, _people_in(state))
    _save_patch_sets(session, topic, state, people)
    _save_reviews(session, topic, state, people)
    _save_anchors(session, topic, state)
    session.flush()


def welcome(session: Session, journal_topic: JournalTopic, state: ChangeState) -> None:
    """Has the home number a change that was opened at another hub."""
    number_topic(session, journal_topic, state.topic)


def _people_in(state: ChangeState) -> set[str]:
    named = {one.author for one in state.patch_sets.values()}
    named |= {one.author for one in state.reviews.values()}
    return named | {person for person, _ in state.verdicts} | state.reviewers


def _save_change(session: Session, topic: Topic, state: ChangeState) -> None:
    row = session.get(Change, topic.id)
    newest = state.newest
    values = {
        "topic_id": topic.id,
        "repository_id": topic.repository_id,
        "target": state.target,
        "name": state.name,
        "patch_sets_count": len(state.patch_sets),
        "commit_id": newest.commit_id if newest else "",
        "merged_commit_id": state.merged_commit_id,
        "merged_strategy": state.merged_strategy,
        "merged_patch_set": state.merged_patch_set,
    }
    write(session, {} if row is None else {0: row}, {0: values}, Change)
    session.flush()


def _save_patch_sets(session: Session, topic: Topic, state: ChangeState, people: Mapping[str, int]) -> None:
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
    write_in_order(session, _patch_sets_of(session, topic.id), wanted, PatchSet)


def _save_reviews(session: Session, topic: Topic, state: ChangeState, people: Mapping[str, int]) -> None:
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
    write_in_order(session, _reviews_of(session, topic.id), reviews, Review)
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
    write(session, _verdicts_of(session, topic.id), verdicts, Verdict)
    reviewers: dict[int, Values] = {
        people[one]: {"topic_id": topic.id, "person_id": people[one]} for one in state.reviewers
    }
    write(session, _reviewers_of(session, topic.id), reviewers, ChangeReviewer)


def _save_anchors(session: Session, topic: Topic, state: ChangeState) -> None:
    threads = select(Thread.global_id, Thread.id).where(Thread.topic_id == topic.id)
    ids = {row.global_id: row.id for row in session.execute(threads)}
    wanted: dict[str, Values] = {
        global_id: {
            "thread_id": ids[global_id],
            "patch_set": one.patch_set,
            "side": Side(one.side),
            "path": one.path,
            "first_line": one.lines[0] if one.lines else None,
            "last_line": one.lines[1] if one.lines else None,
        }
        for global_id, one in state.anchors.items()
    }
    write(session, _anchors_of(session, topic.id), wanted, Anchor)


def _anchor_state(row: Anchor) -> AnchorState:
    has_lines = row.first_line is not None and row.last_line is not None
    lines = (row.first_line or 0, row.last_line or 0) if has_lines else None
    return AnchorState(row.patch_set, row.side.value, row.path, lines)


def _patch_sets_of(session: Session, topic_id: int) -> dict[str, PatchSet]:
    query = select(PatchSet).where(PatchSet.topic_id == topic_id).order_by(PatchSet.id)
    return {one.entry_id: one for one in session.scalars(query)}


def _reviews_of(session: Session, topic_id: int) -> dict[str, Review]:
    query = select(Review).where(Review.topic_id == topic_id).order_by(Review.id)
    return {one.entry_id: one for one in session.scalars(query)}


def _verdicts_of(session: Session, topic_id: int) -> dict[tuple[int, str], Verdict]:
    query = select(Verdict).where(Verdict.topic_id == topic_id)
    return {(one.person_id, one.patch_set): one for one in session.scalars(query)}


def _reviewers_of(session: Session, topic_id: int) -> dict[int, ChangeReviewer]:
    query = select(ChangeReviewer).where(ChangeReviewer.topic_id == topic_id)
    return {one.person_id: one for one in session.scalars(query)}


def _anchors_of(session: Session, topic_id: int) -> dict[str, Anchor]:
    query = (
        select(Thread.global_id, Anchor)
        .join(Thread, Thread.id == Anchor.thread_id)
        .where(Thread.topic_id == topic_id)
    )
    return dict(session.execute(query).all())
