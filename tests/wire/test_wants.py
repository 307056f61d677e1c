"""Objects wanted by their ids: whoever may see the repository gets what its refs reach, and nothing else."""

import os
import subprocess
from pathlib import Path
from typing import IO

import pytest

from hub.access import Permission, Role
from hub.accounts.queries import get_user
from hub.repos.access import open_repository
from hub.repos.actions import revoke
from tests.factories import SYSTEM
from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.beside import beside
from tests.wire.http_requests import fetch_v2, fetch_v2_body
from tests.wire.ways import Way, ssh_arguments


@pytest.fixture
def work(hers: GitClient) -> Path:
    """A repository on Anna's machine with two commits."""
    work = hers.init()
    hers.commit(work, "One")
    hers.commit(work, "Two")
    return work


@pytest.fixture
def path(way: Way, hers: GitClient, anna: Person, work: Path) -> str:
    """A public repository with main, and with a branch `gone` that was deleted."""
    path = way.served.repository(anna)
    hers.run("remote", "add", "origin", way.url(path, anna), cwd=work)
    hers.push(work, "origin", "main")
    hers.commit(work, "Secret", {"secret": "only on a branch that is gone"})
    hers.push(work, "origin", "HEAD:refs/heads/gone")
    hers.push(work, "origin", "--delete", "gone")
    return path


@pytest.mark.parametrize(
    ("wanted", "allowed"), [("main", True), ("main~1", True), ("HEAD", False), ("HEAD:secret", False)]
)
def test_want_by_id_is_served_if_a_ref_reaches_it(
    hers: GitClient, way: Way, path: str, anna: Person, work: Path, wanted: str, allowed: bool
) -> None:
    hers.run("checkout", "--quiet", "--detach", cwd=work)
    hers.run("branch", "--force", "main", "HEAD~1", cwd=work)
    want = hers.head(work, wanted)
    hers.init("other")

    fetched = hers.fetch(hers.folder / "other", way.url(path, anna), want, check=False)

    assert fetched.ok == allowed, fetched.text
    if not allowed:
        assert f"not our ref {want}" in fetched.err


@pytest.mark.parametrize("version", ["0", "1"])
def test_older_protocols_serve_no_id_that_is_not_shown(
    hers: GitClient, way: Way, path: str, anna: Person, work: Path, version: str
) -> None:
    want = hers.head(work)
    hers.init("other")

    fetched = hers.run(
        "-c",
        f"protocol.version={version}",
        "fetch",
        way.url(path, anna),
        want,
        cwd=hers.folder / "other",
        check=False,
    )

    assert "unadvertised object" in fetched.err


def test_object_of_another_repository_is_refused(hers: GitClient, way: Way, path: str, anna: Person) -> None:
    other = hers.init("private")
    secret = hers.commit(other, "Elsewhere", {"secret": "of another repository"})
    hers.push(other, way.url(way.served.repository(anna, private=True), anna), "main")
    hers.init("other")

    fetched = hers.fetch(hers.folder / "other", way.url(path, anna), secret, check=False)

    assert f"not our ref {secret}" in fetched.err


def test_kept_answer_is_not_served_once_its_branch_is_deleted(
    served: Served, anna: Person, git: GitClient
) -> None:
    """The attack: a clone fills the cache, the branch is withdrawn, and the same bytes are asked again."""
    path = served.repository(anna)
    work = git.init()
    git.commit(work)
    git.push(work, served.url(path, anna), "main")
    secret = git.commit(work, "Secret")
    git.push(work, served.url(path, anna), "main:refs/heads/leak")
    kept = [fetch_v2(served, path, [secret]) for _ in range(2)]
    git.push(work, served.url(path, anna), ":refs/heads/leak")

    asked = fetch_v2(served, path, [secret])

    assert all(b"packfile" in one.body for one in kept)
    assert kept[0].body == kept[1].body
    assert asked.body == b"0049ERR upload-pack: not our ref " + secret.encode()


def test_kept_answer_is_not_served_once_the_right_is_revoked(
    served: Served, anna: Person, git: GitClient
) -> None:
    """The attack: somebody who may read fills the cache, loses the role, and sends the same bytes again."""
    path, reader = served.repository(anna, private=True), served.person()
    served.grant(path, reader, Role.READ)
    work = git.init()
    tip = git.commit(work)
    git.push(work, served.url(path, anna), "main")
    kept = fetch_v2(served, path, [tip], reader)
    take_role(served, path, reader)

    answers = [fetch_v2(served, path, [tip], reader), fetch_v2(served, path, [tip])]

    assert b"packfile" in kept.body
    assert [one.status for one in answers] == [404, 401]
    assert not any(b"PACK" in one.body for one in answers)
    assert b"packfile" in fetch_v2(served, path, [tip], anna).body


def test_open_session_over_ssh_ends_once_the_right_is_revoked(
    served: Served, anna: Person, git: GitClient
) -> None:
    """The attack: somebody who may read opens a session, loses the role, and goes on asking in it."""
    path, reader = served.repository(anna, private=True), served.person()
    served.grant(path, reader, Role.READ)
    work = git.init()
    tip = git.commit(work)
    git.push(work, served.url(path, anna), "main")
    command = [*ssh_arguments(served, reader), f"git-upload-pack '{path}.git'"]
    environment = {**os.environ, "GIT_PROTOCOL": "version=2"}
    with beside(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as session:
        assert session.stdin is not None
        assert session.stdout is not None
        advertised = until_flush(session.stdout)
        session.stdin.write(fetch_v2_body([tip]))
        session.stdin.flush()
        first = until_flush(session.stdout)
        take_role(served, path, reader)
        out, err = session.communicate(fetch_v2_body([tip]), timeout=240)

    assert b"version 2" in advertised
    assert b"PACK" in first
    assert out == b""
    assert err.startswith(f"No repository {path}.".encode())


def until_flush(stream: IO[bytes]) -> bytes:
    """Everything up to the next flush."""
    data = b""
    while (header := stream.read(4)) != b"0000":
        assert header
        data += stream.read(max(int(header, 16) - 4, 0))
    return data


def take_role(served: Served, path: str, person: Person) -> None:
    """Revokes the person's role."""
    with served.hub.database.writing() as session:
        repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
        revoke(session, SYSTEM, repository, get_user(session, person.name))


def test_kept_answer_of_one_repository_is_not_served_for_another(
    served: Served, anna: Person, git: GitClient
) -> None:
    """The attack: the same wants, asked of a public repository that does not have them."""
    private, public = served.repository(anna, private=True), served.repository(anna)
    work = git.init()
    tip = git.commit(work)
    git.push(work, served.url(private, anna), "main")
    kept = fetch_v2(served, private, [tip], anna)

    answer = fetch_v2(served, public, [tip])

    assert b"packfile" in kept.body
    assert b"not our ref" in answer.body
