"""Pushes by the installed git, over HTTP and SSH: what goes through, and what each refusal says."""

from pathlib import Path

import pytest

from hub.access import Role
from tests.git_client import GitClient
from tests.served import Person
from tests.wire.made_by_hand import ZERO, pack_of, push_body, read_answer
from tests.wire.records import is_linear, logged_refs, ref_log, refs_on_disk
from tests.wire.ways import Way, lines_of

pytestmark = pytest.mark.wire_writes


def agree(way: Way, git: GitClient, path: str) -> dict[str, str]:
    """The refs on disk, which the ref log must know as well."""
    refs = refs_on_disk(git, way.served.git_directory(path))
    assert logged_refs(way.served, path) == refs
    return refs


def test_first_push_fills_a_new_repository(hers: GitClient, way: Way, path: str, work: Path) -> None:
    assert agree(way, hers, path) == {"refs/heads/main": hers.head(work)}
    assert hers.run("ls-remote", "origin", "HEAD", cwd=work).out == f"{hers.head(work)}\tHEAD\n"


def test_push_that_changes_nothing_says_so(hers: GitClient, way: Way, path: str, work: Path) -> None:
    before = ref_log(way.served, path)

    pushed = hers.push(work, "origin", "main")

    assert "Everything up-to-date" in pushed.err
    assert ref_log(way.served, path) == before


def test_push_in_small_chunks_arrives_whole(hers: GitClient, way: Way, path: str, work: Path) -> None:
    content = "".join(f"{number * number}\n" for number in range(40_000))
    tip = hers.commit(work, "Large", {"large": content})

    hers.run("-c", "http.postBuffer=1", "push", "origin", "main", cwd=work)

    assert agree(way, hers, path) == {"refs/heads/main": tip}


def test_branches_and_tags_go_together(hers: GitClient, way: Way, path: str, work: Path) -> None:
    hers.run("tag", "light", cwd=work)
    hers.run("tag", "-a", "-m", "Version 1", "v1", cwd=work)
    hers.run("branch", "feature/ä-ö", cwd=work)

    hers.push(work, "origin", "--all")
    hers.push(work, "origin", "--tags")

    refs = agree(way, hers, path)
    assert set(refs) == {"refs/heads/main", "refs/heads/feature/ä-ö", "refs/tags/light", "refs/tags/v1"}
    assert refs["refs/tags/v1"] == hers.head(work, "v1")


def test_mirror_push_brings_every_ref(hers: GitClient, way: Way, anna: Person, history: Path) -> None:
    path = way.served.repository(anna)

    hers.push(history, "--mirror", way.url(path, anna))

    assert set(agree(way, hers, path)) == {
        "refs/heads/main", "refs/heads/topic", "refs/tags/light", "refs/tags/v1"
    }  # fmt: skip


def test_branch_is_deleted_and_made_again(hers: GitClient, way: Way, path: str, work: Path) -> None:
    hers.push(work, "origin", "main:topic")
    hers.push(work, "origin", ":topic")
    gone = agree(way, hers, path)
    hers.push(work, "origin", "main:topic")

    assert "refs/heads/topic" not in gone
    moves = ref_log(way.served, path, "refs/heads/topic")
    assert [new == ZERO for _, _, new in moves] == [False, True, False]
    assert is_linear(moves)


def test_branch_is_rewritten_only_by_force(hers: GitClient, way: Way, path: str, work: Path) -> None:
    hers.commit(work, "Two")
    hers.push(work, "origin", "main:topic")
    hers.run("reset", "--quiet", "--hard", "HEAD~1", cwd=work)
    other = hers.commit(work, "Instead of two")

    refused = hers.push(work, "origin", "main:topic", check=False)
    hers.push(work, "origin", "--force", "main:topic")

    assert "! [rejected] main -> topic (non-fast-forward)" in lines_of(refused)
    assert agree(way, hers, path)["refs/heads/topic"] == other
    assert is_linear(ref_log(way.served, path, "refs/heads/topic"))


def test_push_behind_somebody_else_is_told_to_fetch(
    hers: GitClient, way: Way, path: str, work: Path, anna: Person
) -> None:
    hers.clone(way.url(path, anna), "second")
    hers.commit(hers.folder / "second", "By somebody else")
    hers.push(hers.folder / "second", "origin", "main")
    hers.commit(work, "Mine")

    refused = hers.push(work, "origin", "main", check=False)

    assert "! [rejected] main -> main (fetch first)" in lines_of(refused)


def test_branch_that_moved_meanwhile_is_refused_with_the_next_step(
    hers: GitClient, way: Way, path: str, work: Path, anna: Person
) -> None:
    first = hers.head(work)
    second, third = hers.commit(work, "Two"), hers.commit(work, "Three")
    hers.push(work, "origin", f"{second}:refs/heads/main")
    body = push_body([(first, third, "refs/heads/main")], pack_of(hers, work, third))

    answer = read_answer(way.push_by_hand(path, anna, body))

    assert answer.answer_for("refs/heads/main") == "ng main moved; git pull --rebase and push again"
    assert agree(way, hers, path) == {"refs/heads/main": second}


