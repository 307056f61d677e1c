"""What a push means: judged before git moves refs, recorded after it. What the policy processes ask."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.db import Database
from hub.errors import NotFound, text
from hub.repos.git.moving import move_refs
from hub.repos.git.process import GitFailed
from hub.repos.git.store import directory, journal_ids_file, place, reachable_ids_file
from hub.repos.models import Repository
from hub.repos.names import is_ref_name
from hub.repos.pushes import Answer, GateAnswer, Judgement, Options, RefUpdate, WantsAnswer
from hub.repos.pushes import PushContext as PushContext
from hub.repos.pushing.gate import look
from hub.repos.pushing.judging import Verdicts, decide
from hub.repos.pushing.moving import update_refs as update_refs
from hub.repos.pushing.namespaces import Found, Grant, Watch, find_namespace, watches
from hub.repos.pushing.namespaces import namespace as namespace
from hub.repos.pushing.namespaces import watch as watch
from hub.repos.pushing.push_policy import Cause, Refusal
from hub.repos.pushing.reconcile import Reconciliation as Reconciliation
from hub.repos.pushing.reconcile import reconcile as reconcile
from hub.repos.pushing.reconcile import reconcile_all as reconcile_all
from hub.repos.pushing.recording import REPOSITORIES, Intent, list_open, open_intent, record_push, settle
from hub.repos.wanted import Places, check

_MOST_LINES: Final = 20
_NOT_STORED: Final = "not stored; push again"


def gate(database: Database, push: PushContext, quarantine: str) -> GateAnswer:
    """Whether the new objects of a push may be stored; raises where that cannot be told.

    `quarantine` is git's GIT_QUARANTINE_PATH, empty for a push without objects.
    """
    path = _directory(database, push.repository_id)
    return look(path, quarantine, max_object_bytes=database.config.max_object_bytes)


def judge(
    database: Database,
    push: PushContext,
    commands: Sequence[Sequence[str]],
    *,
    options: Options,
    atomic: bool,
    packs: Sequence[str],
    deadline: float,
) -> Judgement:
    """An answer for each ref of the push, and one committed intent for those that may move.

    The queue must be held. `commands` are (old id, new id, name) as git names them, with bytes that are no
    UTF-8 as surrogates. A malformed name gets no answer at all: git splits `ok <name>` at the first space,
    and would read our answer about `refs/heads/a b` as the one about `refs/heads/a`.
    `deadline` is a time of time.monotonic(): whoever asked has given up then, and the queue may be another's,
    so that nothing is committed any more and TimeoutError is raised.
    """
    updates = [RefUpdate(name, old_id, new_id) for old_id, new_id, name in commands]
    named = [update for update in updates if is_ref_name(update.name)]
    is_complete = len(named) == len(updates)
    verdicts, seen = _decide(database, push, named, options, atomic=atomic, is_complete=is_complete)
    grants: dict[str, Grant] = {}
    along: list[RefUpdate] = []
    moves: list[RefUpdate] = []
    if verdicts.granted or seen.found:
        with database.writing() as session:
            grants, along = _ask_others(session, push, seen, verdicts)
            own = [*(move for one in grants.values() for move in one.moves), *along]
            moves = [*verdicts.granted.values(), *own]
            if moves:
                open_intent(session, _intent_of(push, moves, packs))
            if time.monotonic() > deadline:
                raise TimeoutError("judged too late: whoever asked has given up")
    if grants or along:
        _move_granted(_directory(database, push.repository_id), grants, along, verdicts)
    names = dict.fromkeys(update.name for update in named)
    lines = [*(line for one in grants.values() for line in one.lines), *seen.lines]
    return _judgement(names, verdicts, grants, has_intent=bool(moves), lines=lines)


def _intent_of(push: PushContext, moves: Sequence[RefUpdate], packs: Sequence[str]) -> Intent:
    viewer = push.viewer
    by_key = viewer.name if viewer.key_role is not None else None
    return Intent(push.push_id, push.repository_id, viewer.user_id, moves, packs, by_key)


def record(database: Database, push_id: str, repository_id: int) -> list[str]:
    """Records what the push really moved, durably; returns lines for the pusher. May be asked twice."""
    return record_push(database, push_id, repository_id)


def check_wants(
    database: Database,
    repository_id: int,
    wants: Sequence[str],
    *,
    tips_only: bool = False,
    with_journal: bool = False,
) -> WantsAnswer:
    """Which of the wanted objects no ref of the repository reaches; see `wanted.check`."""
    with database.reading() as session:
        repository = _get_repository(session, repository_id)
        config = database.config
        places = Places(
            directory(config, repository),
            reachable_ids_file(config, repository),
            journal_ids_file(config, repository),
        )
    return check(places, wants, tips_only=tips_only, with_journal=with_journal)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What others than the ordinary policy found, by ref and by who watches, and lines for the pusher."""

    found: dict[str, Found] = field(default_factory=dict)
    watched: list[tuple[Watch, Found]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def _decide(
    database: Database,
    push: PushContext,
    updates: Sequence[RefUpdate],
    options: Options,
    *,
    atomic: bool,
    is_complete: bool,
) -> tuple[Verdicts, _Seen]:
    while True:
        with database.reading() as session:
            if not list_open(session, push.repository_id):
                repository = _get_repository(session, push.repository_id)
                verdicts = decide(
                    session, push.viewer, repository, updates=updates, atomic=atomic, is_complete=is_complete
                )
                return verdicts, _look(session, push, repository, verdicts, options)
        # What an earlier push left open is recorded first, so that the log has no gap.
        settle(database, push.repository_id)


def _look(
    session: Session, push: PushContext, repository: Repository, verdicts: Verdicts, options: Options
) -> _Seen:
    seen = _Seen()
    for name, update in list(verdicts.passed_on.items()):
        decider = find_namespace(name)
        assert decider is not None, "only what has a namespace is passed on"
        found = decider.look(session, push, repository, update, options)
        if isinstance(found, Refusal):
            verdicts.refused[name] = found
            del verdicts.passed_on[name]
        else:
            seen.found[name] = found
    updates = list(verdicts.granted.values())
    for one in watches() if updates else ():
        found = one.look(session, push, repository, updates, options)
        seen.lines.extend(found.lines)
        if found.moves_refs:
            seen.watched.append((one, found))
    return seen


def _ask_others(
    session: Session, push: PushContext, seen: _Seen, verdicts: Verdicts
) -> tuple[dict[str, Grant], list[RefUpdate]]:
    """What namespaces grant, and the refs that move along with those that the ordinary policy lets move."""
    grants: dict[str, Grant] = {}
    if not seen.found and not seen.watched:
        return grants, []
    repository = _get_repository(session, push.repository_id)
    for name, found in seen.found.items():
        decider = find_namespace(name)
        assert decider is not None, "only what has a namespace was looked at"
        try:
            with session.begin_nested():
                grants[name] = _granted(decider.judge(session, push, repository, found))
        except _NotGranted as error:
            verdicts.refused[name] = error.refusal
    along = [move for one, found in seen.watched for move in one.move(session, push, repository, found)]
    return grants, along


class _NotGranted(Exception):
    """A namespace refuses when it judges."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


def _granted(answer: Grant | Refusal) -> Grant:
    if isinstance(answer, Refusal):
        raise _NotGranted(answer)
    return answer


def _move_granted(
    path: Path, grants: dict[str, Grant], along: Sequence[RefUpdate], verdicts: Verdicts
) -> None:
    for name, grant in list(grants.items()):
        try:
            if grant.moves:
                move_refs(path, grant.moves)
        except GitFailed:
            del grants[name]
            verdicts.refused[name] = Refusal(Cause.MOVED, _NOT_STORED)
    if along:
        # The branch moves all the same: its next push makes up for what did not move along.
        with suppress(GitFailed):
            move_refs(path, along)


def _judgement(
    names: dict[str, None],
    verdicts: Verdicts,
    grants: dict[str, Grant],
    *,
    has_intent: bool,
    lines: Sequence[str],
) -> Judgement:
    answers: list[Answer] = []
    for name in names:
        if name in verdicts.refused:
            answers.append((name, "ng", verdicts.refused[name].reason))
        elif name in grants:
            answers.append((name, "ok", list(grants[name].options)))
        else:
            answers.append((name, "ok", ["fall-through"]))
    refusals = [one.line for one in verdicts.refused.values() if one.line is not None]
    said = [part for line in dict.fromkeys(refusals) for part in line.split("\n")]
    return Judgement(answers, has_intent, [*said, *lines][:_MOST_LINES])


def _directory(database: Database, repository_id: int) -> Path:
    with database.reading() as session:
        storage = session.scalar(select(REPOSITORIES.c.storage).where(REPOSITORIES.c.id == repository_id))
    if storage is None:
        raise NotFound(text("The repository was deleted."))
    return place(database.config, storage, repository_id)


def _get_repository(session: Session, repository_id: int) -> Repository:
    repository = session.get(Repository, repository_id)
    if repository is None:
        raise NotFound(text("The repository was deleted."))
    return repository
