"""What the hub itself moves takes the path of a push: queue, judgement, intent, refs, record."""

import os
from collections.abc import Sequence
from pathlib import Path
from secrets import token_hex
from typing import Final

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from hub.access import Viewer
from hub.db import commit_so_far, config_of
from hub.errors import Conflict, Forbidden, Unavailable, text
from hub.repos.git.moving import move_refs
from hub.repos.git.process import GitFailed
from hub.repos.git.store import ALIVE_LOCK, QUEUE_LOCK, directory, lock
from hub.repos.models import Repository
from hub.repos.pushes import RefUpdate
from hub.repos.pushing.judging import decide
from hub.repos.pushing.push_policy import Cause, Refusal
from hub.repos.pushing.recording import Intent, close_intent, list_open, look_what_moved, open_intent

_QUEUE_SECONDS: Final = 10.0


class RefRefused(Forbidden):
    """The policy does not let this person move the ref."""

    code = "ref_refused"


class RefMoved(Conflict):
    """The ref is not where it was expected to be."""

    code = "ref_moved"


def update_refs(
    session: Session,
    viewer: Viewer,
    repository: Repository,
    updates: Sequence[RefUpdate],
    *,
    own: Sequence[RefUpdate] = (),
    push_id: str | None = None,
    packs: Sequence[str] = (),
) -> list[str]:
    """Moves all these refs or none, as the viewer, and records them in the session's transaction.

    `own` are refs of the hub itself, which the policy is not asked about; `push_id` names the push for what
    was written down for its record, `packs` are those that were made for it. Returns what a pusher reads.
    To be called before the session wrote anything, and once per request: what it holds is committed, for the
    intent must be known before git moves a ref. The repository's queue is held until the session commits or
    rolls back; after a roll-back the next judgement or the reconciler records what moved.
    Raises RefRefused, RefMoved, and Unavailable while others push for too long.
    """
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("update_refs commits: it comes before what the request writes")
    path, repository_id = directory(config_of(session), repository), repository.id
    # Whoever holds the queue may be waiting for the database that this session has locked.
    commit_so_far(session)
    held = _take_turn(path)
    try:
        for _, left in list_open(session, repository_id):
            close_intent(session, path, left, look_what_moved(path, left))
        _require_all(session, viewer, repository, updates)
        moves = [*updates, *own]
        intent = Intent(push_id or token_hex(8), repository_id, viewer.user_id, moves, packs)
        open_intent(session, intent)
        commit_so_far(session)
        move_refs(path, moves, holding=held)
        lines = close_intent(session, path, intent, look_what_moved(path, intent))
    except BaseException as error:
        let_go(held)
        if isinstance(error, GitFailed):
            raise _lost_race(error) from error
        raise
    let_go_afterwards(session, held)
    return lines


def _take_turn(path: Path) -> list[int]:
    alive = lock(path, ALIVE_LOCK, shared=True, wait_seconds=_QUEUE_SECONDS)
    queue = None if alive is None else lock(path, QUEUE_LOCK, wait_seconds=_QUEUE_SECONDS)
    if alive is None or queue is None:
        let_go([alive] if alive is not None else [])
        raise Unavailable(
            text("Others are pushing to this repository."), next_step=text("Try it again in a moment.")
        )
    return [queue, alive]


def _require_all(
    session: Session, viewer: Viewer, repository: Repository, updates: Sequence[RefUpdate]
) -> None:
    verdicts = decide(session, viewer, repository, updates=updates, atomic=False)
    if verdicts.passed_on:
        raise ValueError(f"the hub does not push to a namespace: {list(verdicts.passed_on)}")
    for name, refusal in verdicts.refused.items():
        raise _as_error(name, refusal)


def _as_error(name: str, refusal: Refusal) -> Forbidden | Conflict:
    what = text("%(ref)s was not moved: %(reason)s.", ref=name, reason=refusal.reason)
    why = None if refusal.line is None else text("%(line)s", line=refusal.line)
    return RefMoved(what, why) if refusal.cause is Cause.MOVED else RefRefused(what, why)


def _lost_race(error: GitFailed) -> RefMoved:
    return RefMoved(
        text("The refs could not be moved."),
        text("git says: %(error)s.", error=error),
        text("Look at the repository as it is now, and try it again."),
    )


def let_go(held: list[int]) -> None:
    """Closes these descriptors of locks."""
    while held:
        os.close(held.pop())


def let_go_afterwards(session: Session, held: list[int]) -> None:
    """Closes these descriptors of locks once the session's transaction has ended."""

    def ended(_: Session, transaction: SessionTransaction) -> None:
        if transaction.parent is None:
            let_go(held)

    event.listen(session, "after_transaction_end", ended)
