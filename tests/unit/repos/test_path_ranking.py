"""Which paths are meant by some letters, and in which order."""

import time

import pytest

from hub.repos.browsing.files.path_ranking import LONGEST, PathList

PATHS = (
    "Makefile",
    "README.md",
    "builtin/merge.c",
    "builtin/merge-base.c",
    "contrib/README",
    "hub/repos/browsing/files/files.py",
    "hub/repos/files.py",
    "hub/search/models.py",
    "t/t5601-clone.sh",
    "src/CamelCase.java",
    "docs/Straße/ÉCOLE.txt",
    "a b/with blank.txt",
    "odd/latin-\udce4.txt",
    "odd/İstanbul.md",
    "odd/line\nfeed",
    "odd/caf\xe9.md",
    "odd/nai\u0308ve.md",
)


def listed(paths: tuple[str, ...] = PATHS) -> PathList:
    return PathList("".join(f"\0{one}" for one in paths) + "\0")


@pytest.mark.parametrize(
    ("wanted", "best"),
    [
        ("make", "Makefile"),
        ("MAKEFILE", "Makefile"),
        ("readme", "README.md"),
        ("con readme", "contrib/README"),
        ("merge.c", "builtin/merge.c"),
        ("bmb", "builtin/merge-base.c"),
        ("builtin/merge", "builtin/merge.c"),
        ("files", "hub/repos/files.py"),
        ("hrbff", "hub/repos/browsing/files/files.py"),
        ("hsmo", "hub/search/models.py"),
        ("5601", "t/t5601-clone.sh"),
        ("cc", "src/CamelCase.java"),
        ("école", "docs/Straße/ÉCOLE.txt"),
        ("straße/", "docs/Straße/ÉCOLE.txt"),
        ("latin\udce4", "odd/latin-\udce4.txt"),
        ("cafe\u0301", "odd/caf\xe9.md"),
        ("nai\u0308ve", "odd/nai\u0308ve.md"),
        ("na\xefve", "odd/nai\u0308ve.md"),
        ("stanbul", "odd/İstanbul.md"),
        ("line\nfeed", "odd/line\nfeed"),
        ("with blank", "a b/with blank.txt"),
    ],
)
def test_best_path_is_what_is_meant(wanted: str, best: str) -> None:
    found, _ = listed().find(wanted, most=5)
    assert found[0].text == best


@pytest.mark.parametrize("wanted", ["zzz", "elifekam", "merge.c.", "/merge/", "[a-z]*", "\\0"])
def test_letters_in_another_order_find_nothing(wanted: str) -> None:
    assert listed().find(wanted, most=5) == ([], 0)


def test_places_are_those_of_the_letters() -> None:
    for wanted in ("bmb", "hrbff", "stanbul", "École", "README"):
        for one in listed().find(wanted, most=20)[0]:
            assert "".join(one.text[at] for at in one.places).lower() == wanted.lower()
            assert list(one.places) == sorted(one.places)


def test_beginnings_are_preferred_to_letters_inside_of_words() -> None:
    found, _ = listed(("abcmerge/x.c", "merge/x.c", "omerge.c", "m/e/r/g/long-e.c")).find("merge", most=2)
    assert [one.text for one in found] == ["omerge.c", "merge/x.c"]


def test_shorter_path_comes_first_among_equals() -> None:
    found, total = listed(("a/deeper/down/x.py", "a/x.py", "a/down/x.py")).find("x.py", most=2)
    assert [one.text for one in found] == ["a/x.py", "a/down/x.py"]
    assert total == 3


def test_nothing_asked_are_the_first_paths() -> None:
    found, total = listed().find("  ", most=2)
    assert [one.text for one in found] == ["Makefile", "README.md"]
    assert total == len(PATHS)
    assert PathList("\0").find("", most=2) == ([], 0)


def test_no_paths_take_long() -> None:
    """Repeated letters, and paths of thousands of them, are what makes searching by going back slow."""
    hostile = tuple(f"{'a/' * 1000}{number}" for number in range(200)) + ("a" * 4000,) * 50
    began = time.process_time()
    found, total = listed(hostile).find("a" * 2 * LONGEST, most=100)
    listed(hostile).find("a" * 50 + "b", most=100)
    assert (len(found), total) == (100, 250)
    assert time.process_time() - began < 5
