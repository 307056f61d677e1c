"""What a client asks for over SSH, taken apart."""

import time

import pytest

from hub.errors import BadRequest, Forbidden
from hub.gateway.git_ssh import parse


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("git-upload-pack 'anna/demo.git'", "anna/demo"),
        ("git upload-pack anna/demo", "anna/demo"),
        ("git-upload-pack '/anna/demo.git/'", "anna/demo"),
        ("git-upload-pack '//anna/demo//'", "anna/demo"),
        ("git-upload-pack 'anna/demo.git.git'", "anna/demo.git"),
        ("git-upload-pack 'anna/demo; id'", "anna/demo; id"),
    ],
)
def test_path_is_one_word_without_what_surrounds_it(command: str, path: str) -> None:
    assert parse(command) == ("git-upload-pack", path)


@pytest.mark.parametrize(
    "command",
    [
        "",
        "git",
        "git-upload-pack",
        "git-upload-pack a b",
        "git-upload-pack --timeout=1 anna/demo",
        "git-upload-pack 'anna/demo",
        "git-upload-pack anna/demo; id",
        "git-upload-pack anna/demo\nid x",
        "GIT-UPLOAD-PACK anna/demo",
        "/usr/bin/git-upload-pack anna/demo",
        "git --exec-path=/tmp upload-pack anna/demo",
        "git-shell -c id",
        "scp -t /",
    ],
)
def test_nothing_else_is_run(command: str) -> None:
    with pytest.raises(BadRequest):
        parse(command)


def test_archives_are_refused_in_words() -> None:
    with pytest.raises(Forbidden, match="git archive"):
        parse("git-upload-archive 'anna/demo.git'")


@pytest.mark.parametrize("filling", ["/", "a", "''", "\\ ", " "])
def test_endless_command_holds_nobody_up(filling: str) -> None:
    """The attack: a command of 256 KB. Taking `a///...b` apart took time by the square of its slashes, four
    minutes for these, in the loop that every connection shares."""
    began = time.process_time()
    with pytest.raises(BadRequest):
        parse(f"git-upload-pack 'a{filling * 250_000}b'")
    assert time.process_time() - began < 10
