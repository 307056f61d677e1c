"""`hub user`, `hub token` and `hub key`."""

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from hub.accounts.credentials import verify
from hub.accounts.queries import get_user
from hub.accounts.sign_in.recovery import has_second_step
from hub.app import Hub
from hub.journal.models import Person
from hub.repos.models import Repository
from tests.factories import make_second_step, make_user, write_key
from tests.feature.cli.conftest import Run
from tests.journal_talk import Talk


def create_anna(run: Run, *arguments: str, stdin: str = "") -> None:
    run("user", "create", "anna", "--email", "anna@example.org", *arguments, stdin=stdin)


def test_account_with_a_password_can_sign_in_with_it(run: Run, hub: Hub) -> None:
    create_anna(run, "--password-stdin", stdin="a fine password\n")
    with hub.database.reading() as session:
        assert verify(get_user(session, "anna").password_hash, "a fine password")


def test_account_without_a_password_is_told_how_to_get_one(run: Run) -> None:
    result = run("user", "create", "anna", "--email", "anna@example.org")
    assert "hub user password anna" in result.stdout


def test_password_can_be_set_later(run: Run, hub: Hub) -> None:
    create_anna(run)
    run("user", "password", "anna", stdin="a fine password\n")
    with hub.database.reading() as session:
        assert verify(get_user(session, "anna").password_hash, "a fine password")


def test_second_step_of_somebody_who_lost_it_is_turned_off(run: Run, hub: Hub) -> None:
    create_anna(run)
    with hub.database.writing() as session:
        make_second_step(session, get_user(session, "anna"))
    assert "The password alone signs anna in now." in run("user", "second-step-off", "anna").stdout
    with hub.database.reading() as session:
        assert not has_second_step(session, get_user(session, "anna").id)


def test_name_that_is_taken_is_refused_in_words(run: Run) -> None:
    create_anna(run)
    result = run("user", "create", "ANNA", "--email", "b@example.org", exit_code=1)
    assert result.stdout == ""
    assert result.stderr == "The account was not created.\nname: This name is taken. Choose another one.\n"


@pytest.mark.parametrize("is_admin", [False, True])
def test_list_tells_who_administers(run: Run, is_admin: bool) -> None:
    create_anna(run, *(["--admin"] if is_admin else []))
    (row,) = json.loads(run("user", "list", "--json").stdout)
    assert (row["name"], row["email"], row["is_admin"]) == ("anna", "anna@example.org", is_admin)


def test_list_for_people_has_columns(run: Run) -> None:
    create_anna(run)
    heading, row = run("user", "list").stdout.splitlines()
    assert heading.split() == ["NAME", "EMAIL", "STATE", "IS", "ADMIN", "IS", "DEMO", "CREATED", "AT"]
    assert row.split()[:4] == ["anna", "anna@example.org", "active", "no"]


def test_empty_list_says_how_to_fill_it(run: Run) -> None:
    assert "hub user create" in run("user", "list").stdout
    assert json.loads(run("user", "list", "--json").stdout) == []


def test_last_line_is_a_token_that_works_until_it_is_revoked(run: Run, client: FlaskClient) -> None:
    create_anna(run)
    token = run("token", "create", "anna", "--name", "laptop", "--scope", "all").stdout.splitlines()[-1]
    headers = {"Authorization": f"token {token}"}
    assert client.get("/settings/tokens", headers=headers).status_code == 200
    (row,) = json.loads(run("token", "list", "anna", "--json").stdout)
    assert (row["label"], row["scopes"], row["expires_at"]) == ("laptop", ["all"], None)
    run("token", "revoke", "anna", str(row["id"]))
    assert client.get("/settings/tokens", headers=headers).status_code != 200


def test_token_can_expire(run: Run) -> None:
    create_anna(run)
    run("token", "create", "anna", "--name", "ci", "--scope", "repository:read", "--expires-days", "7")
    (row,) = json.loads(run("token", "list", "anna", "--json").stdout)
    assert row["expires_at"] > row["created_at"]


def test_unknown_scope_is_a_mistake_of_usage(run: Run) -> None:
    result = run("token", "create", "anna", "--name", "x", "--scope", "everything", exit_code=2)
    assert "repository:read" in result.stderr


def test_token_of_nobody_is_refused_in_words(run: Run) -> None:
    result = run("token", "create", "nobody", "--name", "x", "--scope", "all", exit_code=1)
    assert result.stderr == "There is no account “nobody”.\nCheck the spelling.\n"


