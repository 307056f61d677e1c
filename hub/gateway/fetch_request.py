"""What a request to upload-pack says (gitprotocol-v2(5), gitprotocol-pack(5)), read as strictly as by git."""

import hashlib
import re
from collections.abc import Collection, Container, Iterable, Iterator
from dataclasses import dataclass, replace

from hub.errors import BadRequest, text
from hub.gateway.pktline import DELIMITER, FLUSH, BadPacket, packet, size_of

_WANT = re.compile(rb"want ([0-9a-f]{40}(?:[0-9a-f]{24})?)")
# Of protocols before v2 the first want carries the client's capabilities.
_OLD_WANT = re.compile(rb"want ([0-9a-f]{40}(?:[0-9a-f]{24})?)(?: [^\0]*)?")
_SHALLOW = re.compile(rb"shallow ([0-9a-f]{40}(?:[0-9a-f]{24})?)")
# git reads the number with strtol() into an int: whatever could become its "without end" is not among these.
_BOUNDED = re.compile(rb"deepen [0-9]{1,9}")
_PRIVATE_TO_CLIENT = (b"agent=", b"session-id=")


class UnreadableRequest(BadRequest):
    """The body is not a request that the hub serves."""

    def __init__(self, fault: str) -> None:
        super().__init__(text("The request to git-upload-pack cannot be read: %(fault)s.", fault=fault))


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """One command of protocol v2."""

    command: str
    """`ls-refs` or `fetch`."""
    capabilities: tuple[bytes, ...]
    arguments: tuple[bytes, ...]

    def wants(self) -> list[str]:
        """The ids asked for; raises UnreadableRequest for one that is not exactly an id.

        git ignores what follows an id. Here it is refused, so that we never check another id than git serves.
        """
        return _ids(self.arguments, b"want ", _WANT)

    def unshallowed(self) -> list[str]:
        """The commits whose parents git would serve unasked; raises UnreadableRequest.

        Where the history is deepened without end, git adds to the wants the parents of every commit that
        the client calls shallow, whether a ref reaches it or not.
        """
        return _unshallowed(self.arguments)

    def without(self, unreachable: Container[str]) -> "FetchRequest":
        """The request as if the hub did not have these commits of `unshallowed`.

        The client lacks their parents, which what it has does not tell: nothing that it has counts. One
        `have`, of what nobody has, stays, because without any git answers as if the client were done.
        """
        kept = [line for line in self.arguments if not line.startswith((b"shallow ", b"have "))]
        shallows = [f"shallow {one}".encode() for one in self.unshallowed() if one not in unreachable]
        haves = [line for line in self.arguments if line.startswith(b"have ")]
        nothing = [b"have " + b"0" * len(line[5:]) for line in haves[:1]]
        return replace(self, arguments=(*kept, *shallows, *nothing))

    def encoded(self) -> bytes:
        """The request as git reads it."""
        head = (f"command={self.command}".encode(), *self.capabilities)
        sections = [b"".join(packet(line + b"\n") for line in part) for part in (head, self.arguments)]
        return DELIMITER.join(sections) + FLUSH

    @property
    def is_pure(self) -> bool:
        """Whether the answer follows from the request and the refs alone, as a clone's does: no haves to
        negotiate about, and nothing that is resolved by name."""
        return (
            self.command == "fetch"
            and b"done" in self.arguments
            and not any(line.startswith((b"have ", b"want-ref ")) for line in self.arguments)
        )

    @property
    def names_refs(self) -> bool:
        """Whether the answer depends on what a ref of any name points at, wanted or not."""
        return any(line.startswith((b"deepen-not ", b"want-ref ")) for line in self.arguments)

    def covers(self, namespace: str) -> bool:
        """Whether one of the sent prefixes asks for the namespace, or for something within it."""
        whole = namespace.encode() + b"/"
        sent = [line for line in self.arguments if line.startswith(b"ref-prefix ")]
        prefixes = [line.removeprefix(b"ref-prefix ") for line in sent]
        return any(whole.startswith(prefix) or prefix.startswith(whole) for prefix in prefixes)

    def digest(self, parts: Iterable[bytes]) -> str:
        """A key for the answer: the request without what differs from client to client, and `parts`."""
        shared = [line for line in self.capabilities if not line.startswith(_PRIVATE_TO_CLIENT)]
        packets = [packet(line) for line in (*shared, b"", *self.arguments, b"", *parts)]
        return hashlib.sha256(self.command.encode() + b"".join(packets)).hexdigest()


def parse(body: bytes) -> FetchRequest | None:
    """The request in `body`; None for an empty one, to which git answers nothing.

    Raises UnreadableRequest.
    """
    try:
        lines = list(_lines(body))
    except BadPacket as error:
        raise UnreadableRequest(str(error)) from error
    if lines == [FLUSH]:
        return None
    section, arguments = _sections(lines)
    commands = [line.removeprefix(b"command=") for line in section if line.startswith(b"command=")]
    if commands not in ([b"ls-refs"], [b"fetch"]):
        raise UnreadableRequest("it names no command, or one that is not served here")
    capabilities = tuple(line for line in section if not line.startswith(b"command="))
    return FetchRequest(commands[0].decode(), capabilities, tuple(arguments))


def old_ids(body: bytes) -> list[str]:
    """The ids that a request before protocol v2 would be served from: its wants, and what it unshallows.

    Raises UnreadableRequest. Of these wants git itself lets every tree and blob pass that is in its store.
    """
    try:
        lines = [line[1:] for line in _lines(body) if line.startswith(b" ")]
    except BadPacket as error:
        raise UnreadableRequest(str(error)) from error
    return list(dict.fromkeys([*_ids(lines, b"want ", _OLD_WANT), *_unshallowed(lines)]))


def _unshallowed(lines: Collection[bytes]) -> list[str]:
    if not any(line.startswith(b"deepen ") and not _BOUNDED.fullmatch(line) for line in lines):
        return []
    return _ids(lines, b"shallow ", _SHALLOW)


def _ids(lines: Iterable[bytes], word: bytes, form: re.Pattern[bytes]) -> list[str]:
    found: dict[str, None] = {}
    for line in lines:
        if line.startswith(word):
            match = form.fullmatch(line)
            if match is None:
                raise UnreadableRequest(f"a {word.decode().strip()} is not an id")
            found[match[1].decode()] = None
    return list(found)


def _lines(body: bytes) -> Iterator[bytes]:
    """The packets of the request: each line without its line feed; delimiters and the flush as they are."""
    at = 0
    while True:
        header = body[at : at + 4]
        size = size_of(header)
        if size < 4:
            yield header
            if header != DELIMITER:
                return
            at += 4
            continue
        data = body[at + 4 : at + size]
        if len(data) != size - 4:
            raise BadPacket("a packet is cut short")
        # A tag in front keeps a line that reads `0000` apart from a flush.
        yield b" " + data.removesuffix(b"\n")
        at += size


def _sections(lines: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    if lines[-1] != FLUSH or lines.count(DELIMITER) > 1:
        raise UnreadableRequest("its parts are not in order")
    end = lines.index(DELIMITER) if DELIMITER in lines else len(lines) - 1
    section = [line[1:] for line in lines[:end]]
    return section, [line[1:] for line in lines[end + 1 : -1]]
