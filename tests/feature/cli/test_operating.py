"""`hub init`, `config`, `doctor`, `migrate`, `demo`, and what is said where there is no hub."""

import json
import os
import re
import shutil
import socket
import stat
from pathlib import Path

import click
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from hub import cli
from hub.access import Role
from hub.accounts.people import PeopleFilter, list_everybody
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.config import Config
from hub.gateway.listeners import addresses_path
from hub.journal.keys.hub_key import key_file, load_hub_key
from hub.repos.access import find_repository
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.repos.settings.people import list_invitations
from hub.repos.stars import is_starred
from hub.search.symbols.ctags import find_ctags
from tests.factories import SYSTEM, make_repository, make_user
from tests.feature.cli.conftest import Run


def test_link_of_init_makes_the_first_administrator(run: Run, client: FlaskClient) -> None:
    link = run("init").stdout.splitlines()[-1]
    assert re.fullmatch(r"http://127\.0\.0\.1:8080/-/setup/[\w-]{40,}", link)
    assert client.get(link.removeprefix("http://127.0.0.1:8080")).status_code == 200


def test_second_init_voids_the_first_link(run: Run, client: FlaskClient) -> None:
    first, second = (run("init").stdout.splitlines()[-1] for _ in range(2))
    pages = [client.get(link.removeprefix("http://127.0.0.1:8080")) for link in (first, second)]
    assert [page.status_code for page in pages] == [404, 200]


def test_init_says_that_there_is_an_administrator(run: Run) -> None:
    run("user", "create", "anna", "--email", "anna@example.org", "--admin")
    out = run("init").stdout
    assert "has an administrator already" in out
    assert "/-/setup/" not in out


def test_init_makes_folders_for_its_user_alone(run: Run, tmp_path: Path) -> None:
    run("init", data=str(tmp_path / "new" / "data"), database_url="")
    folders = [tmp_path / "new" / "data" / name for name in (".", "repositories/main", "keys", "run")]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_init_leaves_the_mode_of_a_folder_that_holds_other_things(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    (folder / "letter").write_text("Dear Bo")
    run("init", data=str(folder), database_url="")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_what_is_made_in_a_folder_that_others_may_enter_is_for_its_user_alone(
    run: Run, tmp_path: Path
) -> None:
    """The attack: HUB_DATA was there before and others may enter it; they read the password hashes, or
    write a job of theirs, which is a pickle, into the queue."""
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    (folder / "letter").write_text("Dear Bo")
    before = os.umask(0o002)
    try:
        run("init", data=str(folder), database_url="")
        run("user", "create", "anna", "--email", "a@example.org", data=str(folder), database_url="")
        run("repo", "create", "anna/demo", data=str(folder), database_url="")
    finally:
        os.umask(before)
    made = [path for path in folder.rglob("*") if path.name != "letter"]
    assert {"hub.sqlite", "jobs.sqlite"} <= {path.name for path in made}
    open_to_others = [str(path) for path in made if stat.S_IMODE(path.stat().st_mode) & 0o077]
    assert open_to_others == []


@pytest.mark.parametrize("command", [("user", "list"), ("serve",), ("front",), ("worker",)])
def test_command_without_a_hub_says_how_to_make_one(
    run: Run, tmp_path: Path, command: tuple[str, ...]
) -> None:
    result = run(*command, data=str(tmp_path / "none"), database_url="", exit_code=1)
    assert "There is no hub in" in result.stderr
    assert "`hub init` makes one there." in result.stderr


def test_unknown_setting_is_refused_by_name(run: Run) -> None:
    result = run("user", "list", colour="blue", exit_code=1)
    assert result.stderr == (
        "The configuration cannot be used.\n"
        "HUB_COLOUR: There is no such setting. `hub config` lists them all.\n"
    )


def test_unknown_setting_of_the_file_is_refused_by_its_key(run: Run, tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text('colour = "blue"')
    errors = run("--config", str(tmp_path / "hub.toml"), "user", "list", exit_code=1).stderr
    assert "\ncolour: There is no such setting." in errors


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("http", "8080", "'8080' is not HOST:PORT."),
        ("url", "hub.example.org", "It begins with http:// or https://."),
        (
            "database_url",
            "postgres://hub:hidden@db/hub",
            "It begins with postgresql+psycopg:// or sqlite://.",
        ),
        ("redis_url", "cache.example.org", "It begins with redis:// or rediss:// or unix://."),
        ("log_level", "loud", "'loud' is none of debug, info, warning, error."),
        ("sign_up", "nobody", "'nobody' is none of open, approval, closed."),
        ("web_workers", "many", "'many' is not a whole number."),
    ],
)
def test_value_that_cannot_be_used_is_told_in_words(run: Run, name: str, value: str, fault: str) -> None:
    errors = run("config", exit_code=1, **{name: value}).stderr
    assert errors == f"The configuration cannot be used.\n{name}: {fault}\n"


