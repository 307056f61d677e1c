"""`hub redact`: words of a change are listed and taken away, down to the disk."""

import json

import pytest

from hub.app import Hub
from hub.repos.models import Repository
from tests.feature.cli.conftest import Run
from tests.feature.journal.test_exporting import Talk
from tests.left_words import find_words

SECRET = "the password is hunter2"


@pytest.fixture
def path(hub: Hub) -> str:
    """A repository with change 1, on which something was said that should not have been."""
    talk = Talk(hub)
    talk.say("Looks good.")
    talk.say(SECRET)
    talk.export()
    with hub.database.reading() as session:
        return session.get_one(Repository, talk.repository_id).path


def listed(run: Run, path: str) -> dict[str, str]:
    rows = json.loads(run("redact", path, "1", "--list", "--json").stdout)
    return {row["begins"]: row["text"] for row in rows}


def test_words_are_listed_and_taken_away_for_good(run: Run, hub: Hub, path: str) -> None:
    names = listed(run, path)
    assert list(names) == ["Fix it", "Looks good.", SECRET]
    out = run("redact", path, "1", names[SECRET]).stdout
    assert out == "Took 1 of the texts of change 1 away.\nNothing of them is left on the disk.\n"
    assert find_words(hub.config.data, SECRET.encode()) == []
    assert list(listed(run, path)) == ["Fix it", "Looks good."]
    again = json.loads(run("redact", path, "1", *listed(run, path).values(), "--json").stdout)
    assert again == [{"taken_away": 2, "is_gone_from_disk": True}]
    assert "There are no words to be taken away." in run("redact", path, "1", exit_code=1).stderr


def test_without_a_text_it_shows_what_there_is(run: Run, path: str) -> None:
    out = run("redact", path, "1").stdout
    assert SECRET in out
    assert f"hub redact {path} 1 TEXT..." in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("1", "ffffffffffff.0"), "`--list` shows those there are."),
        (("1", ""), "There is no text"),
        (("7",), "There is no change 7"),
    ],
)
def test_what_is_not_there_is_refused_in_words(
    run: Run, path: str, arguments: tuple[str, ...], said: str
) -> None:
    assert said in run("redact", path, *arguments, exit_code=1).stderr
