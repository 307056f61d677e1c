"""A hub in a few lines: writes journals byte by byte, of several hubs, without a database."""

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.journal.format import codec, records
from hub.journal.format.ref_names import AT, REPOSITORY_REF
from hub.journal.keys.public_keys import hub_id_of, wire_form
from hub.repos.git.record_objects import RecordObjects
from hub.signing import ENTRY, RECEIPT, fingerprint_of, sign

START = 1_795_000_000


@dataclass(frozen=True)
class Key:
    """An Ed25519 key made of one letter."""

    letter: str

    @property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.letter.encode() * 32)

    @property
    def public(self) -> str:
        public = self.private.public_key()
        return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(wire_form(self.public))

    @property
    def hub_id(self) -> str:
        return hub_id_of(self.public)

    def sign(self, namespace: str, message: bytes) -> bytes:
        return sign(self.private, namespace, message)


@dataclass
class Receipt:
    """What a hub signed, and where it stands."""

    data: bytes
    signature: bytes
    commit_id: str = ""

    @property
    def value(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.data)
        return value


@dataclass
class Said:
    """An entry with its texts; `origin` is the receipt of the hub that it came from."""

    data: bytes
    signature: bytes
    bodies: list[bytes | None]
    origin: Receipt | None = None

    @property
    def value(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.data)
        return value


