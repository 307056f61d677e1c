"""The commands that say which accounts are people of other hubs: `hub user list-persons`, `link-person`."""

import click

from hub.access import Permission
from hub.cli_line import SYSTEM, CommandLine, as_json, pass_line, show_rows
from hub.journal.linking import get_elsewhere, link, list_elsewhere
from hub.repos.access import open_repository


@click.command("list-persons")
@click.argument("path", metavar="OWNER/NAME")
@click.option("--page", default=1, show_default=True, type=click.IntRange(min=1), help="Which page.")
@as_json
@pass_line
def list_command(line: CommandLine, path: str, page: int, is_json: bool) -> None:
    """List people of other hubs in a journal."""
    with line.hub.database.reading() as session:
        repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
        found = list_elsewhere(session, repository.id, page=page)
    rows = [{"person": one.global_id, "name": one.name, "account": one.account or ""} for one in found.items]
    show_rows(rows, is_json=is_json, empty="Nobody of another hub acted there.")
    if found.has_next and not is_json:
        click.echo(f"{found.total} in all: --page {page + 1}")


@click.command("link-person")
@click.argument("path", metavar="OWNER/NAME")
@click.argument("person")
@click.argument("user", default="")
@click.option("--none", "is_none", is_flag=True, help="Take the link away.")
@pass_line
def link_command(line: CommandLine, path: str, person: str, user: str, is_none: bool) -> None:
    """Say whose account a person of another hub has.

    PERSON is the name that they had there, or their id (list-persons). USER is the account here; one account
    may have been several people. A link gives no right, and does not travel with a clone.
    """
    if bool(user) == is_none:
        raise click.UsageError("Give USER, or --none.")
    with line.hub.database.writing() as session:
        repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
        found = get_elsewhere(session, repository, person)
        link(session, SYSTEM, repository, found, name=user)
        click.echo(f"{found.name} of another hub is {found.account_name or 'nobody'} here.")
