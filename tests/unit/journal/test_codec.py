"""The bytes of the journal. What is written here is final: an id that changes is a broken journal."""

import random
import string
from contextlib import suppress
from typing import Any

import pytest

from hub.journal.format.codec import (
    MAX_BODY_BYTES,
    MAX_NUMBER,
    NotCanonical,
    body_text,
    check_entry,
    decode,
    digest,
    encode,
    make_body,
    path_bytes,
    path_text,
)

HUB = "ab" * 32
PERSON = "9f3c0a1b2c3d4e5f"
BODY = make_body("Fix the typo\n\nIt was “teh”.", "AAAAAAAAAAAAAAAAAAAAAA")
OPEN = (
    b'{"at":1795000007,"bodies":["0de64650ad48fe1ee645bbd833e9be3db9158c24235005bace5e55899e583d75"],'
    b'"by":"9f3c0a1b2c3d4e5f","d":{"draft":false,"number":12,"target":"main","type":"change"},'
    b'"hub":"' + HUB.encode() + b'","key":"SHA256:hRvJq","kind":"open","prev":[],'
    b'"repo":"' + b"cd" * 32 + b'",'
    b'"t":0,"topic":"","v":1}'
)

CANONICAL = {
    b"{}": {},
    b'{"a":[],"a_b":{"z":true},"b":false}': {"b": False, "a_b": {"z": True}, "a": []},
    b'{"n":9007199254740991}': {"n": MAX_NUMBER},
    b'{"s":"\\"\\\\/\xc3\xa9\xf0\x9f\x8d\x8e\xe2\x80\xa8"}': {"s": '"\\/é🍎\u2028'},
    b'{"s":"e\xcc\x81"}': {"s": "e\u0301"},
}
REFUSED_BYTES = {
    "a blank": b'{"a": 1}',
    "a newline at the end": b'{"a":1}\n',
    "keys out of order": b'{"b":1,"a":1}',
    "a key twice": b'{"a":1,"a":1}',
    "a key in capitals": b'{"A":1}',
    "an empty key": b'{"":1}',
    "a float": b'{"a":1.5}',
    "a whole float": b'{"a":1.0}',
    "an exponent": b'{"a":1e3}',
    "a negative number": b'{"a":-1}',
    "minus nothing": b'{"a":-0}',
    "a leading zero": b'{"a":01}',
    "a number too large": b'{"a":9007199254740992}',
    "null": b'{"a":null}',
    "no number": b'{"a":NaN}',
    "an escaped letter": b'{"a":"\\u0061"}',
    "an escaped slash": b'{"a":"\\/"}',
    "an escaped newline": b'{"a":"\\n"}',
    "a bare newline": b'{"a":"\n"}',
    "DEL": b'{"a":"\x7f"}',
    "an escaped surrogate": b'{"a":"\\ud800"}',
    "no UTF-8": b'{"a":"\xff"}',
    "UTF-8 of a surrogate": b'{"a":"\xed\xa0\x80"}',
    "an array": b"[]",
    "a string": b'"a"',
    "nothing": b"",
    "two objects": b"{}{}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "too deep": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}
REFUSED_VALUES: dict[str, Any] = {
    "null": {"a": None},
    "a float": {"a": 1.0},
    "a tuple": {"a": (1,)},
    "bytes": {"a": b"1"},
    "a key that is no string": {1: 1},
    "a key with a digit": {"a1": 1},
    "a key with a newline": {"a\n": 1},
    "a control character": {"a": "\t"},
    "a surrogate": {"a": "\ud800"},
    "a negative number": {"a": [{"b": -1}]},
}


@pytest.mark.parametrize(("data", "value"), CANONICAL.items(), ids=range(len(CANONICAL)))
def test_canonical_bytes_are_the_only_ones_of_their_value(data: bytes, value: dict[str, Any]) -> None:
    assert encode(value) == data
    assert decode(data) == value


@pytest.mark.parametrize("data", REFUSED_BYTES.values(), ids=REFUSED_BYTES.keys())
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(NotCanonical):
        decode(data)


@pytest.mark.parametrize("value", REFUSED_VALUES.values(), ids=REFUSED_VALUES.keys())
def test_values_that_libraries_write_differently_are_refused(value: dict[Any, Any]) -> None:
    with pytest.raises(NotCanonical):
        encode(value)


def _random_value(dice: random.Random, depth: int) -> Any:
    kind = dice.randrange(5 if depth else 3)
    if kind == 0:
        return dice.choice([0, 1, MAX_NUMBER, dice.randrange(MAX_NUMBER)])
    if kind == 1:
        return dice.random() < 0.5
    if kind == 2:
        letters = [*string.printable[:95], "é", "e\u0301", "\u2028", "\x80", "\ufeff", "🍎", "\uffff"]
        return "".join(dice.choices(letters, k=dice.randrange(8)))
    if kind == 3:
        return [_random_value(dice, depth - 1) for _ in range(dice.randrange(4))]
    keys = ["".join(dice.choices(string.ascii_lowercase + "_", k=3)) for _ in range(dice.randrange(4))]
    return {key: _random_value(dice, depth - 1) for key in keys}


@pytest.mark.parametrize("seed", range(20))
def test_random_values_come_back_and_one_changed_byte_is_another_value(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(50):
        value = {"v": _random_value(dice, 4)}
        data = encode(value)
        assert decode(data) == value
        place = dice.randrange(len(data))
        changed = data[:place] + bytes([dice.randrange(256)]) + data[place + 1 :]
        with suppress(NotCanonical):
            assert encode(decode(changed)) == changed


def test_bytes_and_id_of_an_opening_are_final() -> None:
    value = decode(OPEN)
    check_entry(value, OPEN)
    assert encode(value) == OPEN
    assert digest(OPEN) == "f9a61e49d4e7f3bf9e31a37697c2daa805348411b07308cb094734f754fb73b2"
    assert value["bodies"] == [digest(BODY)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", "1"),
        ("at", True),
        ("bodies", ["ab"]),
        ("bodies", "ab"),
        ("bodies", [1]),
        ("by", "anna"),
        ("by", PERSON.upper()),
        ("d", []),
        ("hub", ""),
        ("hub", HUB.upper()),
        ("key", 1),
        ("kind", "Open"),
        ("kind", ""),
        ("kind", "a" * 41),
        ("prev", [HUB]),
        ("prev", [HUB, HUB]),
        ("repo", "ab"),
        ("t", 1),
        ("topic", HUB),
        ("v", "1"),
        ("x", 1),
    ],
)
def test_an_envelope_that_is_no_entry_is_refused(field: str, value: object) -> None:
    entry = decode(OPEN) | {field: value}
    with pytest.raises(NotCanonical):
        check_entry(entry, encode(entry))


def test_an_entry_has_all_its_fields_and_a_limit() -> None:
    entry = decode(OPEN)
    with pytest.raises(NotCanonical, match="size"):
        check_entry(entry, b" " * (65536 + 1))
    del entry["key"]
    with pytest.raises(NotCanonical, match="fields"):
        check_entry(entry, OPEN)


def test_unknown_kinds_and_versions_are_entries_whatever_they_hold() -> None:
    entry = decode(OPEN) | {"kind": "poll.vote", "v": 7, "d": {"x": [{}]}, "by": ""}
    check_entry(entry, encode(entry))


def test_heads_are_sorted_once_each_and_at_most_64() -> None:
    later = decode(OPEN) | {"topic": HUB, "t": 3}
    ids = sorted(digest(bytes([one])) for one in range(65))
    check_entry(later | {"prev": ids[:64]}, OPEN)
    for prev in (ids, ids[1::-1], [ids[0], ids[0]], []):
        with pytest.raises(NotCanonical):
            check_entry(later | {"prev": prev}, OPEN)


def test_bodies_are_salted_and_give_their_text_back() -> None:
    first, second = make_body("the same"), make_body("the same")
    assert first != second
    assert body_text(first) == body_text(second) == "the same"
    assert body_text(make_body("a\nb\n")) == "a\nb\n"
    assert body_text(make_body("")) == ""
    assert make_body(b"\xff", "A" * 22) == b"AAAAAAAAAAAAAAAAAAAAAA\n\xff"
    assert len(make_body("x")) == 24 <= MAX_BODY_BYTES


def test_what_no_column_of_text_can_hold_is_replaced_the_same_everywhere() -> None:
    assert body_text(make_body("a\ud800b")) == "a?b"
    assert body_text(make_body(b"a\xffb\x00c")) == "a\ufffdb\ufffdc"


def test_a_body_without_salt_is_refused() -> None:
    for body in (b"", b"the text", b"A" * 21 + b"\ntext", b"A" * 23 + b"\ntext"):
        with pytest.raises(NotCanonical):
            body_text(body)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (b"src/a.py", "src/a.py"),
        ("é e\u0301".encode(), "é e\u0301"),
        (b"caf\xe9", "caf%E9"),
        (b"100%41", "100%2541"),
        (b"a\tb\nc\x7f", "a%09b%0Ac%7F"),
        (b"\xed\xa0\x80", "%ED%A0%80"),
    ],
)
def test_paths_come_back_byte_by_byte(path: bytes, shown: str) -> None:
    assert path_text(path) == shown
    assert path_bytes(shown) == path
    encode({"path": shown})


def test_random_paths_come_back_byte_by_byte() -> None:
    dice = random.Random(4)
    for _ in range(2000):
        path = dice.randbytes(dice.randrange(12))
        assert path_bytes(path_text(path)) == path
        encode({"path": path_text(path)})
