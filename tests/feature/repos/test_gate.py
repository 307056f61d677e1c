"""New objects in quarantine: sizes, paths, and no way around."""

import os
from pathlib import Path

import pytest

from hub.repos import receive
from hub.repos.git.process import GitFailed
from hub.repos.pushing.gate import look
from tests.feature.repos.pushing import ZERO, Pusher

LIMIT = 1000


def quarantine(pusher: Pusher, name: str = "tmp_objdir-incoming-abc") -> Path:
    """The objects of `work` that main does not have, where git keeps them while hooks run."""
    folder = pusher.directory / "objects" / name
    (folder / "pack").mkdir(parents=True)
    known = "".join(f"^{ref_id}\n" for ref_id in pusher.refs().values())
    revs = f"{pusher.git.head(pusher.work)}\n{known}"
    packed = pusher.run(pusher.work, "pack-objects", "--revs", "--stdout", "-q", stdin=revs.encode())
    environment = {**pusher.git.environment}
    pusher.git.environment = {
        **environment,
        "GIT_OBJECT_DIRECTORY": str(folder),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(pusher.directory / "objects"),
    }
    pusher.run(pusher.directory, "index-pack", "--stdin", "--fix-thin", stdin=packed)
    pusher.git.environment = environment
    return folder


def test_small_objects_pass_and_their_packs_are_named(pusher: Pusher) -> None:
    folder = quarantine(pusher)
    answer = look(pusher.directory, str(folder), max_object_bytes=LIMIT)
    assert (answer.accepted, answer.lines) == (True, [])
    assert answer.packs == [path.stem for path in (folder / "pack").glob("*.pack")]
    assert len(answer.packs) == 1


@pytest.mark.parametrize("others", [0, 400], ids=["read in this process", "listed by git"])
def test_a_large_object_is_refused_with_its_path_and_the_limit(pusher: Pusher, others: int) -> None:
    pusher.push((ZERO, pusher.git.head(pusher.work), "refs/heads/main"))
    pusher.git.commit(
        pusher.work, "others", {f"small/{each}": f"{each}" for each in range(others)} or {"a": "1"}
    )
    pusher.git.commit(pusher.work, "big", {"media/a film.bin": os.urandom(3 << 20)})
    pusher.git.commit(pusher.work, "gone", {"media/a film.bin": "", "b": "b"})
    answer = look(pusher.directory, str(quarantine(pusher)), max_object_bytes=2 << 20)
    assert (answer.accepted, answer.packs) == (False, [])
    assert answer.lines[0] == "media/a film.bin: 3.0 MiB, more than the 2.0 MiB an object may have"
    assert answer.lines[-1] == "Nothing was stored. Take it out of every commit that has it, and push again."


def test_the_limit_counts_what_an_object_unpacks_to(pusher: Pusher) -> None:
    """Attack: a gigabyte of zeros travels as a megabyte."""
    pusher.git.commit(pusher.work, "zeros", {"zeros": bytes(3 << 20)})
    folder = quarantine(pusher)
    assert sum(path.stat().st_size for path in (folder / "pack").iterdir()) < 100_000
    assert look(pusher.directory, str(folder), max_object_bytes=2 << 20).accepted is False


def test_a_path_cannot_steer_the_terminal(pusher: Pusher) -> None:
    pusher.git.commit(pusher.work, "x", {"a\x1b[31m\u202eb": os.urandom(2000)})
    answer = look(pusher.directory, str(quarantine(pusher)), max_object_bytes=LIMIT)
    assert answer.lines[0].startswith(r"a\x1b[31m\u202eb: 2000 bytes")


def test_a_large_object_outside_of_all_commits_is_named_by_its_id(pusher: Pusher) -> None:
    blob = pusher.run(pusher.work, "hash-object", "-w", "--stdin", stdin=os.urandom(2000)).decode().strip()
    pusher.run(pusher.work, "tag", "loose", blob)
    folder = pusher.directory / "objects" / "incoming-1"
    (folder / "pack").mkdir(parents=True)
    packed = pusher.run(pusher.work, "pack-objects", "--stdout", "-q", stdin=blob.encode() + b"\n")
    pusher.run(pusher.directory, "index-pack", "--stdin", str(folder / "pack" / "pack-x.pack"), stdin=packed)
    answer = look(pusher.directory, str(folder), max_object_bytes=LIMIT)
    assert answer.lines[0].startswith(f"object {blob[:12]} (path not found): 2000 bytes")


def test_a_push_without_objects_passes(pusher: Pusher) -> None:
    assert receive.gate(pusher.database, pusher.context, "").accepted is True


@pytest.mark.parametrize("place", ["/tmp", "objects/pack", "../other.git/objects/incoming-1", "objects"])
def test_a_folder_that_is_no_quarantine_is_an_error(pusher: Pusher, place: str) -> None:
    with pytest.raises(ValueError, match="no quarantine"):
        look(pusher.directory, str(pusher.directory / place), max_object_bytes=LIMIT)


def test_a_quarantine_that_cannot_be_read_is_an_error(pusher: Pusher) -> None:
    folder = quarantine(pusher)
    for path in (folder / "pack").glob("*.idx"):
        path.chmod(0o600)
        path.write_bytes(b"not an index")
    with pytest.raises((GitFailed, OSError)):
        look(pusher.directory, str(folder), max_object_bytes=LIMIT)