def test_commands_name_the_address_at_which_the_hub_is_served(run: Run, config: Config) -> None:
    run("init")
    addresses_path(config).write_text('{"http": "http://127.0.0.1:41233"}')
    assert run("init").stdout.splitlines()[-1].startswith("http://127.0.0.1:41233/-/setup/")


def test_list_of_commands_has_whole_sentences(run: Run) -> None:
    assert all(
        "...\n" not in run(group, "--help").stdout[80:]
        for group in ("user", "token", "key", "repo", "journal")
    )
    assert "...\n" not in run("--help").stdout[80:]


def test_database_that_cannot_be_reached_is_told_in_words(run: Run, tmp_path: Path) -> None:
    url = f"postgresql+psycopg://hub@/hub?host={tmp_path}"
    result = run("user", "list", database_url=url, exit_code=1)
    assert result.stderr.startswith("The database cannot be used.\nIt says: ")


def test_config_shows_every_setting_and_hides_secrets(run: Run) -> None:
    url = "postgresql+psycopg://hub:hidden@db.example.org/hub"
    result = run("config", "--json", database_url=url, metrics_token="hidden", name="Our hub")
    rows = {row["name"]: row for row in json.loads(result.stdout)}
    assert rows["name"]["value"] == "Our hub"
    assert rows["database_url"]["value"] == "postgresql+psycopg://hub:********@db.example.org/hub"
    assert all(row["help"] and row["variable"].startswith("HUB_") for row in rows.values())
    assert "hidden" not in run("config", database_url=url, metrics_token="hidden").stdout


def test_doctor_finds_a_new_hub_well(run: Run) -> None:
    run("init")
    rows = json.loads(run("doctor", "--json").stdout)
    assert [row["name"] for row in rows if not row["is_ok"]] == []
    ctags = find_ctags()
    wanted = "told by the text of files" if ctags is None else f"universal-ctags {ctags.version}"
    assert {row["name"]: row["found"] for row in rows}["symbols"].startswith(wanted)


def test_doctor_says_what_why_and_what_next(run: Run, hub: Hub, config: Config) -> None:
    run("init")
    with hub.database.writing() as session:
        repository = make_repository(session, make_user(session, "anna"), "demo")
        path = directory(config, repository)
    shutil.rmtree(path)
    config.data.chmod(0o750)
    errors = run("doctor", exit_code=1).stderr
    assert f"Other users of this machine can enter {config.data}." in errors
    config.data.chmod(0o700)
    assert run("doctor", exit_code=1).stderr == (
        "The directory of anna/demo is missing.\n"
        f"There is no repository at {path}.\n"
        "Bring it back from a backup of the data folder.\n"
    )


def test_doctor_looks_at_the_key_that_names_the_hub(run: Run, config: Config) -> None:
    run("init")
    path = key_file(config)
    path.chmod(0o640)
    assert "Other users of this machine can read the key of the hub." in run("doctor", exit_code=1).stderr
    path.chmod(0o600)
    path.rename(path.with_name("elsewhere"))
    assert "The key of the hub is missing." in run("doctor", exit_code=1).stderr
    path.with_name("elsewhere").rename(path)
    rows = {row["name"]: row["found"] for row in json.loads(run("doctor", "--json").stdout)}
    assert rows["key of the hub"] == load_hub_key(config).fingerprint


