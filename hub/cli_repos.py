"""The commands about repositories: `hub repo`."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import click
from sqlalchemy.orm import Session

from hub.access import Permission, Role, Visibility
from hub.accounts.queries import get_user
from hub.cli_line import SYSTEM, CommandLine, as_json, pass_line, show_rows
from hub.config import Config
from hub.errors import Invalid, text
from hub.gateway.listeners import find_served_http
from hub.paging import Page
from hub.repos import actions, lists
from hub.repos.access import open_repository
from hub.repos.loans import settle
from hub.repos.names import split_path
from hub.repos.settings import deletion, handover, settings

T = TypeVar("T")


@click.group("repo")
def repo_commands() -> None:
    """Repositories."""


@repo_commands.command("create")
@click.argument("path", metavar="OWNER/NAME")
@click.option("--private", "is_private", is_flag=True, help="Only people with a role see it.")
@click.option("--description", default="", help="One line about it.")
@pass_line
def create_repository(line: CommandLine, path: str, is_private: bool, description: str) -> None:
    """Make an empty repository."""
    owner, name = _split(path)
    with line.hub.database.writing() as session:
        repository = actions.create_repository(
            session,
            SYSTEM,
            get_user(session, owner),
            name=name,
            description=description,
            visibility=Visibility.PRIVATE if is_private else Visibility.PUBLIC,
        )
        made = repository.path
    click.echo(f"Made {made}. Push to it:")
    click.echo(f"  git push {http_address(line.config)}/{made}.git HEAD:{line.config.default_branch}")


@repo_commands.command("list")
@click.option("--deleted", "is_deleted", is_flag=True, help="Those that were deleted and can be restored.")
@as_json
@pass_line
def list_repositories(line: CommandLine, is_deleted: bool, is_json: bool) -> None:
    """Every repository."""
    with line.hub.database.reading() as session:
        rows = _deleted_rows(session) if is_deleted else _rows(session)
    empty = (
        "No repository was deleted."
        if is_deleted
        else "No repositories yet. Make one: hub repo create OWNER/NAME"
    )
    show_rows(rows, is_json=is_json, empty=empty)


def _rows(session: Session) -> list[dict[str, object]]:
    return [
        {
            "path": f"{row.owner}/{row.name}",
            "visibility": row.visibility,
            "is_archived": row.is_archived,
            "default_branch": row.default_branch,
            "pushed_at": row.pushed_at,
            "description": row.description,
        }
        for row in _all_pages(lambda number: lists.list_visible(session, SYSTEM, page=number))
    ]


def _deleted_rows(session: Session) -> list[dict[str, object]]:
    return [
        {
            "number": row.id,
            "path": f"{row.owner}/{row.name}",
            "deleted_at": row.deleted_at,
            "deleted_by": row.deleted_by,
            "kept_until": row.kept_until,
        }
        for row in _all_pages(lambda number: deletion.list_deleted(session, SYSTEM, page=number))
    ]


def _all_pages(read: Callable[[int], Page[T]]) -> Iterator[T]:
    page = read(1)
    yield from page.items
    while page.has_next:
        page = read(page.number + 1)
        yield from page.items


@repo_commands.command("describe")
@click.argument("path", metavar="OWNER/NAME")
@click.argument("description")
@pass_line
def describe_repository(line: CommandLine, path: str, description: str) -> None:
    """Say in one line what a repository is."""
    with line.hub.database.writing() as session:
        repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
        settings.describe(session, SYSTEM, repository, description=description)
        click.echo(f"{repository.path}: {repository.description}")


@repo_commands.command("rename")
@click.argument("path", metavar="OWNER/NAME")
@click.argument("name", metavar="NEW_NAME")
@pass_line
def rename_repository(line: CommandLine, path: str, name: str) -> None:
    """Give a repository another name. Its old address leads to the new one."""
    with line.hub.database.writing() as session:
        repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
        handover.rename(session, SYSTEM, repository, name=name)
        click.echo(f"It is {repository.path} now. The old address leads there.")


@repo_commands.command("transfer")
@click.argument("path", metavar="OWNER/NAME")
@click.argument("person", metavar="NEW_OWNER")
@pass_line
def transfer_repository(line: CommandLine, path: str, person: str) -> None:
    """Give a repository to another owner. That is at once and without asking them."""

    def act(session: Session) -> str:
        repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
        handover.transfer(session, SYSTEM, repository, get_user(session, person))
        return repository.path

    click.echo(f"It is {settle(line.hub.database, act, is_patient=True)} now. The old address leads there.")


@repo_commands.command("visibility")
@click.argument("path", metavar="OWNER/NAME")
@click.argument("visibility", type=click.Choice([one.value for one in Visibility]))
@pass_line
def set_visibility(line: CommandLine, path: str, visibility: str) -> None:
    """Set who may see a repository."""

    def act(session: Session) -> str:
        repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
        settings.set_visibility(session, SYSTEM, repository, visibility=Visibility(visibility))
        return repository.path

    click.echo(f"{settle(line.hub.database, act, is_patient=True)} is {visibility} now.")


@repo_commands.command("archive")
@click.argument("path", metavar="OWNER/NAME")
@pass_line
def archive_repository(line: CommandLine, path: str) -> None:
    """Make a repository read-only."""
    with line.hub.database.writing() as session:
        repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
        settings.archive(session, SYSTEM, repository)
        click.echo(f"{repository.path} is archived: it is read-only.")


@repo_commands.command("unarchive")
@click.argument("path", metavar="OWNER/NAME")
@pass_line
def unarchive_repository(line: CommandLine, path: str) -> None:
    """Have an archived repository be written to again."""
    with line.hub.database.writing() as session:
        repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
        settings.unarchive(session, SYSTEM, repository)
        click.echo(f"{repository.path} is no longer archived.")


@repo_commands.command("delete")
@click.argument("path", metavar="OWNER/NAME")
@click.option("--yes", "is_sure", is_flag=True, help="Do not ask for the path again.")
@pass_line
def delete_repository(line: CommandLine, path: str, is_sure: bool) -> None:
    """Delete a repository; it can be restored for 30 days."""
    with line.hub.database.reading() as session:
        repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
        repository_id, meant = repository.id, repository.path
    if not is_sure and click.prompt(f"Type {meant} to delete it") != meant:
        raise Invalid(text("The path is another one."), next_step=text("Nothing was deleted."))

    def act(session: Session) -> tuple[int, str]:
        repository = open_repository(session, SYSTEM, repository_id, need=Permission.SEE)
        deletion.delete_repository(session, SYSTEM, repository)
        return repository.id, repository.path

    number, deleted = settle(line.hub.database, act, is_patient=True)
    days = deletion.KEPT.days
    click.echo(f"{deleted} is deleted. For {days} days `hub repo restore {number}` brings it back.")


@repo_commands.command("restore")
@click.argument("number", type=int)
@click.option("--name", default="", help="Another name, where its own is taken.")
@pass_line
def restore_repository(line: CommandLine, number: int, name: str) -> None:
    """Bring back a deleted repository. Its number stands in `hub repo list --deleted`."""
    restored = settle(
        line.hub.database,
        lambda session: deletion.restore_repository(session, SYSTEM, number, name=name).path,
        is_patient=True,
    )
    click.echo(f"{restored} is back.")


@repo_commands.command("grant")
@click.argument("path", metavar="OWNER/NAME")
@click.argument("name")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@pass_line
def grant_role(line: CommandLine, path: str, name: str, role: str) -> None:
    """Give the account NAME a role in a repository."""

    def act(session: Session) -> str:
        repository = open_repository(session, SYSTEM, path, need=Permission.SET_ROLES)
        user = get_user(session, name)
        actions.grant(session, SYSTEM, repository, user, role=Role(role))
        return f"{user.name} now has the role {role} in {repository.path}."

    click.echo(settle(line.hub.database, act, is_patient=True))


def http_address(config: Config) -> str:
    """Where people reach the pages: as the settings say, or the hub that is served from the folder now."""
    return config.url.rstrip("/") or find_served_http(config) or f"http://{config.http}"


def _split(path: str) -> tuple[str, str]:
    parts = split_path(path)
    if parts is None:
        raise Invalid(
            text("%(path)s is no path of a repository.", path=path),
            next_step=text("Write OWNER/NAME, such as anna/demo."),
        )
    return parts
