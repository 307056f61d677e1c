"""The best documents first, nothing that may not be seen, and the lines in which something was found."""

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hub.search.engine.candidates import Budget, PathTest, TermTest, Wanted
from hub.search.engine.documents import Document
from hub.search.engine.index import CodeIndex
from hub.search.engine.lines import Passages, every_line, passages_of
from hub.search.engine.pages import Hit, Page, every_document, search
from hub.search.engine.patterns import Pattern, exactly, literal, regex
from hub.search.engine.segments import Mask, Segment

FILES = {
    b"src/parser.py": b"import re\n\n\ndef parse(text):\n    return re.split(text)\n",
    b"src/use.py": b"from parser import parse\n\nparse('a')\nparse('b')\n",
    b"tests/test_parser.py": b"from parser import parse\n\n\ndef test_parse():\n    assert parse('a')\n",
    b"docs/words.txt": b"reparsed sparse\n",
    b"long.js": b"a" * 2000 + b"parse" + b"b" * 2000 + b"\n",
    b"many.txt": b"\n".join(b"line %d" % one for one in range(40)) + b"\n",
    b"windows.txt": b"one\r\ntwo parse\r\nthree\r\n",
    b"bad.txt": b"\xff\xfe parse \xff\n",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeIndex]:
    made = CodeIndex(tmp_path_factory.mktemp("pages") / "code")
    files = list(FILES.items())
    for part in (files[:4], files[4:]):
        with made.writing(expected=len(part)) as writer:
            first = writer.next_number()
            writer.add(Document(first + at, path, content) for at, (path, content) in enumerate(part))
    yield made
    made.close()


def _page(index: CodeIndex, *words: str, most: int = 20) -> Page:
    return search(index.segments(), [Wanted(tuple(literal(one) for one in words))], None, most=most)


def _passages(hit: Hit, pattern: Pattern, *, most: int = 5, after: int = 0) -> Passages:
    assert hit.segment.code is not None
    return passages_of(hit.segment.code, hit.document, [Wanted((pattern,))], most=most, after=after)


def test_where_a_name_is_defined_comes_first(index: CodeIndex) -> None:
    paths = [one.path for one in _page(index, "parse").hits]
    assert paths[0] == b"src/parser.py"
    assert paths.index(b"src/use.py") < paths.index(b"docs/words.txt")
    assert len(paths) == len(set(paths)) == 7


def test_the_total_is_exact_where_all_were_read(index: CodeIndex) -> None:
    page = _page(index, "parse", most=2)
    assert (len(page.hits), page.total, page.is_exact) == (2, 7, True)
    assert _page(index, "nowhere") == Page((), 0, is_exact=True)


def test_what_may_not_be_seen_is_neither_found_nor_counted(index: CodeIndex) -> None:
    hidden = _page(index, "parse").hits[0].number

    def visible(segment: Segment) -> Mask:
        return np.asarray(segment.numbers != hidden)

    page = search(index.segments(), [Wanted((literal("parse"),))], visible, most=20)
    assert page.total == 6
    assert hidden not in {one.number for one in page.hits}


def test_a_file_is_found_by_its_path(index: CodeIndex) -> None:
    page = _page(index, "src/parser")
    assert [one.path for one in page.hits] == [b"src/parser.py"]
    assert _passages(page.hits[0], literal("src/parser")) == Passages()


@pytest.mark.parametrize(
    ("path", "count"), [(b"src/use.py", 1), (b"use.py", 0), (b"src/use_py", 0), (b"\xff", 0)]
)
def test_a_file_is_found_by_its_whole_path(index: CodeIndex, path: bytes, count: int) -> None:
    page = search(index.segments(), [Wanted((), paths=(PathTest(exactly(path)),))], None, most=20)
    assert [one.path for one in page.hits] == [path] * count


def test_passages_hold_the_lines_around_each_match_once(index: CodeIndex) -> None:
    page = search(index.segments(), [Wanted((regex("line (3|5|20)$"),))], None, most=20)
    passages = _passages(page.hits[0], regex("line (3|5|20)$")).passages
    assert [[one.number for one in some] for some in passages] == [
        [1, 2, 3, 4, 5, 6, 7, 8, 9],
        [18, 19, 20, 21, 22, 23, 24],
    ]
    marked = {one.number: one.text[slice(*one.marks[0])] for some in passages for one in some if one.marks}
    assert marked == {4: "line 3", 6: "line 5", 21: "line 20"}


@pytest.mark.parametrize(
    ("most", "after", "shown", "more"),
    [
        (1, 0, [2, 3, 4, 5, 6, 7, 8], 5),
        (1, 8, [9, 10, 11, 12, 13, 14], 4),
        (9, 31, [32, 33, 34, 35, 36, 37, 38], 0),
        (5, 41, [], 0),
    ],
)
def test_passages_go_on_after_a_line_and_tell_how_many_follow(
    index: CodeIndex, most: int, after: int, shown: list[int], more: int
) -> None:
    # Lines 5, 11, 17 and so on.
    pattern = regex("line (4|10|16|22|28|34|40)$")
    hit = next(one for one in _page(index, "line 34").hits if one.path == b"many.txt")
    found = _passages(hit, pattern, most=most, after=after)
    assert [one.number for some in found.passages for one in some] == shown
    assert (found.more, found.is_counted) == (more, True)


def test_what_is_counted_of_a_text_has_an_end(index: CodeIndex) -> None:
    (hit,) = _page(index, "line 34").hits
    assert hit.segment.code is not None
    found = passages_of(hit.segment.code, hit.document, [Wanted((literal("line"),))], most=1, counted=10)
    assert (found.more, found.is_counted) == (6, False)


