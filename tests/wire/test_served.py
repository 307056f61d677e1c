"""A hub that runs for real: what its ready file says, and that a person can push, read and come back."""

import json
import stat

import httpx
import pytest

from hub.access import Role
from tests.git_client import GitClient
from tests.served import Served

pytestmark = pytest.mark.wire_writes


def test_ready_file_holds_both_addresses(served: Served) -> None:
    ready = json.loads(served.ready_file.read_text())
    assert ready == {"http": served.http, "ssh": served.ssh}


@pytest.mark.parametrize("transport", ["http", "ssh"])
def test_what_a_person_pushes_another_one_clones(served: Served, git: GitClient, transport: str) -> None:
    owner, path = served.person(), ""
    path = served.repository(owner)
    git.use_key(owner.key)
    url = served.url(path, owner) if transport == "http" else served.ssh_url(path)
    work = git.init()
    commit_id = git.commit(work, "First commit", {"README.md": "# Hello\n"})
    git.push(work, url, "main")
    git.clone(served.url(path))
    assert git.head(git.folder / "clone") == commit_id


def test_role_lets_a_person_clone_a_private_repository(served: Served, git: GitClient) -> None:
    path, guest = served.repository(private=True), served.person()
    assert not git.clone(served.url(path, guest), "refused", check=False).ok
    served.grant(path, guest, Role.READ)
    assert git.clone(served.url(path, guest)).ok


def test_token_reads_pages_as_its_person(served: Served) -> None:
    person = served.person()
    path = served.repository(person, private=True)
    page = httpx.get(f"{served.http}/{path}", headers=person.headers, trust_env=False, timeout=60)
    assert page.status_code == 200
    assert httpx.get(f"{served.http}/{path}", trust_env=False, timeout=60).status_code == 404


def test_data_is_for_its_own_user_alone(served: Served) -> None:
    assert stat.S_IMODE(served.data.stat().st_mode) == 0o700
    assert stat.S_IMODE((served.data / "keys" / "ssh_host_ed25519").stat().st_mode) == 0o600


def test_hub_comes_back_with_its_data(fresh_served: Served, git: GitClient) -> None:
    owner = fresh_served.person()
    path = fresh_served.repository(owner)
    work = git.init()
    commit_id = git.commit(work)
    git.push(work, fresh_served.url(path, owner), "main")
    assert fresh_served.stop() == 0
    fresh_served.start()
    assert git.ls_remote(fresh_served.url(path))["refs/heads/main"] == commit_id
