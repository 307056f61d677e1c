"""A receipt reads the same whichever way it is read."""

import pytest

from hub.journal.format import codec
from hub.journal.format.records import make_receipt, parse_commit

ID = "0123456789abcdef" * 4
RECEIPT = {
    "at": 1795000009,
    "entries": [ID, "f" * 64],
    "hub": "a" * 64,
    "key": "SHA256:0123456789+/=",
    "prev": "b" * 64,
    "repo": "c" * 64,
    "seq": 12,
    "topic": "d" * 64,
}


def _parsed(data: bytes) -> dict[str, object]:
    who = b"Hub journal <journal@hub.invalid> 1795000009 +0000\n"
    head = b"tree %s\nauthor %scommitter %s\n" % (b"e" * 40, who, who)
    return dict(parse_commit("f" * 40, head + b"journal 12: \n\n" + data + b"\n").receipt.value)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"entries": []},
        {"entries": [ID]},
        {"prev": ""},
        {"at": 0},
        {"at": codec.MAX_NUMBER, "seq": codec.MAX_NUMBER},
        {"key": 'an odd "name" \\ é'},
    ],
)
def test_a_receipt_is_read_as_any_block_is(change: dict[str, object]) -> None:
    data = make_receipt({**RECEIPT, **change})
    assert _parsed(data) == codec.decode(data)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"seq":12', b'"seq":012'),
        (b'"seq":12', b'"seq":0'),
        (b'"seq":12', b'"seq":9007199254740992'),
        (b'"at":1795000009', b'"at":1795000009.0'),
        (b'"v":1}', b'"v":1} '),
        (b'"v":1}', b'"v":true}'),
        (b'["0123', b'[ "0123'),
        (b'"prev":"bb', b'"prev":"BB'),
        (b'"hub":"aa', b'"hub":"a'),
        (b"SHA256:", b"SHA256\\u003a"),
    ],
)
def test_other_spellings_are_none(old: bytes, new: bytes) -> None:
    data = make_receipt(RECEIPT)
    assert old in data
    with pytest.raises(codec.NotCanonical):
        _parsed(data.replace(old, new))
