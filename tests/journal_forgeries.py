"""What somebody may do to a journal who has a key that signs in it: the hub itself, a thief, a peer."""

import json
from pathlib import Path
from typing import Any

from hub.journal.format import codec, records
from hub.journal.format.ref_names import AT, REPOSITORY_REF
from hub.journal.keys.public_keys import NEXT_KEY, about_next, as_line
from hub.journal.verifying.report import Code
from hub.signing import ENTRY, RECEIPT
from tests.journal_harm import Chain, Harm, Tampering, find, load_again, on
from tests.journal_story import ANNA, BO, ISSUE, NEW, ONE, STRANGER, TWO, A, B
from tests.journal_writer import Commit, Key, Writer, git, load_chain, save_chain


def _put_again(chain: Chain, source: Chain) -> None:
    found, k = find(source, "review")
    chain[-1].entries.append(found.entries[k])
    chain[-1].origins += found.origins
    chain[-1].bodies[1, 0] = found.bodies[k, 0]
    chain[-1].resign(NEW)


def _approve_again(chain: Chain) -> None:
    _put_again(chain, chain)


def _approve_elsewhere(clone: Path) -> None:
    two = load_chain(clone, TWO)
    _put_again(two, load_chain(clone, ONE))
    save_chain(clone, TWO, two)


def _sign_with_withdrawn(chain: Chain) -> None:
    chain[-1].resign(A, key=A.fingerprint)


def _write_as_peer(chain: Chain) -> None:
    chain[-1].resign(B, key=B.fingerprint, hub=B.hub_id)


def _speak_for_bo(chain: Chain) -> None:
    value = {**json.loads(chain[-1].entries[0][0]), "by": BO, "key": STRANGER.fingerprint}
    data = codec.encode(value)
    chain[-1].entries[0] = (data, STRANGER.sign(ENTRY, data))
    chain[-1].resign(NEW)


def _speak_for_bo_unsigned(chain: Chain) -> None:
    chain[-1].edit(0, by=BO, key=STRANGER.fingerprint)
    chain[-1].resign(NEW)


def _write_two_stories(chain: Chain) -> Chain:
    twin = load_again(chain[-1])
    twin.edit(0, at=9)
    twin.resign(NEW)
    return [*chain, twin]


def _edit_and_sign(**change: Any) -> Harm:
    def edit(chain: Chain) -> None:
        chain[-1].edit(0, **change)
        chain[-1].resign(NEW)

    return on(ONE, edit)


def _resign(**change: Any) -> Harm:
    return on(ONE, lambda chain: chain[-1].resign(NEW, **change))


def _origin(entries: list[str], key: Key, value: dict[str, Any]) -> tuple[bytes, bytes]:
    fields = {one: value[one] for one in ("at", "prev", "repo", "seq", "topic")}
    data = records.make_receipt({**fields, "entries": entries, "hub": key.hub_id, "key": key.fingerprint})
    return data, key.sign(RECEIPT, data)


def _merge_as_peer(chain: Chain) -> None:
    commit, k = find(chain, "review")
    d = {"commit": "1" * 40, "ps": "x", "strategy": "merge", "target": "main"}
    commit.edit(k, kind="merge", d=d)
    ids = [codec.digest(data) for data, _ in commit.entries if json.loads(data)["hub"] == B.hub_id]
    commit.origins = [_origin(ids, B, json.loads(commit.origins[0][0]))]
    commit.resign(A)


def _admit_as_peer(chain: Chain) -> None:
    d = {"hub": STRANGER.hub_id, "key": STRANGER.public, "role": "home"}
    chain[-1].edit(0, kind="hub", hub=B.hub_id, key=B.fingerprint, d=d)
    ids = [codec.digest(data) for data, _ in chain[-1].entries]
    chain[-1].origins = [_origin(ids, B, chain[-1].value)]
    chain[-1].resign(NEW)


