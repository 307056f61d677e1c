"""What people write into the search box, and what is understood."""

import pytest

from hub.search.syntax import (
    LONGEST,
    MOST_TERMS,
    Filter,
    Kind,
    Misunderstood,
    Query,
    Term,
    parse,
    with_filter,
    without,
)

NAMES = ("repo", "path", "case", "is")


def _word(words: str, at: int, *, no: bool = False) -> Term:
    return Term(Kind.WORD, words, at, no)


@pytest.mark.parametrize(
    ("query", "groups", "filters"),
    [
        ("", [[]], []),
        ("   ", [[]], []),
        ("foo", [[_word("foo", 0)]], []),
        ("foo->bar(", [[_word("foo->bar(", 0)]], []),
        ("  one two ", [[_word("one", 2), _word("two", 6)]], []),
        ('"exact phrase"', [[Term(Kind.PHRASE, "exact phrase", 0)]], []),
        (r'"a \"b\" \\ \n"', [[Term(Kind.PHRASE, r'a "b" \ \n', 0)]], []),
        ('say"hello', [[_word('say"hello', 0)]], []),
        ("/re.*gex/", [[Term(Kind.REGEX, "re.*gex", 0)]], []),
        (r"/a\/b c/", [[Term(Kind.REGEX, "a/b c", 0)]], []),
        (r"/\d+\.\d/ x", [[Term(Kind.REGEX, r"\d+\.\d", 0), _word("x", 10)]], []),
        ("/usr/bin", [[_word("/usr/bin", 0)]], []),
        ("/usr", [[_word("/usr", 0)]], []),
        ("a OR b c", [[_word("a", 0)], [_word("b", 5), _word("c", 7)]], []),
        ('"OR" or ORDER', [[Term(Kind.PHRASE, "OR", 0), _word("or", 5), _word("ORDER", 8)]], []),
        ("-no yes", [[_word("no", 0, no=True), _word("yes", 4)]], []),
        ("- a", [[_word("-", 0), _word("a", 2)]], []),
        ("--flag", [[_word("-flag", 0, no=True)]], []),
        ('-"not this"', [[Term(Kind.PHRASE, "not this", 0, True)]], []),
        ("-/x+/", [[Term(Kind.REGEX, "x+", 0, True)]], []),
        ("repo:anna/demo x", [[_word("x", 15)]], [Filter("repo", "anna/demo", 0)]),
        ('path:"a b/*"', [[]], [Filter("path", "a b/*", 0, Kind.PHRASE)]),
        (r"path:/\.py$/", [[]], [Filter("path", r"\.py$", 0, Kind.REGEX)]),
        ("path:/src", [[]], [Filter("path", "/src", 0)]),
        (
            "-repo:x -is:y",
            [[]],
            [Filter("repo", "x", 0, Kind.WORD, True), Filter("is", "y", 8, Kind.WORD, True)],
        ),
        (
            "std::string http://x Repo:a",
            [[_word("std::string", 0), _word("http://x", 12), _word("Repo:a", 21)]],
            [],
        ),
        ("é\u00a0ü", [[_word("é", 0), _word("ü", 2)]], []),
    ],
)
def test_what_is_understood(query: str, groups: list[list[Term]], filters: list[Filter]) -> None:
    assert parse(query, NAMES) == Query(tuple(tuple(one) for one in groups), tuple(filters))


@pytest.mark.parametrize(
    ("query", "fault", "at"),
    [
        ('one "two', "not closed", 4),
        ('"two" x "', "not closed", 8),
        ("OR a", "between two", 0),
        ("a OR", "between two", 2),
        ("a OR OR b", "between two", 5),
        ("a repo:", "has no value", 2),
        ('repo:""', "has no value", 0),
        ("a OR -b", "only what is not", 5),
        ("x" * (LONGEST + 1), "more than", LONGEST),
        ("x " * (MOST_TERMS + 1), "more than", 2 * MOST_TERMS),
        ("a \0", "not text", 2),
    ],
)
def test_what_is_not_understood_is_said_with_its_place(query: str, fault: str, at: int) -> None:
    with pytest.raises(Misunderstood, match=fault) as raised:
        parse(query, NAMES)
    assert raised.value.at == at
    assert f"at character {at + 1}" in str(raised.value)


def test_nothing_is_nothing() -> None:
    assert parse(" ", NAMES).is_empty
    assert not parse("repo:x", NAMES).is_empty


@pytest.mark.parametrize(
    ("name", "value", "query"),
    [
        ("repo", "anna/demo", "x repo:anna/demo"),
        ("path", "a b/", 'x path:"a b/"'),
        ("path", "/src/", 'x path:"/src/"'),
        ("path", 'a"\\b/', 'x path:"a\\"\\\\b/"'),
    ],
)
def test_a_filter_that_is_added_is_read_as_it_was_meant(name: str, value: str, query: str) -> None:
    assert with_filter("x", name, value) == query
    (read,) = parse(query, NAMES).filters
    assert (read.name, read.value) == (name, value)


@pytest.mark.parametrize(
    ("query", "bare"),
    [
        ("repo:a  x", "x"),
        ("x -repo:a y", "x y"),
        ('x path:"a b" OR y case:yes', "x OR y"),
        ("repo:a", ""),
    ],
)
def test_filters_are_taken_away(query: str, bare: str) -> None:
    assert without(query, parse(query, NAMES).filters) == bare
