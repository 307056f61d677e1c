"""The command that builds the search index again: `hub reindex`."""

import time
from typing import Final

import click

from hub.access import Permission
from hub.cli_line import SYSTEM, CommandLine, pass_line
from hub.repos.access import open_repository

_TOLD_EVERY_SECONDS: Final = 1.0
_WAIT_SECONDS: Final = 600.0


@click.command("reindex")
@click.option(
    "--repository", "path", metavar="OWNER/NAME", help="Look anew at the branches of this one only."
)
@pass_line
def reindex_command(line: CommandLine, path: str | None) -> None:
    """Build the search indexes again from what git and the database hold.

    The old one serves meanwhile, and what is pushed is found in it; the new one takes its place all at once.
    If this is interrupted, nothing has changed. A running hub need not be stopped, and the index needs no
    backup. Commits come last, and are not found until they are indexed again.
    """
    # Whoosh and numpy would be paid for by every other command, and by every part of a served hub.
    from hub.search.code import keeping_up, rebuilding  # noqa: PLC0415
    from hub.search.commits import keeping_up as commits  # noqa: PLC0415
    from hub.search.words import keeping_up as words  # noqa: PLC0415

    database = line.hub.database
    if path is not None:
        with database.reading() as session:
            repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
            repository_id, path = repository.id, repository.path
        count = keeping_up.index_again(database, repository_id)
        click.echo(f"Looked anew at {count} branches and tags of {path}.")
        return
    progress = _Progress()
    made = rebuilding.rebuild(database, progress.note)
    click.echo(f"The index holds {made.documents} files, which {made.views} branches and tags show.")
    if made.lost:
        click.echo(
            f"{made.lost} files could not be read from git any more; their branches are looked at anew."
        )
    click.echo(
        f"The index of words holds {words.rebuild(database)} texts of changes, people and repositories."
    )
    count = commits.make_anew(database, wait_seconds=_WAIT_SECONDS)
    click.echo(f"The index of commits holds {count} commits.")


class _Progress:
    """Says how far it is, once a second at most."""

    def __init__(self) -> None:
        self._told_at = time.monotonic()

    def note(self, done: int, total: int) -> None:
        """Says that so many branches are done."""
        if time.monotonic() - self._told_at >= _TOLD_EVERY_SECONDS:
            self._told_at = time.monotonic()
            click.echo(f"{done} of {total} branches and tags", err=True)