def test_doctor_says_that_a_key_cannot_be_read(run: Run, config: Config) -> None:
    key_file(config).parent.mkdir(exist_ok=True)
    key_file(config).write_text("something else")
    key_file(config).chmod(0o600)
    assert "The key of the hub cannot be read." in run("doctor", exit_code=1).stderr


def test_doctor_sees_refs_that_nobody_recorded(run: Run, hub: Hub, config: Config) -> None:
    run("init")
    with hub.database.writing() as session:
        path = directory(config, make_repository(session, make_user(session, "anna"), "demo"))
    (path / "refs/heads/main").write_text("1" * 40)
    errors = run("doctor", exit_code=1).stderr
    assert "Refs of anna/demo differ from the ref log.\nThey are refs/heads/main.\n" in errors


def test_demo_is_the_same_at_its_second_run(run: Run, hub: Hub, config: Config) -> None:
    first, second = run("demo").stdout, run("demo").stdout
    assert first == second
    assert stat.S_IMODE((config.data / "demo.txt").stat().st_mode) == 0o600
    with hub.database.reading() as session:
        users = list_everybody(session, SYSTEM, PeopleFilter.ALL)
    assert [(one.name, one.is_demo, one.is_admin) for one in users] == [
        ("anna", True, True),
        ("bo", True, False),
        ("mei", True, False),
    ]
    with hub.database.reading() as session:
        sizes = {one.path: one.size_bytes for one in session.scalars(select(Repository))}
    assert sizes["anna/hub"] > sizes["bo/handbook"] > 0
    rows = json.loads(run("repo", "list", "--json").stdout)
    assert {row["path"]: row["visibility"] for row in rows} == {
        "anna/hub": "public",
        "bo/handbook": "private",
        "bo/hub": "public",
        "mei/first-push": "public",
    }


def test_demo_shows_a_fork_a_star_and_an_invitation(run: Run, hub: Hub) -> None:
    run("demo")
    with hub.database.reading() as session:
        source, fork = (find_repository(session, SYSTEM, path) for path in ("anna/hub", "bo/hub"))
        assert source is not None
        assert fork is not None
        assert fork.origin_id == source.id
        assert is_starred(session, get_user(session, "bo").viewer(), source)
        invitations = list_invitations(session, get_user(session, "mei").viewer())
    [invited] = invitations
    assert (invited.path, invited.role, invited.invited_by) == ("anna/hub", Role.PROPOSE, "anna")


def test_demo_leaves_a_person_of_the_same_name_alone(run: Run) -> None:
    run("user", "create", "bo", "--email", "bo@example.net")
    assert "There is an account bo that is not of the demo." in run("demo", exit_code=1).stderr


@pytest.mark.parametrize("option", [(), ("--demo",)])
def test_demo_is_not_served_beyond_this_machine(run: Run, option: tuple[str, ...]) -> None:
    if not option:
        run("demo")
    errors = run("serve", *option, "--http", "192.0.2.1:0", "--ssh", "127.0.0.1:0", exit_code=1).stderr
    assert errors.startswith("The hub does not listen on 192.0.2.1:0.\n")
    assert "demo accounts" in errors


def test_address_that_is_taken_is_refused_in_words(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        errors = run("serve", "--http", address, "--ssh", "127.0.0.1:0", exit_code=1).stderr
    assert errors.startswith(f"The hub cannot listen on {address}.\n")


def test_address_that_is_none_is_refused_in_words(run: Run) -> None:
    errors = run("serve", "--http", "here", exit_code=1).stderr
    assert errors == "The configuration cannot be used.\nhttp: 'here' is not HOST:PORT.\n"


def test_every_list_has_json() -> None:
    lists = [
        command
        for group in cli.hub.commands.values()
        if isinstance(group, click.Group)
        for name, command in group.commands.items()
        if name == "list"
    ]
    assert len(lists) == 4
    assert all("is_json" in [one.name for one in command.params] for command in lists)
