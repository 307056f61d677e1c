"""Decides about the refs of a push, one by one: the pure policy, fed with what the repository holds."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from hub.access import Scope, Viewer, Visibility
from hub.config import Config
from hub.db import config_of
from hub.repos.git.loans import has_ended_lately, is_complete
from hub.repos.git.objects import Objects
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.repos.names import BRANCHES, COUNTED
from hub.repos.pushes import RefUpdate
from hub.repos.pushing.admission import find_admitting_change
from hub.repos.pushing.namespaces import find_namespace
from hub.repos.pushing.push_policy import (
    Cause,
    Refusal,
    Situation,
    Step,
    refuse_conflict,
    refuse_moved,
    refuse_name,
    refuse_proposer,
    refuse_step,
    refuse_target,
    step_of,
)
from hub.repos.pushing.standing import find_standing

_INCOMPLETE: Final = Refusal(Cause.MOVED, "some objects are not there any more; push again")
_TWICE: Final = Refusal(Cause.NAME, "named twice in one push")
_OTHER_REFUSED: Final = Refusal(Cause.ATOMIC, "atomic push: another ref was refused")
_MIXED: Final = Refusal(Cause.ATOMIC, "atomic push: propose one change at a time, and nothing else")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What was decided about each name; `passed_on` is for a registered namespace to decide about."""

    refused: dict[str, Refusal] = field(default_factory=dict)
    granted: dict[str, RefUpdate] = field(default_factory=dict)
    passed_on: dict[str, RefUpdate] = field(default_factory=dict)

    def refuse_rest(self, refusal: Refusal) -> None:
        """Refuses everything that was not refused yet."""
        for name in (*self.granted, *self.passed_on):
            self.refused[name] = refusal
        self.granted.clear()
        self.passed_on.clear()


def decide(
    session: Session,
    viewer: Viewer,
    repository: Repository,
    *,
    updates: Sequence[RefUpdate],
    atomic: bool,
    is_complete: bool = True,
) -> Verdicts:
    """The verdict about each update, all of them with well-formed names; the queue must be held.

    `is_complete` is false when the push named refs that are not well-formed, which nobody can grant.
    """
    config = config_of(session)
    path = directory(config, repository)
    files = RefFiles(path)
    situation = _look_around(session, viewer, repository, files)
    find_change = partial(find_admitting_change, session, viewer, repository)
    push = _Push(situation, files, path, updates, find_change=find_change)
    verdicts = Verdicts()
    if len(updates) > config.max_push_refs:
        verdicts.refused.update((update.name, _too_many(config)) for update in updates)
        return verdicts
    for update in updates:
        push.sort_into(verdicts, update)
    _limit(verdicts, repository, config)
    if atomic:
        _all_or_none(verdicts, is_complete)
    return verdicts


def _look_around(session: Session, viewer: Viewer, repository: Repository, files: RefFiles) -> Situation:
    has_default = files.get(BRANCHES + repository.default_branch) is not None
    standing = find_standing(session, viewer, repository.id)
    return Situation(
        path=repository.path,
        default_branch=repository.default_branch,
        # What was deleted is seen by nobody, whatever it was.
        visibility=repository.visibility if repository.deleted_at is None else Visibility.PRIVATE,
        role=standing.role,
        is_signed_in=viewer.within(repository.id).is_signed_in,
        is_active=standing.is_active,
        has_branches=has_default or files.find_below(BRANCHES[:-1]) is not None,
        is_archived=repository.archived_at is not None,
        may_write_by_token=viewer.has_scope(Scope.REPOSITORY_WRITE),
        reaches_lender=_reaches_lender(session, viewer, repository),
        rules=standing.rules,
    )


def _reaches_lender(session: Session, viewer: Viewer, repository: Repository) -> bool:
    # Whoever pushes to a fork can name, and so read, any object that it borrows.
    lender_id = repository.lender_id
    if lender_id is None or viewer.only is None or lender_id in viewer.only:
        return True
    return session.get_one(Repository, lender_id).visibility is Visibility.PUBLIC


