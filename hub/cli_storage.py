"""The commands about what lies on disk: `hub gc`, and forks."""

import click
from sqlalchemy import select

from hub.access import Permission, Visibility
from hub.accounts.queries import get_user
from hub.cli_line import SYSTEM, CommandLine, as_json, pass_line, show_rows
from hub.cli_repos import repo_commands
from hub.errors import Invalid, Unavailable, text
from hub.repos import maintenance
from hub.repos.access import open_repository
from hub.repos.forks import forking as forks
from hub.repos.models import Repository
from hub.repos.names import split_path

_WAIT_SECONDS = 60.0


@click.command("gc")
@click.argument("path", metavar="[OWNER/NAME]", required=False)
@as_json
@pass_line
def gc_command(line: CommandLine, path: str | None, is_json: bool) -> None:
    """Repack one repository, or every one. Nothing is ever removed; what is being pushed to is waited for."""
    database = line.hub.database
    with database.reading() as session:
        if path is None:
            is_there = Repository.deleted_at.is_(None)
            ids = list(session.scalars(select(Repository.id).where(is_there).order_by(Repository.id)))
        else:
            ids = [open_repository(session, SYSTEM, path, need=Permission.SEE).id]
    rows: list[dict[str, object]] = []
    for one in ids:
        try:
            done = maintenance.maintain(database, one, wait_seconds=_WAIT_SECONDS)
        except Unavailable as error:
            if path is not None:
                raise
            click.echo(error.as_text(), err=True, nl=False)
            continue
        rows.append(
            {
                "path": done.path,
                "packs_before": done.packs_before,
                "packs_after": done.packs_after,
                "size_bytes": done.size_bytes,
            }
        )
    show_rows(rows, is_json=is_json, empty="No repositories yet.")


@repo_commands.command("fork")
@click.argument("origin", metavar="OWNER/NAME")
@click.argument("target", metavar="OWNER/NEW")
@click.option("--private", "is_private", is_flag=True, help="Only people with a role see it.")
@pass_line
def fork_repository(line: CommandLine, origin: str, target: str, is_private: bool) -> None:
    """Fork a repository. The new one borrows the objects of the old."""
    parts = split_path(target)
    if parts is None:
        raise Invalid(
            text("%(path)s is no path of a repository.", path=target),
            next_step=text("Write OWNER/NAME, such as anna/demo."),
        )
    with line.hub.database.writing() as session:
        source = open_repository(session, SYSTEM, origin, need=Permission.SEE)
        made = forks.fork_repository(
            session,
            SYSTEM,
            source,
            owner=get_user(session, parts[0]),
            name=parts[1],
            description=source.description,
            visibility=Visibility.PRIVATE if is_private else source.visibility,
        )
        click.echo(f"Made {made.path}, a fork of {source.path}.")
