"""Pushes as no real git would send them, and a strict reader of what comes back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.git_client import GitClient
from tests.wire.http_requests import packet

ZERO = "0" * 40
FLUSH = b"0000"
# What git 2.39 asks for, and less and less of it; receive-pack knows no `side-band` without the 64k.
CAPABILITIES = (
    "report-status-v2 side-band-64k",
    "report-status side-band-64k",
    "report-status side-band",
    "side-band-64k",
    "report-status",
    "",
)

Command = tuple[str, str, str | bytes]


def push_body(
    commands: Sequence[Command],
    pack: bytes = b"",
    *,
    capabilities: str = CAPABILITIES[0],
    options: Sequence[bytes] = (),
) -> bytes:
    """The body of a push: each command is old id, new id and a name, which may hold anything."""
    lines = [b"%s %s %s" % (old.encode(), new.encode(), _bytes(name)) for old, new, name in commands]
    asked = capabilities + (" push-options" if options else "")
    first, *others = lines
    body = packet(first + b"\0" + asked.encode()) + b"".join(packet(line) for line in others) + FLUSH
    if options:
        body += b"".join(packet(option) for option in options) + FLUSH
    return body + pack


def pack_of(git: GitClient, work: Path, *commits: str) -> bytes:
    """A pack with these commits and everything they reach, as raw bytes."""
    name = git.run(
        "pack-objects", "--revs", "-q", ".git/by-hand", cwd=work, input="".join(f"{one}\n" for one in commits)
    ).out.strip()
    return (work / ".git" / f"by-hand-{name}.pack").read_bytes()


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """What a push by hand read."""

    report: list[str] = field(default_factory=list)
    """The lines of the report, `unpack ok` first; empty where none was asked for."""
    said: str = ""
    """What a client shows behind `remote: `."""

    def answer_for(self, ref: str) -> str:
        """`ok`, or `ng` with the reason; raises when the report names the ref twice or not at all."""
        (line,) = [one for one in self.report if one.split(" ")[1:2] == [ref] and one[:3] in ("ok ", "ng ")]
        return line[:2] if line.startswith("ok ") else f"ng {line.split(' ', 2)[2]}"


def read_answer(data: bytes, capabilities: str = CAPABILITIES[0]) -> PushAnswer:
    """The answer taken apart; an AssertionError for anything but well-formed packet lines."""
    has_report = "report-status" in capabilities
    if "side-band-64k" not in capabilities:
        return PushAnswer(_report(data)) if has_report else _nothing(data)
    packets = strict_packets(data)
    assert packets[-1] is None, "the side-band ends with a flush"
    bands: dict[int, bytes] = {1: b"", 2: b"", 3: b""}
    for one in packets[:-1]:
        assert one, "nothing but the end may be a flush or empty"
        bands[one[0]] += one[1:]
    said = (bands[2] + bands[3]).decode()
    return PushAnswer(_report(bands[1]) if has_report and bands[1] else [], said)


def strict_packets(data: bytes) -> list[bytes | None]:
    """Each packet's content, None for a flush; the bytes must end where a packet ends."""
    packets: list[bytes | None] = []
    while data:
        header, rest = data[:4], data[4:]
        assert len(header) == 4, f"cut short: {data!r}"
        assert not header.lower().strip(b"0123456789abcdef"), f"not a size: {header!r}"
        size = int(header, 16)
        assert size == 0 or 4 < size <= 65520, f"not a size here: {header!r}"
        assert len(rest) >= size - 4, f"cut short: {data!r}"
        packets.append(rest[: size - 4] if size else None)
        data = rest[size - 4 :] if size else rest
    return packets


def _report(data: bytes) -> list[str]:
    packets = strict_packets(data)
    assert packets[-1] is None, "the report ends with a flush"
    lines = [one.decode("utf-8", "surrogateescape") for one in packets[:-1] if one is not None]
    assert len(lines) == len(packets) - 1, "the report has one flush"
    assert lines[0].startswith("unpack "), lines
    assert all(line[:3] in ("ok ", "ng ", "opt") for line in lines[1:]), lines
    return [line.removesuffix("\n") for line in lines]


def _nothing(data: bytes) -> PushAnswer:
    assert data in (b"", FLUSH), data
    return PushAnswer()


def _bytes(name: str | bytes) -> bytes:
    return name if isinstance(name, bytes) else name.encode()
