"""What anybody who can write to a clone may do to the journal in it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.journal.format import codec
from hub.journal.format.ref_names import AT, REPOSITORY_REF
from hub.journal.verifying.report import Code
from hub.signing import ENTRY
from tests.journal_story import ISSUE, NEW, ONE, STRANGER, TWO, A
from tests.journal_writer import Commit, Key, Writer, git, load_chain, save_chain

Harm = Callable[[Path], None]
Chain = list[Commit]


@dataclass(frozen=True)
class Tampering:
    """What is done to a mirror clone, and the code of the first fault; whether a quick look sees any."""

    code: Code
    harm: Harm
    is_quick: bool = True
    expected: str = ""


def on(ref: str, harm: Callable[[Chain], Sequence[Commit] | None]) -> Harm:
    """Changes the records of one ref, in place or by returning others."""

    def change(clone: Path) -> None:
        chain = load_chain(clone, ref)
        save_chain(clone, ref, harm(chain) or chain)

    return change


def find(chain: Chain, kind: str, *, is_signed: bool | None = None) -> tuple[Commit, int]:
    """The first entry of that kind."""
    found = ((one, one.find(kind, is_signed=is_signed)) for one in chain)
    return next((one, k) for one, k in found if k is not None)


def _swap(chain: Chain, i: int, j: int) -> None:
    chain[i], chain[j] = chain[j], chain[i]


def _delete(ref: str) -> Harm:
    return lambda clone: git_done(clone, "update-ref", "-d", ref)


def git_done(clone: Path, *command: str) -> None:
    """Runs git for what it does."""
    git(clone, *command)


def _point(ref: str, to: str) -> Harm:
    return lambda clone: git_done(clone, "update-ref", ref, git(clone, "rev-parse", to))


def _roll_back(clone: Path) -> None:
    # Everything is put back to an older, consistent state; the clone was looked at before.
    save_chain(clone, TWO, load_chain(clone, TWO)[:-1])
    newest = max(
        (one for ref in (ONE, TWO) for one in load_chain(clone, ref)), key=lambda one: one.value["seq"]
    )
    git(clone, "update-ref", AT, newest.old_id)


def _swap_entries(chain: Chain) -> None:
    entries = chain[0].entries
    entries[1], entries[2] = entries[2], entries[1]
    chain[0].bodies[1, 0] = chain[0].bodies.pop((2, 0))


def _drop_entry(chain: Chain) -> None:
    chain[0].entries.pop()
    chain[0].bodies.pop((2, 0))


def _repeat_receipt(chain: Chain) -> Chain:
    again = load_again(chain[1])
    return [*chain, again]


def load_again(commit: Commit) -> Commit:
    """A copy that is no clone's head."""
    return Commit(
        list(commit.entries), list(commit.origins), commit.receipt, commit.signature, dict(commit.bodies)
    )


def _move_receipt(clone: Path) -> None:
    one, two = load_chain(clone, ONE), load_chain(clone, TWO)
    two.insert(3, one.pop(4))
    save_chain(clone, ONE, one)
    save_chain(clone, TWO, two)


def _bring_foreign(clone: Path) -> None:
    other = Writer(A, clone.parent / "other.git")
    other.now += 1000
    other.begin()
    other.open("a" * 16, 1)
    other.export()
    chain = load_chain(clone, ONE)
    save_chain(clone, ONE, [chain[0], *load_chain(other.directory, ONE), *chain[1:]])


def _turn_verdict(chain: Chain) -> None:
    commit, k = find(chain, "review")
    commit.edit(k, d={**json.loads(commit.entries[k][0])["d"], "verdict": "request_changes"})


def _fit_receipt(chain: Chain) -> None:
    commit, k = find(chain, "open")
    signature = commit.signature
    commit.edit(k, at=5)
    commit.resign(STRANGER)
    commit.signature = signature


def _sign_as_stranger(chain: Chain) -> None:
    chain[-1].edit(0, at=5)
    chain[-1].resign(STRANGER, key=STRANGER.fingerprint)


def _sign_as_hub(chain: Chain) -> None:
    chain[-1].resign(STRANGER)


def _sign_for_git(chain: Chain) -> None:
    chain[-1].signature = NEW.sign("git", chain[-1].receipt)


def _sign_as_entry(chain: Chain) -> None:
    chain[-1].signature = NEW.sign(ENTRY, chain[-1].receipt)


def _take_receipt_signature_off(chain: Chain) -> None:
    chain[-1].signature = b""


