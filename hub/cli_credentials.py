"""The commands about what people sign in with: `hub token`, `hub key`."""

import dataclasses
import sys
from datetime import timedelta

import click
from sqlalchemy.orm import Session

from hub.access import Permission, Scope
from hub.accounts import key_actions, queries, token_actions
from hub.cli_line import SYSTEM, CommandLine, as_json, pass_line, show_rows
from hub.clock import now
from hub.repos import reach
from hub.repos.access import open_repository
from hub.repos.loans import settle
from hub.repos.settings import deploy_keys


@click.group("token")
def token_commands() -> None:
    """Access tokens, with which git and scripts sign in."""


@token_commands.command("create")
@click.argument("name")
@click.option("--name", "label", required=True, metavar="LABEL", help="What the token is for.")
@click.option(
    "--scope",
    "scopes",
    required=True,
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What it may be used for; may be given again.",
)
@click.option(
    "--repository",
    "paths",
    multiple=True,
    metavar="OWNER/NAME",
    help="It reaches this repository and no other; may be given again.",
)
@click.option("--expires-days", type=click.IntRange(min=1, max=36500), help="It ends after so many days.")
@pass_line
def create_token(
    line: CommandLine,
    name: str,
    label: str,
    *,
    scopes: tuple[str, ...],
    paths: tuple[str, ...],
    expires_days: int | None,
) -> None:
    """Make a token of the account NAME. The last line is the token alone, shown only this once."""
    expires_at = None if expires_days is None else now() + timedelta(days=expires_days)
    wanted = frozenset(Scope(scope) for scope in scopes)
    with line.hub.database.writing() as session:
        user = queries.get_user(session, name)
        repositories = reach.find_ids(session, user, paths) if paths else None
        _, secret = token_actions.create_token(
            session,
            SYSTEM,
            user,
            label=label,
            scopes=wanted,
            expires_at=expires_at,
            repositories=repositories,
        )
    click.echo("This is shown once. Use it as the password for git over HTTP.")
    click.echo(secret)


@token_commands.command("list")
@click.argument("name")
@as_json
@pass_line
def list_tokens(line: CommandLine, name: str, is_json: bool) -> None:
    """The tokens of the account NAME."""
    with line.hub.database.reading() as session:
        user = queries.get_user(session, name)
        rows = [dataclasses.asdict(row) for row in queries.list_tokens(session, user)]
    empty = f"No tokens yet. Make one: hub token create {name} --name LABEL --scope all"
    show_rows(rows, is_json=is_json, empty=empty)


@token_commands.command("revoke")
@click.argument("name")
@click.argument("token_id", metavar="ID", type=int)
@pass_line
def revoke_token(line: CommandLine, name: str, token_id: int) -> None:
    """Delete the token ID of the account NAME. `hub token list` shows the ids."""
    with line.hub.database.writing() as session:
        user = queries.get_user(session, name)
        token_actions.revoke_token(session, SYSTEM, user, token_id=token_id)
    click.echo(f"Revoked token {token_id} of {name}.")


@click.group("key")
def key_commands() -> None:
    """SSH keys, with which people sign in to git over SSH."""


@key_commands.command("add")
@click.argument("name", required=False)
@click.option("--title", default="", help="What the key is called in lists; its own comment if left out.")
@click.option("--deploy", "path", metavar="OWNER/NAME", help="For a machine: it reaches this repository.")
@click.option("--write", "may_push", is_flag=True, help="A deploy key that pushes, not one that only reads.")
@pass_line
def add_key(line: CommandLine, name: str | None, title: str, path: str | None, may_push: bool) -> None:
    """Add a public key from standard input. It is for the account NAME, or for a repository."""
    if (name is None) == (path is None) or (may_push and path is None):
        raise click.UsageError("Give either NAME, or --deploy OWNER/NAME with or without --write.")
    pasted = sys.stdin.read()

    def act(session: Session) -> str:
        if path is None:
            user = queries.get_user(session, name or "")
            key = key_actions.add_key(session, SYSTEM, user, title=title, text=pasted)
            return f"Added {key.fingerprint} ({key.title}) to {user.name}."
        repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
        key = deploy_keys.add_deploy_key(
            session, SYSTEM, repository, title=title, line=pasted, may_push=may_push
        )
        may = "read and push" if may_push else "read"
        return f"Added {key.fingerprint} ({key.title}) to {repository.path}, to {may}."

    click.echo(settle(line.hub.database, act, is_patient=True))


@key_commands.command("list")
@click.argument("name", required=False)
@click.option("--deploy", "path", metavar="OWNER/NAME", help="The deploy keys of this repository.")
@as_json
@pass_line
def list_keys(line: CommandLine, name: str | None, path: str | None, is_json: bool) -> None:
    """The SSH keys of the account NAME, or of a repository."""
    if (name is None) == (path is None):
        raise click.UsageError("Give either NAME or --deploy OWNER/NAME.")
    rows: list[dict[str, object]]
    with line.hub.database.reading() as session:
        if path is not None:
            repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
            found = deploy_keys.list_deploy_keys(session, SYSTEM, repository)
            rows = [dataclasses.asdict(row) for row in found]
        else:
            user = queries.get_user(session, name or "")
            rows = [dataclasses.asdict(row) for row in queries.list_keys(session, user)]
    owner = name if path is None else f"--deploy {path}"
    show_rows(
        rows,
        is_json=is_json,
        empty=f"No keys yet. Add one: hub key add {owner} < ~/.ssh/id_ed25519.pub",
    )


@key_commands.command("remove")
@click.argument("path", metavar="OWNER/NAME")
@click.argument("key_id", metavar="ID", type=int)
@pass_line
def remove_deploy_key(line: CommandLine, path: str, key_id: int) -> None:
    """Remove the deploy key ID of a repository. `hub key list --deploy` shows the ids."""
    with line.hub.database.writing() as session:
        repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
        deploy_keys.remove_deploy_key(session, SYSTEM, repository, key_id=key_id)
    click.echo(f"Removed the deploy key {key_id} of {path}.")
