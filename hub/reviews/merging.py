"""Merges a change: the requirements asked again, the commit prepared, the branch moved, the entry made.

Merges of one repository take turns, so that of many at once each finds the branch where the one before it
left it. A push may come between all the same, and then everything is asked and prepared anew.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Permission, Viewer
from hub.accounts.models import User
from hub.db import commit_so_far, config_of
from hub.errors import Conflict, Invalid, Text, Unavailable, text
from hub.issues.models import Topic, TopicState
from hub.journal.models import JournalTopic, Person
from hub.journal.people import person_of
from hub.journal.replay import act
from hub.repos.access import require
from hub.repos.authorship import sign_as
from hub.repos.git.merge_records import Merge, Stopped
from hub.repos.git.store import MERGE_LOCK, directory, lock
from hub.repos.models import ZERO_ID
from hub.repos.names import BRANCHES
from hub.repos.pushes import RefUpdate
from hub.repos.pushing.moving import RefMoved, let_go, let_go_afterwards
from hub.repos.receive import update_refs
from hub.reviews.admitting import merging
from hub.reviews.changes import OpenedChange, get_change
from hub.reviews.deletable import find_deletable_branch
from hub.reviews.merge_message import MOST_MESSAGE, add_co_authors
from hub.reviews.merge_words import list_authors, propose_message_for, write_person
from hub.reviews.models import Change, PatchSet
from hub.reviews.requirements import RequirementName, why_stopped
from hub.reviews.standing import Examined, examine
from hub.reviews.strategies import STRATEGIES
from hub.reviews.strategies.strategy import Strategy

_TURN_SECONDS: Final = 20.0
_ATTEMPTS: Final = 5


class NotMergeable(Conflict):
    """The change cannot be merged as it is."""

    code = "not_mergeable"


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asks for: how, with which message, and the commit of the change that they looked at.

    `base_url` is the hub's own address.
    """

    strategy: str
    commit_id: str
    message: str = ""
    deletes_branch: bool = False
    base_url: str = ""


def merge(session: Session, viewer: Viewer, path: str, number: int, *, order: Order) -> str:
    """Merges the change, and returns the commit at which its target is then.

    Commits what the session holds, so that it comes first in a request. Raises Forbidden, Invalid for an
    order that makes no sense, NotMergeable, RefRefused, and Unavailable while others merge for too long.
    """
    opened = get_change(session, viewer, path, number)
    require(session, viewer, opened.repository, Permission.MERGE)
    strategy = _read(order)
    folder = directory(config_of(session), opened.repository)
    # Whoever has the turn may wait for the database that this session has locked.
    commit_so_far(session)
    held = _take_turn(folder)
    try:
        commit_id = _merge_in_turn(session, viewer, path, number, strategy=strategy, order=order)
    except BaseException:
        let_go(held)
        raise
    let_go_afterwards(session, held)
    return commit_id


def _read(order: Order) -> Strategy:
    strategy = STRATEGIES.get(order.strategy)
    if strategy is None:
        fault = text("Choose one of these.")
        raise Invalid(text("The change was not merged."), {"strategy": fault})
    if len(order.message) > MOST_MESSAGE:
        fault = text("Use at most %(limit)s characters.", limit=MOST_MESSAGE)
        raise Invalid(text("The change was not merged."), {"message": fault})
    return strategy


def _take_turn(folder: Path) -> list[int]:
    held = lock(folder, MERGE_LOCK, wait_seconds=_TURN_SECONDS)
    if held is None:
        raise Unavailable(
            text("Other changes of this repository are being merged."),
            next_step=text("Try it again in a moment."),
        )
    return [held]


def _merge_in_turn(
    session: Session, viewer: Viewer, path: str, number: int, *, strategy: Strategy, order: Order
) -> str:
    for _ in range(_ATTEMPTS - 1):
        try:
            return _merge(session, viewer, get_change(session, viewer, path, number), strategy, order)
        except RefMoved:  # by a push, or by hand: what was found out before does not hold any more
            continue
    return _merge(session, viewer, get_change(session, viewer, path, number), strategy, order)