def _take_signature_off(chain: Chain) -> None:
    commit, k = find(chain, "comment", is_signed=True)
    commit.entries[k] = (commit.entries[k][0], b"")


def _replace_signature(chain: Chain) -> None:
    commit, k = find(chain, "comment", is_signed=True)
    data = commit.entries[k][0]
    commit.entries[k] = (data, NEW.sign(ENTRY, data))


def _sign_what_the_hub_answers_for(chain: Chain) -> None:
    data = chain[-1].entries[0][0]
    chain[-1].entries[0] = (data, STRANGER.sign(ENTRY, data))


def _take_origin_off(chain: Chain) -> None:
    find(chain, "review")[0].origins.clear()


def _add_origin(chain: Chain) -> None:
    chain[-1].origins += find(chain, "review")[0].origins


def _change_text(chain: Chain) -> None:
    chain[-1].bodies[0, 0] += b"!"


def _drop_text(chain: Chain) -> None:
    chain[-1].bodies.clear()


def _bring_other_words(chain: Chain) -> None:
    withheld = next(one for one in chain if one.find("comment") == 0 and not one.bodies)
    withheld.bodies[0, 0] = codec.make_body("never said")


def _respell(chain: Chain) -> None:
    chain[-1].message = chain[-1].made().replace(b'"v":1}\n{', b'"v": 1}\n{', 1)


def _retitle(chain: Chain) -> None:
    chain[-1].message = b"x" + chain[-1].made()


def _add_file(chain: Chain) -> None:
    chain[-1].bodies["7", 7] = b"x"


def _sign_the_commit(chain: Chain) -> None:
    chain[-1].author = b"Somebody <somebody@example.org>"


def _add_parent(clone: Path) -> None:
    chain = load_chain(clone, ONE)
    chain[-1].second_parent = git(clone, "rev-parse", TWO)
    save_chain(clone, ONE, chain)


def _add_words_behind(chain: Chain) -> None:
    chain[-1].message = chain[-1].made() + b"And one more thing.\n"


def _write_large(chain: Chain) -> None:
    chain[-1].edit(0, d={"comments": [{"body": 0}], "padding": "x" * (codec.MAX_ENTRY_BYTES + 1)})


def _cut_behind_the_head(clone: Path) -> None:
    # The head is put back, so that what is newer may be missing; and then something is.
    one = load_chain(clone, ONE)
    save_chain(clone, ONE, one[:-1])
    git(clone, "update-ref", AT, load_chain(clone, ISSUE)[-1].old_id)


def _swap_refs(clone: Path) -> None:
    one, two = git(clone, "rev-parse", ONE), git(clone, "rev-parse", TWO)
    git(clone, "update-ref", ONE, two)
    git(clone, "update-ref", TWO, one)


def _rename(old: str, new: str) -> Harm:
    def rename(clone: Path) -> None:
        git(clone, "update-ref", new, git(clone, "rev-parse", old))
        git(clone, "update-ref", "-d", old)

    return rename


def _blob_as_ref(clone: Path) -> None:
    blob = git(clone, "rev-parse", f"{ONE}^{{tree}}")
    (clone / "refs/hub/changes").mkdir(parents=True, exist_ok=True)
    (clone / "refs/hub/changes/9").write_text(blob + "\n")


def _another_journal(clone: Path) -> None:
    """The whole journal is replaced by one that is sound."""
    other = Writer(Key("z"), clone.parent / "other.git")
    other.begin()
    other.open("a" * 16, 1)
    other.export()
    for ref in git(clone, "for-each-ref", "--format=%(refname)", "refs/hub").split():
        git(clone, "update-ref", "-d", ref)
    git(clone, "fetch", "-q", str(other.directory), "+refs/hub/*:refs/hub/*")


