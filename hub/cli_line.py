"""What every command stands on: the settings, the loaded hub, errors in words, and lists in two forms."""

import dataclasses
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from sqlalchemy.exc import DBAPIError, OperationalError

from hub import app, config, migrations
from hub.access import Viewer
from hub.app import Hub
from hub.config import Config
from hub.db import database_url, make_engine
from hub.errors import Conflict, HubError, Unavailable, text
from hub.repos.names import printable

Command = TypeVar("Command", bound=Callable[..., Any])  # Any: each command has parameters of its own

# Whoever may read the data folder may do everything, so the command line acts as an administrator.
SYSTEM: Final = Viewer(is_admin=True)

# The options of one invocation that stand for settings, by the setting's name.
Overrides = Mapping[str, str | None]


class CommandFailed(click.ClickException):
    """An expected failure, printed as what happened, why, and what to do next."""

    exit_code = 1

    def show(self, file: Any = None) -> None:  # Any: as click declares it
        """Prints the failure on standard error."""
        click.echo(self.message, file, err=True, nl=False)


class Commands(click.Group):
    """A group of commands whose failures are printed in words, never as a traceback."""

    def invoke(self, ctx: click.Context) -> Any:  # Any: as click declares it
        """Runs the command; HubError and what the database or the disk refuses become CommandFailed."""
        try:
            return super().invoke(ctx)
        except HubError as error:
            raise CommandFailed(error.as_text()) from error
        except (OperationalError, DBAPIError, sqlite3.Error) as error:
            raise CommandFailed(_of_database(error).as_text()) from error
        except PermissionError as error:
            raise CommandFailed(_of_permission(error).as_text()) from error


@dataclass
class CommandLine:
    """One invocation: where its settings come from, and the hub they describe."""

    config_file: Path | None
    environment: Mapping[str, str]

    @cached_property
    def config(self) -> Config:
        """The settings; raises Invalid."""
        return config.load(self.environment, self.config_file)

    def with_overrides(self, overrides: Overrides) -> "CommandLine":
        """The same invocation with settings from options, which are read as from the environment."""
        given = {f"HUB_{name.upper()}": value for name, value in overrides.items() if value is not None}
        return dataclasses.replace(self, environment={**self.environment, **given})

    @cached_property
    def hub(self) -> Hub:
        """The loaded hub; raises Conflict where there is none yet or its database is of another version."""
        require_current(self.config)
        return app.load(self.config)

    def close(self) -> None:
        """Lets go of the database."""
        if "hub" in vars(self):
            self.hub.database.dispose()


pass_line = click.make_pass_decorator(CommandLine)


def require_current(config: Config) -> None:
    """Raises Conflict, with the next step, unless there is a hub here and its database is up to date."""
    is_here = config.data.is_dir() and (config.database_url or (config.data / "hub.sqlite").is_file())
    version = _version(config) if is_here else None
    if version is None:
        raise Conflict(
            text("There is no hub in %(data)s yet.", data=config.data),
            next_step=text("`hub init` makes one there. HUB_DATA names another folder."),
        )
    if version != migrations.newest_version():
        raise Conflict(
            text("The database is at version %(version)s.", version=version),
            text("This hub works with version %(newest)s.", newest=migrations.newest_version()),
            text("Make a backup of the data folder, then run `hub migrate`."),
        )


def _version(config: Config) -> str | None:
    engine = make_engine(database_url(config))
    try:
        return migrations.find_version(engine)
    finally:
        engine.dispose()


def _of_database(error: Exception) -> HubError:
    reason = str(getattr(error, "orig", error)).strip().partition("\n")[0]
    return Unavailable(
        text("The database cannot be used."),
        text("It says: %(reason)s", reason=reason),
        text("`hub doctor` looks for the cause."),
    )


def _of_permission(error: PermissionError) -> HubError:
    return Conflict(
        text("%(path)s cannot be used.", path=error.filename or "A file"),
        text("The system says: %(reason)s.", reason=error.strerror or error),
        text("Run the command as the user that runs the hub, or name another folder with HUB_DATA."),
    )


def as_json(command: Command) -> Command:
    """Gives a command the option --json, as its parameter `is_json`."""
    return click.option("--json", "is_json", is_flag=True, help="Print JSON, for scripts.")(command)


def show_rows(rows: Sequence[Mapping[str, object]], *, is_json: bool, empty: str) -> None:
    """Prints a list: as a JSON array, or as columns under the names of the keys."""
    if is_json:
        click.echo(json.dumps(rows, default=_as_json, indent=2, ensure_ascii=False))
        return
    if not rows:
        click.echo(empty)
        return
    lines = [[name.upper().replace("_", " ") for name in rows[0]]]
    lines += [[_as_cell(value) for value in row.values()] for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _as_json(value: object) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def _as_cell(value: object) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return printable(str(value))
