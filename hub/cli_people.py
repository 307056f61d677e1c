"""The commands about accounts: `hub user`."""

import dataclasses
import sys

import click

from hub.accounts import actions, queries
from hub.cli_line import SYSTEM, CommandLine, as_json, pass_line, show_rows


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
        actions.change_password(session, SYSTEM, user, password=password)
        click.echo(f"Set the password of {user.name}. Tokens and keys of the account stay as they are.")


@user_commands.command("list")
@as_json
@pass_line
def list_users(line: CommandLine, is_json: bool) -> None:
    """Every account."""
    with line.hub.database.reading() as session:
        rows = [dataclasses.asdict(row) for row in queries.list_users(session, SYSTEM)]
    show_rows(rows, is_json=is_json, empty="No accounts yet. Make one: hub user create NAME --email ADDRESS")


def _read_password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