CASES = {
    "no journal at all": Tampering(Code.NO_JOURNAL, _delete(REPOSITORY_REF)),
    "an entry cut out of a receipt": Tampering(Code.DROPPED_ENTRY, on(TWO, _drop_entry)),
    "a whole receipt cut out of a topic": Tampering(
        Code.MISSING_RECEIPT, on(ONE, lambda chain: [*chain[:2], *chain[3:]])
    ),
    "a topic's newest receipts cut off": Tampering(Code.MISSING_RECEIPT, on(ONE, lambda chain: chain[:-1])),
    "a topic's ref deleted": Tampering(Code.MISSING_RECEIPT, _delete(ONE)),
    "a receipt cut out, and the head put back before it": Tampering(
        Code.MISSING_RECEIPT, _cut_behind_the_head
    ),
    "the newest receipt of all cut off": Tampering(Code.TRUNCATED, on(TWO, lambda chain: chain[:-1])),
    "everything put back to an older state": Tampering(Code.ROLLED_BACK, _roll_back),
    "two receipts of a topic swapped": Tampering(Code.REORDERED, on(ONE, lambda chain: _swap(chain, 2, 3))),
    "two entries of a receipt swapped": Tampering(Code.REORDERED, on(TWO, _swap_entries)),
    "a receipt appended once more": Tampering(Code.REPLAYED_RECEIPT, on(ONE, _repeat_receipt)),
    "a receipt moved to another change": Tampering(Code.ANOTHER_TOPIC, _move_receipt),
    "a topic shown in two places": Tampering(Code.REPLAYED_RECEIPT, _point("refs/hub/changes/7", ONE)),
    "a receipt of another repository": Tampering(Code.ANOTHER_REPOSITORY, _bring_foreign),
    "a verdict turned round": Tampering(Code.EDITED_ENTRY, on(ONE, _turn_verdict)),
    "the receipt made to fit": Tampering(Code.BAD_SIGNATURE, on(ONE, _fit_receipt)),
    "signed again with a foreign key": Tampering(Code.UNKNOWN_KEY, on(ONE, _sign_as_stranger)),
    "signed with a foreign key as the hub's": Tampering(Code.BAD_SIGNATURE, on(TWO, _sign_as_hub)),
    "the hub's signature for another purpose": Tampering(Code.BAD_SIGNATURE, on(TWO, _sign_for_git)),
    "the hub's signature for an entry": Tampering(Code.BAD_SIGNATURE, on(TWO, _sign_as_entry)),
    "the hub's signature taken off": Tampering(Code.BAD_SIGNATURE, on(TWO, _take_receipt_signature_off)),
    "an author's signature taken off": Tampering(Code.NOT_SIGNED, on(ONE, _take_signature_off)),
    "an author's signature replaced": Tampering(
        Code.BAD_SIGNATURE, on(ONE, _replace_signature), is_quick=False
    ),
    "a signature where the hub answers": Tampering(Code.SLIPPED_IN, on(ONE, _sign_what_the_hub_answers_for)),
    "another hub's receipt taken off": Tampering(Code.NO_ORIGIN, on(ONE, _take_origin_off)),
    "another hub's receipt added": Tampering(Code.SLIPPED_IN, on(ONE, _add_origin)),
    "a comment's text changed": Tampering(Code.EDITED_BODY, on(ONE, _change_text)),
    "a text dropped": Tampering(Code.MISSING_BODY, on(ONE, _drop_text)),
    "other words where a text was withheld": Tampering(Code.EDITED_BODY, on(TWO, _bring_other_words)),
    "the same entry in another spelling": Tampering(Code.NOT_CANONICAL, on(ONE, _respell)),
    "an entry over the size": Tampering(Code.NOT_CANONICAL, on(ONE, _write_large)),
    "words behind the receipt": Tampering(Code.NOT_CANONICAL, on(ONE, _add_words_behind)),
    "a ref to what is no commit": Tampering(Code.NOT_CANONICAL, _blob_as_ref),
    "another subject line": Tampering(Code.FOREIGN_CONTENT, on(ONE, _retitle)),
    "a file nobody signed": Tampering(Code.FOREIGN_CONTENT, on(ONE, _add_file)),
    "another author of the commit": Tampering(Code.FOREIGN_CONTENT, on(ONE, _sign_the_commit)),
    "a second parent": Tampering(Code.FOREIGN_CONTENT, _add_parent),
    "two changes' refs swapped": Tampering(Code.RENAMED_REF, _swap_refs),
    "an issue shown as a change": Tampering(Code.RENAMED_REF, _rename(ISSUE, "refs/hub/changes/3")),
    "a patch set's ref moved": Tampering(Code.PATCH_SET_MOVED, _point("refs/changes/1/1", ONE)),
    "the branch without what was merged": Tampering(
        Code.MERGE_NOT_PROVEN, _point("refs/heads/main", "refs/changes/1/1")
    ),
    "the head deleted": Tampering(Code.NO_HEAD, _delete(AT)),
    "another journal, sound in itself": Tampering(Code.ANOTHER_REPOSITORY, _another_journal),
    "another repository than expected": Tampering(Code.ANOTHER_REPOSITORY, lambda _: None, expected="f" * 64),
}
