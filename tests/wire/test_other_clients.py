"""Clients that are not the installed git: dulwich and libgit2 clone and push over HTTP."""

from pathlib import Path

import pygit2
import pytest
from dulwich import porcelain
from dulwich.repo import Repo

from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.proposals import proposals
from tests.wire.records import logged_refs, refs_on_disk

pytestmark = pytest.mark.wire_writes


@pytest.fixture
def path(served: Served, anna: Person, git: GitClient) -> str:
    """A private repository of Anna's with two commits on main."""
    path = served.repository(anna, private=True)
    work = git.init("seed")
    git.commit(work, "One")
    git.commit(work, "Two", {"folder/two": "2\n"})
    git.push(work, served.url(path, anna), "main")
    return path


def tip(served: Served, git: GitClient, path: str, ref: str) -> str | None:
    """Where the ref is, for disk and ref log alike."""
    refs = refs_on_disk(git, served.git_directory(path))
    assert logged_refs(served, path) == refs
    return refs.get(ref)


def test_dulwich_clones_and_pushes(
    served: Served, anna: Person, git: GitClient, path: str, tmp_path: Path
) -> None:
    who = {"username": anna.name, "password": anna.token}
    with porcelain.clone(served.url(path), str(tmp_path / "dulwich"), errstream=_Discarded(), **who) as repo:
        (tmp_path / "dulwich" / "new").write_text("by dulwich\n")
        porcelain.add(repo, [str(tmp_path / "dulwich" / "new")])
        made = porcelain.commit(repo, message=b"By dulwich", author=b"A <a@b.c>", committer=b"A <a@b.c>")
        porcelain.push(
            repo, served.url(path), "main:topic", outstream=_Discarded(), errstream=_Discarded(), **who
        )

    assert (tmp_path / "dulwich" / "folder" / "two").read_text() == "2\n"
    assert tip(served, git, path, "refs/heads/topic") == made.decode()


def test_dulwich_is_told_why_its_push_was_refused(
    served: Served, anna: Person, git: GitClient, path: str, tmp_path: Path
) -> None:
    git.clone(served.url(path, anna), "clone")
    git.run("reset", "--hard", "HEAD~1", cwd=git.folder / "clone")
    before = tip(served, git, path, "refs/heads/main")
    errors = _Discarded()

    with Repo(str(git.folder / "clone")) as repo:
        porcelain.push(
            repo,
            served.url(path),
            "+main",
            outstream=_Discarded(),
            errstream=errors,
            force=True,
            username=anna.name,
            password=anna.token,
        )

    assert b"protected branch" in errors.seen
    assert tip(served, git, path, "refs/heads/main") == before


def test_libgit2_clones_and_pushes(
    served: Served, anna: Person, git: GitClient, path: str, tmp_path: Path
) -> None:
    callbacks = _Libgit2(anna)
    repo = pygit2.clone_repository(served.url(path), str(tmp_path / "libgit2"), callbacks=callbacks)
    made = _commit(repo)

    repo.remotes["origin"].push([f"{made}:refs/heads/topic", "refs/heads/main:refs/tags/v1"], callbacks)

    assert (tmp_path / "libgit2" / "folder" / "two").read_text() == "2\n"
    assert callbacks.refused == {}
    assert tip(served, git, path, "refs/heads/topic") == made


def test_libgit2_is_told_why_its_push_was_refused(
    served: Served, anna: Person, ben: Person, git: GitClient, tmp_path: Path
) -> None:
    path = served.repository(anna)
    work = git.init()
    before = git.commit(work)
    git.push(work, served.url(path, anna), "main")
    callbacks = _Libgit2(ben)
    repo = pygit2.clone_repository(served.url(path), str(tmp_path / "libgit2"), callbacks=callbacks)
    made = _commit(repo)

    repo.remotes["origin"].push([f"{made}:refs/heads/main"], callbacks)

    assert callbacks.refused == {"refs/heads/main": "no write access"}
    assert tip(served, git, path, "refs/heads/main") == before


def test_libgit2_proposes(served: Served, anna: Person, git: GitClient, path: str, tmp_path: Path) -> None:
    callbacks = _Libgit2(anna)
    repo = pygit2.clone_repository(served.url(path), str(tmp_path / "libgit2"), callbacks=callbacks)
    made = _commit(repo)

    repo.remotes["origin"].push([f"{made}:refs/for/main"], callbacks)

    assert callbacks.refused == {}
    assert tip(served, git, path, "refs/changes/1/1") == made
    assert [one.patch_sets for one in proposals(served, path)] == [(made,)]


def test_dulwich_proposes_and_reads_which_change_it_is(
    served: Served, anna: Person, git: GitClient, path: str
) -> None:
    git.clone(served.url(path, anna), "clone")
    made = git.commit(git.folder / "clone", "Fix typo", {"README": "the\n"})
    told = _Discarded()

    with Repo(str(git.folder / "clone")) as repo:
        porcelain.push(
            repo,
            served.url(path),
            "main:refs/for/main",
            outstream=_Discarded(),
            errstream=told,
            username=anna.name,
            password=anna.token,
        )

    assert f"{served.http}/{path}/changes/1".encode() in told.seen
    assert tip(served, git, path, "refs/pull/1/head") == made


def _commit(repo: pygit2.Repository) -> str:
    person = pygit2.Signature("A", "a@example.org", 1700000000, 0)
    head = repo.revparse_single("HEAD")
    return str(repo.create_commit(None, person, person, "By libgit2", head.tree.id, [head.id]))


class _Libgit2(pygit2.RemoteCallbacks):
    """Answers libgit2's questions as that person, and keeps what was refused."""

    def __init__(self, person: Person) -> None:
        super().__init__(pygit2.UserPass(person.name, person.token))
        self.refused: dict[str, str] = {}

    def push_update_reference(self, refname: str, message: str | None) -> None:
        if message is not None:
            self.refused[refname] = message


class _Discarded:
    """A binary stream for what a client prints to its user."""

    def __init__(self) -> None:
        self.seen = b""

    def write(self, data: bytes) -> int:
        self.seen += data
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""
