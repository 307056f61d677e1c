"""What git's children are told."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hub.gateway.git_service import GitTarget, Limits, RepositoryPolicy
from hub.gateway.git_settings import environment, protocol_version, settings

POLICY = RepositoryPolicy(
    socket=Path("/run/policy.sock"),
    repository_id=1,
    name="anna/demo",
    viewer={},
    base_url="",
    hooks=Path("/run/hooks"),
)


def target(**fields: Any) -> GitTarget:
    return GitTarget(directory=Path("/r.git"), path="info/refs", services=frozenset(), **fields)


def chosen(arguments: list[str]) -> list[str]:
    assert set(arguments[::2]) == {"-c"}
    return arguments[1::2]


@pytest.mark.parametrize("service", ["git-upload-pack", "git-receive-pack"])
def test_without_a_policy_the_repository_rules(service: str) -> None:
    assert chosen(settings(target(), service)) == ["safe.directory=*", "receive.autogc=false"]


def test_a_push_is_durable_checked_and_judged() -> None:
    found = chosen(settings(target(policy=POLICY, limits=Limits(max_push_bytes=5)), "git-receive-pack"))
    expected = {
        "core.fsync=committed",
        "transfer.unpackLimit=1",
        "receive.fsckObjects=true",
        "gc.auto=0",
        "receive.autogc=false",
        "core.hooksPath=/run/hooks",
        "receive.procReceiveRefs=refs",
        "receive.maxInputSize=5",
        "receive.hideRefs=refs/hub",
        "receive.hideRefs=refs/changes",
        "receive.hideRefs=refs/pull",
    }
    assert expected <= set(found)


def test_a_fetch_hides_what_it_is_told_to() -> None:
    found = chosen(settings(target(policy=POLICY), "git-upload-pack", ["refs/hub"]))
    assert "uploadpack.hideRefs=refs/hub" in found
    assert not [one for one in found if one.startswith(("core.hooksPath", "receive.hideRefs"))]


def test_what_the_target_says_comes_last() -> None:
    found = settings(target(policy=POLICY, config={"pack.threads": "8", "x.y": ""}), "git-upload-pack")
    assert chosen(found)[-2:] == ["pack.threads=8", "x.y="]


def test_the_environment_is_built_from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("PATH", "/bin")
    assert environment(target(environment={"REMOTE_USER": "anna", "HOME": "/h"}), "version=2") == {
        "PATH": "/bin",
        "LC_ALL": "C",
        "HOME": "/h",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_PROTOCOL": "version=2",
        "REMOTE_USER": "anna",
        "GIT_COMMITTER_NAME": "anna",
        "GIT_COMMITTER_EMAIL": "anna@http.(none)",
    }


@pytest.mark.parametrize(
    ("added", "name", "email"),
    [
        ({}, "anonymous", "anonymous@http.(none)"),
        ({"REMOTE_ADDR": "127.0.0.1"}, "anonymous", "anonymous@http.127.0.0.1"),
        ({"GIT_COMMITTER_NAME": "Anna", "GIT_COMMITTER_EMAIL": "a@example.org"}, "Anna", "a@example.org"),
    ],
)
def test_reflogs_name_people_as_the_stock_server_does(added: dict[str, str], name: str, email: str) -> None:
    found = environment(target(environment=added), "")
    assert (found["GIT_COMMITTER_NAME"], found["GIT_COMMITTER_EMAIL"]) == (name, email)


@pytest.mark.parametrize(
    ("sent", "version"),
    [
        ("version=2", 2),
        ("version=1", 1),
        ("version=0", 0),
        ("", 0),
        ("version=1:version=2", 2),
        ("hint:version=2:x=1", 2),
        ("version=22", 0),
        ("version=2\n", 0),
        ("version=2;x", 0),
        ("x=" + "y" * 300 + ":version=2", 0),
    ],
)
def test_only_a_well_formed_protocol_is_passed_on(sent: str, version: int) -> None:
    assert protocol_version(environment(target(), sent)) == version


def test_the_application_is_free_of_accounts_database_and_pages() -> None:
    """Outside judges import it without any of them being there."""
    script = "import sys, hub.gateway.git_http; print(*{one.split('.')[0] for one in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    foreign = {"flask", "werkzeug", "sqlalchemy", "pygit2", "uvicorn", "asyncssh", "structlog", "huey"}
    assert foreign & set(loaded.split()) == set()
