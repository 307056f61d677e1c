"""Reads the journal in a clone: each commit by itself, its form, its signatures, its texts."""

from collections.abc import Mapping
from dataclasses import dataclass
from sys import intern
from typing import Final

from hub import signing
from hub.journal.format import codec
from hub.journal.format.entries import Entry
from hub.journal.format.records import Block, Record, body_names, parse_commit
from hub.journal.format.ref_names import AT
from hub.journal.verifying.findings import Findings, Found, FoundEntry, FoundReceipt
from hub.journal.verifying.report import Code, Place, Report
from hub.repos.git.record_objects import Missing, RecordObjects

# What a commit that no hub wrote may have its readers raise.
_UNREADABLE: Final = (codec.NotCanonical, Missing, ValueError)
_AT_ONCE: Final = 256


@dataclass(frozen=True, slots=True)
class Reading:
    """The clone that is read. `has_texts` is not so for one without blobs; `is_quick` leaves signatures."""

    objects: RecordObjects
    has_texts: bool = True
    is_quick: bool = False


def read_clone(reading: Reading, refs: Mapping[str, str], report: Report) -> Findings:
    """What stands in these refs of a journal; faults of single commits are reported."""
    clone = Findings()
    for ref, tip in sorted(refs.items()):
        if ref != AT:
            chain = _read_chain(reading, clone, Place(ref, tip), report)
            if chain:
                clone.chains[ref] = chain
    if AT in refs:
        clone.head = _read_head(reading, Place(AT, refs[AT]), report)
    return clone


def _read_chain(reading: Reading, clone: Findings, tip: Place, report: Report) -> list[Found]:
    chain: list[Found] = []
    # Signatures are looked at one right after the other: among other work each takes a third longer.
    waiting: list[tuple[Record, set[str]]] = []
    has_begun = False
    try:
        for commit_id, content in reading.objects.walk(tip.commit_id):
            has_begun = True
            read = _read_record(reading, clone, Place(tip.ref, commit_id), content, report)
            if read is not None:
                waiting.append(read)
            if len(waiting) == _AT_ONCE:
                chain += _found_in(reading, tip.ref, waiting)
                waiting.clear()
    except Missing as error:
        code = Code.MISSING_RECEIPT if has_begun else Code.NOT_CANONICAL
        report.fault(code, tip, f"the commit {error.args[0][:40]!r} is not in this clone")
    chain += _found_in(reading, tip.ref, waiting)
    return chain[::-1]


def _found_in(reading: Reading, ref: str, waiting: list[tuple[Record, set[str]]]) -> list[Found]:
    return [_found(record, ref, absent, is_quick=reading.is_quick) for record, absent in waiting]


def _read_record(
    reading: Reading, clone: Findings, place: Place, content: bytes, report: Report
) -> tuple[Record, set[str]] | None:
    try:
        record = parse_commit(place.commit_id, content)
        names = body_names(record.entries)
        files = _read_files(reading, record, names)
    except _UNREADABLE as error:
        report.fault(Code.NOT_CANONICAL, place, _said(error))
        return None
    place = Place(place.ref, place.commit_id, record.seq)
    if not record.is_derived:
        report.fault(Code.FOREIGN_CONTENT, place, "the commit is not what its entries and its receipt make")
    if len(record.parent_ids) > 1:
        report.fault(Code.FOREIGN_CONTENT, place, "the commit has a second parent")
    foreign = files.keys() - names.keys()
    if foreign:
        report.fault(Code.FOREIGN_CONTENT, place, f"a file that nobody signed: {min(foreign)[:80]!r}")
    absent = {digest for name, digest in names.items() if name not in files}
    _check_texts(reading, clone, report, _texts_of(record, files, place))
    return record, absent


def _read_files(reading: Reading, record: Record, names: Mapping[str, str]) -> Mapping[str, str]:
    try:
        return reading.objects.read_tree(record.tree_id)
    except Missing:
        if reading.has_texts:
            raise
    # A clone without trees does not know which texts there are.
    return dict.fromkeys(names, "")


_Text = tuple[Place, str, str]


def _texts_of(record: Record, files: Mapping[str, str], place: Place) -> list[_Text]:
    found: list[_Text] = []
    for i, block in enumerate(record.entries):
        bodies: list[str] = block.value["bodies"]
        for j, digest in enumerate(bodies):
            blob_id = files.get(f"{i}.{j}")
            if blob_id is not None:
                where = Place(place.ref, place.commit_id, place.seq, block.value["kind"], block.id)
                found.append((where, digest, blob_id))
    return found


