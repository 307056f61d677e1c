"""What the wire tests share: the two ways to a hub, people, and a repository with a history."""

import shutil
from pathlib import Path

import pytest

from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.history import begin_with, make_history
from tests.wire.ways import Way


@pytest.fixture(params=["http", "ssh"])
def way(request: pytest.FixtureRequest, served: Served) -> Way:
    """git over HTTP and over SSH: every test that asks for it runs on both."""
    return Way(request.param, served)


@pytest.fixture(scope="session")
def anna(served: Served) -> Person:
    """A person who owns the repositories that tests make."""
    return served.person()


@pytest.fixture(scope="session")
def ben(served: Served) -> Person:
    """Another person, with no role anywhere unless a test gives one."""
    return served.person()


@pytest.fixture
def hers(way: Way, anna: Person, tmp_path: Path) -> GitClient:
    """Anna's git, which reaches the hub by this way."""
    return way.client(tmp_path / "anna", anna)


@pytest.fixture
def his(way: Way, ben: Person, tmp_path: Path) -> GitClient:
    """Ben's git, which reaches the hub by this way."""
    return way.client(tmp_path / "ben", ben)


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare repository on this machine with 60 commits, two branches and two tags."""
    return make_history(GitClient(tmp_path_factory.mktemp("history")))


@pytest.fixture(scope="session")
def library(served: Served, anna: Person, history: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a public repository with that history; tests read it and push nothing."""
    path = served.repository(anna)
    git = GitClient(tmp_path_factory.mktemp("filler"))
    git.push(history, served.url(path, anna), "refs/heads/main")
    git.push(history, served.url(path, anna), "refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*")
    return path


@pytest.fixture
def path(way: Way, anna: Person) -> str:
    """A new public repository of Anna's."""
    return way.served.repository(anna)


@pytest.fixture(scope="session")
def _begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    git = GitClient(tmp_path_factory.mktemp("begun"))
    work = git.init()
    git.commit(work, "One")
    return work


@pytest.fixture
def work(hers: GitClient, way: Way, path: str, anna: Person, _begun: Path) -> Path:
    """Anna's work: one commit on main, which is in her new repository as if she had pushed it."""
    work = hers.folder / "work"
    shutil.copytree(_begun, work)
    with (work / ".git" / "config").open("a") as file:
        fetched = "+refs/heads/*:refs/remotes/origin/*"
        file.write(f'[remote "origin"]\n\turl = {way.url(path, anna)}\n\tfetch = {fetched}\n')
    tip, known = hers.head(work), work / ".git" / "refs" / "remotes" / "origin"
    known.mkdir(parents=True)
    (known / "main").write_text(f"{tip}\n")
    begin_with(way.served, path, _begun / ".git" / "objects", tip)
    return work