def _merge(session: Session, viewer: Viewer, opened: OpenedChange, strategy: Strategy, order: Order) -> str:
    examined = examine(session, opened, asks_git=False)
    _require_ready(opened, examined, order)
    assert examined.target_id is not None, "without its target a change is not mergeable"
    number, target = opened.topic.number, opened.change.target
    wanted = _what_to_join(session, viewer, opened, examined, strategy, order)
    gone = find_deletable_branch(session, viewer, opened) if order.deletes_branch else None
    folder, repository = directory(config_of(session), opened.repository), opened.repository
    # Preparing takes a while, in which others may write.
    commit_so_far(session)
    prepared = strategy.prepare(folder, wanted)
    if isinstance(prepared, Stopped):
        raise _not_merged(number, why_stopped(prepared, target))
    update = RefUpdate(BRANCHES + target, wanted.target_id, prepared.commit_id)
    updates = [update]
    if gone is not None:
        updates.append(RefUpdate(BRANCHES + gone, wanted.source_id, ZERO_ID))
    with merging(session, update, number):
        packs = [] if prepared.pack is None else [prepared.pack]
        update_refs(session, viewer, repository, updates, packs=packs)
    assert viewer.user_id is not None, "strangers may not merge"
    person = person_of(session, repository.id, viewer.user_id)
    record_merge(
        session,
        opened.topic,
        person,
        commit_id=prepared.commit_id,
        strategy=strategy.name,
        source_id=wanted.source_id,
    )
    return prepared.commit_id


def _require_ready(opened: OpenedChange, examined: Examined, order: Order) -> None:
    number = opened.topic.number
    if opened.topic.state is TopicState.MERGED:
        raise NotMergeable(text("Change %(number)s was merged already.", number=number))
    if examined.target_id is None:
        gone = text("The branch %(target)s is gone.", target=opened.change.target)
        raise _not_merged(number, gone, text("Choose another target."))
    if order.commit_id != opened.change.commit_id:
        arrived = text("A new patch set arrived while you were looking.")
        raise _not_merged(number, arrived, text("Look at what is new, then merge it."))
    for requirement in examined.unmet:
        if requirement.name is not RequirementName.MERGEABLE:
            raise _not_merged(number, requirement.reason)


def _not_merged(number: int, why: Text, next_step: Text | None = None) -> NotMergeable:
    return NotMergeable(text("Change %(number)s was not merged.", number=number), why, next_step)


def _what_to_join(
    session: Session,
    viewer: Viewer,
    opened: OpenedChange,
    examined: Examined,
    strategy: Strategy,
    order: Order,
) -> Merge:
    merger = sign_as(session.get_one(User, viewer.user_id), order.base_url)
    authors = list_authors(session, opened)
    message = order.message.strip()
    if strategy.makes_commit and not message:
        message = propose_message_for(
            opened,
            approved_by=examined.approved_by,
            change_key=examined.change_key,
            base_url=order.base_url,
        )
    if strategy.joins_authors:
        message = add_co_authors(message, map(write_person, authors[1:]))
    assert examined.target_id is not None, "asked before"
    return Merge(
        target_id=examined.target_id,
        source_id=opened.change.commit_id,
        message=message,
        author=authors[0] if authors else merger,
        merger=merger,
    )


def record_merge(
    session: Session,
    topic: Topic,
    person: Person | None,
    *,
    commit_id: str,
    strategy: str,
    source_id: str,
) -> bool:
    """Makes the entry that says so; returns False where another has said it already."""
    # Of many who find the same at once the first one says it: the topic's row is read under its lock.
    journal_topic = session.get_one(JournalTopic, topic.journal_id, with_for_update=True)
    session.refresh(topic)
    if topic.state is TopicState.MERGED:
        return False
    target = session.scalars(select(Change.target).where(Change.topic_id == topic.id)).one()
    patch_sets = select(PatchSet.entry_id).where(
        PatchSet.topic_id == topic.id, PatchSet.commit_id == source_id
    )
    d = {
        "commit": commit_id,
        "ps": session.scalars(patch_sets.order_by(PatchSet.id.desc())).first(),
        "strategy": strategy,
        "target": target,
    }
    act(session, journal_topic, kind="merge", person=person, d=d)
    return True