def _check_texts(reading: Reading, clone: Findings, report: Report, texts: list[_Text]) -> None:
    for place, digest, blob_id in texts:
        try:
            body = reading.objects.read_blob(blob_id) if reading.has_texts else None
        except Missing:
            report.fault(Code.MISSING_BODY, place, f"the file {blob_id} of a text is not in this clone")
            continue
        if body is None:
            clone.unread += 1
        elif codec.digest(body) != digest:
            report.fault(Code.EDITED_BODY, place, "the text is not the one that was signed")
        elif len(body) > codec.MAX_BODY_BYTES:
            report.fault(Code.NOT_CANONICAL, place, "the text is larger than one may be")
        else:
            report.bodies += 1


def _read_head(reading: Reading, place: Place, report: Report) -> Found | None:
    try:
        record = parse_commit(place.commit_id, reading.objects.read_commit(place.commit_id))
    except _UNREADABLE as error:
        report.fault(Code.NOT_CANONICAL, place, _said(error))
        return None
    if not record.is_derived:
        report.fault(Code.FOREIGN_CONTENT, place, "the commit is not what its entries and its receipt make")
    return _found(record, AT, set(), is_quick=True)


def check_head(reading: Reading, clone: Findings, report: Report) -> None:
    """Reports a head whose commit says something else than the one in its topic's ref."""
    head = clone.head
    twin = None if head is None else clone.numbered.get(head.seq)
    if head is None or twin is None or head.commit_id == twin.commit_id:
        return
    # A redaction writes the commits of a topic anew while somebody clones: then their messages are the same.
    messages = {reading.objects.read_commit(one.commit_id).partition(b"\n\n")[2] for one in (head, twin)}
    if len(messages) > 1:
        report.fault(Code.FOREIGN_CONTENT, head.place, f"the newest commit is not the one in {twin.ref}")
    else:
        report.note(head.place, f"the head is another form of the commit in {twin.ref}: fetch both again")


def _said(error: Exception) -> str:
    if isinstance(error, Missing):
        return f"{error.args[0][:64]!r} is not in this clone, or is no such object"
    return f"not the form of a record: {str(error)[:200]}"


def _found(record: Record, ref: str, absent: set[str], *, is_quick: bool) -> Found:
    return Found(
        ref=ref,
        commit_id=record.commit_id,
        receipt=_receipt(record.receipt, is_quick=is_quick),
        origins=tuple(_receipt(one, is_quick=is_quick) for one in record.origins),
        entries=tuple(_entry(one, absent, is_quick=is_quick) for one in record.entries),
    )


def _receipt(block: Block, *, is_quick: bool) -> FoundReceipt:
    value = block.value
    return FoundReceipt(
        id=intern(block.id),
        hub=intern(value["hub"]),
        key=intern(value["key"]),
        repo=intern(value["repo"]),
        topic=intern(value["topic"]),
        seq=value["seq"],
        prev=intern(value["prev"]),
        at=value["at"],
        entries=tuple(map(intern, value["entries"])),
        unsigned_why="" if is_quick else why_unsigned(block, signing.RECEIPT),
    )


def _entry(block: Block, absent: set[str], *, is_quick: bool) -> FoundEntry:
    value = block.value
    digests = tuple(value["bodies"])
    is_looked_at = block.signature and not is_quick
    return FoundEntry(
        entry=Entry(
            id=intern(block.id),
            kind=intern(value["kind"]),
            by=intern(value["by"]),
            hub=intern(value["hub"]),
            t=value["t"],
            at=value["at"],
            topic=intern(value["topic"]),
            d=value["d"],
            # What an entry does is decided without its texts: many are withheld anyway.
            bodies=(None,) * len(digests),
            digests=digests,
            v=value["v"],
        ),
        key=intern(value["key"]),
        repo=intern(value["repo"]),
        prev=tuple(map(intern, value["prev"])),
        has_signature=bool(block.signature),
        unsigned_why=why_unsigned(block, signing.ENTRY) if is_looked_at else "",
        absent=tuple(one for one in digests if one in absent) if absent else (),
    )


def why_unsigned(block: Block, namespace: str) -> str:
    """Why the block is not signed with the key that it names; empty where it is."""
    try:
        signer = signing.verify(block.signature, namespace, block.data)
    except signing.BadSignature as error:
        return f"its signature does not hold: {error}" if block.signature else "it has no signature"
    return "" if signer == block.value["key"] else f"signed with {signer}, not with the key that it names"
