"""Records what was proposed: the entries of a new change or patch set, in the transaction of the push."""

from collections.abc import Mapping, Sequence

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.errors import HubError
from hub.events import RefsUpdated
from hub.issues.kinds import join_words
from hub.issues.models import Topic, TopicState
from hub.journal.models import JournalTopic, Person
from hub.journal.people import person_of
from hub.journal.replay import NotCounted, act, begin
from hub.repos.models import Repository
from hub.reviews.intake.proposed import Facts, Proposed, take
from hub.reviews.intake.push_texts import tell_opened, tell_updated
from hub.reviews.models import Change, PatchSet, PatchSetCommit, PatchSetFacts

_log = structlog.get_logger(__name__)


def record(session: Session, event: RefsUpdated) -> list[str]:
    """Makes the entries of what this push proposed; returns lines for the pusher."""
    proposals = take(session, event.push_id, [one.name for one in event.refs])
    if not proposals or event.user_id is None:
        return []
    repository = session.get_one(Repository, event.repository_id)
    # Whoever is new here is introduced in the repository's own topic, which is locked before any change's.
    person = person_of(session, event.repository_id, event.user_id)
    asked = {user_id for one in proposals for user_id in _asked_in(one)}
    people = {user_id: person_of(session, event.repository_id, user_id) for user_id in sorted(asked)}
    lines: list[str] = []
    for one in proposals:
        try:
            with session.begin_nested():
                lines += _record_one(session, repository, person, one, people)
        except (HubError, NotCounted) as error:
            # Raised from here it would leave the push without its record, and all that come after it.
            _log.exception("proposal_not_recorded", repository=repository.path, ref=one.ref)
            lines.append(f"{one.ref} was stored and is no patch set ({error}).")
    return lines


def _asked_in(proposed: Proposed) -> list[int]:
    return proposed.reviewers if proposed.opening is None else proposed.opening.reviewers


def _record_one(
    session: Session,
    repository: Repository,
    person: Person,
    proposed: Proposed,
    people: Mapping[int, Person],
) -> list[str]:
    asked = [people[one] for one in _asked_in(proposed)]
    if proposed.opening is not None:
        return _open(session, repository, person, proposed, asked)
    is_it = (Topic.repository_id == repository.id, Topic.number == proposed.number)
    found = select(JournalTopic).join(Topic, Topic.journal_id == JournalTopic.id).where(*is_it)
    journal_topic = session.scalars(found.with_for_update(of=JournalTopic)).one()
    topic = session.scalars(select(Topic).where(*is_it)).one()
    if topic.state is TopicState.MERGED:
        return [f"Change {proposed.number} was merged meanwhile: this is no patch set of it."]
    _add_patch_set(session, journal_topic, person, proposed)
    if proposed.is_draft is not None and proposed.is_draft != topic.is_draft:
        act(session, journal_topic, kind="edit", person=person, d={"draft": proposed.is_draft})
    _ask(session, journal_topic, person, asked)
    return tell_updated(repository.path, proposed, title=topic.title)


def _open(
    session: Session, repository: Repository, person: Person, proposed: Proposed, asked: Sequence[Person]
) -> list[str]:
    opening = proposed.opening
    assert opening is not None, "asked for openings alone"
    said = {"number": proposed.number, "target": opening.target, "draft": opening.is_draft}
    made = begin(
        session,
        repository.id,
        type="change",
        person=person,
        d={**said, "name": opening.name} if opening.name else said,
        bodies=[join_words(opening.title, opening.description)],
    )
    _add_patch_set(session, made.topic, person, proposed)
    _ask(session, made.topic, person, asked)
    if opening.followed is not None:
        change = session.scalars(
            select(Change).join(Topic, Topic.id == Change.topic_id).where(Topic.journal_id == made.topic.id)
        ).one()
        change.followed_repository_id, change.followed_branch = opening.followed
        session.flush()
    return tell_opened(repository.path, proposed, waits_for=[one.name or "" for one in asked])


def _add_patch_set(session: Session, journal_topic: JournalTopic, person: Person, proposed: Proposed) -> None:
    d = {"n": proposed.patch_set, "commit": proposed.commit_id, "base": proposed.base_id}
    made = act(session, journal_topic, kind="patchset", person=person, d=d)
    row = session.scalars(select(PatchSet).where(PatchSet.entry_id == made.entry.id)).one()
    keep_facts(session, row.id, proposed.facts)


def keep_facts(session: Session, patch_set_id: int, facts: Facts) -> None:
    """Writes down what git says of a patch set."""
    session.add(
        PatchSetFacts(
            patch_set_id=patch_set_id,
            subject=facts.subject,
            patch_id=facts.patch_id,
            change_key=facts.change_key,
            is_rebase=facts.is_rebase,
            commits_count=len(facts.commits),
            files_count=facts.files,
            added_lines=facts.added,
            removed_lines=facts.removed,
        )
    )
    session.add_all(
        PatchSetCommit(patch_set_id=patch_set_id, position=position, commit_id=commit_id, patch_id=patch_id)
        for position, (commit_id, patch_id) in enumerate(facts.commits)
    )
    session.flush()


def _ask(session: Session, journal_topic: JournalTopic, person: Person, asked: Sequence[Person]) -> None:
    for one in asked:
        act(session, journal_topic, kind="reviewer", person=person, d={"person": one.global_id, "on": True})
