"""Deploy keys with real git: one repository, to read or to push, and nobody's name."""

import subprocess
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.access import Permission
from hub.clock import now
from hub.repos.access import open_repository
from hub.repos.models import PushIntent, Repository
from hub.repos.settings import deploy_keys
from tests.factories import SYSTEM, write_key
from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.records import repository_id
from tests.wire.ways import ssh, ssh_arguments


def deploy_key(served: Served, path: str, folder: Path, *, may_push: bool = False) -> Person:
    """A machine whose key is a deploy key of the repository; it has no name and no token."""
    folder.mkdir(exist_ok=True)
    key = folder / f"deploy-{may_push}"
    line = write_key(key)
    with served.hub.database.writing() as session:
        repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
        row = deploy_keys.add_deploy_key(
            session, SYSTEM, repository, title="build server", line=line, may_push=may_push
        )
        return Person(row.id, "deploy key build server", "", "", key)


def greeting(served: Served, machine: Person) -> str:
    arguments = ssh_arguments(served, machine)
    done = subprocess.run((*arguments[:-1], "-T", arguments[-1]), capture_output=True, check=False)
    assert done.returncode == 1
    return done.stderr.decode()


@pytest.fixture
def secret(served: Served, anna: Person, tmp_path: Path) -> str:
    """A private repository of Anna's with one commit on main."""
    path = served.repository(anna, private=True)
    git = GitClient(tmp_path / "filler")
    work = git.init()
    git.commit(work, "One")
    git.push(work, served.url(path, anna), "main")
    return path


@pytest.fixture
def machine(served: Served, secret: str, tmp_path: Path) -> Person:
    """A deploy key that reads the private repository."""
    return deploy_key(served, secret, tmp_path / "machine")


@pytest.fixture
def builder(served: Served, secret: str, tmp_path: Path) -> Person:
    """A deploy key that also pushes to it."""
    return deploy_key(served, secret, tmp_path / "builder", may_push=True)


def client(person: Person, tmp_path: Path) -> GitClient:
    return GitClient(tmp_path / f"git-{person.key.name}", key=person.key)


def test_ssh_says_what_the_key_reaches(served: Served, secret: str, machine: Person, builder: Person) -> None:
    name = "deploy key build server"
    words = f"Hi {name}! You've successfully authenticated, but Hub does not provide shell access."
    assert greeting(served, machine) == f"{words}\nIt reads {secret}.\n"
    assert greeting(served, builder) == f"{words}\nIt reads {secret} and pushes to it.\n"


def test_key_that_reads_clones_and_does_not_push(
    served: Served, secret: str, machine: Person, tmp_path: Path
) -> None:
    git = client(machine, tmp_path)
    git.clone(served.ssh_url(secret))
    git.commit(git.folder / "clone", "Two")
    refused = git.push(git.folder / "clone", "origin", "HEAD:refs/heads/topic", check=False)
    assert refused.exit == 128
    assert "This deploy key reads, and nothing else." in refused.err
    assert f"Ask the owner of {secret} for a deploy key that may push." in refused.err


def test_key_that_pushes_keeps_to_the_rules_and_is_recorded_under_its_own_name(
    served: Served, secret: str, builder: Person, tmp_path: Path
) -> None:
    git = client(builder, tmp_path)
    git.clone(served.ssh_url(secret))
    git.commit(git.folder / "clone", "Built")
    pushed = git.push(
        git.folder / "clone", "origin", "HEAD:refs/heads/built", "HEAD:refs/heads/main", check=False
    )
    assert "[new branch] HEAD -> built" in " ".join(pushed.err.split())
    assert "main (protected branch)" in pushed.err
    assert "'main' is protected: only maintainers push it." in pushed.err
    wanted = select(PushIntent.user_id, PushIntent.key_name).order_by(PushIntent.id.desc())
    of_it = PushIntent.repository_id == repository_id(served, secret)
    with served.hub.database.reading() as session:
        assert tuple(session.execute(wanted.where(of_it)).first() or ()) == (None, "deploy key build server")


def test_key_is_a_stranger_elsewhere(
    served: Served, secret: str, builder: Person, anna: Person, library: str, tmp_path: Path
) -> None:
    other = served.repository(anna, private=True)
    missing = f"{other}-missing"
    git = client(builder, tmp_path)
    git.clone(served.ssh_url(library), "public")
    git.commit(git.folder / "public", "Not for them")
    refused = git.push(git.folder / "public", "origin", "HEAD:refs/heads/topic", check=False)
    assert "This is the deploy key of another repository." in refused.err
    for command in ("git-upload-pack", "git-receive-pack"):
        answers = [ssh(served, builder, f"{command} '{path}.git'") for path in (other, missing)]
        said = [
            (one.returncode, one.stdout, one.stderr.replace(path.encode(), b"PATH"))
            for one, path in zip(answers, (other, missing), strict=True)
        ]
        assert said[0] == said[1]
        assert b"No repository PATH." in said[0][2]


def test_removed_key_and_deleted_repository_are_the_end_of_it(
    served: Served, secret: str, machine: Person, builder: Person, tmp_path: Path
) -> None:
    readers = [client(machine, tmp_path), client(builder, tmp_path)]
    assert all(git.ls_remote(served.ssh_url(secret)) for git in readers)
    with served.hub.database.writing() as session:
        repository = open_repository(session, SYSTEM, secret, need=Permission.SEE)
        deploy_keys.remove_deploy_key(session, SYSTEM, repository, key_id=machine.id)
    refused = readers[0].run("ls-remote", served.ssh_url(secret), check=False)
    assert "Permission denied (publickey)" in refused.err
    number = repository_id(served, secret)
    with served.hub.database.writing() as session:
        session.get_one(Repository, number).deleted_at = now()
    refused = readers[1].run("ls-remote", served.ssh_url(secret), check=False)
    assert f"No repository {secret}." in refused.err
    assert greeting(served, builder).endswith("Its repository was deleted.\n")


def test_archived_repository_is_read_and_takes_nothing(
    served: Served, secret: str, builder: Person, tmp_path: Path
) -> None:
    number = repository_id(served, secret)
    with served.hub.database.writing() as session:
        session.get_one(Repository, number).archived_at = now()
    git = client(builder, tmp_path)
    git.clone(served.ssh_url(secret))
    git.commit(git.folder / "clone", "Too late")
    refused = git.push(git.folder / "clone", "origin", "HEAD:refs/heads/late", check=False)
    assert f"{secret} is archived: it is read-only." in refused.err
    assert "is archived and takes no pushes" in greeting(served, builder)
