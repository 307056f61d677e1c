"""Which language a file is in, and how much of each there is in a tree."""

from pathlib import Path

import pytest

from hub.repos.git.language_names import (
    is_foreign_folder,
    is_generated,
    language_of,
    language_of_program,
)
from hub.repos.git.languages import Language, measure_languages, read_languages
from tests.fast_import import PROGRAM, Entry, Stream
from tests.git_client import GitClient
from tests.odd_repository import OddRepository


@pytest.mark.parametrize(
    ("name", "language"),
    [
        (b"a.py", "Python"),
        (b"A.PY", "Python"),
        (b"x.test.ts", "TypeScript"),
        (b"Makefile", "Makefile"),
        (b"CMakeLists.txt", "CMake"),
        (b"Dockerfile.dev", "Dockerfile"),
        (b"a.txt", None),
        (b"README.md", None),
        (b"a.json", None),
        (b"LICENSE", None),
        (b".py", None),
        (b"py", None),
        (b"\xff.c", "C"),
        (b"", None),
    ],
)
def test_a_name_tells_the_language(name: bytes, language: str | None) -> None:
    assert language_of(name) == language


@pytest.mark.parametrize(
    ("line", "language"),
    [
        (b"#!/bin/sh\n", "Shell"),
        (b"#!/usr/bin/env python3\n", "Python"),
        (b"#! /usr/bin/env -S node --x\n", "JavaScript"),
        (b"#!/usr/bin/perl -w\n", "Perl"),
        (b"#!/opt/tool\n", None),
        (b"text\n", None),
        (b"\x7fELF", None),
    ],
)
def test_a_first_line_tells_the_language_of_a_program(line: bytes, language: str | None) -> None:
    assert language_of_program(line) == language


def test_what_nobody_here_wrote_is_told_by_its_name() -> None:
    assert [is_foreign_folder(one) for one in (b"vendor", b"node_modules", b"src")] == [True, True, False]
    names = (b"jquery-3.js", b"a.min.js", b"x.pb.go", b"configure", b"a.js", b"configure.py")
    assert [is_generated(one) for one in names] == [True, True, True, True, False, False]


def test_bytes_are_added_up_over_all_folders(git: GitClient, tmp_path: Path) -> None:
    work, stream = git.init() / ".git", Stream()
    files: dict[bytes, bytes | Entry] = {
        b"a.c": b"1" * 100,
        b"a.h": b"1" * 10,
        b"deep/er/b.c": b"1" * 50,
        b"run": Entry(b"#!/bin/sh\n", PROGRAM),
        b"notes": b"#!/bin/sh\n",
        b"vendor/x.js": b"1" * 1000,
        b"x.min.js": b"1" * 1000,
        b"README.md": b"1" * 1000,
        b"empty.py": b"",
    }
    stream.commit("one", b"refs/heads/main", files)
    tip = stream.run(work)["one"]
    found = measure_languages(work, tmp_path, tip)
    assert found.languages == [Language("C", 160), Language("Shell", 10)]
    assert found.size_bytes == 170
    assert read_languages(tmp_path) == found == measure_languages(work, tmp_path, tip)


def test_headers_go_with_the_files_that_use_them(git: GitClient, tmp_path: Path) -> None:
    work, stream = git.init() / ".git", Stream()
    stream.commit("one", b"refs/heads/main", {b"a.h": b"1" * 100, b"a.cc": b"1" * 20, b"a.c": b"1"})
    found = measure_languages(work, tmp_path, stream.run(work)["one"])
    assert found.languages == [Language("C++", 120), Language("C", 1)]


def test_a_tree_without_end_has_an_end(odd_repository: OddRepository, tmp_path: Path) -> None:
    found = measure_languages(odd_repository.directory, tmp_path, odd_repository.refs["refs/heads/bomb"])
    assert found.languages == []
