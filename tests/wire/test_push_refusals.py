"""What a push is told when its content, its names or its person are not accepted."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import migrations
from hub.access import Role
from hub.config import from_values
from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.records import open_intents, ref_log, refs_on_disk
from tests.wire.ways import Way, lines_of


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A hub that takes objects of 1 MiB, pushes of 4 MiB and ten refs at once."""
    folder = tmp_path_factory.mktemp("strict")
    (folder / "data").mkdir(mode=0o700)
    migrations.upgrade(from_values({"data": str(folder / "data")}))
    limits = {"max_object_bytes": str(1 << 20), "max_push_bytes": str(4 << 20), "max_push_refs": "10"}
    served = Served(folder, settings=limits)
    served.start()
    yield served
    served.close()


@pytest.fixture(params=["http", "ssh"])
def strict_way(request: pytest.FixtureRequest, strict: Served) -> Way:
    """git over HTTP and SSH to the hub with small limits."""
    return Way(request.param, strict)


def test_who_may_only_propose_is_admitted_and_the_branch_refused(
    hers: GitClient, his: GitClient, way: Way, path: str, work: Path, ben: Person
) -> None:
    his.clone(way.url(path, ben))
    his.commit(his.folder / "clone", "His")

    refused = his.push(his.folder / "clone", "origin", "main", check=False)

    assert refused.exit == 1
    lines = lines_of(refused)
    assert "! [remote rejected] main -> main (no write access)" in lines
    assert (
        f"remote: You have read access to {path} but not write."
        " Propose instead: git push origin HEAD:refs/for/main"
    ) in lines
    assert refs_on_disk(hers, way.served.git_directory(path)) == {"refs/heads/main": hers.head(work)}


@pytest.mark.parametrize("role", [Role.READ, Role.PROPOSE, Role.WRITE])
def test_role_in_a_private_repository_decides_about_a_branch(
    hers: GitClient, way: Way, anna: Person, role: Role, tmp_path: Path
) -> None:
    path, person = way.served.repository(anna, private=True), way.served.person()
    way.served.grant(path, person, role)
    work = hers.init()
    hers.commit(work)
    hers.push(work, way.url(path, anna), "main")
    theirs = way.client(tmp_path / "theirs", person)

    pushed = theirs.push(work, way.url(path, person), "main:topic", check=False)

    assert pushed.ok == (role is Role.WRITE), pushed.text
    assert ("(no write access)" in pushed.err) == (role is Role.PROPOSE)
    if role is Role.READ:
        assert f"You may not do this in {path}." in pushed.err or "403" in pushed.err


@pytest.mark.parametrize(
    ("ref", "reason"),
    [
        ("refs/changes/1/head", "deny updating a hidden ref"),
        ("refs/pull/1/head", "deny updating a hidden ref"),
        ("refs/hub/secret", "deny updating a hidden ref"),
        ("refs/other/x", "only branches, tags and notes can be pushed"),
        ("refs/heads/HEAD", "HEAD is git's own name for what is checked out"),
        (f"refs/heads/{'a' * 40}", "a name must not look like the id of a commit"),
        ("refs/heads/x\u202ey", "a name must not hold invisible characters"),
    ],
)
def test_name_that_nobody_may_push_is_refused(
    hers: GitClient, way: Way, path: str, work: Path, ref: str, reason: str
) -> None:
    refused = hers.push(work, "origin", f"HEAD:{ref}", check=False)

    assert refused.exit == 1
    assert f"({reason})" in refused.err
    assert set(refs_on_disk(hers, way.served.git_directory(path))) == {"refs/heads/main"}


def test_branch_beside_a_folder_of_its_name_is_refused_in_words(
    hers: GitClient, way: Way, path: str, work: Path
) -> None:
    hers.push(work, "origin", "main:topic")

    refused = hers.push(work, "origin", "main:topic/part", check=False)

    assert "(a branch 'topic' exists, so 'topic/part' cannot)" in refused.err
    assert "cannot lock ref" not in refused.err