def test_atomic_push_moves_all_or_nothing(hers: GitClient, way: Way, path: str, work: Path) -> None:
    first, second = hers.head(work), hers.commit(work, "Two")

    hers.push(work, "origin", "--atomic", "main", "main:topic")
    hers.run("reset", "--quiet", "--hard", "HEAD~1", cwd=work)
    refused = hers.push(work, "origin", "--atomic", "+main", "main:other", check=False)

    assert refused.exit == 1
    assert "! [remote rejected] main -> main (protected branch)" in lines_of(refused)
    assert "! [remote rejected] main -> other (atomic push: another ref was refused)" in lines_of(refused)
    assert agree(way, hers, path) == {"refs/heads/main": second, "refs/heads/topic": second}
    assert first == hers.head(work)


def test_push_options_are_accepted(hers: GitClient, way: Way, path: str, work: Path) -> None:
    tip = hers.commit(work, "Two")

    hers.push(work, "origin", "--push-option=ci.skip", "--push-option=title=An ödd one", "main")

    assert agree(way, hers, path) == {"refs/heads/main": tip}


def test_shallow_clone_can_push(hers: GitClient, way: Way, path: str, work: Path, anna: Person) -> None:
    hers.commit(work, "Two")
    hers.push(work, "origin", "main")
    hers.clone(way.url(path, anna), "shallow", "--depth", "1")

    tip = hers.commit(hers.folder / "shallow", "On a shallow clone")
    hers.push(hers.folder / "shallow", "origin", "HEAD:refs/heads/shallow")

    assert agree(way, hers, path)["refs/heads/shallow"] == tip
    hers.run("-C", str(way.served.git_directory(path)), "fsck", "--strict")
    assert not (way.served.git_directory(path) / "shallow").exists()


def test_history_cut_off_below_a_shallow_clone_is_refused(
    hers: GitClient, way: Way, work: Path, anna: Person, path: str
) -> None:
    hers.commit(work, "Two")
    hers.push(work, "origin", "main")
    hers.clone(way.url(path, anna), "shallow", "--depth", "1")
    empty = way.served.repository(anna)

    refused = hers.push(hers.folder / "shallow", way.url(empty, anna), "main", check=False)

    assert "! [remote rejected] main -> main (shallow update not allowed)" in lines_of(refused)
    assert refs_on_disk(hers, way.served.git_directory(empty)) == {}


def test_thousand_tags_go_in_one_push(hers: GitClient, way: Way, path: str, work: Path) -> None:
    tip = hers.head(work)
    made = "".join(f"create refs/tags/many-{number:04} {tip}\n" for number in range(1000))
    hers.run("update-ref", "--stdin", cwd=work, input=made)

    hers.push(work, "origin", "--tags")

    assert len(agree(way, hers, path)) == 1001


def test_repository_is_whole_after_all_that(hers: GitClient, way: Way, path: str, work: Path) -> None:
    for number in range(3):
        hers.commit(work, f"Commit {number}")
        hers.push(work, "origin", "main")

    directory = way.served.git_directory(path)
    hers.run("-C", str(directory), "fsck", "--strict", "--full")
    left = [one.name for one in directory.rglob("*") if one.name.endswith((".keep", ".lock"))]
    # The journal's is there once the worker has been.
    assert sorted({*left} - {"hub-journal.lock"}) == ["hub-alive.lock", "hub-queue.lock"]
    assert not list((directory / "objects").glob("*incoming*"))


@pytest.mark.parametrize(("role", "reason"), [(Role.WRITE, "protected branch"), (Role.MAINTAIN, None)])
def test_default_branch_moves_for_maintainers_only(
    hers: GitClient, way: Way, path: str, work: Path, role: Role, reason: str | None, tmp_path: Path
) -> None:
    person = way.served.person()
    way.served.grant(path, person, role)
    theirs = way.client(tmp_path / "theirs", person)
    theirs.clone(way.url(path, person))
    tip = theirs.commit(theirs.folder / "clone", "Theirs")

    pushed = theirs.push(theirs.folder / "clone", "origin", "main", "main:topic", check=False)

    refused = f"! [remote rejected] main -> main ({reason})"
    assert (refused in lines_of(pushed)) == (reason is not None)
    refs = agree(way, hers, path)
    assert refs["refs/heads/topic"] == tip, "the other ref of a mixed push goes on"
    assert (refs["refs/heads/main"] == tip) == (reason is None)


@pytest.mark.parametrize("refspec", ["+HEAD~1:refs/heads/main", ":refs/heads/main"])
def test_nobody_rewrites_or_deletes_the_default_branch(
    hers: GitClient, way: Way, path: str, work: Path, refspec: str
) -> None:
    tip = hers.commit(work, "Two")
    hers.push(work, "origin", "main")

    refused = hers.push(work, "origin", refspec, check=False)

    assert refused.exit == 1
    assert any("main (protected branch)" in line for line in lines_of(refused)), refused.err
    assert agree(way, hers, path) == {"refs/heads/main": tip}


def test_first_branch_pushed_becomes_the_default_one(
    hers: GitClient, way: Way, anna: Person, tmp_path: Path
) -> None:
    path = way.served.repository(anna)
    work = hers.init("master", branch="master")
    tip = hers.commit(work)

    hers.push(work, way.url(path, anna), "master")

    hers.clone(way.url(path, anna))
    assert hers.head(hers.folder / "clone") == tip
    assert hers.run("branch", "--show-current", cwd=hers.folder / "clone").out == "master\n"
