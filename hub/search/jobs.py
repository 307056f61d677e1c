"""What keeps search up with branches and threads: a look each second, the sweeps; and what people leave."""

from typing import Final

from sqlalchemy.orm import Session

from hub.clock import now
from hub.db import Database
from hub.events import BranchesChosen, DefaultBranchChanged, PersonDeleted, on
from hub.jobs import Look, enqueue, every, job, watch
from hub.repos.models import Repository
from hub.search.code.moved import list_moved, list_moved_lately
from hub.search.code.watching import RefWatcher
from hub.search.commits import watching as histories
from hub.search.memory import keeping
from hub.search.saved.actions import forget_searches
from hub.search.words.marks import NEWEST, is_behind, newest_entry, read_marks

# What somebody asked for waits for who holds the index; what the sweeps find is found again.
_WAIT_SECONDS: Final = 60.0


@on(PersonDeleted)
def forget_person(session: Session, event: PersonDeleted) -> None:
    """Deletes the searches that the person saved: nobody else has a use for them."""
    forget_searches(session, event.user_id)


@watch(seconds=1)
def follow_pushes(database: Database) -> Look:
    """Indexes what was pushed. Nothing is asked of the push itself, which would wait for it."""
    return RefWatcher(database).look


@watch(seconds=1)
def follow_talk(database: Database) -> Look:
    """Indexes what was said. Nothing is asked of whoever said it."""

    def look() -> None:
        with database.reading() as session:
            has_moved = newest_entry(session) != read_marks(database.config).get(NEWEST)
        if has_moved:
            _index_talk(database)

    return look


def _index_talk(database: Database) -> None:
    from hub.search.words import keeping_up  # noqa: PLC0415

    keeping_up.index_new_entries(database)


@on(DefaultBranchChanged)
def follow_default_branch(session: Session, event: DefaultBranchChanged) -> None:
    """Has the worker index it."""
    enqueue(session, index_repository, event.repository_id)


@on(BranchesChosen)
def follow_choice(session: Session, event: BranchesChosen) -> None:
    """Has the worker index them."""
    enqueue(session, index_repository, event.repository_id)


@job
def index_repository(database: Database, repository_id: int) -> None:
    """Looks at every branch of one repository that is searched."""
    with database.reading() as session:
        moved = list_moved(session, database.config, Repository.id == repository_id)
    _bring_up(database, moved, wait_seconds=_WAIT_SECONDS)


@every(1)
def index_moved(database: Database) -> None:
    """Finds branches that are not what the index saw of them, whatever moved them, and looks at them."""
    with database.reading() as session:
        moved = list_moved_lately(session, database.config)
    _bring_up(database, moved)


@every(60)
def drop_unused(database: Database) -> None:
    """Removes what no branch shows any more, adds what is lacking, and looks for damage: all within a day."""
    # Whoosh and numpy are for who indexes and who searches, and cost what else there is to do twice over.
    from hub.search.code import keeping_up  # noqa: PLC0415

    keeping_up.look_over(database)
    keeping_up.check_part(database, part=now().hour, parts=24)
    keeping_up.drop_what_nobody_shows(database)


@every(1)
def look_at_threads(database: Database) -> None:
    """Notes what the lines hold that people spoke about."""
    keeping.look_at_threads(database)


@every(60)
def look_again_at_threads(database: Database) -> None:
    """Has those looked at again whose files were not there."""
    keeping.look_again(database)


def _bring_up(database: Database, moved: list[tuple[int, str]], wait_seconds: float = 0) -> None:
    if moved:
        from hub.search.code import keeping_up  # noqa: PLC0415

        keeping_up.bring_up(database, moved, wait_seconds=wait_seconds)


@every(1)
def index_words(database: Database) -> None:
    """Has the index of words say what rows say, where they are not what they were when it was made."""
    with database.reading() as session:
        is_due = is_behind(session, database.config)
    if is_due:
        from hub.search.words import keeping_up  # noqa: PLC0415

        keeping_up.catch_up(database)


@watch(seconds=2)
def follow_histories(database: Database) -> Look:
    """Indexes the commits that were pushed to default branches."""
    return histories.HistoryWatcher(database).look


@every(5)
def index_histories(database: Database) -> None:
    """Finds default branches that are not what the index of commits saw of them, whatever moved them."""
    histories.look_over(database)


@every(60)
def drop_unused_commits(database: Database) -> None:
    """Removes the commits that no default branch leads to any more."""
    from hub.search.commits import keeping_up  # noqa: PLC0415

    keeping_up.drop_what_nobody_shows(database)
