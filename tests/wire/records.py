"""What a hub has written down about refs, and what the repository on disk says."""

from pathlib import Path

from sqlalchemy import func, select, text

from hub.access import Permission
from hub.repos.access import open_repository
from hub.repos.models import PushIntent, RefLogEntry
from tests.factories import SYSTEM
from tests.git_client import GitClient
from tests.served import Served

ZERO = "0" * 40

Move = tuple[str, str, str]


def repository_id(served: Served, path: str) -> int:
    """The id of the repository at that path."""
    with served.hub.database.reading() as session:
        return open_repository(session, SYSTEM, path, need=Permission.SEE).id


def ref_log(served: Served, path: str, ref: str | None = None) -> list[Move]:
    """Every move of the repository's refs (or of one) in order: ref, old id, new id."""
    wanted = (
        select(RefLogEntry)
        .where(RefLogEntry.repository_id == repository_id(served, path))
        .order_by(RefLogEntry.id)
    )
    with served.hub.database.reading() as session:
        moves = [(one.ref, one.old_id, one.new_id) for one in session.scalars(wanted)]
    return [move for move in moves if ref in (None, move[0])]


def logged_refs(served: Served, path: str) -> dict[str, str]:
    """The refs as the log's last entries have them."""
    last = {ref: new for ref, _, new in ref_log(served, path)}
    return {ref: new for ref, new in last.items() if new != ZERO}


def refs_on_disk(git: GitClient, directory: Path) -> dict[str, str]:
    """The refs as git reads them in the repository itself, but for those of its journal."""
    # No push moves them, and they move whenever the worker comes to it.
    return {name: one for name, one in _all_refs(git, directory).items() if not name.startswith("refs/hub/")}


def journal_refs(git: GitClient, directory: Path) -> dict[str, str]:
    """The refs of its journal, and those that were put aside."""
    return {name: one for name, one in _all_refs(git, directory).items() if name.startswith("refs/hub")}


def _all_refs(git: GitClient, directory: Path) -> dict[str, str]:
    lines = git.run("-C", str(directory), "for-each-ref", "--format=%(refname) %(objectname)").out
    return dict(line.split(" ") for line in lines.splitlines())


def open_intents(served: Served, path: str) -> int:
    """How many pushes have an intent that is not closed."""
    wanted = select(func.count()).where(
        PushIntent.repository_id == repository_id(served, path), PushIntent.done_at.is_(None)
    )
    with served.hub.database.reading() as session:
        return session.scalar(wanted) or 0


def is_linear(moves: list[Move]) -> bool:
    """Whether each move of this one ref begins where the one before it ended, the first at nothing."""
    ends = [ZERO, *(new for _, _, new in moves)]
    return all(old == end for (_, old, _), end in zip(moves, ends, strict=False))


class FailingRecord:
    """Lets the database refuse every entry in one repository's ref log, as a full disk would, until undone.

    A trigger: the hub's own code runs as it is.
    """

    def __init__(self, served: Served, path: str) -> None:
        self._engine = served.hub.database.engine
        self._id = repository_id(served, path)
        self._name = f"refuse_{self._id}"

    def __enter__(self) -> "FailingRecord":
        self._execute(*self._made())
        return self

    def __exit__(self, *exc: object) -> None:
        on_table = "" if self._is_sqlite else " ON ref_log"
        self._execute(f"DROP TRIGGER {self._name}{on_table}")

    @property
    def _is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    def _made(self) -> list[str]:
        head = f"CREATE TRIGGER {self._name} BEFORE INSERT ON ref_log"
        when = f"WHEN (NEW.repository_id = {self._id})"
        if self._is_sqlite:
            return [f"{head} {when} BEGIN SELECT RAISE(ABORT, 'no space left'); END"]
        function = (
            f"CREATE OR REPLACE FUNCTION {self._name}() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no space left'; END $$"
        )
        return [function, f"{head} FOR EACH ROW {when} EXECUTE FUNCTION {self._name}()"]

    def _execute(self, *statements: str) -> None:
        with self._engine.execution_options(writing=True).begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
