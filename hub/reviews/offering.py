"""What changes add to the pages of a repository: the form under a comparison, and links to open changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Permission, Role, Viewer, allowed
from hub.accounts.models import User
from hub.db import config_of
from hub.issues.models import Topic
from hub.repos.access import may, visible_to
from hub.repos.browsing.addresses import compare_address
from hub.repos.browsing.diffs.comparing import Comparison
from hub.repos.browsing.spots import SpotKind
from hub.repos.git.commits import read_commits
from hub.repos.git.series import Series
from hub.repos.git.store import directory
from hub.repos.models import Collaborator, Repository
from hub.repos.slots import Piece
from hub.reviews.addresses import change_address
from hub.reviews.intake.identity import find_followers
from hub.reviews.models import PatchSet, PatchSetCommit
from hub.reviews.opening import Branch, find_twin
from hub.reviews.origins import find_origin, name_in_origin
from hub.reviews.proposing import words_of

_MOST_OFFERED: Final = 5
_MOST_LISTED: Final = 5
_ROLES: Final = tuple(reversed(Role))


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Somebody who could be asked for a review, and what they are in the repository."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be proposed here: `source`, as addresses have it, for the branch `target`.

    `number` is that of the open change which proposes it already; title and description are what its commits
    say.
    """

    target: str
    source: str
    may_propose: bool = True
    number: int | None = None
    reviewers: Sequence[Reviewer] = ()
    title: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class BranchLink:
    """An open change that a branch belongs to."""

    address: str
    number: int


def list_reviewers(session: Session, viewer: Viewer, repository: Repository) -> list[Reviewer]:
    """Those who know the repository best, without the viewer: its owner, then people with the most rights."""
    query = (
        select(User, Collaborator.role)
        .outerjoin(
            Collaborator,
            (Collaborator.user_id == User.id) & (Collaborator.repository_id == repository.id),
        )
        .where(
            (User.id == repository.owner_id) | Collaborator.role.is_not(None),
            User.deleted_at.is_(None),
            User.is_pending.is_(False),
            User.is_suspended.is_(False),
            User.id != viewer.user_id,
        )
    )
    found = [
        Reviewer(user.name, Role.OWN if user.id == repository.owner_id else role)
        for user, role in session.execute(query)
    ]
    able = [
        one for one in found if allowed(Permission.APPROVE, role=one.role, visibility=repository.visibility)
    ]
    return sorted(able, key=lambda one: (_ROLES.index(one.role), one.name))[:_MOST_OFFERED]


def offer_comparison(
    session: Session, viewer: Viewer, repository: Repository, comparison: Comparison
) -> Offer | None:
    """What the head of a comparison would be as a change; None where it is no branch, or has nothing new."""
    base, head = comparison.base, comparison.head
    are_branches = base.spot.kind is head.spot.kind is SpotKind.BRANCH
    if not are_branches or comparison.is_direct or base.repository.id != repository.id:
        return None
    if (
        comparison.merge_base_id is None
        or not comparison.commits
        or not _is_text(head.typed + base.spot.name)
    ):
        return None
    source = Branch(head.repository, head.spot.name)
    may_propose = may(session, viewer, repository, Permission.PROPOSE)
    title, description = _words(session, comparison)
    return Offer(
        target=base.spot.name,
        source=head.typed,
        may_propose=may_propose,
        number=find_twin(session, repository, source, base.spot.name),
        reviewers=list_reviewers(session, viewer, repository) if may_propose else (),
        title=title,
        description=description,
    )


def _words(session: Session, comparison: Comparison) -> tuple[str, str]:
    head = comparison.head
    ids = [one.commit_id for one in reversed(comparison.commits)]
    commits = tuple(read_commits(directory(config_of(session), head.repository), ids))
    series = Series(comparison.merge_base_id, head.spot.commit_id, commits)
    return words_of(series, branch=head.spot.name)


def offer_branches(
    session: Session, viewer: Viewer, repository: Repository, names: Sequence[str]
) -> Piece | None:
    """The open change of each branch, where there is one, else a link to the page that proposes it."""
    shown = [one for one in names if _is_text(one)]
    followers = find_followers(session, repository.id, shown) if shown else {}
    elsewhere = {one.repository_id for found in followers.values() for one in found} - {repository.id}
    seen = {repository.id}
    if elsewhere:
        seen.update(
            session.scalars(select(Repository.id).where(Repository.id.in_(elsewhere), visible_to(viewer)))
        )
    links = {
        branch: [
            BranchLink(change_address(one, one.number), one.number)
            for one in found
            if one.repository_id in seen
        ]
        for branch, found in followers.items()
    }
    origin = find_origin(session, viewer, repository)
    base = origin or repository
    forms = {
        one: compare_address(
            base,
            base.default_branch,
            one if origin is None else name_in_origin(repository, origin, one),
        )
        for one in shown
    }
    return Piece("reviews/_branch_changes.html", {"links": links, "forms": forms})


def point_to_changes(session: Session, _: Viewer, repository: Repository, commit_id: str) -> Piece | None:
    """The changes of which the commit is a part, the newest first; None where there is none."""
    query = (
        select(Topic.number, Topic.title, Topic.state)
        .join(PatchSet, PatchSet.topic_id == Topic.id)
        .join(PatchSetCommit, PatchSetCommit.patch_set_id == PatchSet.id)
        .where(PatchSetCommit.commit_id == commit_id, Topic.repository_id == repository.id)
        .distinct()
        .order_by(Topic.number.desc())
        .limit(_MOST_LISTED)
    )
    found = [
        {"address": change_address(repository, number), "number": number, "title": title, "state": state}
        for number, title, state in session.execute(query)
    ]
    return Piece("reviews/_commit_changes.html", {"changes": found}) if found else None


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # a branch whose name is no UTF-8 is proposed by a push
        return False
    return True
