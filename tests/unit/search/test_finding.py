"""The index finds what reading every text finds, and nothing else."""

import random
from collections.abc import Iterator
from itertools import islice

import pytest

from hub.search.engine.patterns import BadPattern, literal, regex
from tests.unit.search.code_texts import Texts, make_texts, random_literals, random_regexes

LITERALS = 150
REGEXES = 40


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Texts]:
    made = make_texts(tmp_path_factory.mktemp("index") / "code")
    yield made
    made.index.close()


def test_literals_are_found_wherever_they_stand(texts: Texts) -> None:
    for words, is_exact in islice(random_literals(texts, random.Random(1)), LITERALS):
        wanted = literal(words, is_exact=is_exact)
        assert texts.found(wanted) == texts.read(wanted), (words, is_exact)


def test_regular_expressions_are_found_wherever_they_match(texts: Texts) -> None:
    for pattern in islice(random_regexes(texts, random.Random(2)), REGEXES):
        for is_exact in (True, False):
            wanted = regex(pattern, is_exact=is_exact)
            found, read = texts.found(wanted), texts.read(wanted)
            # What spans the cut of a line of more than 8 KB is not found.
            missed = {texts.documents[one].path for one in read - found}
            assert found <= read, (pattern, is_exact)
            assert missed <= {b"min.js", b"wide"}, (pattern, is_exact)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("needle", b"wide"),
        ("x{100}needle", b"wide"),
        ("v2999=function", b"min.js"),
        ("has no end$", b"no-newline"),
        ("^the last", b"no-newline"),
        ("of two", b"a\nb"),
        (r"\x{c9}cole", b"caf\xe9/na\xefve.txt"),
    ],
)
def test_odd_places_are_found(texts: Texts, pattern: str, path: bytes) -> None:
    assert path in {texts.documents[one].path for one in texts.found(regex(pattern, is_exact=True))}


def test_letters_beyond_ascii_are_found_in_whichever_case(texts: Texts) -> None:
    for words in ("ÉCOLE", "école", "ΣΊΣΥΦΟΣ", "straße"):
        found = {texts.documents[one].path for one in texts.found(literal(words))}
        assert b"caf\xe9/na\xefve.txt" in found, words
    assert texts.found(literal("ECOLE"), path=literal("ve.txt")) == set()


def test_several_patterns_all_have_to_be_in_the_document(texts: Texts) -> None:
    both = texts.found(literal("class"), literal("import"))
    assert both == texts.found(literal("class")) & texts.found(literal("import"))
    assert both


def test_no_match_goes_beyond_its_line(texts: Texts) -> None:
    assert texts.found(regex(r"two lines\s+\S")) == set()
    assert texts.found(regex("two lines\n")) == set()


@pytest.mark.parametrize("pattern", ["(", "a{9999}", r"(a)\1", "(?=a)", "[z-a]", "(?<name", "a" * 200_000])
def test_what_cannot_be_read_is_said_in_words(pattern: str) -> None:
    with pytest.raises(BadPattern) as raised:
        regex(pattern)
    assert str(raised.value)


def test_what_takes_others_for_ever_takes_no_time(texts: Texts) -> None:
    texts.found(regex(r"(a+)+$"))
    texts.found(regex(r"(a|aa)+b(a|aa)+b(a|aa)+$"))


@pytest.mark.parametrize(
    "pattern", ["(" * 400 + "needle" + ")" * 400, "[az&&b||c]needle", "(?i)needle|(?:)", "x{0}needle"]
)
def test_what_python_reads_otherwise_is_searched_all_the_same(texts: Texts, pattern: str) -> None:
    wanted = regex(pattern)
    assert texts.found(wanted) == texts.read(wanted)
