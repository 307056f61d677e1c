"""The commands about repositories: `hub repo`."""

import click

from hub.access import Permission, Role, Visibility
from hub.accounts.queries import get_user
from hub.cli_line import SYSTEM, CommandLine, as_json, pass_line, show_rows
from hub.config import Config
from hub.errors import Invalid, text
from hub.gateway.listeners import find_served_http
from hub.repos import actions, queries
from hub.repos.access import open_repository
from hub.repos.names import split_path


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
@as_json
@pass_line
def list_repositories(line: CommandLine, is_json: bool) -> None:
    """Every repository."""
    rows: list[dict[str, object]] = []
    with line.hub.database.reading() as session:
        page = queries.list_visible(session, SYSTEM)
        while True:
            rows += [
                {
                    "path": f"{row.owner}/{row.name}",
                    "visibility": row.visibility,
                    "default_branch": row.default_branch,
                    "pushed_at": row.pushed_at,
                    "description": row.description,
                }
                for row in page.items
            ]
            if not page.has_next:
                break
            page = queries.list_visible(session, SYSTEM, page=page.number + 1)
    show_rows(rows, is_json=is_json, empty="No repositories yet. Make one: hub repo create OWNER/NAME")


@repo_commands.command("grant")
@click.argument("path", metavar="OWNER/NAME")
@click.argument("name")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@pass_line
def grant_role(line: CommandLine, path: str, name: str, role: str) -> None:
    """Give the account NAME a role in a repository."""
    with line.hub.database.writing() as session:
        repository = open_repository(session, SYSTEM, path, need=Permission.SET_ROLES)
        user = get_user(session, name)
        actions.grant(session, SYSTEM, repository, user, role=Role(role))
        click.echo(f"{user.name} now has the role {role} in {repository.path}.")


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
