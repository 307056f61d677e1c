"""The commands about accounts: `hub user`."""

import dataclasses
import sys

import click

from hub.accounts import actions, leaving, people, people_actions, profile_actions, queries
from hub.accounts.people import PeopleFilter
from hub.accounts.sign_in import passwords, recovery
from hub.cli_line import SYSTEM, CommandLine, as_json, pass_line, show_rows
from hub.errors import Invalid, text


@click.group("user")
def user_commands() -> None:
    """Accounts of people."""


@user_commands.command("create")
@click.argument("name")
@click.option("--email", required=True, help="Where mail reaches the person.")
@click.option("--admin", "is_admin", is_flag=True, help="May administer the whole hub.")
@click.option("--password-stdin", is_flag=True, help="Read a password from standard input.")
@pass_line
def create_user(line: CommandLine, name: str, email: str, is_admin: bool, password_stdin: bool) -> None:
    """Make an account."""
    password = _read_password() if password_stdin else None
    with line.hub.database.writing() as session:
        user = actions.create_user(
            session, SYSTEM, name=name, email=email, password=password, is_admin=is_admin
        )
        click.echo(f"Made the account {user.name}{' of an administrator' if is_admin else ''}.")
        if password is None:
            click.echo("It has no password yet, so it cannot sign in to the pages.")
            click.echo(f"Set one, read from standard input: hub user password {user.name}")


@user_commands.command("password")
@click.argument("name")
@pass_line
def set_password(line: CommandLine, name: str) -> None:
    """Set a new password, read from standard input. Whoever is signed in is signed out."""
    password = _read_password()
    with line.hub.database.writing() as session:
        user = queries.get_user(session, name)
        passwords.change_password(session, SYSTEM, user, password=password)
        click.echo(f"Set the password of {user.name}. Tokens and keys of the account stay as they are.")


@user_commands.command("second-step-off")
@click.argument("name")
@pass_line
def turn_second_step_off(line: CommandLine, name: str) -> None:
    """Turn off what a person lost. Authenticator app, passkeys and recovery codes are deleted."""
    with line.hub.database.writing() as session:
        user = queries.get_user(session, name)
        recovery.turn_all_off(session, SYSTEM, user)
        click.echo(f"The password alone signs {user.name} in now. Whoever was signed in is signed out.")


@user_commands.command("list")
@click.option(
    "--only",
    "which",
    type=click.Choice([one.value for one in PeopleFilter]),
    default=PeopleFilter.ALL.value,
    show_default=True,
    help="Which accounts.",
)
@as_json
@pass_line
def list_users(line: CommandLine, which: str, is_json: bool) -> None:
    """Every account, or those of one kind."""
    with line.hub.database.reading() as session:
        rows = [
            dataclasses.asdict(row) for row in people.list_everybody(session, SYSTEM, PeopleFilter(which))
        ]
    empty = "No accounts yet. Make one: hub user create NAME --email ADDRESS"
    show_rows(rows, is_json=is_json, empty=empty if which == PeopleFilter.ALL else "No such accounts.")


@user_commands.command("show")
@click.argument("name")
@as_json
@pass_line
def show_user(line: CommandLine, name: str, is_json: bool) -> None:
    """One account in full."""
    with line.hub.database.reading() as session:
        facts = dataclasses.asdict(people.get_facts(session, SYSTEM, queries.get_user(session, name)))
    rows = [{"fact": key.replace("_", " "), "value": value} for key, value in facts.items()]
    show_rows([facts] if is_json else rows, is_json=is_json, empty="")


@user_commands.command("approve")
@click.argument("name")
@pass_line
def approve(line: CommandLine, name: str) -> None:
    """Let a newcomer in who waits for approval."""
    with line.hub.database.writing() as session:
        user = queries.get_user(session, name)
        people_actions.approve(session, SYSTEM, user)
        click.echo(f"{user.name} can sign in now.")


@user_commands.command("decline")
@click.argument("name")
@pass_line
def decline(line: CommandLine, name: str) -> None:
    """Delete the account of a newcomer who waits for approval. The name is free again."""
    with line.hub.database.writing() as session:
        people_actions.decline(session, SYSTEM, queries.get_user(session, name))
    click.echo(f"Declined and deleted the account {name}.")


@user_commands.command("suspend")
@click.argument("name")
@click.option("--reason", default="", help="Why, for the log.")
@pass_line
def suspend(line: CommandLine, name: str, reason: str) -> None:
    """Keep a person out. Sign-ins, tokens and keys are refused until `hub user restore`."""
    with line.hub.database.writing() as session:
        user = queries.get_user(session, name)
        people_actions.suspend(session, SYSTEM, user, reason=reason)
        click.echo(f"Suspended {user.name}. Let them in again: hub user restore {user.name}")


@user_commands.command("restore")
@click.argument("name")
@pass_line
def restore(line: CommandLine, name: str) -> None:
    """Let a suspended person in again."""
    with line.hub.database.writing() as session:
        user = queries.get_user(session, name)
        people_actions.restore(session, SYSTEM, user)
        click.echo(f"{user.name} can sign in again.")


@user_commands.command("rename")
@click.argument("name")
@click.argument("new_name", metavar="NEW")
@pass_line
def rename(line: CommandLine, name: str, new_name: str) -> None:
    """Give a person another name. The old one leads to it and is kept for them for 90 days."""
    with line.hub.database.writing() as session:
        user = queries.get_user(session, name)
        profile_actions.rename(session, SYSTEM, user, name=new_name)
        click.echo(f"{name} is {user.name} now.")


@user_commands.command("delete")
@click.argument("name")
@click.option("--confirm", required=True, metavar="NAME", help="The name again, since this is for ever.")
@pass_line
def delete(line: CommandLine, name: str, confirm: str) -> None:
    """Delete an account and everything personal. Repositories stay, as those of a deleted account."""
    if confirm != name:
        raise Invalid(
            text("The account was not deleted."),
            next_step=text("Repeat the name: hub user delete %(name)s --confirm %(name)s", name=name),
        )
    with line.hub.database.writing() as session:
        leaving.delete_account(session, SYSTEM, queries.get_user(session, name))
    click.echo(f"Deleted the account {name}.")


@user_commands.command("admin")
@click.argument("name")
@click.option("--remove", is_flag=True, help="Take administration from the person instead.")
@pass_line
def set_admin(line: CommandLine, name: str, remove: bool) -> None:
    """Make a person an administrator of the whole hub."""
    with line.hub.database.writing() as session:
        user = queries.get_user(session, name)
        people_actions.set_admin(session, SYSTEM, user, is_admin=not remove)
        click.echo(f"{user.name} is {'no administrator any more' if remove else 'an administrator now'}.")


def _read_password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
