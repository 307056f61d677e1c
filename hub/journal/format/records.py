"""A receipt with what it receipts, as the bytes of one commit. Pure.

The message is a line for people (`journal <seq>: <kinds>`), then one block after the other: entries, receipts
of the hubs where imported entries came from, and last the receipt of the hub whose journal this is. A block
is a line of canonical JSON, and its signature where it has one. Bodies are files `<i>.<j>` of the tree: body
j of entry i; a withheld one is absent. All of it follows from the blocks: a commit has one possible form.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hub import signing
from hub.journal.format import codec

MAX_ENTRIES: Final = 1000
RECEIPT: Final = "receipt"
_TYPES: Final = {
    **dict.fromkeys(("hub", "key", "kind", "prev", "repo", "topic"), str),
    **dict.fromkeys(("at", "seq", "v"), int),
    "entries": list,
}
RECEIPT_KEYS: Final = frozenset(_TYPES)
_RECEIPT_FIELDS: Final = tuple(_TYPES)
_RECEIPT_TYPES: Final = tuple(_TYPES.values())

# The canonical form of nearly every receipt, which takes a third of the time to read so; numbers of more
# digits, other versions and odd names of keys are read as any block is.
_RECEIPT_FORM: Final = re.compile(
    rb'\{"at":(0|[1-9][0-9]{0,14}),"entries":\[((?:"[0-9a-f]{64}"(?:,"[0-9a-f]{64}")*)?)\],'
    rb'"hub":"([0-9a-f]{64})","key":"([A-Za-z0-9+/:=]*)","kind":"receipt","prev":"((?:[0-9a-f]{64})?)",'
    rb'"repo":"([0-9a-f]{64})","seq":([1-9][0-9]{0,14}),"topic":"([0-9a-f]{64})","v":1\}'
)
_IDENTITY: Final = b"Hub journal <journal@hub.invalid>"
# 1,000 entries of 64 KiB with their signatures, and some origins.
MAX_COMMIT_BYTES: Final = 80 << 20


@dataclass(frozen=True, slots=True)
class Block:
    """One line of a message with its signature (empty: none): an entry or a receipt.

    `value` is what the canonical `data` says, `id` their SHA-256.
    """

    id: str
    data: bytes
    signature: bytes
    value: Mapping[str, Any]  # the fields of an entry or of a receipt


@dataclass(frozen=True, slots=True)
class Record:
    """One commit, taken apart. `origins` are receipts of other hubs, `receipt` is the one that counts here.

    `is_derived` says whether the commit is, byte by byte, what its blocks make.
    """

    commit_id: str
    tree_id: str
    parent_ids: tuple[str, ...]
    entries: tuple[Block, ...]
    origins: tuple[Block, ...]
    receipt: Block
    is_derived: bool

    @property
    def seq(self) -> int:
        """The number of the receipt."""
        seq: int = self.receipt.value["seq"]
        return seq


def make_receipt(value: Mapping[str, Any]) -> bytes:  # the fields of a receipt but `kind` and `v`
    """The canonical bytes of a receipt."""
    return codec.encode({**value, "kind": RECEIPT, "v": codec.VERSION})


def message_of(seq: int, kinds: Iterable[str], blocks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The message: entries, origins and the own receipt, each its data and its signature (empty: none)."""
    parts = [b"journal %d: %s\n\n" % (seq, ", ".join(kinds).encode())]
    for data, signature in blocks:
        parts += [data, b"\n", signature]
    return b"".join(parts)


def commit_bytes(tree_id: str, parent_id: str, at: int, message: bytes) -> bytes:
    """The content of the commit; `parent_id` is empty for a topic's first one, `at` the receipt's."""
    parent = b"parent %s\n" % parent_id.encode() if parent_id else b""
    who = b"%s %d +0000\n" % (_IDENTITY, at)
    return b"tree %s\n%sauthor %scommitter %s\n%s" % (tree_id.encode(), parent, who, who, message)


def body_name(entry: int, body: int) -> str:
    """The file of a body, by the positions of entry and body."""
    return f"{entry}.{body}"


