"""Branches that changes follow: what a push to one means, and what its pusher is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.orm import Session

from hub.access import Permission, Role, allowed
from hub.db import config_of
from hub.repos.access import find_repository
from hub.repos.git.refs import RefFiles
from hub.repos.git.series import Series
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.repos.names import BRANCHES
from hub.repos.pushes import Options, PushContext, RefUpdate
from hub.reviews.intake.identity import Known, find_followers
from hub.reviews.intake.proposed import Facts, Opening
from hub.reviews.intake.push_options import OptionFault, Wanted, read_options
from hub.reviews.intake.push_texts import invite, point_to
from hub.reviews.intake.versions import find_version
from hub.reviews.origins import find_origin, name_in_origin
from hub.reviews.proposing import clean_description, clean_title, find_reviewers, words_of

# Of so many branches in one push, each gets its lines; of more, none.
_MOST_TOLD: Final = 3


@dataclass(frozen=True, slots=True)
class Version:
    """What a pushed branch is to a change: another patch set, or the first one of a change to be opened."""

    branch: str
    facts: Facts
    base_id: str
    tip_id: str
    target: str
    known: Known | None
    opening: Opening | None = None


@dataclass(frozen=True, slots=True)
class Watched:
    """What the pushed branches mean, and lines for the pusher."""

    versions: list[Version] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    @property
    def moves_refs(self) -> bool:
        """Whether review refs are to move along."""
        return bool(self.versions)


def watch(
    session: Session,
    push: PushContext,
    repository: Repository,
    updates: Sequence[RefUpdate],
    options: Options,
) -> Watched:
    """What a push of these branches means for changes. Reads the database and the repository only."""
    pushed = {
        one.name.removeprefix(BRANCHES): one
        for one in updates
        if one.name.startswith(BRANCHES) and not one.deletes
    }
    if not pushed or push.viewer.user_id is None:
        return Watched()
    followers = find_followers(session, repository.id, list(pushed))
    seen = _Seen(session, push, repository, _read(options))
    found = Watched()
    for branch, update in pushed.items():
        followed = followers.get(branch, [])
        found.versions.extend(seen.versions(branch, update.new_id, followed))
        if len(pushed) <= _MOST_TOLD:
            found.lines.extend(seen.tell(branch, followed, is_opening=bool(found.versions)))
    return found


def _read(options: Options) -> Wanted:
    try:
        return read_options(options)
    except OptionFault:  # said to whoever proposes; a branch is pushed as it is
        return Wanted()


class _Seen:
    """One look at the branches of one push."""

    def __init__(self, session: Session, push: PushContext, repository: Repository, wanted: Wanted) -> None:
        self._session, self._push, self._repository = session, push, repository
        self._wanted = wanted
        self._path = directory(config_of(session), repository)
        self._refs = RefFiles(self._path)

    def versions(self, branch: str, tip_id: str, followed: Sequence[Known]) -> list[Version]:
        """Another patch set of each change here that follows the branch; or an opening that was asked for."""
        found = [
            self._next(branch, tip_id, one) for one in followed if one.repository_id == self._repository.id
        ]
        if not followed and self._wanted.creates:
            found.append(self._first(branch, tip_id))
        return [one for one in found if one is not None]

    def tell(self, branch: str, followed: Sequence[Known], *, is_opening: bool) -> list[str]:
        """What the pusher reads about the branch, beside what its patch sets say."""
        path, base_url = self._repository.path, self._push.base_url
        if followed:
            shown = [one for one in followed if self._may_see(one)]
            return [line for one in shown for line in point_to(one.path, base_url, one.number)]
        default = self._repository.default_branch
        is_target = branch == default or self._refs.get(BRANCHES + default) is None
        if is_opening or is_target:
            return []
        origin = find_origin(self._session, self._push.viewer, self._repository)
        if origin is not None:
            named = name_in_origin(self._repository, origin, branch)
            return invite(origin.path, base_url, named, default=origin.default_branch)
        return invite(path, base_url, branch, default=default) if self._may_propose() else []

    def _may_see(self, known: Known) -> bool:
        is_here = known.repository_id == self._repository.id
        return is_here or find_repository(self._session, self._push.viewer, known.repository_id) is not None

    def _may_propose(self) -> bool:
        # Whoever may push a branch may propose; in a private repository a role is what lets them push.
        return allowed(Permission.PROPOSE, role=Role.WRITE, visibility=self._repository.visibility)

    def _next(self, branch: str, tip_id: str, known: Known) -> Version | None:
        if known.commit_id == tip_id:
            return None
        found = self._read(known.target, tip_id, known)
        if found is None:
            return None
        series, facts = found
        assert series.base_id is not None, "read only where there is a common commit"
        return Version(branch, facts, series.base_id, tip_id, known.target, known)

    def _first(self, branch: str, tip_id: str) -> Version | None:
        target = self._wanted.target or self._repository.default_branch
        found = self._read(target, tip_id, None) if branch != target else None
        if found is None:
            return None
        series, facts = found
        assert series.base_id is not None, "read only where there is a common commit"
        title, description = words_of(series, branch=branch)
        wanted = self._wanted
        reviewers, _ = find_reviewers(self._session, self._repository, wanted.reviewers)
        opening = Opening(
            target=target,
            title=clean_title(wanted.title or "") or title,
            description=description if wanted.description is None else clean_description(wanted.description),
            is_draft=bool(wanted.is_draft),
            name=clean_title(wanted.topic),
            reviewers=[one.id for one in reviewers],
            followed=[self._repository.id, branch],
        )
        return Version(branch, facts, series.base_id, tip_id, target, None, opening)

    def _read(self, target: str, tip_id: str, known: Known | None) -> tuple[Series, Facts] | None:
        target_id = self._refs.get(BRANCHES + target)
        return None if target_id is None else find_version(self._path, target_id, tip_id, known)
