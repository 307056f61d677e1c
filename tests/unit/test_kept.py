"""What is kept: found again by its whole key, lost when damaged, trimmed by its last use."""

import os
from pathlib import Path

from hub.kept import Kept


def test_kept_data_is_found_by_its_whole_key(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.put("blob", "ab", 1, b"\xff", data=b"one")
    kept.put("blob", "a", "b1", b"\xff", data=b"two")
    assert kept.get("blob", "ab", 1, b"\xff") == b"one"
    assert kept.get("blob", "a", "b1", b"\xff") == b"two"
    assert kept.get("blob", "ab", 1) is None
    assert kept.get("diff", "ab", 1, b"\xff") is None


def test_damaged_file_is_not_there(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.put("blob", "a", data=b"text")
    (file,) = tmp_path.glob("*/*/*")
    file.write_bytes(file.read_bytes()[:-2])
    assert kept.get("blob", "a") is None
    assert list(tmp_path.glob("*/*/*")) == []


def test_dropped_is_gone(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.put("blob", "a", data=b"text")
    kept.drop("blob", "a")
    kept.drop("blob", "never")
    assert kept.get("blob", "a") is None


def test_trimming_removes_what_was_used_longest_ago(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    for age, name in enumerate(("new", "older", "oldest")):
        kept.put("blob", name, data=os.urandom(1000))
        newest = max(tmp_path.glob("*/*/*"), key=lambda one: one.stat().st_mtime_ns)
        os.utime(newest, (1_000_000 - age, 1_000_000 - age))
    assert kept.trim(2500) > 1000
    assert kept.get("blob", "oldest") is None
    assert kept.get("blob", "older") is not None
    assert kept.trim(10_000) == 0


def test_folder_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "blob").write_text("in the way")
    kept = Kept(tmp_path)
    kept.put("blob", "a", data=b"text")
    assert kept.get("diff", "a") is None
