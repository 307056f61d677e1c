"""What changes do when refs move, and the sweeps over them; registers what a push means for them."""

from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from hub.clock import now
from hub.db import Database
from hub.events import RefsUpdated, WordsTakenAway, on
from hub.jobs import enqueue, every, job
from hub.journal.kinds import Kinds, register
from hub.repos import receive
from hub.repos.names import BRANCHES
from hub.repos.pushing.admission import admit_by
from hub.repos.pushing.push_policy import PROPOSALS
from hub.reviews import asked_ahead, following, merged_elsewhere
from hub.reviews.admitting import find_admitted
from hub.reviews.claims import claims_of
from hub.reviews.intake.branches import watch
from hub.reviews.intake.judging import join, judge
from hub.reviews.intake.looking import look
from hub.reviews.intake.measuring import measure_missing
from hub.reviews.intake.proposed import drop_older, drop_unrecorded
from hub.reviews.intake.recording import record
from hub.reviews.kinds import KINDS, note_entry
from hub.reviews.recognising import has_candidates
from hub.reviews.rows import load, save, welcome
from hub.reviews.signed import looking as signed_looking
from hub.reviews.signed import taking as signed_taking
from hub.reviews.state import ChangeState

_FORGOTTEN_AFTER: Final = timedelta(days=1)
_REVIEW_REFS: Final = "refs/changes/"

register(
    "change",
    Kinds(
        new_state=ChangeState,
        apply=KINDS,
        load=load,
        save=save,
        note=note_entry,
        claims=claims_of,
        welcome=welcome,
    ),
)
receive.namespace(PROPOSALS, look, judge, record)
receive.namespace(signed_looking.PREFIX, signed_looking.look, signed_taking.judge, signed_taking.record)
receive.watch(watch, join)
admit_by(find_admitted)


@on(RefsUpdated)
def follow_branches(session: Session, event: RefsUpdated) -> None:
    """Has the worker look at changes elsewhere that follow what was pushed here."""
    has_branch = any(one.name.startswith(BRANCHES) for one in event.refs)
    if has_branch and following.has_followers(session, event.repository_id):
        enqueue(session, follow, event.repository_id)


@on(RefsUpdated)
def look_for_merged(session: Session, event: RefsUpdated) -> None:
    """Has the worker look whether commits of changes were pushed, and ask ahead what merges now."""
    names = [one.name.removeprefix(BRANCHES) for one in event.refs if one.name.startswith(BRANCHES)]
    moves_target = bool(names) and has_candidates(session, event.repository_id, names)
    if moves_target:
        enqueue(session, close_merged, event.repository_id, event.push_id)
    if moves_target or any(one.name.startswith(_REVIEW_REFS) for one in event.refs):
        enqueue(session, ask_ahead, event.repository_id)


@job
def ask_ahead(database: Database, repository_id: int) -> None:
    """Finds out which changes of the repository can be merged now."""
    asked_ahead.ask_ahead(database, repository_id)


@job
def close_merged(database: Database, repository_id: int, push_id: str) -> None:
    """Says of changes that they are merged, where that push brought their commits."""
    merged_elsewhere.close_merged(database, repository_id, push_id)


@every(5)
def close_again(database: Database) -> None:
    """Says so of those that a crash left out."""
    merged_elsewhere.close_lately_merged(database)


@job
def follow(database: Database, repository_id: int) -> None:
    """Adds patch sets to the changes that follow branches of this repository."""
    following.follow(database, repository_id)


@every(5)
def follow_again(database: Database) -> None:
    """Adds the patch sets that a crash or a race left out."""
    following.follow_lately_pushed(database)


@every(5)
def measure_arrived(database: Database) -> None:
    """Finds out what git says of patch sets that came with a journal."""
    measure_missing(database)


@on(WordsTakenAway)
def forget_what_was_not_recorded(session: Session, event: WordsTakenAway) -> None:
    """A push that came to nothing may have brought the same words."""
    drop_unrecorded(session, event.repository_id)


@every(60)
def forget_proposals(database: Database) -> None:
    """Forgets proposals whose refs never moved; the reconciler has looked at their pushes long ago."""
    with database.writing() as session:
        drop_older(session, now() - _FORGOTTEN_AFTER)
