"""Requests of protocol v2, read as strictly as git reads them."""

import pytest

from hub.gateway.fetch_request import FetchRequest, UnreadableRequest, old_ids, parse
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


@pytest.mark.parametrize("depth", ["1", "50", "999999999", "0777"])
def test_a_depth_with_an_end_unshallows_nothing_by_itself(depth: str) -> None:
    assert request(f"want {A}", f"shallow {B}", f"deepen {depth}").unshallowed() == []


@pytest.mark.parametrize("depth", ["2147483647", "0x7fffffff", " 5", "", "-1", "017777777777", "1\0"])
def test_any_other_depth_unshallows_what_the_client_calls_shallow(depth: str) -> None:
    assert request(f"shallow {B}", f"deepen {depth}").unshallowed() == [B]
    assert old_ids(packet(b"shallow " + B.encode()) + packet(f"deepen {depth}\n".encode()) + b"0000") == [B]


def test_what_git_reads_as_shallow_has_to_be_an_id() -> None:
    with pytest.raises(UnreadableRequest):
        request(f"shallow {B}\0", "deepen 2147483647").unshallowed()


def test_a_request_can_do_without_what_is_unreachable() -> None:
    asked = request(
        f"want {A}", f"shallow {A}", f"shallow {B}", f"have {B}", f"have {A}", "deepen 2147483647"
    )
    left = parse(asked.without({B}).encoded())
    assert left is not None
    assert set(left.arguments) == {
        *(line.encode() for line in (f"want {A}", f"shallow {A}", "deepen 2147483647")),
        b"have " + b"0" * 40,
    }


def test_the_wants_of_older_protocols_are_read_up_to_the_first_flush() -> None:
    lines = [f"want {A} side-band-64k ofs-delta\n", f"want {B}\n", f"want {A}\n"]
    assert old_ids(b"".join(packet(one.encode()) for one in lines) + b"0000" + b"not read") == [A, B]


@pytest.mark.parametrize("line", [f"want {A.upper()}", f"want {A}x", f"want {A}\0x", "want "])
def test_a_want_of_older_protocols_is_an_id_as_well(line: str) -> None:
    with pytest.raises(UnreadableRequest):
        old_ids(packet(line.encode()) + b"0000")
