"""A clone may hold anything: whatever it is, verifying it ends with a fault that has a name, or with none."""

import hashlib
import random
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.journal.format import codec
from hub.journal.format.ref_names import AT, REPOSITORY_REF
from hub.journal.verifying.report import Code
from hub.journal.verifying.signers import allowed_signers
from hub.journal.verifying.verification import Wanted, verify
from hub.repos.git.record_objects import Missing, RecordObjects
from tests.journal_story import ANNA, ONE, A
from tests.journal_writer import Writer, git, load_chain, save_chain

DAMAGES = 60


def _damaged(content: bytes, rng: random.Random) -> bytes:
    at, what = rng.randrange(len(content)), rng.randrange(5)
    if what == 0:
        return content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :]
    if what == 1:
        return content[:at] + content[at + rng.randrange(1, 200) :]
    if what == 2:
        return content[:at] + content[at : at + 150] * rng.randrange(2, 9) + content[at:]
    if what == 3:
        return content[:at]
    words = [
        b"null",
        b"1e9",
        b"-1",
        b"[]",
        b"{}",
        b'""',
        b"\xff",
        b"\0",
        b"9" * 5000,
        b"[" * 5000,
        b"\\ud800",
    ]
    return content[:at] + rng.choice(words) + content[at + rng.randrange(20) :]


def test_commits_with_any_bytes_have_a_named_fault(clone: Path) -> None:
    objects, rng = RecordObjects(clone), random.Random(7)
    refs = [REPOSITORY_REF, ONE, AT]
    found = set()
    for number in range(DAMAGES):
        ref = refs[number % len(refs)]
        tip = git_tip(clone, ref)
        made = objects.write_commit(_damaged(objects.read_commit(tip), rng))
        (clone / ref).parent.mkdir(parents=True, exist_ok=True)
        (clone / ref).write_text(made + "\n")
        report = verify(clone).report
        faults = report.faults
        # Nobody reads the files of the head; what they are is noted.
        assert faults or made == tip or (ref == AT and report.notes), number
        found |= {one.code for one in faults[:1]}
        verify(clone, Wanted(is_quick=True))
        (clone / ref).write_text(tip + "\n")
    assert len(found) > 2


def git_tip(clone: Path, ref: str) -> str:
    loose = clone / ref
    return loose.read_text().strip() if loose.is_file() else git(clone, "rev-parse", ref)


def _raw(clone: Path, kind: bytes, content: bytes) -> str:
    """Any object, as a hostile server may send it."""
    data = kind + b" %d\0" % len(content) + content
    name = hashlib.sha1(data).hexdigest()
    folder = clone / "objects" / name[:2]
    folder.mkdir(exist_ok=True)
    (folder / name[2:]).write_bytes(zlib.compress(data))
    return name


def _with_tree(clone: Path, tree: bytes) -> None:
    chain = load_chain(clone, ONE)
    content = RecordObjects(clone).read_commit(chain[-1].old_id)
    made = _raw(clone, b"commit", b"tree " + _raw(clone, b"tree", tree).encode() + content[45:])
    git(clone, "update-ref", ONE, made)


def _entry(mode: bytes, name: bytes, object_id: str) -> bytes:
    return mode + b" " + name + b"\0" + bytes.fromhex(object_id)


def _twice(clone: Path) -> None:
    blob, other = _raw(clone, b"blob", b"x"), git(clone, "rev-parse", f"{ONE}:0.0")
    _with_tree(clone, _entry(b"100644", b"0.0", blob) + _entry(b"100644", b"0.0", other))


def _link(clone: Path) -> None:
    _with_tree(clone, _entry(b"120000", b"0.0", git(clone, "rev-parse", f"{ONE}:0.0")))


def _giant(clone: Path) -> None:
    blob = git(clone, "rev-parse", f"{ONE}:0.0")
    _with_tree(clone, b"".join(_entry(b"100644", b"%d.0" % one, blob) for one in range(50_000)))


def _cut_off(clone: Path) -> None:
    _with_tree(clone, b"100644 0.0\0abc")


def _no_text(clone: Path) -> None:
    _with_tree(clone, _entry(b"100644", b"\xff\xfe", git(clone, "rev-parse", f"{ONE}:0.0")))


def _missing_body(clone: Path) -> None:
    _with_tree(clone, _entry(b"100644", b"0.0", "1" * 40))


def _no_tree(clone: Path) -> None:
    content = RecordObjects(clone).read_commit(git(clone, "rev-parse", ONE))
    git(clone, "update-ref", ONE, _raw(clone, b"commit", b"tree " + b"1" * 40 + content[45:]))


def _many_ancestors(clone: Path) -> None:
    chain = load_chain(clone, ONE)
    chain[-1].edit(0, prev=sorted(f"{one:064x}" for one in range(65)))
    _write(clone, chain[-1].made())


