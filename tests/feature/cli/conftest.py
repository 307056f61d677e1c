"""The command line in this process, on the test's own data folder."""

import logging
import os
from collections.abc import Callable, Iterator

import pytest
import structlog
from click.testing import CliRunner, Result

from hub import cli
from hub.config import Config

Run = Callable[..., Result]


@pytest.fixture
def _own_logging() -> Iterator[None]:
    """A command begins without log handlers, as a process does, and what it sets up ends with the test."""
    root = logging.getLogger()
    handlers, level, settings = root.handlers[:], root.level, structlog.get_config()
    root.handlers.clear()
    root.setLevel(logging.WARNING)
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**settings)


@pytest.fixture
def run(config: Config, _own_logging: None) -> Run:
    """Runs `hub ARGUMENTS` with that standard input; fails unless it ends with that exit code."""
    environment: dict[str, str | None] = {name: None for name in os.environ if name.startswith("HUB_")}
    environment["HUB_DATA"] = str(config.data)
    environment["HUB_DATABASE_URL"] = config.database_url

    def run_hub(*arguments: str, stdin: str = "", exit_code: int = 0, **settings: str) -> Result:
        given = {**environment, **{f"HUB_{name.upper()}": value for name, value in settings.items()}}
        result = CliRunner().invoke(cli.hub, arguments, input=stdin, env=given)
        assert result.exit_code == exit_code, result.output
        return result

    return run_hub
