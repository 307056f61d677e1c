"""Looks at what a push to `refs/for/*` brings, before anything is written: a refusal, or a proposal."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from sqlalchemy.orm import Session

from hub.db import config_of
from hub.issues.models import TopicState
from hub.repos.git.objects import Objects
from hub.repos.git.process import GitFailed, GitTooSlow
from hub.repos.git.refs import RefFiles
from hub.repos.git.series import Series, read_series
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.repos.names import BRANCHES
from hub.repos.pushes import Options, PushContext, RefUpdate
from hub.repos.pushing.push_policy import PROPOSALS, Cause, Refusal
from hub.reviews.access import is_maintainer
from hub.reviews.intake.identity import Known, find_alike, find_by_key, find_by_number
from hub.reviews.intake.proposed import Facts, Opening, as_rebase
from hub.reviews.intake.push_options import OptionFault, Wanted, read_options, split_percent
from hub.reviews.intake.push_texts import NO_TITLE, change_url
from hub.reviews.intake.versions import read_facts
from hub.reviews.proposing import (
    MOST_COMMITS,
    MOST_REVIEWERS,
    clean_description,
    clean_title,
    find_reviewers,
    words_of,
)

_MOST_NAMES: Final = 2000
_MOST_LISTED: Final = 10


@dataclass(frozen=True, slots=True)
class Looked:
    """What a push proposes: an opening, or another version of a change that is there."""

    facts: Facts
    base_id: str
    tip_id: str
    target: str
    known: Known | None
    opening: Opening | None
    is_draft: bool | None
    reviewers: list[int]
    is_behind: bool


def look(
    session: Session, push: PushContext, repository: Repository, update: RefUpdate, options: Options
) -> Looked | Refusal:
    """What this push to `refs/for/*` proposes. Reads the database and the repository, writes nothing."""
    try:
        return _Look(session, push, repository).at(update, options)
    except OptionFault as fault:
        return _refuse("not understood", f"{str(fault)[0].upper()}{str(fault)[1:]}.")
    except Refused as error:
        return error.refusal
    except GitTooSlow:
        return _refuse("too large", "Comparing it with the branch took too long. Rebase it on the branch.")
    except GitFailed as error:
        return _refuse("not readable", f"git says: {error}")


class Refused(Exception):
    """The push is not taken; `refusal` says why."""

    def __init__(self, reason: str, line: str) -> None:
        super().__init__(reason)
        self.refusal = _refuse(reason, line)


def _refuse(reason: str, line: str) -> Refusal:
    return Refusal(Cause.TARGET, reason, line)


class _Look:
    """One look at one push."""

    def __init__(self, session: Session, push: PushContext, repository: Repository) -> None:
        self._session, self._push, self._repository = session, push, repository
        self._path = directory(config_of(session), repository)
        self._refs = RefFiles(self._path)

    def at(self, update: RefUpdate, options: Options) -> Looked:
        if self._push.viewer.user_id is None:
            raise Refused("no account", "A change has an author: push with your own key or token.")
        if update.deletes:
            raise Refused("nothing to propose", "A change is closed on its page, not deleted.")
        ref, more = split_percent(update.name)
        wanted = read_options([*more, *options])
        target, topic = self._find_target(ref.removeprefix(PROPOSALS))
        wanted.topic = wanted.topic or topic
        series = self._read_series(target, update.new_id)
        assert series.base_id is not None, "histories that have nothing in common were refused"
        facts = read_facts(self._path, series)
        known = self._find_known(wanted, target, facts, series)
        reviewers = self._find_reviewers(wanted.reviewers)
        if known is not None:
            facts = as_rebase(facts, is_rebase=known.is_rebased_as(series.base_id, facts.patch_id))
        opening = self._opening(wanted, target, series, reviewers) if known is None else None
        return Looked(
            facts,
            series.base_id,
            series.tip_id,
            target,
            known,
            opening,
            wanted.is_draft,
            reviewers,
            is_behind=series.base_id != self._refs.get(BRANCHES + target),
        )

    def _find_target(self, path: str) -> tuple[str, str]:
        """The longest branch that the path begins with, and what follows it."""
        parts = path.removeprefix(BRANCHES).split("/")
        for count in range(len(parts), 0, -1):
            branch = "/".join(parts[:count])
            if self._refs.get(BRANCHES + branch) is not None:
                return branch, "/".join(parts[count:])
        raise self._no_branch("/".join(parts))

    def _no_branch(self, path: str) -> Refused:
        names = self._refs.list_names(BRANCHES.encode())[:_MOST_NAMES]
        branches = [one.decode("utf-8", "replace").removeprefix(BRANCHES) for one in names]
        if not branches:
            line = f"{self._repository.path} has no branch yet. Push the first one: git push origin main"
            return Refused("no branches yet", line)
        near = get_close_matches(path, branches, n=3, cutoff=0.5) or get_close_matches(
            path.partition("/")[0], branches, n=3, cutoff=0.5
        )
        nearest = near[0] if near else self._repository.default_branch
        listed = ", ".join(f"'{one}'" for one in near) or f"'{nearest}'"
        return Refused(
            "no such branch",
            f"There is no branch '{path}' in {self._repository.path}; the nearest: {listed}."
            f"\nPropose for it: git push origin HEAD:{PROPOSALS}{nearest}",
        )

    def _read_series(self, target: str, tip_id: str) -> Series:
        if Objects(self._path).kind(tip_id) != "commit":
            raise Refused("not a commit", "A change is made of commits: push a commit.")
        target_id = self._refs.get(BRANCHES + target) or ""
        series = read_series(self._path, target_id, tip_id, most=MOST_COMMITS)
        if series.base_id is None:
            raise Refused(
                "unrelated history",
                f"It has no commit in common with '{target}'. Begin from it:"
                f" git fetch origin && git rebase --onto origin/{target} --root",
            )
        if not series.commits:
            line = f"'{target}' has all of it. Commit something, then push again."
            raise Refused("nothing new", line)
        if series.is_cut:
            line = f"A change has at most {MOST_COMMITS} commits. Propose a part of them, or squash them."
            raise Refused("too many commits", line)
        if series.merge is not None:
            raise Refused(
                "merge commit in the series",
                f"{series.merge.commit_id[:12]} is a merge commit: {series.merge.subject[:60]}"
                f"\nPropose without it: git rebase origin/{target}"
                f" && git push origin HEAD:{PROPOSALS}{target}",
            )
        return series

    def _find_known(self, wanted: Wanted, target: str, facts: Facts, series: Series) -> Known | None:
        known = self._identify(wanted, target, facts)
        if known is None:
            return None
        url = change_url(self._push.base_url, self._repository.path, known.number)
        if not (known.author_id == self._push.viewer.user_id or self._is_maintainer()):
            raise Refused(
                "not your change",
                f"Change {known.number} is somebody else's: only its author and maintainers add patch sets."
                f"\nOpen one of your own with -o new, or comment on it:\n  {url}",
            )
        if known.state is not TopicState.OPEN:
            next_step = "Open another with -o new"
            if known.state is TopicState.CLOSED:
                next_step += ", or reopen it"
            raise Refused(f"change {known.number} is {known.state}", f"{next_step}:\n  {url}")
        if known.commit_id == series.tip_id:
            line = f"{series.tip_id[:12]} is patch set {known.patch_sets} of change {known.number}:\n  {url}"
            raise Refused("nothing new", line)
        return known

    def _identify(self, wanted: Wanted, target: str, facts: Facts) -> Known | None:
        session, repository_id = self._session, self._repository.id
        if wanted.number is not None:
            known = find_by_number(session, repository_id, wanted.number)
            if known is None:
                raise Refused(
                    "no such change", f"There is no change {wanted.number} here. Leave -o change out."
                )
            if known.target != target:
                raise Refused(
                    f"change {known.number} is for '{known.target}'",
                    f"Push to it with: git push -o change={known.number}"
                    f" origin HEAD:{PROPOSALS}{known.target}",
                )
            return known
        if wanted.opens_another:
            return None
        named = find_by_key(session, repository_id, target, facts.change_key)
        if named:
            return self._only([one for one in named if one.state is TopicState.OPEN] or named[:1])
        user_id = self._push.viewer.user_id
        assert user_id is not None, "strangers propose nothing"
        alike = find_alike(session, repository_id, target, author_id=user_id, facts=facts)
        exact = [one for one in alike if facts.patch_id and one.patch_id == facts.patch_id]
        return self._only(exact if len(exact) == 1 else alike)

    def _only(self, found: Sequence[Known]) -> Known | None:
        if len(found) < 2:
            return found[0] if found else None
        listed = "".join(f"\n  #{one.number}  {(one.title or NO_TITLE)[:60]}" for one in found[:_MOST_LISTED])
        raise Refused(
            "which change?",
            f"This could be another patch set of {len(found)} changes:{listed}"
            "\nSay which one with -o change=N, or open another with -o new.",
        )

    def _is_maintainer(self) -> bool:
        return is_maintainer(self._session, self._push.viewer, self._repository)

    def _find_reviewers(self, names: Sequence[str]) -> list[int]:
        if len(names) > MOST_REVIEWERS:
            raise Refused("too many reviewers", f"Ask at most {MOST_REVIEWERS} people.")
        found, unknown = find_reviewers(self._session, self._repository, names)
        if unknown:
            line = f"Nobody called '{unknown[0][:60]}' reads {self._repository.path}. Check the name."
            raise Refused("no such reviewer", line)
        return [one.id for one in found]

    def _opening(self, wanted: Wanted, target: str, series: Series, reviewers: list[int]) -> Opening:
        title, description = words_of(series)
        return Opening(
            target=target,
            title=clean_title(wanted.title or "") or title,
            description=description if wanted.description is None else clean_description(wanted.description),
            is_draft=bool(wanted.is_draft),
            name=clean_title(wanted.topic),
            reviewers=reviewers,
        )