@dataclass
class Writer:
    """One hub with its journal of one repository, written to a bare repository of git's."""

    key: Key
    directory: Path
    hub_id: str = ""
    repository: str = ""
    now: int = START
    said: dict[str, Said] = field(default_factory=dict)
    receipts: list[Receipt] = field(default_factory=list)
    refs: dict[str, str] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    heads: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.hub_id = self.hub_id or self.key.hub_id
        if not self.directory.exists():
            git(self.directory.parent, "init", "-q", "--bare", str(self.directory))

    def begin(self) -> str:
        """The opening of the repository's own topic."""
        self.repository = self.act("repo", d={"key": self.key.public, "nonce": self.key.letter})
        self.refs[self.repository] = REPOSITORY_REF
        return self.repository

    def open(self, by: str, number: int, *, type_name: str = "change", title: str = "Fix") -> str:
        """A topic with a number, and its ref."""
        d = {"draft": False, "name": "", "number": number, "target": "main", "type": type_name}
        topic = self.act("open", by, d=d, texts=[title])
        self.refs[topic] = f"refs/hub/{type_name}s/{number}"
        return topic

    def say(self, by: str, topic: str, words: str, key: Key | None = None) -> str:
        """A comment."""
        return self.act("comment", by, topic, {"comments": [{"body": 0}]}, [words], key)

    def act(
        self,
        kind: str,
        by: str = "",
        topic: str = "",
        d: Mapping[str, Any] | None = None,
        texts: Sequence[str] = (),
        key: Key | None = None,
    ) -> str:
        """An entry after all there are in its topic, signed where a key is given; returns its id."""
        self.now += 1
        heads = sorted(self.heads.get(topic, ()))
        bodies = [codec.make_body(one) for one in texts]
        value = {
            "at": self.now,
            "bodies": [codec.digest(one) for one in bodies],
            "by": by,
            "d": dict(d or {}),
            "hub": self.hub_id,
            "key": (key or self.key).fingerprint,
            "kind": kind,
            "prev": heads,
            "repo": self.repository,
            "t": 1 + max((self.said[one].value["t"] for one in heads), default=-1),
            "topic": topic,
            "v": 1,
        }
        data = codec.encode(value)
        codec.check_entry(value, data)
        entry_id = codec.digest(data)
        self._keep(entry_id, Said(data, key.sign(ENTRY, data) if key else b"", list(bodies)))
        if kind == "redact" and isinstance(value["d"].get("bodies"), list):
            self._withhold(value["d"]["bodies"])
        return entry_id

    def _keep(self, entry_id: str, said: Said) -> None:
        value = said.value
        self.said[entry_id] = said
        self.waiting.append(entry_id)
        topic = value["topic"] or entry_id
        self.heads[topic] = self.heads.get(topic, set()) - set(value["prev"]) | {entry_id}

    def _withhold(self, digests: Sequence[str]) -> None:
        for said in self.said.values():
            named = said.value["bodies"]
            said.bodies = [
                None if digest in digests else body for digest, body in zip(named, said.bodies, strict=True)
            ]

    def export(self) -> None:
        """Receipts for what waits, in groups of one topic, and the refs written anew."""
        groups: list[tuple[str, list[str]]] = []
        for entry_id in self.waiting:
            topic = self.said[entry_id].value["topic"] or entry_id
            if not groups or groups[-1][0] != topic:
                groups.append((topic, []))
            groups[-1][1].append(entry_id)
        self.waiting.clear()
        for topic, ids in groups:
            self.receipt(topic, ids)
        self.write()

    def receipt(self, topic: str, ids: Sequence[str]) -> None:
        """The next receipt."""
        self.now += 1
        before = codec.digest(self.receipts[-1].data) if self.receipts else ""
        data = records.make_receipt(
            {
                "at": self.now,
                "entries": list(ids),
                "hub": self.hub_id,
                "key": self.key.fingerprint,
                "prev": before,
                "repo": self.repository,
                "seq": len(self.receipts) + 1,
                "topic": topic,
            }
        )
        self.receipts.append(Receipt(data, self.key.sign(RECEIPT, data)))

    def write(self) -> None:
        """Writes every commit and moves every ref."""
        objects, tips = RecordObjects(self.directory), {}
        for receipt in self.receipts:
            value = receipt.value
            listed = [self.said[one] for one in value["entries"]]
            origins = {one.origin.data: one.origin for one in listed if one.origin}
            ref = self.refs[value["topic"]]
            receipt.commit_id = tips[ref] = write_commit(
                objects,
                tips.get(ref, ""),
                Commit(
                    [(one.data, one.signature) for one in listed],
                    [(one.data, one.signature) for one in origins.values()],
                    receipt.data,
                    receipt.signature,
                    {
                        (i, j): body
                        for i, one in enumerate(listed)
                        for j, body in enumerate(one.bodies)
                        if body
                    },
                ),
            )
        for name, tip in {**tips, AT: self.receipts[-1].commit_id}.items():
            git(self.directory, "update-ref", name, tip)

    def take(self, other: "Writer", is_taken: Callable[[dict[str, Any]], bool] = lambda _: True) -> None:
        """Takes in what the other hub has a receipt for, and its names of refs."""
        self.repository = self.repository or other.repository
        for receipt in other.receipts:
            for entry_id in receipt.value["entries"]:
                said = other.said[entry_id]
                if entry_id in self.said or not is_taken(said.value):
                    continue
                origin = said.origin or receipt
                self._keep(entry_id, Said(said.data, said.signature, list(said.bodies), origin))
        self.refs = {**other.refs, **self.refs}

    def carry_on(self, other: "Writer") -> None:
        """Becomes the keeper of the other hub's journal: its receipts are the beginning of ours."""
        self.repository, self.refs, self.now = other.repository, dict(other.refs), other.now
        self.said, self.receipts = dict(other.said), list(other.receipts)
        self.heads = {topic: set(heads) for topic, heads in other.heads.items()}

    def rotate(self, key: Key) -> None:
        """Another key, introduced under the old one, which is withdrawn under the new one."""
        old = self.key
        self.act("key", topic=self.repository, d={"hub": self.hub_id, "key": key.public, "on": True})
        self.export()
        self.key = key
        self.act("key", topic=self.repository, d={"hub": self.hub_id, "key": old.public, "on": False})
        self.export()

    def introduce(self, by: str, name: str, key: Key | None = None) -> None:
        """A person, with a key of their own where one is given."""
        person = f"{by}@{self.hub_id}"
        self.act("person", topic=self.repository, d={"person": person}, texts=[name])
        if key is not None:
            d = {"key": key.public, "on": True, "person": person}
            self.act("key", topic=self.repository, d=d)

    def name(self, hub: Key, role: str) -> None:
        """Another hub: a peer or a home."""
        d = {"hub": hub.hub_id, "key": hub.public, "role": role}
        self.act("hub", topic=self.repository, d=d)


