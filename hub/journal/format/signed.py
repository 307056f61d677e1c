"""An entry that its author signed, as one commit: how it travels from a terminal to a hub. Pure.

The message is a line for people (`journal entry: <kind>`), then the entry and its signature as in a record;
the bodies are the files `0.<j>` of the tree, so that the hub's own commit holds the same files. There is no
receipt: that is the hub's to give.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hub import signing
from hub.journal.format import codec
from hub.journal.format.records import body_name, commit_bytes

# An entry of 64 KiB, a signature and the head of a commit.
MAX_COMMIT_BYTES: Final = 96 << 10


@dataclass(frozen=True, slots=True)
class SignedEntry:
    """The canonical bytes of an entry with its armored signature and its stored bodies."""

    data: bytes
    signature: bytes
    bodies: tuple[bytes, ...]

    @property
    def id(self) -> str:
        """What names the entry."""
        return codec.digest(self.data)

    @property
    def value(self) -> dict[str, Any]:  # the fields of an entry
        """The entry's fields; raises NotCanonical."""
        return codec.decode(self.data)

    @property
    def files(self) -> dict[str, bytes]:
        """The files of the commit's tree."""
        return {body_name(0, j): body for j, body in enumerate(self.bodies)}


def commit_of(signed: SignedEntry, tree_id: str) -> bytes:
    """The content of the commit that carries the entry."""
    value = signed.value
    message = b"journal entry: %s\n\n%s\n%s" % (value["kind"].encode(), signed.data, signed.signature)
    return commit_bytes(tree_id, "", value["at"], message)


def read_commit(content: bytes) -> tuple[str, bytes, bytes]:
    """The id of the tree, the entry's bytes and its signature; raises NotCanonical for no such commit.

    The signature is not verified.
    """
    if len(content) > MAX_COMMIT_BYTES:
        raise codec.NotCanonical("the size of the commit")
    head, _, message = content.partition(b"\n\n")
    _, _, block = message.partition(b"\n\n")
    data, _, signature = block.partition(b"\n")
    if not signature.startswith(signing.BEGIN) or not signature.endswith(signing.END):
        raise codec.NotCanonical("no signature after the entry")
    value = codec.decode(data)
    codec.check_entry(value, data)
    tree_id = head.partition(b"\n")[0].removeprefix(b"tree ").decode("ascii", "replace")
    if content != commit_of(SignedEntry(data, signature, ()), tree_id):
        raise codec.NotCanonical("not the form of a commit that carries an entry")
    return tree_id, data, signature


def order_bodies(value: Mapping[str, Any], files: Mapping[str, bytes]) -> Sequence[bytes]:
    """The bodies that the entry names, from the files of the tree; raises NotCanonical for any difference."""
    digests = value["bodies"]
    names = [body_name(0, j) for j in range(len(digests))]
    if files.keys() != set(names):
        raise codec.NotCanonical("other files than the entry names")
    bodies = [files[name] for name in names]
    for digest, body in zip(digests, bodies, strict=True):
        if codec.digest(body) != digest or len(body) > codec.MAX_BODY_BYTES:
            raise codec.NotCanonical("another text, or one that is too long")
        codec.body_text(body)
    return bodies