def _introduce_as_peer(chain: Chain) -> None:
    d = {"key": STRANGER.public, "on": True, "person": f"{BO}@{A.hub_id}"}
    chain[-1].edit(0, hub=B.hub_id, key=B.fingerprint, d=d)
    ids = [codec.digest(data) for data, _ in chain[-1].entries]
    chain[-1].origins = [_origin(ids, B, chain[-1].value)]
    chain[-1].resign(NEW)


def _lie_about_origin(chain: Chain) -> None:
    commit = find(chain, "review")[0]
    data = codec.encode({**json.loads(commit.origins[0][0]), "at": 5})
    commit.origins = [(data, STRANGER.sign(RECEIPT, data))]


def _append(clone: Path, ref: str, key: Key, hub: Key, entry: dict[str, Any], **more: Any) -> None:
    """One more receipt after the newest, with one entry after the topic's last; and the head there."""
    chain = load_chain(clone, ref)
    newest = max(
        (one for name in (REPOSITORY_REF, ONE, TWO, ISSUE) for one in load_chain(clone, name)),
        key=lambda one: one.value["seq"],
    )
    last = json.loads(chain[-1].entries[-1][0])
    value = {
        **last,
        "bodies": [],
        "by": "",
        "hub": hub.hub_id,
        "key": key.fingerprint,
        "prev": [codec.digest(chain[-1].entries[-1][0])],
        "t": last["t"] + 1,
        "topic": chain[-1].value["topic"],
        **entry,
    }
    data = codec.encode(value)
    receipt = {
        **newest.value,
        "entries": [codec.digest(data)],
        "hub": hub.hub_id,
        "key": key.fingerprint,
        "prev": codec.digest(newest.receipt),
        "seq": newest.value["seq"] + 1,
        "topic": chain[-1].value["topic"],
        **more,
    }
    encoded = codec.encode(receipt)
    made = Commit([(data, b"")], [], encoded, key.sign(RECEIPT, encoded), {})
    save_chain(clone, ref, [*chain, made])
    git(clone, "update-ref", AT, ref)


def _appoint_itself(clone: Path) -> None:
    d = {"hub": STRANGER.hub_id, "key": STRANGER.public, "role": "home"}
    _append(clone, REPOSITORY_REF, STRANGER, STRANGER, {"d": d, "kind": "hub"})


def _interleave(clone: Path) -> None:
    # The repository moved to hub B, which goes on; then the old home does, too.
    d = {"hub": B.hub_id, "key": B.public, "role": "home"}
    _append(clone, REPOSITORY_REF, NEW, A, {"d": d, "kind": "hub"})
    _append(clone, ONE, B, B, {"d": {"state": "closed"}, "kind": "state"})
    _append(clone, ONE, NEW, A, {"d": {"state": "open"}, "kind": "state"})


def _take_patch_set_number_again(clone: Path) -> None:
    d = {"base": "1" * 40, "commit": "2" * 40, "n": 1}
    _append(clone, ONE, NEW, A, {"by": ANNA, "d": d, "kind": "patchset"})


def _count_backwards(clone: Path) -> None:
    for number in (3, 2):
        d = {"base": "1" * 40, "commit": "2" * 40, "n": number}
        _append(clone, ONE, NEW, A, {"by": ANNA, "d": d, "kind": "patchset"})


def _take_number_again(clone: Path) -> None:
    chain = load_chain(clone, ISSUE)
    d = json.loads(chain[0].entries[0][0])["d"]
    chain[0].edit(0, d=d | {"number": 1})
    chain[0].resign(A, topic=codec.digest(chain[0].entries[0][0]))
    save_chain(clone, "refs/hub/issues/1", chain)
    git(clone, "update-ref", "-d", ISSUE)


def _see_another(clone: Path) -> None:
    d = {"hub": A.hub_id, "receipt": "0" * 64, "seq": 3}
    _append(clone, REPOSITORY_REF, NEW, A, {"d": d, "kind": "witness"})


