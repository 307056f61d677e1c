"""Forks: made in milliseconds, compared with what they were forked from, brought up to date with it.

A fork is a repository of its own that borrows the objects of its origin, as long as `hub.repos.loans` says
that it may. A fork of a fork that borrows takes copies of that fork's own objects and borrows from the same
lender: nothing borrows from a repository that borrows itself, so that the end of one loan ends no other.
"""

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Permission, Viewer, Visibility
from hub.accounts import audit
from hub.accounts.models import Principal
from hub.accounts.names import key_of
from hub.db import Database, config_of
from hub.errors import Conflict, Forbidden, Invalid, Unavailable, text
from hub.repos.access import find_repository, open_repository
from hub.repos.actions import create_repository
from hub.repos.git.forks import copy_objects, count_apart, public_refs, write_refs
from hub.repos.git.loans import Busy, is_borrowing, lend, upkeep
from hub.repos.git.process import GitFailed, GitTooSlow
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory, size_bytes
from hub.repos.loans import may_borrow
from hub.repos.models import ZERO_ID, Repository
from hub.repos.names import BRANCHES
from hub.repos.pushes import RefUpdate
from hub.repos.pushing.recording import log_copies
from hub.repos.receive import update_refs

FORKED: Final = audit.action("repository.forked", text("made %(path)s as a fork of %(origin)s"))

_BUSY_SECONDS: Final = 10.0
_KEPT_COUNTS: Final = 2000


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a fork is from its origin: both branches, and the commits each has that the other lacks.

    `ahead` and `behind` are None where counting takes too long, `origin_branch` where the origin is empty.
    """

    origin_owner: str
    origin_name: str
    origin_branch: str | None
    branch: str
    ahead: int | None
    behind: int | None

    @property
    def origin_path(self) -> str:
        """`owner/name` of the origin."""
        return f"{self.origin_owner}/{self.origin_name}"

    @property
    def can_sync(self) -> bool:
        """Whether the fork's branch can simply go forward, as far as is known."""
        return self.origin_branch is not None and not self.ahead and self.behind != 0


def fork_repository(
    session: Session,
    viewer: Viewer,
    origin: Repository,
    *,
    owner: Principal,
    name: str,
    description: str = "",
    visibility: Visibility = Visibility.PUBLIC,
) -> Repository:
    """Makes a fork with the branches and tags of the origin, which the viewer sees.

    A fork of a private repository is private, and belongs to somebody who may read that one. Raises Forbidden
    and Invalid.
    """
    if origin.visibility is Visibility.PRIVATE and visibility is not Visibility.PRIVATE:
        fault = text("A fork of a private repository is private.")
        raise Invalid(text("The fork was not made."), {"visibility": fault})
    fork = create_repository(
        session,
        viewer,
        owner,
        name=name,
        description=description,
        visibility=visibility,
        default_branch=origin.default_branch,
    )
    lender = _lock_lender(session, origin)
    if not may_borrow(session, fork, lender):
        raise Forbidden(
            text("A fork of %(path)s belongs to somebody who may read it.", path=origin.path),
            text("%(owner)s has no role there.", owner=owner.name),
            text("Ask the owner of %(path)s for the role read.", path=origin.path),
        )
    fork.origin_id, fork.lender_id = origin.id, lender.id
    audit.note(
        session,
        viewer,
        FORKED,
        user_id=viewer.user_id,
        repository_id=fork.id,
        path=fork.path,
        origin=origin.path,
    )
    _fill(session, viewer, fork, origin, lender)
    return fork


def _lock_lender(session: Session, origin: Repository) -> Repository:
    # Whoever narrows the lender meanwhile waits for this transaction, and then finds the fork.
    lender_id = origin.lender_id or origin.id
    return session.get_one(Repository, lender_id, with_for_update={"of": Repository}, populate_existing=True)


def _fill(session: Session, viewer: Viewer, fork: Repository, origin: Repository, lender: Repository) -> None:
    config = config_of(session)
    path, source = directory(config, fork), directory(config, origin)
    lend(path, directory(config, lender))
    refs = public_refs(source)
    if origin is not lender and refs:
        lent = public_refs(directory(config, lender)).values()
        copy_objects(source, path, set(refs.values()), known=set(lent))
    write_refs(path, refs)
    fork.refs_count, fork.size_bytes = len(refs), size_bytes(path)
    session.flush()
    if refs:
        names = {one.decode("utf-8", "backslashreplace"): refs[one] for one in sorted(refs)}
        log_copies(session, origin.id, fork.id, names, push_id=token_hex(8), user_id=viewer.user_id)


