"""The repository's own topic: which hubs, keys and people its journal knows. Pure.

Its kinds, by what they hold:

    repo     key, nonce, then   the opening, by the first home
    hub      hub, role, key, then
                                another hub; `home` decides here, of a `peer` speech is taken in; by a home
    key      hub, key, on       a further key of a hub, or its withdrawal; by that hub or a home
    key      person, key, on    a key of a person, or its withdrawal; by the hub of their account
    person   person; body       the name shown; by the hub of their account
    redact   bodies             texts that are withheld: of a person, by their hub; any, by a home
    witness  hub, seq, receipt  "I saw this head of that hub's journal"; kept only

A hub is introduced by its first key, which names it; `then`, absent for most, are the ones that came after it
(see `public_keys.follow`). The last is good.

Which key may have signed what, for whoever verifies. Receipts are the clock, for dates can be set back:

- a receipt: a key that its hub had, as the ring was after the receipt before, and that was not withdrawn by
  then; the first one, a key that the opening in it makes good. A receipt that lists the withdrawal of a key
  may itself be signed with it.
- an entry without a signature: `key` is any key that its hub ever had here, a withdrawn one too. Several
  processes make entries, and one of them may have had the old key in hand when it was changed; whoever made
  the receipt answers for the entry.
- an entry with a signature: `key` signed it, is a key of the person who acts, and was good when the hub of
  that person made its receipt. No key of a hub signs entries.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from hub.journal.format.entries import Entry
from hub.journal.keys.public_keys import follow, hub_id_of, wire_form
from hub.journal.kinds import Apply
from hub.journal.redactions import REDACT, note_texts, taken_by
from hub.signing import fingerprint_of

_PERSON: Final = re.compile(r"[0-9a-f]{16}@([0-9a-f]{64})")


class HubRole(StrEnum):
    """What a hub is to the journal of a repository."""

    HOME = "home"
    PEER = "peer"


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A public key; `withdrawn_in` is the entry that withdrew it."""

    public: str
    withdrawn_in: str | None = None


@dataclass(frozen=True, slots=True)
class KnownName:
    """The newest name of a person, and the body that it stands in; None once it is withheld."""

    name: str | None
    digest: str


@dataclass(slots=True)
class Ring:
    """Who speaks in the journal: hubs with their role, keys by holder and fingerprint, people with names.

    `self_appointed` are homes that no home named; `hubs_of_texts` are the hubs where texts were written, by
    digest: only a replay of all entries knows them, and no row keeps them.
    """

    hubs: dict[str, HubRole] = field(default_factory=dict)
    self_appointed: set[str] = field(default_factory=set)
    keys: dict[tuple[str, str], KnownKey] = field(default_factory=dict)
    people: dict[str, KnownName] = field(default_factory=dict)
    hubs_of_texts: dict[str, str] = field(default_factory=dict, compare=False)

    @property
    def homes(self) -> frozenset[str]:
        """The hubs that decide."""
        return frozenset(hub for hub, role in self.hubs.items() if role is HubRole.HOME)

    def keys_of(self, holder: str) -> dict[str, KnownKey]:
        """The good keys of a hub or a person, by fingerprint."""
        return {
            fingerprint: key
            for (whose, fingerprint), key in self.keys.items()
            if whose == holder and key.withdrawn_in is None
        }


def _open(ring: Ring, entry: Entry, _: frozenset[str]) -> str | None:
    if ring.hubs:
        return "a second opening"
    if hub_id_of(entry.d["key"]) != entry.hub:
        return "the key of another hub"
    keys = follow(entry.d["key"], entry.d.get("then", ()))
    ring.hubs[entry.hub] = HubRole.HOME
    _add_keys(ring, entry, entry.hub, keys)
    return None


def _name_hub(ring: Ring, entry: Entry, _: frozenset[str]) -> str | None:
    hub, key, role = entry.d["hub"], entry.d["key"], HubRole(entry.d["role"])
    # Where the home is gone, the hub that carries its journal on says so itself, for everybody to see.
    appoints_itself = hub == entry.hub and role is HubRole.HOME
    if entry.hub not in ring.homes and not (appoints_itself and ring.hubs):
        return "only a home names hubs"
    if hub_id_of(key) != hub:
        return "the key of another hub"
    keys = follow(key, entry.d.get("then", ()))
    if entry.hub not in ring.homes:
        ring.self_appointed.add(hub)
    elif hub != entry.hub:
        ring.self_appointed.discard(hub)
    ring.hubs[hub] = role
    _add_keys(ring, entry, hub, keys)
    return None


def _set_key(ring: Ring, entry: Entry, _: frozenset[str]) -> str | None:
    d = entry.d
    holder, is_on = d.get("hub") or d["person"], d["on"]
    if "hub" in d and entry.hub not in ring.homes | {holder}:
        return "only a home or the hub itself binds its keys"
    if "hub" not in d and not _is_of(entry, holder):
        return "only the hub of the account binds its keys"
    if "hub" in d and holder not in ring.hubs:
        return "a hub that no home named"
    if type(is_on) is not bool:
        raise TypeError("neither on nor off")
    withdrawn_in = None if is_on else entry.id
    ring.keys[holder, _fingerprint(d["key"])] = KnownKey(d["key"], withdrawn_in)
    return None


def _introduce(ring: Ring, entry: Entry, _: frozenset[str]) -> str | None:
    person = entry.d["person"]
    if not _is_of(entry, person):
        return "only the hub of the account introduces a person"
    ring.people[person] = KnownName(entry.bodies[0], entry.digests[0])
    return None


def _redact(ring: Ring, entry: Entry, _: frozenset[str]) -> str | None:
    taken = taken_by(entry, ring.hubs_of_texts, ring.homes)
    for person, known in ring.people.items():
        if known.digest in taken:
            ring.people[person] = KnownName(None, known.digest)
    return None if taken else "not one's own words"


def note_entry(ring: Ring, entry: Entry) -> None:
    """Notes where the texts of an entry were written, whether it counts or not."""
    note_texts(entry, ring.hubs_of_texts)


def _keep(_: Ring, __: Entry, ___: frozenset[str]) -> str | None:
    return None


def _is_of(entry: Entry, person: str) -> bool:
    found = _PERSON.fullmatch(person)
    return found is not None and found[1] == entry.hub


def _add_keys(ring: Ring, entry: Entry, holder: str, keys: Sequence[str]) -> None:
    for public in keys[:-1]:
        known = ring.keys.get((holder, _fingerprint(public)))
        if known is None or known.withdrawn_in is None:
            ring.keys[holder, _fingerprint(public)] = KnownKey(public, entry.id)
    ring.keys[holder, _fingerprint(keys[-1])] = KnownKey(keys[-1])


def _fingerprint(public: str) -> str:
    return fingerprint_of(wire_form(public))


APPLY: dict[str, Apply[Ring]] = {
    "repo": _open,
    "hub": _name_hub,
    "key": _set_key,
    "person": _introduce,
    REDACT: _redact,
    "witness": _keep,
}
