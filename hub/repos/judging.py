"""Decides about the refs of a push, one by one: the pure policy, fed with what the repository holds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from hub.access import Scope, Viewer
from hub.config import Config
from hub.db import config_of
from hub.repos.access import role_of
from hub.repos.git.objects import Objects
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.repos.names import BRANCHES, COUNTED
from hub.repos.namespaces import find_namespace
from hub.repos.push_policy import (
    Cause,
    Kind,
    Refusal,
    Situation,
    Step,
    refuse_conflict,
    refuse_moved,
    refuse_name,
    refuse_step,
    refuse_target,
    step_of,
)
from hub.repos.pushes import RefUpdate

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
    push = _Push(_look_around(session, viewer, repository, files), files, path, updates)
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
    return Situation(
        path=repository.path,
        default_branch=repository.default_branch,
        visibility=repository.visibility,
        role=role_of(session, viewer, repository),
        is_signed_in=viewer.is_signed_in,
        has_branches=has_default or files.find_below(BRANCHES[:-1]) is not None,
        may_write_by_token=viewer.has_scope(Scope.REPOSITORY_WRITE),
    )


class _Push:
    """What is known while the refs of one push are decided about."""

    def __init__(
        self, situation: Situation, files: RefFiles, path: Path, updates: Sequence[RefUpdate]
    ) -> None:
        self._situation = situation
        self._files = files
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
            verdicts.passed_on[update.name] = update
        elif (refusal := self._refuse(update)) is not None:
            verdicts.refused[update.name] = refusal
        else:
            verdicts.granted[update.name] = update

    def _refuse(self, update: RefUpdate) -> Refusal | None:
        refusal = refuse_name(update) or refuse_step(self._situation, update.name, step_of(update))
        if refusal is not None:
            return refusal
        if self._files.get(update.name) != (None if update.creates else update.old_id):
            return refuse_moved(update)
        if update.deletes:
            return None
        return (
            refuse_target(update, self._objects.kind(update.new_id))
            or self._refuse_conflict(update)
            or self._refuse_rewind(update)
        )

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

    def _refuse_rewind(self, update: RefUpdate) -> Refusal | None:
        is_protected = self._situation.kind_of(update.name) is Kind.DEFAULT and not update.creates
        if not is_protected or self._objects.is_ancestor(update.old_id, update.new_id):
            return None
        return refuse_step(self._situation, update.name, Step.REWIND)


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