def offer_name(session: Session, owner: Principal, origin: Repository) -> str:
    """The name to offer for their fork: that of the origin, or one that they do not use yet."""
    is_theirs = (Repository.owner_id == owner.id, Repository.deleted_at.is_(None))
    taken = set(session.scalars(select(Repository.name_key).where(*is_theirs)))
    offers = (origin.name, f"{origin.name}-fork", *(f"{origin.name}-fork-{one}" for one in range(2, 100)))
    return next((one for one in offers if key_of(one) not in taken), "")


def find_distance(session: Session, viewer: Viewer, fork: Repository) -> Distance | None:
    """How far the fork is from its origin; None for what is no fork, or of what the viewer may not see."""
    origin = None if fork.origin_id is None else find_repository(session, viewer, fork.origin_id)
    if origin is None:
        return None
    config = config_of(session)
    path, source = directory(config, fork), directory(config, origin)
    ours, theirs = _tip(path, fork), _tip(source, origin)
    apart = (None, None) if ours is None or theirs is None else _count(path, ours, source, theirs)
    return Distance(
        origin_owner=origin.owner.name,
        origin_name=origin.name,
        origin_branch=None if theirs is None else origin.default_branch,
        branch=fork.default_branch,
        ahead=apart[0],
        behind=apart[1],
    )


def _tip(path: Path, repository: Repository) -> str | None:
    return RefFiles(path).get(BRANCHES + repository.default_branch)


# Between two commits nothing ever changes.
_counts: OrderedDict[tuple[str, str], tuple[int, int]] = OrderedDict()


def _count(fork: Path, ours: str, origin: Path, theirs: str) -> tuple[int, int] | tuple[None, None]:
    if ours == theirs:
        return (0, 0)
    known = _counts.get((ours, theirs))
    if known is None:
        try:
            known = count_apart(fork, ours, origin, theirs)
        except GitFailed:
            return (None, None)
        _counts[ours, theirs] = known
        while len(_counts) > _KEPT_COUNTS:
            _counts.popitem(last=False)
    return known


def sync_fork(database: Database, viewer: Viewer, path: str) -> str | None:
    """Moves the fork's default branch forward to that of its origin; the id it is at now, None if it was.

    In transactions of its own. Raises what `open_repository` and `update_refs` raise, Conflict where the
    branch cannot simply go forward, and Unavailable.
    """
    with database.reading() as session:
        fork = open_repository(session, viewer, path, need=Permission.PUSH)
        origin = _get_origin(session, viewer, fork)
        work, source = directory(database.config, fork), directory(database.config, origin)
        ours, theirs = _tip(work, fork), _tip(source, origin)
        is_lent = fork.lender_id == origin.id
        update_wanted = RefUpdate(BRANCHES + fork.default_branch, ours or ZERO_ID, theirs or ZERO_ID)
        fork_id, origin_path = fork.id, origin.path
    if theirs is None or ours == theirs:
        return None
    if ours is not None:
        _require_forward(work, ours, source, theirs, origin_path=origin_path)
    try:
        # No loan ends and nothing is repacked between the copy and the move.
        with upkeep(work, wait_seconds=_BUSY_SECONDS):
            if not (is_lent and is_borrowing(work)):
                copy_objects(source, work, [theirs], known=set(RefFiles(work).read_shared().values()))
            with database.writing() as session:
                fork = open_repository(session, viewer, fork_id, need=Permission.PUSH)
                update_refs(session, viewer, fork, [update_wanted])
    except Busy as error:
        raise Unavailable(
            text("This repository is being repacked."), next_step=text("Try it again in a minute.")
        ) from error
    return theirs


def _get_origin(session: Session, viewer: Viewer, fork: Repository) -> Repository:
    origin = None if fork.origin_id is None else find_repository(session, viewer, fork.origin_id)
    if origin is None:
        raise Conflict(
            text("There is nothing to sync %(path)s with.", path=fork.path),
            text("It is no fork, or what it was forked from is not there any more."),
        )
    return origin


def _require_forward(work: Path, ours: str, source: Path, theirs: str, *, origin_path: str) -> None:
    try:
        ahead, _ = count_apart(work, ours, source, theirs)
    except GitTooSlow as error:
        raise Unavailable(
            text("The two histories are too long to compare here."),
            next_step=text("Pull from %(origin)s and push to your fork.", origin=origin_path),
        ) from error
    if ahead:
        raise Conflict(
            text("Your branch has commits of its own that %(origin)s does not have.", origin=origin_path),
            text("Syncing only moves a branch forward; joining both is for you to do."),
            text("Pull from %(origin)s, then push to your fork.", origin=origin_path),
        )
