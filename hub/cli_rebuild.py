"""The command that makes another hub's repository again from a mirror clone: `hub rebuild`."""

import dataclasses
import json

import click

from hub.access import Visibility
from hub.accounts.queries import get_user
from hub.cli_line import SYSTEM, CommandFailed, CommandLine, as_json, pass_line
from hub.errors import Invalid, text
from hub.journal.refs.rebuilding import Rebuilt, Target, fetched, rebuild, require_sound
from hub.repos.git.importing import SourceFailed
from hub.repos.names import split_path
from hub.reviews.intake.measuring import measure_missing


@click.command("rebuild")
@click.argument("mirror", metavar="MIRROR")
@click.option("--as", "path", metavar="OWNER/NAME", required=True, help="Whose it becomes, and its name.")
@click.option("--public", "is_public", is_flag=True, help="Everybody sees it; otherwise people with a role.")
@click.option("--accept", multiple=True, metavar="HUB", help="A hub that may have carried the journal on.")
@as_json
@pass_line
def rebuild_command(
    line: CommandLine, mirror: str, path: str, accept: tuple[str, ...], is_public: bool, is_json: bool
) -> None:
    """Make a repository and its reviews from a mirror clone. MIRROR is a folder or an http(s) address.

    Numbers, threads, verdicts, patch sets and merges are as they were; people appear as those of their hub.
    """
    parts = split_path(path)
    if parts is None:
        raise Invalid(
            text("%(path)s is no path of a repository.", path=path),
            next_step=text("Write OWNER/NAME, such as anna/demo."),
        )
    database = line.hub.database
    with database.reading() as session:
        owner_id = get_user(session, parts[0]).id
    target = Target(owner_id, parts[1], Visibility.PUBLIC if is_public else Visibility.PRIVATE)
    try:
        with fetched(line.config, mirror) as (aside, heads):
            require_sound(aside, accept)
            made = rebuild(database, SYSTEM, aside, heads, target)
    except SourceFailed as error:
        raise CommandFailed(f"The clone could not be read: {error.reason}\n") from error
    measure_missing(database, made.repository_id)
    if is_json:
        click.echo(json.dumps(dataclasses.asdict(made), indent=2))
    else:
        _tell(made)


def _tell(made: Rebuilt) -> None:
    click.echo(f"Made {made.path}: {made.topics} topics, {made.entries} entries of {made.people} people.")
    click.echo(f"Its journal stands at receipt {made.receipts}, as the hub left it that kept it.")
    click.echo("This hub becomes its home with the first act here, and `hub verify` says so from then on.")
