"""Requests of protocol v2, read as strictly as git reads them."""

import pytest

from hub.gateway.fetch_request import FetchRequest, UnreadableRequest, parse
from hub.gateway.pktline import packet

A, B = "a" * 40, "b" * 40


def request(*arguments: str, command: str = "fetch", capabilities: tuple[str, ...] = ()) -> FetchRequest:
    head = [f"command={command}", *capabilities]
    lines = [packet(f"{line}\n".encode()) for line in head]
    body = b"".join(lines) + b"0001" + b"".join(packet(f"{line}\n".encode()) for line in arguments) + b"0000"
    found = parse(body)
    assert found is not None
    return found


def test_a_request_is_taken_apart() -> None:
    found = request("thin-pack", f"want {A}", "done", capabilities=("agent=git/2", "object-format=sha1"))
    assert found == FetchRequest(
        "fetch", (b"agent=git/2", b"object-format=sha1"), (b"thin-pack", b"want " + A.encode(), b"done")
    )


def test_a_request_without_arguments_is_one() -> None:
    assert parse(packet(b"command=ls-refs\n") + b"0000") == FetchRequest("ls-refs", (), ())


def test_a_line_that_reads_like_a_flush_does_not_end_the_request() -> None:
    body = packet(b"command=fetch") + b"0001" + packet(b"0000") + packet(f"want {A}".encode()) + b"0000"
    found = parse(body)
    assert found is not None
    assert found.wants() == [A]


def test_an_empty_request_is_none() -> None:
    assert parse(b"0000") is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"000",
        b"0001",
        b"00010000",
        b"0011command=fetch",
        b"0011command=fetch0001",
        b"0011command=fetch000100010000",
        b"0011command=fetch0002",
        b"0011command=fetch00010003",
        b"0011command=fetch0001ffff0000",
        b"0012command=fetch\0" + b"0000",
        b"0011command=fetch0013command=ls-refs0000",
        b"0017command=object-info0000",
        b"0016command=bundle-uri0000",
    ],
)
def test_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableRequest):
        parse(body)


def test_wants_are_named_once_in_order() -> None:
    assert request(f"want {B}", f"want {A}", f"want {B}", f"have {A}").wants() == [B, A]


@pytest.mark.parametrize(
    "line",
    [
        f"want {A.upper()}",
        f"want {A[:39]}",
        f"want {A} x",
        f"want {A}0",
        f"want  {A}",
        "want ",
        f"want {A}\0",
    ],
)
def test_a_want_is_exactly_an_id(line: str) -> None:
    with pytest.raises(UnreadableRequest):
        request(line).wants()


@pytest.mark.parametrize(
    ("arguments", "is_pure"),
    [
        ((f"want {A}", "done"), True),
        ((f"want {A}", "deepen 1", f"shallow {B}", "filter blob:none", "done"), True),
        ((f"want {A}",), False),
        ((f"want {A}", f"have {B}", "done"), False),
        (("want-ref refs/heads/main", "done"), False),
    ],
)
def test_an_answer_follows_from_the_request_alone_without_negotiation(
    arguments: tuple[str, ...], is_pure: bool
) -> None:
    assert request(*arguments).is_pure is is_pure


@pytest.mark.parametrize(
    ("prefix", "covers"),
    [
        ("refs/", True),
        ("", True),
        ("refs/c", True),
        ("refs/changes", True),
        ("refs/changes/1/head", True),
        ("refs/changes-of-mine", False),
        ("refs/heads/", False),
        ("HEAD", False),
    ],
)
def test_a_namespace_is_asked_for_by_what_is_above_or_within_it(prefix: str, covers: bool) -> None:
    assert request(f"ref-prefix {prefix}", command="ls-refs").covers("refs/changes") is covers


def test_without_a_prefix_nothing_is_asked_for() -> None:
    assert not request("peel", "symrefs", command="ls-refs").covers("refs/changes")


def test_who_asks_does_not_change_the_digest_and_what_is_asked_does() -> None:
    plain = request(f"want {A}", "done", capabilities=("agent=git/2", "session-id=1"))
    same = request(f"want {A}", "done", capabilities=("agent=jgit", "session-id=2"))
    others = [
        request(f"want {B}", "done"),
        request(f"want {A}", "thin-pack", "done"),
        request(f"want {A}", "done", capabilities=("server-option=x",)),
        request(f"want {A}", "agent=1", "done"),
    ]
    assert plain.digest([b"state"]) == same.digest([b"state"])
    assert plain.digest([b"state"]) not in [other.digest([b"state"]) for other in others]
    assert plain.digest([b"ab", b"c"]) != plain.digest([b"a", b"bc"])