@dataclass
class Commit:
    """One record in parts that can be changed; `message` stands for what they make, where it is given."""

    entries: list[tuple[bytes, bytes]]
    origins: list[tuple[bytes, bytes]]
    receipt: bytes
    signature: bytes
    bodies: dict[tuple[Any, Any], bytes]
    old_id: str = ""
    message: bytes = b""
    second_parent: str = ""
    author: bytes = b""

    @property
    def value(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.receipt)
        return value

    def made(self) -> bytes:
        """The message that the parts make."""
        kinds = [json.loads(data)["kind"] for data, _ in self.entries]
        blocks = [*self.entries, *self.origins, (self.receipt, self.signature)]
        return records.message_of(self.value["seq"], kinds, blocks)

    def edit(self, k: int, /, **change: Any) -> None:
        """Other fields in an entry; its signature stays as it is."""
        data, signature = self.entries[k]
        self.entries[k] = (codec.encode({**json.loads(data), **change}), signature)

    def resign(self, key: Key, /, **change: Any) -> None:
        """The receipt made anew over what is here, signed with the key."""
        ids = [codec.digest(data) for data, _ in self.entries]
        self.receipt = codec.encode({**self.value, "entries": ids, **change})
        self.signature = key.sign(RECEIPT, self.receipt)

    def find(self, kind: str, *, is_signed: bool | None = None) -> int | None:
        """The position of the first entry of that kind."""
        for k, (data, signature) in enumerate(self.entries):
            if json.loads(data)["kind"] == kind and is_signed in (None, bool(signature)):
                return k
        return None


def write_commit(objects: RecordObjects, parent: str, commit: Commit) -> str:
    """Writes a record whatever it holds; returns its id."""
    tree = objects.write_tree({f"{i}.{j}": body for (i, j), body in commit.bodies.items()})
    content = records.commit_bytes(tree, parent, commit.value["at"], commit.message or commit.made())
    if commit.second_parent:
        content = content.replace(b"author ", b"parent %s\nauthor " % commit.second_parent.encode(), 1)
    if commit.author:
        content = content.replace(b"author Hub journal <journal@hub.invalid>", b"author " + commit.author, 1)
    return objects.write_commit(content)


def load_chain(directory: Path, ref: str) -> list[Commit]:
    """The records of a ref, oldest first."""
    objects, found = RecordObjects(directory), []
    for commit_id, content in objects.walk(git(directory, "rev-parse", ref)):
        record = records.parse_commit(commit_id, content)
        files = objects.read_tree(record.tree_id)
        bodies: dict[tuple[Any, Any], bytes] = {
            (int(name.split(".")[0]), int(name.split(".")[1])): objects.read_blob(one)
            for name, one in files.items()
        }
        entries = [(one.data, one.signature) for one in record.entries]
        origins = [(one.data, one.signature) for one in record.origins]
        receipt = record.receipt
        found.append(Commit(entries, origins, receipt.data, receipt.signature, bodies, commit_id))
    return found[::-1]


def save_chain(directory: Path, ref: str, chain: Sequence[Commit]) -> None:
    """Writes the records and points the ref there, and the head where it pointed to one of them."""
    objects, head, parent = RecordObjects(directory), git(directory, "rev-parse", "-q", AT), ""
    for commit in chain:
        parent = write_commit(objects, parent, commit)
        if commit.old_id == head:
            git(directory, "update-ref", AT, parent)
    git(directory, "update-ref", ref, parent)


def git(directory: Path, *command: str) -> str:
    """What git prints."""
    done = subprocess.run(("git", "-C", str(directory), *command), capture_output=True, check=False)
    return done.stdout.decode().strip()
