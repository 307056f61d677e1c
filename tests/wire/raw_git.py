"""Hand-made requests to the git services: bytes that no usual client would send."""

import hashlib
import random
import socket
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from hub.gateway.pktline import DELIMITER, FLUSH, packet, split
from tests.wire.gateway_server import git

ZERO = "0" * 40
SIDE_BAND = "report-status side-band-64k"
PUSH_TYPE = {"Content-Type": "application/x-git-receive-pack-request"}
FETCH_TYPE = {"Content-Type": "application/x-git-upload-pack-request"}
V2 = {**FETCH_TYPE, "Git-Protocol": "version=2"}

Command = tuple[str, str, str]


def new_commit(directory: Path, text: str = "made by hand") -> str:
    """A commit without parents that no ref names, straight into the repository."""
    tree = git("mktree", cwd=directory)
    people = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    return git(*people, "commit-tree", tree, "-m", text, cwd=directory)


def push_body(
    commands: Sequence[Command],
    capabilities: str = SIDE_BAND,
    options: Iterable[str] | None = None,
    pack: bytes | None = None,
) -> bytes:
    """What `git push` would send; an empty pack by default, for objects that are there already."""
    lines = [f"{old} {new} {ref}".encode("utf-8", "surrogateescape") for old, new, ref in commands]
    lines[0] += b"\0" + capabilities.encode()
    body = b"".join(packet(line) for line in lines) + FLUSH
    if options is not None:
        body += b"".join(packet(option.encode()) for option in options) + FLUSH
    if any(new != ZERO for _, new, _ in commands):
        body += empty_pack() if pack is None else pack
    return body


def empty_pack() -> bytes:
    """A pack without an object."""
    head = b"PACK\0\0\0\2\0\0\0\0"
    return head + bytes.fromhex("029d08823bd8a8eab510ad6ac75c823cfd3ed31e")


def big_pack(size_bytes: int) -> tuple[str, bytes]:
    """A pack with one blob that does not compress, and the blob's id."""
    content = random.Random(1).randbytes(size_bytes)
    blob_id = hashlib.sha1(b"blob %d\0" % size_bytes + content).hexdigest()
    rest, header = size_bytes >> 4, bytearray([0x30 | size_bytes & 15])
    while rest:
        header[-1] |= 0x80
        header.append(rest & 0x7F)
        rest >>= 7
    pack = b"PACK\0\0\0\2\0\0\0\1" + bytes(header) + zlib.compress(content, 1)
    return blob_id, pack + hashlib.sha1(pack).digest()


def delta_bomb(times: int) -> bytes:
    """A pack of some 15 KB with one zero-filled blob and a delta that repeats it, 15 MiB each time."""
    size = 15 << 20
    content = bytes(size)
    base_id = hashlib.sha1(b"blob %d\0" % size + content).digest()
    copy = b"\xf0" + size.to_bytes(3, "little")
    delta = _varint(size) + _varint(size * times) + copy * times
    objects = _object(3, content) + _object(7, delta, base_id)
    pack = b"PACK\0\0\0\2\0\0\0\2" + objects
    return pack + hashlib.sha1(pack).digest()


def _object(kind: int, content: bytes, base_id: bytes = b"") -> bytes:
    size = len(content)
    header, rest = bytearray([kind << 4 | size & 15]), size >> 4
    while rest:
        header[-1] |= 0x80
        header.append(rest & 0x7F)
        rest >>= 7
    return bytes(header) + base_id + zlib.compress(content, 9)


def _varint(number: int) -> bytes:
    out = bytearray([number & 0x7F])
    while number := number >> 7:
        out[-1] |= 0x80
        out.append(number & 0x7F)
    return bytes(out)


def v2_request(command: str, arguments: Iterable[str] = (), capabilities: Iterable[str] = ()) -> bytes:
    """One request of protocol v2."""
    head = b"".join(packet(f"{line}\n".encode()) for line in (f"command={command}", *capabilities))
    return head + DELIMITER + b"".join(packet(f"{line}\n".encode()) for line in arguments) + FLUSH


@dataclass(frozen=True)
class Answer:
    """An answer of receive-pack, taken apart by band."""

    report: list[str]
    progress: str
    errors: str


def read_side_band(data: bytes) -> Answer:
    """The answer to a push with side-band; fails for one that is not well formed."""
    packets, rest = split(data)
    assert rest == b""
    assert packets[-1] is None
    bands: dict[int, bytes] = {1: b"", 2: b"", 3: b""}
    for one in packets[:-1]:
        assert one is not None
        bands[one[0]] += one[1:]
    return Answer(read_report(bands[1]) if bands[1] else [], bands[2].decode(), bands[3].decode())


def read_report(data: bytes) -> list[str]:
    """The lines of a report, which ends with a flush."""
    packets, rest = split(data)
    assert rest == b""
    assert packets[-1] is None
    return [one.decode().rstrip("\n") for one in packets[:-1] if one is not None]


class SlowRequest:
    """A request whose body is sent piece by piece, chunked, while the answer may already be read."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self._socket = socket.socket()
        self._socket.settimeout(90)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)  # a slow reader fills it soon
        self._socket.connect(("127.0.0.1", port))
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n"
        self._socket.sendall((head + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n").encode())
        self.received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """One chunk of the body."""
        self._socket.sendall(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self) -> None:
        """The body's end."""
        self._socket.sendall(b"0\r\n\r\n")

    def read_until(self, text: bytes) -> bytes:
        """Everything received so far, once `text` is in it; fails where the connection ends before."""
        while text not in self.received:
            data = self._socket.recv(65536)
            assert data, f"closed after {self.received!r}"
            self.received += data
        return self.received
