"""Documents come and go, segments are joined, and what was committed is what is seen."""

from pathlib import Path

import pytest

from hub.errors import Unavailable
from hub.search.engine.candidates import Wanted
from hub.search.engine.documents import Document, is_text, path_of, prior_of, stored_path
from hub.search.engine.index import CodeIndex
from hub.search.engine.pages import every_document
from hub.search.engine.patterns import literal
from hub.search.engine.storage import FACTOR
from hub.search.engine.symbols import symbols_in, words_in_name


def _add(index: CodeIndex, *words: str) -> list[int]:
    with index.writing(expected=len(words)) as writer:
        first = writer.next_number()
        numbers = list(range(first, first + len(words)))
        writer.add(
            Document(number, b"file%d" % number, word.encode())
            for number, word in zip(numbers, words, strict=True)
        )
    return numbers


def _found(index: CodeIndex, word: str) -> set[int]:
    every = every_document(index.segments(), [Wanted((literal(word),))], None)
    return {int(segment.numbers[document]) for segment, document in every}


def test_a_commit_is_seen_at_once_and_after_opening_again(tmp_path: Path) -> None:
    index, other = CodeIndex(tmp_path), CodeIndex(tmp_path)
    assert _add(index, "apple", "pear") == [0, 1]
    assert _add(index, "apple") == [2]
    assert _found(index, "apple") == _found(other, "apple") == _found(CodeIndex(tmp_path), "apple") == {0, 2}


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    index = CodeIndex(tmp_path)
    with pytest.raises(AttributeError), index.writing(expected=2) as writer:
        writer.add([Document(0, b"a", b"apple"), None])  # type: ignore[list-item]
    assert _found(index, "apple") == set()
    assert _add(index, "pear") == [0]


def test_numbers_are_never_given_again(tmp_path: Path) -> None:
    index = CodeIndex(tmp_path)
    _add(index, "apple", "pear", "plum")
    with index.writing(expected=0) as writer:
        assert writer.drop({1}) == 1
        assert writer.drop({7}) == 0
    assert _found(index, "pear") == set()
    assert _found(index, "apple") == {0}
    assert _add(index, "pear") == [3]


def test_many_small_segments_become_one_and_nothing_is_lost(tmp_path: Path) -> None:
    index = CodeIndex(tmp_path)
    for number in range(FACTOR):
        assert not index.tidy()
        _add(index, f"apple {number}")
    with index.writing(expected=0) as writer:
        writer.drop({3})
    _add(index, "apple at last")
    assert len(index.segments()) > 1
    assert index.tidy()
    assert len(index.segments()) == 1
    assert _found(index, "apple") == {0, 1, 2, 4, 5, 6, 7, 8}
    assert not index.tidy()


def test_the_second_writer_waits_and_then_says_so(tmp_path: Path) -> None:
    index, other = CodeIndex(tmp_path), CodeIndex(tmp_path, writer_seconds=0.05)
    with index.writing(expected=1), pytest.raises(Unavailable), other.writing(expected=1):
        pass


def test_what_a_file_defines() -> None:
    source = b"class Parser:\n    async def parse(self):\n        pass\n\nLIMIT = 3\n"
    assert symbols_in(b"a.py", source) == {b"parser", b"parse"}
    assert symbols_in(b"a.c", b"static int cmd_add(int a,\n\t int b)\n#define MAX 3\nstruct x {\n") == {
        b"cmd_add",
        b"max",
        b"x",
    }
    assert symbols_in(b"run", b"#!/bin/sh\nstart() {\n") == {b"start"}
    assert symbols_in(b"a.txt", b"def parse\n") == symbols_in(b"README", b"def parse\n") == set()
    assert words_in_name(b"src/HttpServer2.test.py") == {
        *(b"http", b"server", b"2", b"test", b"py"),
        *(b"httpserver2.test.py", b"httpserver2"),
    }


def test_what_is_likely_meant() -> None:
    assert prior_of(b"main.c", 100) > prior_of(b"src/deep/main.c", 100) > prior_of(b"tests/main.c", 100)
    assert prior_of(b"main.c", 100) > prior_of(b"main.c", 1 << 20)
    assert prior_of(b"a/" * 50 + b"x.po", 1 << 20) == 1


def test_paths_of_several_lines_are_kept_in_one() -> None:
    assert path_of(stored_path(b"a\nb")) == b"a\nb"
    assert b"\n" not in stored_path(b"a\nb")


def test_what_is_text() -> None:
    assert is_text(b"")
    assert is_text(b"\xff\xfe")
    assert not is_text(b"a\0b")
    assert not is_text(b"a" * ((2 << 20) + 1))