def _forge_opening(clone: Path) -> None:
    # A thief of an old key pretends that the hub had another one after it.
    other = Writer(STRANGER, clone.parent / "other.git", hub_id=A.hub_id)
    statement = STRANGER.sign(NEXT_KEY, about_next(A.hub_id, STRANGER.public))
    then = [{"key": STRANGER.public, "signature": as_line(statement)}]
    other.repository = other.act("repo", d={"key": A.public, "nonce": "x", "then": then})
    other.refs[other.repository] = REPOSITORY_REF
    other.export()
    for ref in git(clone, "for-each-ref", "--format=%(refname)", "refs/hub").split():
        git(clone, "update-ref", "-d", ref)
    (clone / "hub-verified.json").unlink()
    git(clone, "fetch", "-q", str(other.directory), "+refs/hub/*:refs/hub/*")


def _withhold_as_peer(chain: Chain) -> None:
    # A peer withholds what a person of the home said.
    wanted = json.loads(chain[-1].entries[0][0])["bodies"]
    commit, k = find(chain, "review")
    commit.edit(k, kind="redact", d={"bodies": wanted}, bodies=[])
    commit.bodies.pop((k, 0), None)
    ids = [codec.digest(data) for data, _ in commit.entries if json.loads(data)["hub"] == B.hub_id]
    commit.origins = [_origin(ids, B, json.loads(commit.origins[0][0]))]
    commit.resign(A)
    chain[-1].bodies.clear()


CASES = {
    "an old approval under a new receipt": Tampering(Code.REPLAYED_ENTRY, on(ONE, _approve_again)),
    "an approval moved to another change": Tampering(Code.ANOTHER_TOPIC, _approve_elsewhere),
    "signed with the hub's withdrawn key": Tampering(Code.REVOKED_KEY, on(ONE, _sign_with_withdrawn)),
    "a peer writes into the home's journal": Tampering(Code.NO_RIGHT, on(ONE, _write_as_peer)),
    "words put into a signing person's mouth": Tampering(Code.UNKNOWN_KEY, on(ONE, _speak_for_bo)),
    "the same without a signature": Tampering(Code.NOT_SIGNED, on(ONE, _speak_for_bo_unsigned)),
    "two receipts with one number": Tampering(Code.TWO_BRANCHES, on(ONE, _write_two_stories)),
    "a receipt that stands on nothing": Tampering(Code.BROKEN_CHAIN, _resign(prev="0" * 64)),
    "an entry dated far ahead": Tampering(Code.CLOCK, _edit_and_sign(t=10**9)),
    "an entry that answers nothing here": Tampering(Code.MISSING_ANCESTOR, _edit_and_sign(prev=["f" * 64])),
    "an entry of another repository": Tampering(Code.ANOTHER_REPOSITORY, _edit_and_sign(repo="f" * 64)),
    "a peer says merged": Tampering(Code.NO_RIGHT, on(ONE, _merge_as_peer)),
    "a peer admits a hub": Tampering(Code.NO_RIGHT, on(REPOSITORY_REF, _admit_as_peer)),
    "a peer introduces a key of the home's person": Tampering(
        Code.NO_RIGHT, on(REPOSITORY_REF, _introduce_as_peer)
    ),
    "a receipt of a peer by a stranger": Tampering(
        Code.BAD_SIGNATURE, on(ONE, _lie_about_origin), is_quick=False
    ),
    "a hub that appoints itself": Tampering(Code.NO_RIGHT, _appoint_itself),
    "the old home goes on after it handed over": Tampering(Code.NO_RIGHT, _interleave),
    "a patch set's number taken again": Tampering(Code.NUMBER_TAKEN_TWICE, _take_patch_set_number_again),
    "patch sets counted backwards": Tampering(Code.NUMBER_TAKEN_TWICE, _count_backwards),
    "another hub saw another receipt": Tampering(Code.ROLLED_BACK, _see_another),
    "an opening with keys that the first did not sign": Tampering(Code.NO_RIGHT, _forge_opening),
    "a peer withholds words of the home": Tampering(Code.MISSING_BODY, on(ONE, _withhold_as_peer)),
}