def body_names(entries: Sequence[Block]) -> dict[str, str]:
    """The digest of the body that each file of the tree may hold, by the name of the file."""
    return {
        body_name(i, j): digest
        for i, entry in enumerate(entries)
        for j, digest in enumerate(entry.value["bodies"])
    }


def parse_commit(commit_id: str, content: bytes) -> Record:
    """The record in the content of a commit; raises NotCanonical for what is none."""
    if len(content) > MAX_COMMIT_BYTES:
        raise codec.NotCanonical("the size of a commit")
    head, _, message = content.partition(b"\n\n")
    tree_id, parent_ids = _read_head(head)
    blocks = _read_blocks(message.partition(b"\n\n")[2])
    is_receipt = [one.value.get("kind") == RECEIPT for one in blocks]
    count = len(blocks) - sum(is_receipt)
    if not any(is_receipt) or any(is_receipt[:count]):
        raise codec.NotCanonical("no receipt after the entries")
    entries, receipts = blocks[:count], blocks[count:]
    for one in entries:
        codec.check_entry(dict(one.value), one.data)
    for one in receipts:
        check_receipt(one.value)
    own = receipts[-1].value
    again = message_of(
        own["seq"], (one.value["kind"] for one in entries), ((one.data, one.signature) for one in blocks)
    )
    parent = parent_ids[0] if parent_ids else ""
    return Record(
        commit_id=commit_id,
        tree_id=tree_id,
        parent_ids=parent_ids,
        entries=tuple(entries),
        origins=tuple(receipts[:-1]),
        receipt=receipts[-1],
        is_derived=content == commit_bytes(tree_id, parent, own["at"], again),
    )


def check_receipt(value: Mapping[str, Any]) -> None:  # as `codec.decode` returned it
    """Raises NotCanonical unless the fields are a receipt's."""
    if value.keys() != RECEIPT_KEYS:
        raise codec.NotCanonical("the fields of a receipt")
    entries, prev = value["entries"], value["prev"]
    if tuple(map(type, map(value.__getitem__, _RECEIPT_FIELDS))) != _RECEIPT_TYPES or value["seq"] < 1:
        raise codec.NotCanonical("the type of a field")
    ids = [value["hub"], value["repo"], value["topic"], *entries, *([prev] if prev else [])]
    if not codec.are_ids(ids) or len(entries) > MAX_ENTRIES:
        raise codec.NotCanonical("an id")


def _read_head(head: bytes) -> tuple[str, tuple[str, ...]]:
    found = [line.split(b" ", 1) for line in head.split(b"\n")]
    trees = [one[1] for one in found if one[0] == b"tree" and len(one) > 1]
    parents = [one[1].decode("ascii", "replace") for one in found if one[0] == b"parent" and len(one) > 1]
    if len(trees) != 1:
        raise codec.NotCanonical("no tree")
    return trees[0].decode("ascii", "replace"), tuple(parents)


def _read_blocks(rest: bytes) -> list[Block]:
    blocks: list[Block] = []
    begin = 0
    while begin < len(rest):
        end = rest.find(b"\n", begin)
        if end < 0:
            raise codec.NotCanonical("an unfinished line")
        data, begin, signature = rest[begin:end], end + 1, b""
        if rest.startswith(signing.BEGIN, begin):
            end = rest.find(signing.END, begin)
            if end < 0:
                raise codec.NotCanonical("an unfinished signature")
            end += len(signing.END)
            signature, begin = rest[begin:end], end
        blocks.append(Block(codec.digest(data), data, signature, _read_value(data)))
    return blocks


def _read_value(data: bytes) -> dict[str, Any]:  # whatever the block holds
    found = _RECEIPT_FORM.fullmatch(data)
    if found is None:
        return codec.decode(data)
    at, entries, hub, key, prev, repo, seq, topic = map(bytes.decode, found.groups())
    return {
        "at": int(at),
        "entries": entries[1:-1].split('","') if entries else [],
        "hub": hub,
        "key": key,
        "kind": RECEIPT,
        "prev": prev,
        "repo": repo,
        "seq": int(seq),
        "topic": topic,
        "v": 1,
    }
