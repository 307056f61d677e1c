"""`hub review` and `hub sign` say what they were not told, before anything is fetched, signed or sent."""

from pathlib import Path

import pytest

from tests.feature.cli.conftest import Run


@pytest.mark.parametrize("command", ["review", "sign"])
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["12"], "Say --approve, --request-changes or --comment."),
        (["--approve", "twelve"], "CHANGE is a number, or the address of a change."),
        (["--approve", "0"], "CHANGE is a number, or the address of a change."),
        (["--comment", "12"], "A comment has words: -m TEXT, or -F FILE."),
        (["--comment", "-m", " ", "12"], "A comment has words: -m TEXT, or -F FILE."),
        (["--approve", "-m", "a", "-F", "-", "12"], "Give the text by -m or by -F, not by both."),
    ],
)
def test_what_is_missing_is_wrong_usage(run: Run, command: str, arguments: list[str], line: str) -> None:
    assert line in run(command, *arguments, exit_code=2).stderr


@pytest.mark.parametrize("change", ["12", "#12", "https://hub.example.org/anna/demo/changes/12?before=3#r1"])
def test_a_folder_that_is_no_clone_is_said_to_be_none(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.chdir(tmp_path)
    said = run("review", "--approve", change, exit_code=1).stderr
    assert said.startswith("This is no clone of a repository.\n")
    assert said.endswith("Run the command in a clone of the repository that the change is in.\n")
