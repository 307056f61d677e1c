"""Who the journal of a repository knows, entry by entry."""

import base64
import hashlib
import itertools
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub import signing
from hub.journal.format.entries import Entry, ordered
from hub.journal.keys.public_keys import NEXT_KEY, about_next, as_line, hub_id_of, wire_form
from hub.journal.kinds import kinds_of, registered_types
from hub.journal.replay import apply, replay, replay_with_reasons
from hub.journal.ring import HubRole, KnownName, Ring

_numbers = itertools.count(1)


def _public(seed: int) -> str:
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes([seed]) * 32
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


OUR_KEY, THEIR_KEY, ANNA_KEY = _public(1), _public(2), _public(3)
OURS, THEIRS = hub_id_of(OUR_KEY), hub_id_of(THEIR_KEY)
ANNA, BO = f"{'a' * 16}@{OURS}", f"{'b' * 16}@{THEIRS}"
STRANGER = "f" * 64


def _entry(kind: str, d: dict[str, Any], *, hub: str = OURS, body: str | None = None, v: int = 1) -> Entry:
    t = next(_numbers)
    entry_id = hashlib.sha256(str(t).encode()).hexdigest()
    bodies = () if body is None else (body,)
    digests = tuple(hashlib.sha256(one.encode()).hexdigest() for one in bodies)
    return Entry(entry_id, kind, "", hub, t, 1795000000 + t, "", d, bodies, digests, v)


OPENING = _entry("repo", {"key": OUR_KEY, "nonce": "0"})
PEER = _entry("hub", {"hub": THEIRS, "key": THEIR_KEY, "role": "peer"})


def _after(*entries: Entry) -> Ring:
    ring, reasons = replay_with_reasons("repo", [OPENING, PEER, *entries], frozenset())
    assert set(reasons.values()) == {None}
    assert isinstance(ring, Ring)
    return ring


def _why(entry: Entry) -> str | None:
    return apply(kinds_of("repo"), _after(), entry, frozenset())


def test_the_opening_makes_the_first_home() -> None:
    ring = replay("repo", [OPENING], frozenset())
    assert ring.hubs == {OURS: HubRole.HOME}
    assert [key.public for key in ring.keys_of(OURS).values()] == [OUR_KEY]


def test_a_home_names_hubs_and_hands_over() -> None:
    assert _after().homes == {OURS}
    assert _after(_entry("hub", {"hub": THEIRS, "key": THEIR_KEY, "role": "home"})).homes == {OURS, THEIRS}


def test_keys_are_withdrawn_and_given_again() -> None:
    on = {"key": ANNA_KEY, "on": True, "person": ANNA}
    first, withdrawal = _entry("key", on), _entry("key", on | {"on": False})
    ring = _after(first, withdrawal)
    assert ring.keys_of(ANNA) == {}
    assert [key.withdrawn_in for (holder, _), key in ring.keys.items() if holder == ANNA] == [withdrawal.id]
    assert len(_after(first, withdrawal, _entry("key", on)).keys_of(ANNA)) == 1


def test_a_hub_has_further_keys_of_its_own() -> None:
    ring = _after(_entry("key", {"hub": THEIRS, "key": _public(9), "on": True}, hub=THEIRS))
    assert {key.public for key in ring.keys_of(THEIRS).values()} == {THEIR_KEY, _public(9)}


def test_the_newest_name_counts() -> None:
    d = {"person": ANNA}
    ring = _after(_entry("person", d, body="anna"), _entry("person", d, body="anne"))
    assert ring.people[ANNA].name == "anne"


@pytest.mark.parametrize(("hub", "person"), [(OURS, ANNA), (OURS, BO), (THEIRS, BO)])
def test_names_are_withheld_by_a_home_and_by_the_hub_of_the_account(hub: str, person: str) -> None:
    name = _entry("person", {"person": person}, hub=person[-64:], body="a name")
    redact = _entry("redact", {"bodies": list(name.digests)}, hub=hub)
    assert _after(name, redact).people == {person: KnownName(None, name.digests[0])}


def test_what_another_hub_saw_is_kept() -> None:
    assert _why(_entry("witness", {"hub": OURS, "receipt": "", "seq": 3}, hub=STRANGER)) is None


