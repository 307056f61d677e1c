"""Refs read from their files are those that git shows."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hub.gateway import queues
from hub.repos.git import store
from hub.repos.git.refs import RefFiles, RefsDamaged, take_snapshot

ONE, TWO = "1" * 40, "2" * 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Loose and packed refs, one of them in both, one symbolic."""
    (tmp_path / "objects").mkdir()
    for name, content in {
        "refs/heads/main": ONE,
        "refs/heads/x/y": TWO,
        "refs/heads/x/y.lock": "",
        "refs/remotes/origin/HEAD": "ref: refs/heads/main",
        "refs/tags/empty-folder/.keep": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{content}\n")
    (tmp_path / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / "packed-refs").write_text(
        "# pack-refs with: peeled fully-peeled sorted \n"
        f"{TWO} refs/heads/main\n{TWO} refs/heads/p/q\n{ONE} refs/heads/p0\n{ONE} refs/tags/v1\n^{TWO}\n"
    )
    return tmp_path


def test_one_ref_is_loose_packed_symbolic_or_missing(folder: Path) -> None:
    files = RefFiles(folder)
    names = ["main", "x/y", "p/q", "p", "x", "none", "main/none", "n" * 300]
    found = [files.get(f"refs/heads/{name}") for name in names[:-1]]
    assert found == [ONE, TWO, TWO, None, None, None, None]
    assert files.get("refs/remotes/origin/HEAD") == ONE
    with pytest.raises(RefsDamaged):
        files.get(f"refs/heads/{names[-1]}")


def test_names_below_are_found_loose_and_packed(folder: Path) -> None:
    files = RefFiles(folder)
    found = [files.find_below(f"refs/heads/{name}") for name in ("x", "p", "main", "p0", "q")]
    assert found == [b"refs/heads/x/y", b"refs/heads/p/q", None, None, None]
    assert RefFiles(folder).find_below("refs/tags/empty-folder") is None


def test_a_listing_has_each_name_once(folder: Path) -> None:
    files = RefFiles(folder)
    assert files.list_names(b"refs/heads/") == [
        b"refs/heads/main", b"refs/heads/p/q", b"refs/heads/p0", b"refs/heads/x/y",
    ]  # fmt: skip
    assert files.list_names(b"refs/heads/p/") == [b"refs/heads/p/q"]
    assert files.read_all() == {
        b"refs/heads/main": ONE,
        b"refs/heads/p/q": TWO,
        b"refs/heads/p0": ONE,
        b"refs/heads/x/y": TWO,
        b"refs/remotes/origin/HEAD": ONE,
        b"refs/tags/v1": ONE,
    }


def test_a_damaged_ref_is_named(folder: Path) -> None:
    (folder / "refs/heads/main").write_text("")
    with pytest.raises(RefsDamaged, match="refs/heads/main"):
        RefFiles(folder).get("refs/heads/main")


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "refs/heads/new").write_text(f"{ONE}\n"),
        lambda folder: (folder / "refs/heads/x/y").unlink(),
        lambda folder: (folder / "packed-refs").unlink(),
        lambda folder: (folder / "HEAD").write_text("ref: refs/heads/p0\n"),
        lambda folder: (folder / "refs/heads/x/y2").write_text(f"{ONE}\n"),
    ],
)
def test_a_kept_snapshot_is_given_up_when_something_changes(folder: Path, change: object) -> None:
    _age(folder)
    before = take_snapshot(folder)
    assert take_snapshot(folder) is before
    assert callable(change)
    change(folder)
    assert take_snapshot(folder).state != before.state


def test_what_changed_just_now_is_not_kept(folder: Path) -> None:
    take_snapshot(folder)
    (folder / "refs/heads/main").write_text(f"{TWO}\n")  # in place: the folder's time stays as it is
    assert take_snapshot(folder).refs[b"refs/heads/main"] == TWO


def test_the_state_is_that_of_refs_and_head_not_of_files(folder: Path) -> None:
    before = take_snapshot(folder).state
    (folder / "refs/heads/x/y").unlink()
    with (folder / "packed-refs").open("a") as file:
        file.write(f"{TWO} refs/heads/x/y\n")
    assert take_snapshot(folder).state == before


def test_the_gateway_takes_the_same_locks() -> None:
    assert (store.QUEUE_LOCK, store.ALIVE_LOCK) == (queues.QUEUE_FILE, queues.ALIVE_FILE)


def test_the_gateway_reads_no_objects() -> None:
    modules = "hub.repos.access, hub.repos.models, hub.repos.names, hub.repos.git.store, hub.repos.git.refs"
    code = f"import sys, {modules}; assert 'pygit2' not in sys.modules"
    subprocess.run((sys.executable, "-c", code), check=True)


def _age(folder: Path) -> None:
    past = time.time() - 60
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (past, past))
