"""Forks over the wire: what they borrow serves nobody who may not read it, and they outlive their origin."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from hub.access import Permission, Visibility
from hub.accounts.queries import get_user
from hub.repos.access import open_repository
from hub.repos.forks.forking import fork_repository
from hub.repos.loans import settle
from hub.repos.models import Repository
from hub.repos.settings.deletion import delete_repository
from hub.repos.settings.settings import set_visibility
from tests.factories import SYSTEM, unique
from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.http_requests import fetch_v2
from tests.wire.ways import Way

ALTERNATES = "objects/info/alternates"


def fork(served: Served, origin: str, person: Person, *, private: bool = False) -> str:
    """The path of their new fork of it."""
    with served.hub.database.writing() as session:
        owner = get_user(session, person.name)
        source = open_repository(session, owner.viewer(), origin, need=Permission.SEE)
        visibility = Visibility.PRIVATE if private else Visibility.PUBLIC
        return fork_repository(
            session, owner.viewer(), source, owner=owner, name=unique("fork"), visibility=visibility
        ).path


def change(served: Served, path: str, act: Callable[[Session, Repository], None]) -> None:
    """What an owner's settings do: loans that are in the way end first."""

    def work(session: Session) -> None:
        act(session, open_repository(session, SYSTEM, path, need=Permission.SEE))

    settle(served.hub.database, work)


def narrow(session: Session, repository: Repository) -> None:
    set_visibility(session, SYSTEM, repository, visibility=Visibility.PRIVATE)


def widen(session: Session, repository: Repository) -> None:
    set_visibility(session, SYSTEM, repository, visibility=Visibility.PUBLIC)


def delete(session: Session, repository: Repository) -> None:
    delete_repository(session, SYSTEM, repository)


def assert_whole(served: Served, git: GitClient, path: str) -> None:
    directory = served.git_directory(path)
    assert not (directory / ALTERNATES).exists()
    git.run("fsck", "--full", "--strict", cwd=directory)


def test_fork_is_cloned_and_pushed_to(way: Way, his: GitClient, ben: Person, path: str, work: Path) -> None:
    forked = fork(way.served, path, ben)
    assert (way.served.git_directory(forked) / ALTERNATES).exists()
    his.clone(way.url(forked, ben))
    commit_id = his.commit(his.folder / "clone", "Of the fork")
    his.push(his.folder / "clone", "origin", "main")
    his.clone(way.url(forked, ben), "again")
    assert his.head(his.folder / "again") == commit_id
    his.run("fsck", "--full", "--strict", cwd=way.served.git_directory(forked))
    his.run("fsck", "--full", "--strict", cwd=way.served.git_directory(path))


def test_push_to_a_fork_is_not_told_of_the_origin_s_refs(
    way: Way, hers: GitClient, his: GitClient, ben: Person, path: str, work: Path
) -> None:
    forked = fork(way.served, path, ben)
    later = hers.commit(work, "Later at the origin")
    hers.push(work, "origin", "main")
    his.clone(way.url(forked, ben))
    his.commit(his.folder / "clone", "Of the fork")
    pushed = his.run(
        "push", "origin", "main", cwd=his.folder / "clone", environment={"GIT_TRACE_PACKET": "1"}
    )
    assert later not in pushed.err


@pytest.mark.parametrize("private", [False, True])
def test_object_of_the_origin_is_refused_through_its_fork(
    way: Way, hers: GitClient, anna: Person, private: bool
) -> None:
    """The attack: want an object by its id, of a repository that the fork borrows from."""
    path = way.served.repository(anna, private=private)
    work = hers.init()
    hers.commit(work, "One")
    hers.push(work, way.url(path, anna), "main")
    forked = fork(way.served, path, anna, private=private)
    secret = hers.commit(work, "Secret", {"secret": "of the origin alone"})
    hers.push(work, way.url(path, anna), "main")
    hers.init("other")

    for wanted in (secret, hers.head(work, "HEAD:secret"), hers.head(work, "HEAD^{tree}")):
        fetched = hers.fetch(hers.folder / "other", way.url(forked, anna), wanted, check=False)
        assert f"not our ref {wanted}" in fetched.err


@pytest.mark.parametrize("act", [narrow, delete])
def test_fork_outlives_an_origin_that_nobody_may_read_any_more(
    way: Way, his: GitClient, ben: Person, path: str, work: Path, act: Callable[[Session, Repository], None]
) -> None:
    forked = fork(way.served, path, ben)
    his.clone(way.url(forked, ben))
    commit_id = his.commit(his.folder / "clone", "Of the fork")
    his.push(his.folder / "clone", "origin", "main")
    change(way.served, path, act)
    assert_whole(way.served, his, forked)
    his.clone(way.url(forked, ben), "afterwards")
    assert his.head(his.folder / "afterwards") == commit_id
    assert not his.clone(way.url(path, ben), "origin", check=False).ok


def test_fork_that_more_may_read_than_its_origin_is_whole(
    served: Served, anna: Person, ben: Person, git: GitClient
) -> None:
    """The attack: what was pushed to a private origin is asked of its public fork, by its id."""
    path = served.repository(anna, private=True)
    work = git.init()
    git.commit(work, "One")
    git.push(work, served.url(path, anna), "main")
    forked = fork(served, path, anna, private=True)
    secret = git.commit(work, "Secret")
    git.push(work, served.url(path, anna), "main")
    change(served, forked, widen)
    assert_whole(served, git, forked)
    git.clone(served.url(forked, ben))
    assert git.head(git.folder / "clone") == git.head(work, "HEAD~1")
    assert fetch_v2(served, forked, [secret]).body == b"0049ERR upload-pack: not our ref " + secret.encode()
    assert not git.run("cat-file", "-e", secret, cwd=served.git_directory(forked), check=False).ok


def test_partial_clone_of_a_fork_checks_out_lazily(
    way: Way, his: GitClient, ben: Person, library: str
) -> None:
    forked = fork(way.served, library, ben)
    his.clone(way.url(forked, ben), "clone", "--filter=blob:none", "--no-checkout")
    his.run("checkout", "main", cwd=his.folder / "clone")
    his.run("log", "-p", "-5", cwd=his.folder / "clone")
    his.run("checkout", "--quiet", "HEAD~20", cwd=his.folder / "clone")


def test_kept_answers_of_origin_and_fork_are_kept_apart(
    served: Served, anna: Person, ben: Person, git: GitClient
) -> None:
    path = served.repository(anna)
    work = git.init()
    git.commit(work)
    git.push(work, served.url(path, anna), "main")
    forked = fork(served, path, ben)
    tip = git.head(work)
    later = git.commit(work, "Later")
    git.push(work, served.url(path, anna), "main")
    assert b"packfile" in fetch_v2(served, path, [later]).body
    assert b"packfile" in fetch_v2(served, forked, [tip]).body
    assert b"not our ref" in fetch_v2(served, forked, [later]).body