def test_only_the_alternatives_that_a_document_matches_are_marked(index: CodeIndex) -> None:
    both = [Wanted((literal("import"), literal("nowhere"))), Wanted((literal("assert"),))]
    (hit,) = search(index.segments(), both, None, most=20).hits
    assert hit.segment.code is not None
    assert [one.number for one in every_line(hit.segment.code, hit.document, both)] == [5]


def test_the_first_hits_are_the_same_however_many_are_asked_for(tmp_path: Path) -> None:
    chance = random.Random(5)
    texts = [b"apple" + b"s" * chance.randrange(2) + b"\n" for _ in range(700)]
    index = CodeIndex(tmp_path)
    for begin in range(0, len(texts), 90):
        with index.writing(expected=90) as writer:
            paths = (b"a/" * chance.randrange(3) + b"%d" % at for at in range(begin, begin + 90))
            numbered = zip(range(begin, begin + 90), paths, texts[begin : begin + 90], strict=False)
            writer.add(Document(number, path, text) for number, path, text in numbered)
    every = [one.number for one in _page(index, "apple", most=1000).hits]
    assert len(every) == len(set(every)) == len(texts)
    assert index.tidy()
    for most in (1, 20, 61, 300, 301, 650):
        assert [one.number for one in _page(index, "apple", most=most).hits] == every[:most]
    index.close()


def test_a_long_line_is_cut_around_the_match(index: CodeIndex) -> None:
    hit = next(one for one in _page(index, "parse").hits if one.path == b"long.js")
    ((line,),) = _passages(hit, literal("parse"), most=1).passages
    assert len(line.text) < 500
    assert line.text[slice(*line.marks[0])] == "parse"
    assert line.text.startswith("\u2026")
    assert line.text.endswith("\u2026")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (b"windows.txt", [(2, "two parse", ((4, 9),))]),
        (b"bad.txt", [(1, "\ufffd\ufffd parse \ufffd", ((3, 8),))]),
        (b"docs/words.txt", [(1, "reparsed sparse", ((2, 7), (10, 15)))]),
        (b"src/use.py", [(1, None, None), (3, None, None), (4, None, None)]),
    ],
)
def test_every_line_is_found_with_its_marks(
    index: CodeIndex, path: bytes, expected: list[tuple[int, str | None, object]]
) -> None:
    wanted = Wanted((literal("parse"),))
    hit = next(one for one in search(index.segments(), [wanted], None, most=20).hits if one.path == path)
    assert hit.segment.code is not None
    found = list(every_line(hit.segment.code, hit.document, [wanted]))
    assert [one.number for one in found] == [number for number, _, _ in expected]
    for line, (_, text, marks) in zip(found, expected, strict=True):
        assert text is None or (line.text, line.marks) == (text, marks)


def _found(index: CodeIndex, *alternatives: Wanted) -> set[bytes]:
    return {one.path for one in search(index.segments(), alternatives, None, most=20).hits}


def test_alternatives_are_found_once_each(index: CodeIndex) -> None:
    both = _found(
        index, Wanted((literal("reparsed"),)), Wanted((literal("windows"),)), Wanted((literal("sparse"),))
    )
    assert both == {b"docs/words.txt", b"windows.txt"}
    some = every_document(
        index.segments(), [Wanted((literal("reparsed"),)), Wanted((literal("sparse"),))], None
    )
    assert len(list(some)) == 1


def test_what_is_excluded_is_not_found(index: CodeIndex) -> None:
    everything = _found(index, Wanted((literal("parse"),)))
    without = _found(index, Wanted((literal("parse"),), without=(regex("^import"), literal("assert"))))
    assert everything - without == {b"src/parser.py", b"tests/test_parser.py"}


def test_paths_are_wanted_or_not(index: CodeIndex) -> None:
    tests = (PathTest(regex(r"\.py$")), PathTest(literal("tests/"), is_excluded=True))
    assert _found(index, Wanted((literal("parse"),), paths=tests)) == {b"src/parser.py", b"src/use.py"}
    assert _found(index, Wanted((), paths=tests)) == {b"src/parser.py", b"src/use.py"}


def test_symbols_are_what_a_file_defines(index: CodeIndex) -> None:
    assert _found(index, Wanted((), terms=(TermTest("symbol", (b"parse",)),))) == {b"src/parser.py"}
    assert _found(index, Wanted((literal("parse"),), terms=(TermTest("symbol", (b"nothing",)),))) == set()


def test_languages_are_wanted_or_not(index: CodeIndex) -> None:
    python = TermTest("language", (b"python",))
    assert _found(index, Wanted((literal("parse"),), terms=(python,))) == {
        *(b"src/parser.py", b"src/use.py", b"tests/test_parser.py")
    }
    text = TermTest("language", (b".txt", b".js"))
    assert _found(index, Wanted((literal("sparse"),), terms=(text,))) == {b"docs/words.txt"}
    other = TermTest("language", (b".txt", b"python"), is_excluded=True)
    assert _found(index, Wanted((literal("parse"),), terms=(other,))) == {b"long.js"}


def test_a_spent_budget_gives_what_was_found_and_says_so(index: CodeIndex) -> None:
    wanted = [Wanted((literal("parse"),))]
    page = search(index.segments(), wanted, None, most=20, budget=Budget(most_bytes=200))
    assert page.is_partial
    assert 0 < len(page.hits) < 7
    assert not search(index.segments(), wanted, None, most=20, budget=Budget(most_bytes=1 << 20)).is_partial
    assert search(index.segments(), wanted, None, most=20, budget=Budget(seconds=-1)).hits == ()
