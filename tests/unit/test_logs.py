"""Log lines: what they carry, and what they never do."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from hub import logs
from hub.config import Config

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