REFUSED = {
    "a second opening": ("a second opening", "repo", {"key": OUR_KEY}, OURS),
    "hub by a peer": (
        "only a home names hubs",
        "hub",
        {"hub": STRANGER, "key": _public(9), "role": "home"},
        THEIRS,
    ),
    "itself as a peer": (
        "only a home names hubs",
        "hub",
        {"hub": THEIRS, "key": THEIR_KEY, "role": "peer"},
        THEIRS,
    ),
    "hub with another key": (
        "the key of another hub",
        "hub",
        {"hub": THEIRS, "key": OUR_KEY, "role": "peer"},
        OURS,
    ),
    "role that is none": ("malformed", "hub", {"hub": THEIRS, "key": THEIR_KEY, "role": "king"}, OURS),
    "key of another hub": (
        "only a home or the hub itself binds its keys",
        "key",
        {"hub": OURS, "key": _public(9), "on": True},
        THEIRS,
    ),
    "key of an unknown hub": (
        "a hub that no home named",
        "key",
        {"hub": STRANGER, "key": _public(9), "on": True},
        STRANGER,
    ),
    "key of another hub's person": (
        "only the hub of the account binds its keys",
        "key",
        {"person": BO, "key": ANNA_KEY, "on": True},
        OURS,
    ),
    "key of nobody": ("malformed", "key", {"key": ANNA_KEY, "on": True}, OURS),
    "key neither on nor off": ("malformed", "key", {"person": ANNA, "key": ANNA_KEY, "on": 1}, OURS),
    "key that is none": ("malformed", "key", {"person": ANNA, "key": "ssh-ed25519 AAAA", "on": True}, OURS),
    "key that is a list": ("malformed", "key", {"person": ANNA, "key": [], "on": True}, OURS),
    "another hub's person": (
        "only the hub of the account introduces a person",
        "person",
        {"person": BO},
        OURS,
    ),
    "person of no shape": (
        "only the hub of the account introduces a person",
        "person",
        {"person": "a"},
        OURS,
    ),
    "person without a name": ("malformed", "person", {"person": ANNA}, OURS),
    "redaction by a stranger": ("not one's own words", "redact", {"bodies": ["x"]}, STRANGER),
    "redaction of nothing": ("malformed", "redact", {}, OURS),
    "an unknown kind": ("not understood", "poll", {}, OURS),
}


def test_a_hub_that_carries_on_alone_is_a_home_that_nobody_named() -> None:
    itself = {"hub": THEIRS, "key": THEIR_KEY, "role": "home"}
    ring = _after(_entry("hub", itself, hub=THEIRS))
    assert ring.homes == {OURS, THEIRS}
    assert ring.self_appointed == {THEIRS}
    ring = _after(_entry("hub", itself, hub=THEIRS), _entry("hub", itself))
    assert ring.self_appointed == set()


@pytest.mark.parametrize(("why", "kind", "d", "hub"), REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_count_has_a_reason(why: str, kind: str, d: dict[str, Any], hub: str) -> None:
    assert _why(_entry(kind, d, hub=hub)) == why


def test_an_opening_with_another_hubs_key_does_not_count() -> None:
    entry = _entry("repo", {"key": THEIR_KEY})
    assert replay_with_reasons("repo", [entry], frozenset())[1] == {entry.id: "the key of another hub"}


def test_a_version_above_ours_is_not_understood() -> None:
    assert _why(_entry("person", {"person": ANNA}, body="anna", v=2)) == "not understood"


def test_the_order_of_arrival_does_not_matter() -> None:
    d = {"person": ANNA}
    entries = [OPENING, PEER, _entry("person", d, body="anna"), _entry("person", d, body="anne")]
    expected = replay("repo", entries, frozenset())
    assert replay("repo", entries[::-1], frozenset()) == expected
    assert ordered(entries[::-1]) == entries


def test_a_key_whose_line_names_another_kind_is_none() -> None:
    with pytest.raises(ValueError, match="another kind"):
        wire_form(OUR_KEY.replace("ssh-ed25519", "ssh-rsa"))


def test_the_repository_itself_is_a_type_of_topic() -> None:
    assert "repo" in registered_types()


def _chain(hub_first: int, *others: int) -> dict[str, Any]:
    """What introduces a hub that had the keys of these seeds one after the other."""
    keys = [Ed25519PrivateKey.from_private_bytes(bytes([one]) * 32) for one in (hub_first, *others)]
    lines = [one.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() for one in keys]
    hub = hub_id_of(lines[0])
    then = [
        {"key": line, "signature": as_line(signing.sign(key, NEXT_KEY, about_next(hub, line)))}
        for key, line in zip(keys, lines[1:], strict=False)
    ]
    return {"key": lines[0], "nonce": "0", "then": then}


def test_a_hub_that_changed_its_key_opens_under_the_name_of_its_first_one() -> None:
    told = _chain(1, 2, 3)
    hub, last = hub_id_of(told["key"]), told["then"][-1]["key"]
    opening = _entry("repo", told, hub=hub)
    ring = replay("repo", [opening], frozenset())
    assert [one.public for one in ring.keys_of(hub).values()] == [last]
    assert [one.withdrawn_in for (whose, _), one in ring.keys.items() if whose == hub] == [
        opening.id,
        opening.id,
        None,
    ]


def test_a_home_names_a_hub_that_changed_its_key() -> None:
    told = _chain(5, 6)
    hub = hub_id_of(told["key"])
    ring = _after(_entry("hub", {"hub": hub, "key": told["key"], "role": "peer", "then": told["then"]}))
    assert [one.public for one in ring.keys_of(hub).values()] == [told["then"][0]["key"]]


@pytest.mark.parametrize("then", [[{"key": "x"}], [{"key": OUR_KEY, "signature": "AAAA"}], 1])
def test_a_chain_of_keys_that_does_not_hold_does_not_count(then: Any) -> None:
    entry = _entry("repo", {**_chain(1), "then": then}, hub=hub_id_of(_chain(1)["key"]))
    assert replay_with_reasons("repo", [entry], frozenset())[1] == {entry.id: "malformed"}