def _write(clone: Path, message: bytes) -> None:
    content = RecordObjects(clone).read_commit(git(clone, "rev-parse", ONE))
    made = _raw(clone, b"commit", content.partition(b"\n\n")[0] + b"\n\n" + message)
    (clone / ONE).parent.mkdir(parents=True, exist_ok=True)
    (clone / ONE).write_text(made + "\n")


def _high_number(clone: Path) -> None:
    # Whoever counts up to it never ends.
    chain = load_chain(clone, ONE)
    chain[-1].receipt = codec.encode({**chain[-1].value, "seq": codec.MAX_NUMBER})
    save_chain(clone, ONE, chain)
    git(clone, "update-ref", AT, ONE)


def _tag(clone: Path) -> None:
    tip = git(clone, "rev-parse", ONE)
    tag = _raw(clone, b"tag", b"object %s\ntype commit\ntag x\n\nx" % tip.encode())
    git(clone, "update-ref", ONE, tag)


def _symbolic(clone: Path) -> None:
    git(clone, "symbolic-ref", "refs/hub/changes/8", ONE)


def _cut_packs_off(clone: Path) -> None:
    for pack in (clone / "objects" / "pack").iterdir():
        pack.chmod(0o600)
        pack.write_bytes(pack.read_bytes()[:100])


HOSTILE: dict[str, tuple[Callable[[Path], None], Code]] = {
    "a file twice in a tree": (_twice, Code.FOREIGN_CONTENT),
    "a symbolic link for a text": (_link, Code.FOREIGN_CONTENT),
    "a giant tree": (_giant, Code.FOREIGN_CONTENT),
    "a tree cut off": (_cut_off, Code.NOT_CANONICAL),
    "a file whose name is no text": (_no_text, Code.FOREIGN_CONTENT),
    "a text that is not there": (_missing_body, Code.MISSING_BODY),
    "a tree that is not there": (_no_tree, Code.NOT_CANONICAL),
    "65 ancestors": (_many_ancestors, Code.NOT_CANONICAL),
    "a receipt with the highest number": (_high_number, Code.BAD_SIGNATURE),
    "a tag for a ref": (_tag, Code.NOT_CANONICAL),
    "a symbolic ref": (_symbolic, Code.REPLAYED_RECEIPT),
    "packs cut off": (_cut_packs_off, Code.NOT_CANONICAL),
}


@pytest.mark.parametrize(("harm", "code"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_objects_have_a_named_fault(clone: Path, harm: Callable[[Path], None], code: Code) -> None:
    harm(clone)
    faults = verify(clone).report.faults
    assert [one.code for one in faults[:1]] == [code], faults[:3]


def test_what_is_too_large_counts_as_missing(clone: Path) -> None:
    tip = git(clone, "rev-parse", ONE)
    assert RecordObjects(clone, most_bytes=10_000).read_commit(tip)
    with pytest.raises(Missing):
        RecordObjects(clone, most_bytes=100).read_commit(tip)


KINDS = ("open", "patchset", "edit", "state", "merge", "review", "comment", "comment_edit", "comment_delete")
KINDS += ("resolve", "react", "label", "reviewer", "attention", "dismiss", "redact", "number", "poll")
OWN_KINDS = ("repo", "hub", "key", "person", "redact", "witness", "poll")
FIELDS = ("ps", "commit", "base", "n", "number", "state", "target", "strategy", "verdict", "body", "comments")
FIELDS += ("comment", "thread", "resolved", "person", "on", "review", "bodies", "key", "hub", "role", "then")
FIELDS += ("receipt", "seq", "draft", "type", "name", "at", "re", "side", "path", "lines", "emoji")


def _anything(rng: random.Random, deep: int = 0) -> Any:  # any value of canonical JSON
    what = rng.randrange(8 if deep < 3 else 5)
    if what == 5:
        return [_anything(rng, deep + 1) for _ in range(rng.randrange(4))]
    if what > 5:
        return {one: _anything(rng, deep + 1) for one in rng.sample(FIELDS, rng.randrange(1, 9))}
    texts = [
        "",
        "x",
        "home",
        "peer",
        "open",
        "f" * 64,
        f"{'a' * 16}@{A.hub_id}",
        A.public,
        "ssh-rsa AAAA",
        "main",
    ]
    return rng.choice([rng.choice(texts), 0, 1, codec.MAX_NUMBER, True, False])


def test_entries_that_hold_anything_are_judged(tmp_path: Path) -> None:
    rng, writer = random.Random(3), Writer(A, tmp_path / "a.git")
    writer.begin()
    topic = writer.open(ANNA, 1)
    for number in range(600):
        kinds, where = (KINDS, topic) if number % 2 else (OWN_KINDS, writer.repository)
        d = {one: _anything(rng) for one in rng.sample(FIELDS, rng.randrange(12))}
        writer.act(rng.choice(kinds), rng.choice([ANNA, ""]), where, d, ["words"])
    writer.export()
    verified = verify(writer.directory)
    assert verified.report.entries == 602
    assert {one.code for one in verified.report.faults} <= {Code.NO_RIGHT, Code.NUMBER_TAKEN_TWICE}
    assert allowed_signers(verified.ring)
