"""The commands about the journal: `hub journal`."""

import dataclasses
import json

import click

from hub.cli_line import CommandLine, as_json, pass_line
from hub.journal.keys.hub_key import load_hub_key
from hub.journal.keys.public_keys import follow, wire_form
from hub.journal.refs.exporting import export
from hub.journal.rotating import rotate_key
from hub.signing import fingerprint_of


@click.group("journal")
def journal_commands() -> None:
    """What was said and decided, and the key that signs it."""


@journal_commands.command("show-key")
@as_json
@pass_line
def show_key(line: CommandLine, is_json: bool) -> None:
    """Show the hub's id and the key that it signs with."""
    key = load_hub_key(line.hub.config)
    earlier = follow(key.first, [dataclasses.asdict(one) for one in key.then])[:-1]
    prints = [fingerprint_of(wire_form(one)) for one in earlier]
    if is_json:
        told = {"hub": key.hub_id, "fingerprint": key.fingerprint, "key": key.public, **key.introduction()}
        shown = {**told, "key": key.public, "first_key": key.first, "earlier": prints}
        click.echo(json.dumps(shown, indent=2))
        return
    click.echo(f"hub          {key.hub_id}")
    click.echo(f"fingerprint  {key.fingerprint}")
    click.echo(f"public key   {key.public}")
    if not earlier:
        click.echo("It is the first key of this hub, of which the hub's id is made.")
        return
    click.echo("Earlier keys, each of which signed the next; the hub's id is made of the first:")
    for fingerprint, public in zip(prints, earlier, strict=True):
        click.echo(f"  {fingerprint}  {public}")


@journal_commands.command("rotate-key")
@pass_line
def change_key(line: CommandLine) -> None:
    """Give this hub another key, while it is served.

    Run again after a crash: it goes on where it stopped.
    """
    done = rotate_key(line.hub.database, export)
    if done.went_on:
        click.echo("Ended what an earlier command had begun. To change the key once more, run this again.")
    click.echo(f"The key of this hub is {done.new.fingerprint}.")
    click.echo(f"Withdrawn: {done.old.fingerprint}, in the journals of {done.journals} repositories.")
    click.echo("The hub's id stays what it is. Make a new backup of the folder keys.")
