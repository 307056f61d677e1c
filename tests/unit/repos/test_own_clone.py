"""git in somebody's own clone, with their settings."""

from pathlib import Path

import pytest

from hub.repos.git.own_clone import CommandRefused, NoClone, OwnClone
from tests.git_client import GitClient


@pytest.fixture
def git(tmp_path: Path) -> GitClient:
    return GitClient(tmp_path / "anna")


@pytest.fixture
def clone(git: GitClient) -> OwnClone:
    return OwnClone(git.init(), git.environment)


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://hub.example.org/anna/demo.git", "hub.example.org"),
        ("ssh://git@hub.example.org:2222/anna/demo.git", "hub.example.org"),
        ("git@hub.example.org:anna/demo.git", "hub.example.org"),
        ("hub.example.org:anna/demo.git", "hub.example.org"),
        ("/srv/demo.git", ""),
        ("../demo", ""),
    ],
)
def test_the_host_of_a_remote_is_in_its_address(
    git: GitClient, clone: OwnClone, address: str, host: str
) -> None:
    git.run("remote", "add", "origin", address, cwd=git.folder / "work")
    assert clone.find_host("origin") == host
    assert clone.find_host(address) == host


def test_keys_are_those_that_ssh_would_offer(git: GitClient, clone: OwnClone, tmp_path: Path) -> None:
    (tmp_path / "a key").touch(mode=0o600)
    environment = {**git.environment, "GIT_SSH_COMMAND": f"ssh -F /dev/null -i '{tmp_path}/a key'"}
    identities = OwnClone(git.folder / "work", environment).find_identities("git@hub.example.org:a/b")
    assert identities[0] == tmp_path / "a key"
    environment["GIT_SSH_COMMAND"] = "no-such-program"
    assert OwnClone(git.folder / "work", environment).find_identities("git@hub.example.org:a/b") == []


def test_settings_are_those_of_whoever_sits_there(git: GitClient, clone: OwnClone) -> None:
    git.run("config", "user.signingkey", "~/key", cwd=git.folder / "work")
    assert clone.find_setting("user.signingkey") == "~/key"
    assert clone.find_setting("no.such") == ""


def test_a_work_tree_beside_has_the_objects_of_its_clone(git: GitClient, clone: OwnClone) -> None:
    work = git.folder / "work"
    git.commit(work, "One")
    git.run("worktree", "add", "--quiet", "../beside", cwd=work)
    assert OwnClone(git.folder / "beside", git.environment).directory == work / ".git"


def test_refs_are_fetched_beside_those_of_the_clone(git: GitClient, clone: OwnClone) -> None:
    work, other = git.folder / "work", git.init("other")
    tip = git.commit(other, "One")
    git.run("update-ref", "refs/hub/repo", tip, cwd=other)
    git.run("remote", "add", "origin", str(other), cwd=work)
    clone.fetch("origin", {"refs/hub/repo": "refs/hub-from/origin/repo"})
    assert clone.find_ref("refs/hub-from/origin/repo") == tip
    assert clone.find_ref("refs/hub/repo") == ""
    with pytest.raises(CommandRefused, match="couldn't find remote ref"):
        clone.fetch("origin", {"refs/hub/changes/1": "refs/hub-from/origin/changes/1"})


def test_a_push_tells_what_the_other_side_said(git: GitClient, clone: OwnClone) -> None:
    work = git.folder / "work"
    git.run("init", "--quiet", "--bare", "bare.git")
    other = git.folder / "bare.git"
    hook = other / "hooks" / "update"
    hook.write_text('#!/bin/sh\necho "Not $1."\nexit 1\n')
    hook.chmod(0o755)
    done = clone.push(str(other), git.commit(work, "One"), "refs/for-journal/x")
    assert (done.is_taken, done.lines[0]) == (False, "Not refs/for-journal/x.")
    hook.unlink()
    assert clone.push(str(other), git.head(work), "refs/for-journal/x").is_taken


def test_a_folder_that_is_no_clone_is_told_apart(tmp_path: Path, git: GitClient) -> None:
    with pytest.raises(NoClone, match="not a git repository"):
        OwnClone(tmp_path, {**git.environment, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)})
    with pytest.raises(NoClone):
        OwnClone(tmp_path, {"PATH": "/nonexistent"})
