"""Log lines: what they carry, and what they never do."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from hub import logs
from hub.config import Config, LogFormat

SECRET = "hub_" + "s3cret" * 7 + "x"


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    structlog.contextvars.clear_contextvars()
    logs.configure(Config())


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_line_is_json_with_the_number_of_its_request(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Config(log_format="json"))
    logs.bind("one")
    structlog.get_logger("hub.test").info("read", path="/ä")
    logging.getLogger("library").warning("heard %s", "this")
    ours, theirs = lines_of(capsys)
    assert (ours["event"], ours["path"], ours["request_id"], ours["level"]) == ("read", "/ä", "one", "info")
    assert (theirs["event"], theirs["request_id"], theirs["logger"]) == ("heard this", "one", "library")


def test_token_is_cut_wherever_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Config(log_format="json"))
    try:
        raise ValueError(f"no such token {SECRET}")
    except ValueError:
        structlog.get_logger("hub.test").exception(f"failed with {SECRET}", path=f"/x?token={SECRET}")
    logging.getLogger("library").warning("heard %s", SECRET)
    written = capsys.readouterr().err
    assert SECRET not in written
    assert written.count("hub_s3cr...") >= 4


@pytest.mark.parametrize(("level", "count"), [("debug", 3), ("info", 2), ("error", 1), ("nonsense", 2)])
def test_level_is_the_configured_one(capsys: pytest.CaptureFixture[str], level: str, count: int) -> None:
    logs.configure(Config(log_format="json", log_level=level))
    log = structlog.get_logger("hub.test")
    for write in (log.debug, log.info, log.error):
        write("line")
    assert len(lines_of(capsys)) == count


def test_second_set_up_replaces_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Config(log_format="json"))
    logs.configure(Config(log_format="json"))
    logging.getLogger("library").warning("once")
    assert len(lines_of(capsys)) == 1


def test_text_is_one_plain_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Config())
    logs.bind("one")
    structlog.get_logger("hub.test").info("read", path="/")
    written = capsys.readouterr().err
    assert "read" in written
    assert "path=/" in written
    assert "\x1b" not in written


@pytest.mark.parametrize("form", ["text", "json"])
def test_code_of_the_set_up_link_is_not_logged(capsys: pytest.CaptureFixture[str], form: LogFormat) -> None:
    """The attack: read the log of a new hub, and make oneself its first administrator."""
    logs.configure(Config(log_format=form))
    structlog.get_logger("hub.test").info("request", path="/-/setup/wcDfz0jYs-0Tm7rN2qATIZG4w", method="GET")
    written = capsys.readouterr().err
    assert "wcDfz0" not in written
    assert "/-/setup/..." in written


@pytest.mark.parametrize("steering", ["\x1b]0;title\x07", "\x9b31m", "one\nlevel=error", "a\u2028b", "\r"])
def test_nothing_that_steers_a_terminal_or_begins_a_line_is_logged(
    capsys: pytest.CaptureFixture[str], steering: str
) -> None:
    """The attack: ask for a path of escape sequences, which the terminal of whoever reads the log obeys."""
    logs.configure(Config(log_format="text"))
    structlog.get_logger("hub.test").info("request", path=f"/{steering}")
    logging.getLogger("library").warning("git says %s", steering)
    try:
        raise ValueError(steering)
    except ValueError:
        structlog.get_logger("hub.test").exception("failed")
    written = capsys.readouterr().err
    assert written.replace("\n", "").isprintable()
    assert "Traceback (most recent call last):\n" in written
    assert len([line for line in written.splitlines() if line.startswith("2")]) == 3