class _Push:
    """What is known while the refs of one push are decided about."""

    def __init__(
        self,
        situation: Situation,
        files: RefFiles,
        path: Path,
        updates: Sequence[RefUpdate],
        *,
        find_change: Callable[[RefUpdate], int | None],
    ) -> None:
        self._situation = situation
        self._find_change = find_change
        self._files = files
        self._path = path
        self._objects = Objects(path)
        self._times = Counter(update.name for update in updates)
        self._created: set[str] = set()
        # Every name that is a folder of a ref which this push creates, with that ref.
        self._folders: dict[str, str] = {}

    def sort_into(self, verdicts: Verdicts, update: RefUpdate) -> None:
        """Decides about one update."""
        if self._times[update.name] > 1:
            verdicts.refused[update.name] = _TWICE
        elif find_namespace(update.name) is not None:
            self._pass_on(verdicts, update)
        elif (refusal := self._refuse(update)) is not None:
            verdicts.refused[update.name] = refusal
        else:
            verdicts.granted[update.name] = update

    def _pass_on(self, verdicts: Verdicts, update: RefUpdate) -> None:
        refusal = refuse_proposer(self._situation)
        if refusal is None:
            verdicts.passed_on[update.name] = update
        else:
            verdicts.refused[update.name] = refusal

    def _refuse(self, update: RefUpdate) -> Refusal | None:
        refusal = refuse_name(update) or self._refuse_step(update, step_of(update))
        if refusal is not None:
            return refusal
        if self._files.get(update.name) != (None if update.creates else update.old_id):
            return refuse_moved(update)
        if update.deletes:
            return None
        return (
            refuse_target(update, self._objects.kind(update.new_id))
            or self._refuse_incomplete(update)
            or self._refuse_conflict(update)
            or self._refuse_rewind(update)
        )

    def _refuse_incomplete(self, update: RefUpdate) -> Refusal | None:
        # git checked a push that began while its fork still borrowed against objects that may be gone now.
        if not has_ended_lately(self._path) or is_complete(self._path, update.new_id):
            return None
        return _INCOMPLETE

    def _refuse_conflict(self, update: RefUpdate) -> Refusal | None:
        # git itself would say "cannot lock ref" here, which tells nobody what to do.
        if not update.creates:
            return None
        folders = _folders_of(update.name)
        for folder in folders:
            if folder in self._created or self._files.get(folder) is not None:
                return refuse_conflict(update.name, folder)
        below = self._folders.get(update.name) or self._files.find_below(update.name)
        if below is not None:
            there = below if isinstance(below, str) else below.decode("utf-8", "replace")
            return refuse_conflict(update.name, there)
        self._created.add(update.name)
        self._folders.update(dict.fromkeys(folders, update.name))
        return None

    def _refuse_step(self, update: RefUpdate, step: Step) -> Refusal | None:
        has_change = self._situation.needs_change(update.name, step) and self._is_reviewed(update)
        return refuse_step(self._situation, update.name, step, has_change=has_change)

    def _is_reviewed(self, update: RefUpdate) -> bool:
        """Whether the commits may arrive without a review of their own: those of a change that may be merged,
        and those that a new branch begins with because the default branch has them."""
        if self._objects.kind(update.new_id) != "commit":
            return False
        if update.creates and self._is_in_default(update.new_id):
            return True
        return self._find_change(update) is not None

    def _is_in_default(self, commit_id: str) -> bool:
        tip = self._files.get(BRANCHES + self._situation.default_branch)
        return tip is not None and self._objects.is_ancestor(commit_id, tip)

    def _refuse_rewind(self, update: RefUpdate) -> Refusal | None:
        if update.creates or not update.name.startswith(BRANCHES):
            return None
        refusal = self._refuse_step(update, Step.REWIND)
        # Walking the history is for branches of which it matters.
        if refusal is None or self._objects.is_ancestor(update.old_id, update.new_id):
            return None
        return refusal


def _folders_of(ref: str) -> list[str]:
    """`refs/heads/a` and `refs/heads/a/b` for `refs/heads/a/b/c`."""
    parts = ref.split("/")
    return ["/".join(parts[:count]) for count in range(3, len(parts))]


def _too_many(config: Config) -> Refusal:
    return Refusal(Cause.LIMIT, f"more than {config.max_push_refs} refs in one push; push them in parts")


def _limit(verdicts: Verdicts, repository: Repository, config: Config) -> None:
    granted = [one for one in verdicts.granted.values() if one.name.startswith(COUNTED)]
    room = config.max_refs - repository.refs_count + sum(one.deletes for one in granted)
    too_many = [one for one in granted if one.creates and not one.deletes][max(room, 0) :]
    for update in too_many:
        del verdicts.granted[update.name]
        verdicts.refused[update.name] = Refusal(
            Cause.LIMIT, f"a repository has at most {config.max_refs} branches, tags and notes"
        )


def _all_or_none(verdicts: Verdicts, is_complete: bool) -> None:
    if verdicts.refused or not is_complete:
        verdicts.refuse_rest(_OTHER_REFUSED)
    # What a namespace moves is moved outside of git's own transaction over the refs of the push.
    elif verdicts.passed_on and len(verdicts.passed_on) + len(verdicts.granted) > 1:
        verdicts.refuse_rest(_MIXED)