def test_public_key_is_read_from_standard_input(run: Run, tmp_path: Path) -> None:
    create_anna(run)
    run("key", "add", "anna", stdin=f"{write_key(tmp_path / 'key')} anna@laptop\n")
    (row,) = json.loads(run("key", "list", "anna", "--json").stdout)
    assert (row["title"], row["kind"]) == ("anna@laptop", "ssh-ed25519")


def test_private_key_is_refused_with_the_next_step(run: Run, tmp_path: Path) -> None:
    create_anna(run)
    write_key(tmp_path / "key")
    result = run("key", "add", "anna", stdin=(tmp_path / "key").read_text(), exit_code=1)
    assert "private key" in result.stderr
    assert json.loads(run("key", "list", "anna", "--json").stdout) == []


def test_life_of_an_account_from_the_command_line(run: Run) -> None:
    create_anna(run)
    run("user", "create", "root", "--email", "root@example.org", "--admin")
    assert "Suspended anna." in run("user", "suspend", "anna", "--reason", "spam").stdout
    (row,) = json.loads(run("user", "list", "--only", "suspended", "--json").stdout)
    assert (row["name"], row["state"]) == ("anna", "suspended")
    run("user", "restore", "anna")
    assert run("user", "rename", "anna", "anja").stdout == "anna is anja now.\n"
    assert run("user", "show", "anna", exit_code=1).stderr.startswith("anna has moved to anja.")
    (facts,) = json.loads(run("user", "show", "anja", "--json").stdout)
    assert (facts["state"], facts["former_names"]) == ("active", ["anna"])
    assert "anja is an administrator now." in run("user", "admin", "anja").stdout
    run("user", "admin", "anja", "--remove")
    refused = run("user", "delete", "anja", "--confirm", "anna", exit_code=1)
    assert "hub user delete anja --confirm anja" in refused.stderr
    run("user", "delete", "anja", "--confirm", "anja")
    assert [row["name"] for row in json.loads(run("user", "list", "--json").stdout)] == ["root"]


def test_last_administrator_stays_one(run: Run) -> None:
    run("user", "create", "root", "--email", "root@example.org", "--admin")
    for act in (
        ("admin", "root", "--remove"),
        ("suspend", "root"),
        ("delete", "root", "--confirm", "root"),
    ):
        result = run("user", *act, exit_code=1)
        assert "root is the last administrator. Make somebody else one first." in result.stderr


@pytest.mark.parametrize("act", ["approve", "decline", "restore"])
def test_act_on_an_account_in_another_state_is_refused_in_words(run: Run, act: str) -> None:
    create_anna(run)
    assert "The account anna" in run("user", act, "anna", exit_code=1).stderr


def test_token_for_one_repository_is_made_and_refuses_what_it_cannot_do(run: Run) -> None:
    create_anna(run)
    run("repo", "create", "anna/demo")
    given = ("token", "create", "anna", "--name", "ci", "--repository")
    run(*given, "anna/demo", "--scope", "repository:read")
    (row,) = json.loads(run("token", "list", "anna", "--json").stdout)
    assert row["is_limited"] is True
    refused = run(*given, "anna/other", "--scope", "repository:read", exit_code=1)
    assert "There is no repository anna/other with a role of yours." in refused.stderr
    refused = run(*given, "anna/demo", "--scope", "account", exit_code=1)
    assert "A token for some repositories reads or writes them, and does nothing else." in refused.stderr


def test_a_person_of_another_hub_is_linked_to_an_account(run: Run, hub: Hub) -> None:
    talk = Talk(hub)
    with hub.database.writing() as session:
        make_user(session, "robert")
        person = session.scalars(select(Person).where(Person.name == "anna")).one()
        person.user_id = None
        global_id = person.global_id
        path = session.get_one(Repository, talk.repository_id).path
    listed = json.loads(run("user", "list-persons", path, "--json").stdout)
    assert listed == [{"person": global_id, "name": "anna", "account": ""}]
    said = run("user", "link-person", path, "anna", "robert").stdout
    assert said == "anna of another hub is robert here.\n"
    assert "robert" in run("user", "list-persons", path).stdout
    assert "is nobody here" in run("user", "link-person", path, global_id, "--none").stdout
    assert "knows nobody" in run("user", "link-person", path, "carl", "robert", exit_code=1).stderr
    assert "Nobody here is called" in run("user", "link-person", path, "anna", "carl", exit_code=1).stderr
