"""Who may borrow objects from whom, and how a loan ends: what every act asks that changes who reads what.

A fork keeps its own objects only and borrows all others, so that anybody who may push to it could name, and
so read, any object of its lender. Therefore a fork borrows only
from what every one of its readers may read, and only as long as that holds.

**How an act uses this.** It changes its rows, flushes, and calls `check_loans(session, repository)` last,
for the repository whose readers became fewer (as a lender) or more (as a fork): visibility, a role given or
taken, a transfer, a deletion, a deploy key. Where a loan would not hold any more this raises LoansInTheWay,
and nothing of the act is kept. Whoever calls the act lets `settle` do so:

    settle(database, lambda session: actions.set_visibility(session, viewer, ...))

which ends the loans that are in the way, each in its own time and outside of any transaction, and then does
the act again; the command line says `is_patient=True`. Without `settle` (an act inside a request's own
transaction) the person reads that forks are being made whole, and what to do.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session, aliased

from hub.access import Visibility
from hub.accounts.models import SshKey
from hub.db import Database
from hub.errors import Conflict, NotFound, Unavailable, text
from hub.events import LoanToEnd, publish
from hub.repos.git.loans import Busy, end_loan
from hub.repos.git.store import directory
from hub.repos.models import Collaborator, Repository

T = TypeVar("T")

# After each attempt somebody may have forked anew.
_ATTEMPTS: Final = 5
# As much is copied while somebody waits for a page.
_INLINE_BYTES: Final = 20_000_000
_INLINE_FORKS: Final = 20
# What was read before the rows were locked may be of yesterday.
_FRESH: Final = {"populate_existing": True}


class LoansInTheWay(Conflict):
    """Forks borrow objects that not all of their readers could read any more; they come first."""

    code = "loans_in_the_way"

    def __init__(self, fork_ids: Sequence[int]) -> None:
        super().__init__(
            text("Forks still use objects of this repository."),
            text("Each of them must have objects of its own first, which takes a moment."),
            text("Try it again in a minute."),
        )
        self.fork_ids = list(fork_ids)


def may_borrow(session: Session, fork: Repository, lender: Repository) -> bool:
    """Whether everybody who may read the fork may read the lender, as the rows of this session say.

    Administrators read everything anyway. A deploy key reads one repository, so that a fork which has one
    cannot borrow from what is private.
    """
    if lender.deleted_at is not None or lender.lender_id is not None:
        return False
    if lender.visibility is Visibility.PUBLIC:
        return True
    if fork.visibility is Visibility.PUBLIC:
        return False
    if session.scalar(select(SshKey.id).where(SshKey.repository_id == fork.id).limit(1)) is not None:
        return False
    return _people(session, fork) <= _people(session, lender)


def _people(session: Session, repository: Repository) -> set[int]:
    with_role = select(Collaborator.user_id).where(Collaborator.repository_id == repository.id)
    return {repository.owner_id, *session.scalars(with_role)}


def forks_to_make_whole(session: Session, repository: Repository) -> list[int]:
    """The ids of the forks whose loan does not hold any more, of those that this repository has part in.

    What the session changed must be flushed. The repositories concerned are locked until it ends, so that
    nobody forks or changes them meanwhile.
    """
    session.flush()
    is_concerned = or_(Repository.id == repository.id, Repository.lender_id == repository.id)
    asked = select(Repository).where(is_concerned).order_by(Repository.id)
    concerned = session.scalars(asked.with_for_update(of=Repository), execution_options=_FRESH).all()
    lenders = {one.id: one for one in concerned}
    found = []
    for fork in concerned:
        if fork.lender_id is not None:
            lender = lenders.get(fork.lender_id) or session.get_one(Repository, fork.lender_id)
            if not may_borrow(session, fork, lender):
                found.append(fork.id)
    return found


def check_loans(session: Session, repository: Repository) -> None:
    """Raises LoansInTheWay unless every loan still holds that this repository has part in."""
    found = forks_to_make_whole(session, repository)
    if found:
        raise LoansInTheWay(found)


def settle(database: Database, act: Callable[[Session], T], *, is_patient: bool = False) -> T:
    """What `act` returns in a writing transaction of its own, after ending the loans that are in its way.

    Where that takes longer than a page may, the worker does it, and Unavailable says to come back; somebody
    `is_patient`, at the command line, waits. Raises what `act` raises, and Unavailable also while others are
    at work on one of the forks for too long.
    """
    for _ in range(_ATTEMPTS):
        try:
            with database.writing() as session:
                return act(session)
        except LoansInTheWay as error:
            if not is_patient:
                _leave_to_worker(database, error.fork_ids)
            for fork_id in error.fork_ids:
                make_whole(database, fork_id)
    raise Unavailable(
        text("This repository is being forked right now."), next_step=text("Try it again in a minute.")
    )


def _leave_to_worker(database: Database, fork_ids: Sequence[int]) -> None:
    """Has the worker end these loans, if there is much to copy; raises Unavailable then."""
    with database.writing() as session:
        lender = aliased(Repository)
        sizes = select(func.sum(lender.size_bytes)).join_from(
            Repository, lender, lender.id == Repository.lender_id
        )
        total = session.scalar(sizes.where(Repository.id.in_(fork_ids))) or 0
        is_long = total > _INLINE_BYTES or len(fork_ids) > _INLINE_FORKS
        if is_long:
            for fork_id in fork_ids:
                publish(session, LoanToEnd(fork_id))
    if is_long:
        raise Unavailable(
            text("Nothing is changed yet: forks still use objects of this repository."),
            text("They are given copies of their own now, which takes some minutes."),
            text("Do it again then."),
        )


def make_whole(database: Database, repository_id: int) -> None:
    """Gives the repository copies of all objects it borrows, and ends its loan; nothing where it has none.

    Slow: git copies. To be called outside of any transaction; may be called twice, and after a crash.
    Raises Unavailable while others are at work there for too long, NotFound, and GitFailed.
    """
    with database.reading() as session:
        repository = session.get(Repository, repository_id)
        if repository is None:
            raise NotFound(text("The repository was deleted."))
        lender_id, path = repository.lender_id, directory(database.config, repository)
    if lender_id is None:
        return
    try:
        end_loan(path)
    except Busy as error:
        raise Unavailable(
            text("A fork of this repository is busy."),
            text("Somebody pushes to it, or it is being repacked."),
            text("Try it again in a minute."),
        ) from error
    with database.writing() as session:
        session.execute(update(Repository).where(Repository.id == repository_id).values(lender_id=None))
