"""What repositories and refs may be called."""

import subprocess

import pytest

from hub.errors import Invalid
from hub.repos.names import (
    check_branch_name,
    check_repository_name,
    find_fault,
    find_ref_fault,
    is_ref_name,
    printable,
    short_name,
    split_path,
)


@pytest.mark.parametrize(
    "name", ["demo", "a", "0", "_x", "Hub.js", "a-b_c.d", "x" * 100, "git", "lock", "a..b"]
)
def test_a_repository_may_be_called(name: str) -> None:
    assert check_repository_name(name) == name


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "Enter a name."),
        ("x" * 101, "Use at most 100 characters."),
        *((one, "Use letters (A to Z)") for one in ("a b", "a/b", "é", "a\x00", "a\n", "a?", "a%2e", "日本")),
        *((one, "Begin with a letter") for one in (".", "..", ".x", "-x", "x.")),
        *((f"x{one}", f"A name cannot end with {one}.") for one in (".git", ".lock", ".atom", ".rss")),
        ("x.GIT", "A name cannot end with .git."),
        ("Settings", "Settings is a word that the hub uses itself."),
    ],
)
def test_a_repository_may_not_be_called(name: str, fault: str) -> None:
    assert str(find_fault(name)).startswith(fault)
    with pytest.raises(Invalid):
        check_repository_name(name)


REF_NAMES = [
    ("refs/heads/main", True),
    ("refs/heads/a/b.c/d-e", True),
    ("refs/heads/é/日本", True),
    ("refs/heads/@", True),
    ("refs/heads/a@b", True),
    ("refs/heads/-x", True),
    ("refs/heads/HEAD", True),
    ("refs/heads/a.lock.b", True),
    ("refs/heads/a;b'c\"d$(e)|f<g>", True),
    ("refs/heads", True),
    ("HEAD", False),
    ("heads/main", False),
    ("refs/", False),
    ("refs/heads/", False),
    ("refs//heads/a", False),
    ("refs/heads/a b", False),
    ("refs/heads/a\nb", False),
    ("refs/heads/a\tb", False),
    ("refs/heads/a\x7fb", False),
    ("refs/heads/a\x00b", False),
    ("refs/heads/..", False),
    ("refs/heads/a..b", False),
    ("refs/heads/.a", False),
    ("refs/heads/a/.b", False),
    ("refs/heads/a.lock", False),
    ("refs/heads/a.lock/b", False),
    ("refs/heads/a.", False),
    ("refs/heads/a@{b", False),
    ("refs/heads/a~b", False),
    ("refs/heads/a^b", False),
    ("refs/heads/a:b", False),
    ("refs/heads/a?b", False),
    ("refs/heads/a*b", False),
    ("refs/heads/a[b", False),
    ("refs/heads/a\\b", False),
    ("../x", False),
]


@pytest.mark.parametrize(("ref", "expected"), REF_NAMES)
def test_a_ref_name_is_what_git_takes(ref: str, expected: bool) -> None:
    assert is_ref_name(ref) is expected
    if ref.startswith("refs/") and "\x00" not in ref:
        done = subprocess.run(("git", "check-ref-format", ref), check=False)
        assert (done.returncode == 0) is expected


def test_bytes_that_are_no_text_are_no_ref_name() -> None:
    assert is_ref_name("refs/heads/\udcff") is False


@pytest.mark.parametrize(
    ("ref", "fault"),
    [
        ("refs/heads/main", None),
        ("refs/heads/café/日本語", None),
        ("refs/heads/a-b", None),
        ("refs/heads/" + "a" * 39, None),
        ("refs/heads/x/HEAD", None),
        ("refs/heads/-x", "must not begin with '-'"),
        ("refs/tags/a/--output=x", "must not begin with '-'"),
        ("refs/heads/HEAD", "HEAD is git's own name"),
        ("refs/tags/head", "HEAD is git's own name"),
        ("refs/heads/" + "aB0" * 13 + "9", "must not look like the id"),
        ("refs/tags/" + "0" * 64, "must not look like the id"),
        *(
            (f"refs/heads/a{one}b", "invisible")
            for one in "\u202e\u2066\u200b\u200d\ufeff\u00ad\u3000\u3164\u0085"
        ),
        ("refs/heads/" + "a" * 241, "more than 240 bytes"),
        ("refs/heads/" + "a/" * 200 + "a", "more than 400 bytes"),
    ],
)
def test_names_hostile_to_others_have_a_fault(ref: str, fault: str | None) -> None:
    found = find_ref_fault(ref)
    assert (found is None) if fault is None else (found is not None and fault in found)


def test_a_branch_name_is_checked_by_both_rules() -> None:
    assert check_branch_name("main") == "main"
    for name in ("", "a..b", "-x", "HEAD", "a b"):
        with pytest.raises(Invalid):
            check_branch_name(name)


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("anna/demo", ("anna", "demo")),
        ("/anna/demo.git", ("anna", "demo")),
        ("anna/demo.git/", ("anna", "demo")),
        ("anna/demo.js", ("anna", "demo.js")),
        ("anna", None),
        ("anna/", None),
        ("a/b/c", None),
        ("", None),
    ],
)
def test_a_path_has_two_parts(path: str, parts: tuple[str, str] | None) -> None:
    assert split_path(path) == parts


def test_what_steers_a_terminal_is_written_out() -> None:
    assert printable("a b\x1b[0m\u202ec\udcff é") == "a b\\x1b[0m\\u202ec\\udcff é"


def test_short_names_are_what_people_say() -> None:
    names = ["refs/heads/a/b", "refs/tags/v1", "refs/notes/x", "refs/for/main"]
    assert [short_name(one) for one in names] == ["a/b", "v1", "x", "refs/for/main"]