def test_too_large_object_is_refused_with_its_path_and_the_limit(
    strict_way: Way, tmp_path: Path, strict: Served
) -> None:
    person = strict.person()
    path = strict.repository(person)
    git = strict_way.client(tmp_path / "git", person)
    work = git.init()
    git.commit(work, "Large", {"assets/film.bin": b"\0" * (3 << 20)})
    git.run("rm", "--quiet", "assets/film.bin", cwd=work)
    git.commit(work, "Without it", {"small": "small"})

    refused = git.push(work, strict_way.url(path, person), "main", check=False)

    assert "assets/film.bin: 3.0 MiB, more than the 1.0 MiB an object may have" in refused.err
    assert "! [remote rejected] main -> main (pre-receive hook declined)" in lines_of(refused)
    assert refs_on_disk(git, strict.git_directory(path)) == {}
    assert not list((strict.git_directory(path) / "objects" / "pack").iterdir())


def test_too_large_push_is_refused_with_the_limit(strict_way: Way, tmp_path: Path, strict: Served) -> None:
    person = strict.person()
    path = strict.repository(person)
    git = strict_way.client(tmp_path / "git", person)
    work = git.init()
    noise = {f"noise-{number}": _noise(number, 900_000) for number in range(8)}
    git.commit(work, "Too much", noise)

    refused = git.push(work, strict_way.url(path, person), "main", check=False)

    assert refused.exit == 1
    assert "pack exceeds maximum allowed size (4.00 MiB)" in refused.err
    assert refs_on_disk(git, strict.git_directory(path)) == {}


def test_too_many_refs_are_refused_with_the_limit(strict_way: Way, tmp_path: Path, strict: Served) -> None:
    person = strict.person()
    path = strict.repository(person)
    git = strict_way.client(tmp_path / "git", person)
    work = git.init()
    git.commit(work)
    names = [f"main:refs/tags/t{number}" for number in range(11)]

    refused = git.push(work, strict_way.url(path, person), *names, check=False)

    assert "(more than 10 refs in one push; push them in parts)" in refused.err
    assert refs_on_disk(git, strict.git_directory(path)) == {}


def test_damaged_object_is_refused_and_named(hers: GitClient, way: Way, path: str, work: Path) -> None:
    tip = _commit_of_tree(hers, work, b"100644 .git", "A file called .git")

    refused = hers.push(work, "origin", f"{tip}:refs/heads/bad", check=False)

    assert refused.exit == 1
    assert "hasDotgit" in refused.err
    assert set(refs_on_disk(hers, way.served.git_directory(path))) == {"refs/heads/main"}


def test_fault_that_old_histories_have_is_accepted(hers: GitClient, way: Way, path: str, work: Path) -> None:
    tip = _commit_of_tree(hers, work, b"0100644 file", "Modes as some tools wrote them")

    hers.push(work, "origin", f"{tip}:refs/heads/historic")

    assert refs_on_disk(hers, way.served.git_directory(path))["refs/heads/historic"] == tip


def test_refused_push_leaves_no_trace_in_the_records(
    hers: GitClient, way: Way, path: str, work: Path
) -> None:
    before = ref_log(way.served, path)
    tip = _commit_of_tree(hers, work, b"100644 .git", "A file called .git")

    hers.push(work, "origin", f"{tip}:refs/heads/bad", "main:refs/for/main", check=False)

    assert ref_log(way.served, path) == before
    assert open_intents(way.served, path) == 0
    assert not list((way.served.git_directory(path) / "objects").glob("*incoming*"))


def _commit_of_tree(git: GitClient, work: Path, entry: bytes, message: str) -> str:
    """A commit whose tree holds one file under exactly this mode and name."""
    blob = git.run("hash-object", "-w", "--stdin", cwd=work, input="content\n").out.strip()
    tree_bytes = entry + b"\0" + bytes.fromhex(blob)
    command = ("hash-object", "-t", "tree", "-w", "--literally", "--stdin")
    tree = git.run(*command, cwd=work, input=tree_bytes).out.strip()
    return git.run("commit-tree", tree, "-m", message, cwd=work).out.strip()


def _noise(seed: int, size_bytes: int) -> bytes:
    return random.Random(seed).randbytes(size_bytes)
