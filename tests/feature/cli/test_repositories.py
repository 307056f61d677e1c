"""`hub repo`."""

import json

import pytest
from flask.testing import FlaskClient

from hub.accounts.queries import get_user
from hub.app import Hub
from tests.factories import make_token, make_user
from tests.feature.cli.conftest import Run


@pytest.fixture(autouse=True)
def _people(hub: Hub) -> None:
    with hub.database.writing() as session:
        for name in ("anna", "bo", "mei"):
            make_user(session, name, password=None)


@pytest.mark.parametrize(("options", "status"), [((), 200), (("--private",), 404)])
def test_private_repository_is_hidden_from_strangers(
    run: Run, client: FlaskClient, options: tuple[str, ...], status: int
) -> None:
    run("repo", "create", "anna/demo", *options)
    assert client.get("/anna/demo").status_code == status


def test_made_repository_comes_with_the_command_that_fills_it(run: Run) -> None:
    out = run("repo", "create", "anna/demo", url="https://hub.example.org/").stdout
    assert "git push https://hub.example.org/anna/demo.git HEAD:main" in out


def test_repository_of_nobody_is_refused_in_words(run: Run) -> None:
    result = run("repo", "create", "nobody/demo", exit_code=1)
    assert result.stderr == "There is no account “nobody”.\nCheck the spelling.\n"


def test_path_without_an_owner_is_refused_with_an_example(run: Run) -> None:
    assert "such as anna/demo" in run("repo", "create", "demo", exit_code=1).stderr


def test_list_goes_on_after_its_first_page(run: Run) -> None:
    for number in range(31):
        run("repo", "create", f"anna/demo-{number}", "--private")
    rows = json.loads(run("repo", "list", "--json").stdout)
    assert sorted(row["path"] for row in rows) == sorted(f"anna/demo-{number}" for number in range(31))


@pytest.mark.parametrize(("name", "status"), [("bo", 200), ("mei", 404)])
def test_granted_role_opens_the_repository_to_one_person(
    run: Run, hub: Hub, client: FlaskClient, name: str, status: int
) -> None:
    run("repo", "create", "anna/demo", "--private")
    out = run("repo", "grant", "anna/demo", "bo", "read").stdout
    assert out == "bo now has the role read in anna/demo.\n"
    with hub.database.writing() as session:
        token = make_token(session, get_user(session, name))
    assert client.get("/anna/demo", headers={"Authorization": f"token {token}"}).status_code == status


def test_unknown_role_is_a_mistake_of_usage(run: Run) -> None:
    run("repo", "create", "anna/demo")
    assert "maintain" in run("repo", "grant", "anna/demo", "bo", "king", exit_code=2).stderr


def test_life_of_a_repository_from_the_command_line(run: Run, client: FlaskClient) -> None:
    run("repo", "create", "anna/demo")
    assert run("repo", "describe", "anna/demo", "What  it is.").stdout == "anna/demo: What it is.\n"
    assert run("repo", "rename", "anna/demo", "show").stdout.startswith("It is anna/show now.")
    assert run("repo", "transfer", "anna/show", "bo").stdout.startswith("It is bo/show now.")
    assert client.get("/anna/demo").headers["Location"] == "/bo/show"
    assert run("repo", "visibility", "bo/show", "private").stdout == "bo/show is private now.\n"
    assert client.get("/bo/show").status_code == 404
    assert run("repo", "archive", "bo/show").stdout == "bo/show is archived: it is read-only.\n"
    (row,) = json.loads(run("repo", "list", "--json").stdout)
    assert (row["path"], row["visibility"], row["is_archived"]) == ("bo/show", "private", True)
    assert run("repo", "unarchive", "bo/show").stdout == "bo/show is no longer archived.\n"


def test_deleted_repository_is_listed_with_its_number_and_restored(run: Run, client: FlaskClient) -> None:
    run("repo", "create", "anna/demo")
    assert "hub repo restore 1" in run("repo", "delete", "anna/demo", stdin="anna/demo\n").stdout
    assert client.get("/anna/demo").status_code == 404
    (row,) = json.loads(run("repo", "list", "--deleted", "--json").stdout)
    assert (row["number"], row["path"]) == (1, "anna/demo")
    run("repo", "create", "anna/demo")
    assert "already has a repository named demo" in run("repo", "restore", "1", exit_code=1).stderr
    assert run("repo", "restore", "1", "--name", "demo-again").stdout == "anna/demo-again is back.\n"
    assert run("repo", "list", "--deleted").stdout == "No repository was deleted.\n"


def test_another_path_typed_deletes_nothing(run: Run, client: FlaskClient) -> None:
    run("repo", "create", "anna/demo")
    assert "Nothing was deleted." in run("repo", "delete", "anna/demo", stdin="demo\n", exit_code=1).stderr
    assert client.get("/anna/demo").status_code == 200


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        (("rename", "anna/demo", "a b"), "Use letters"),
        (("transfer", "anna/demo", "nobody"), "There is no account “nobody”."),
        (("transfer", "anna/demo", "anna"), "anna owns anna/demo already."),
        (("unarchive", "anna/demo"), "anna/demo is not archived."),
        (("archive", "anna/none"), "No repository anna/none."),
        (("restore", "7"), "No deleted repository has the number 7."),
    ],
)
def test_what_cannot_be_done_is_told_in_words(run: Run, command: tuple[str, ...], fault: str) -> None:
    run("repo", "create", "anna/demo")
    assert fault in run("repo", *command, exit_code=1).stderr
