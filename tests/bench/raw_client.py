"""Clients that speak protocol v2 by hand and throw the pack away, so that only the server is measured."""

import asyncio
import os
import subprocess
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

FLUSH, DELIMITER = b"0000", b"0001"


def packet(data: bytes) -> bytes:
    """One packet line."""
    return b"%04x%s" % (len(data) + 4, data)


LS_REFS = (
    packet(b"command=ls-refs\n") + packet(b"agent=bench\n") + packet(b"object-format=sha1") + DELIMITER
    + packet(b"peel\n") + packet(b"symrefs\n") + packet(b"ref-prefix HEAD\n")
    + packet(b"ref-prefix refs/heads/\n") + packet(b"ref-prefix refs/tags/\n") + FLUSH
)  # fmt: skip


def fetch_request(refs: bytes, *, depth: int | None = None) -> bytes:
    """The request of a clone for what `refs`, the answer to ls-refs, offered."""
    wants, at = {}, 0
    while at + 4 <= len(refs) and (size := int(refs[at : at + 4], 16)) >= 4:
        wants[refs[at + 4 : at + 44]] = None
        at += size
    if depth:
        wants = dict(list(wants.items())[:1])
    body = packet(b"command=fetch") + packet(b"agent=bench") + packet(b"object-format=sha1") + DELIMITER
    body += packet(b"thin-pack") + packet(b"no-progress") + packet(b"ofs-delta")
    if depth:
        body += packet(b"deepen %d" % depth)
    return body + b"".join(packet(b"want %s\n" % one) for one in wants) + packet(b"done\n") + FLUSH


@dataclass(slots=True)
class Answer:
    """What came back: status, headers left out; the body only where it was asked for."""

    status: int
    size: int
    first_byte_seconds: float
    body: bytes = b""


async def request(url: str, body: bytes | None, kind: str = "", *, keep: bool = False) -> Answer:
    """One request on a connection of its own; the answer is read to its end."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 20)
    started = time.monotonic()
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    head = f"{'GET' if body is None else 'POST'} {target} HTTP/1.1\r\n"
    head += f"Host: {parts.netloc}\r\nGit-Protocol: version=2\r\nConnection: close\r\n"
    if body is not None:
        head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    first, size, kept = 0.0, 0, []
    try:
        writer.write(head.encode() + b"\r\n" + (body or b""))
        lines = (await reader.readuntil(b"\r\n\r\n")).lower()
        while data := await reader.read(1 << 18):
            first = first or time.monotonic() - started
            size += len(data)
            if keep:
                kept.append(data)
    finally:
        writer.transport.abort()
    whole = b"".join(kept)
    if b"transfer-encoding: chunked" in lines and keep:
        whole = _unchunk(whole)
    return Answer(int(lines.split(b" ")[1]), size, first, whole)


def _unchunk(data: bytes) -> bytes:
    out = []
    while data:
        size, _, data = data.partition(b"\r\n")
        out.append(data[: int(size, 16)])
        data = data[int(size, 16) + 2 :]
    return b"".join(out)


UPLOAD = "application/x-git-upload-pack-request"


async def clone(url: str, *, depth: int | None = None) -> Answer:
    """What a clone asks, in its three requests; the pack is discarded."""
    await request(f"{url}/info/refs?service=git-upload-pack", None)
    refs = await request(f"{url}/git-upload-pack", LS_REFS, UPLOAD, keep=True)
    answer = await request(f"{url}/git-upload-pack", fetch_request(refs.body, depth=depth), UPLOAD)
    if answer.status != 200 or answer.size < 1000:
        raise RuntimeError(f"{url}: {answer.status}, {answer.size} bytes")
    return answer


def clones(url: str, count: int, *, depth: int | None = None) -> float:
    """Seconds for so many clones at once."""

    async def all_of_them() -> float:
        started = time.monotonic()
        await asyncio.gather(*(clone(url, depth=depth) for _ in range(count)))
        return time.monotonic() - started

    return asyncio.run(all_of_them())


def ssh_clone(command: list[str]) -> float:
    """Seconds for one clone over SSH by v2; `command` ends with the remote command."""
    started = time.monotonic()
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "GIT_PROTOCOL": "version=2"},
    )
    assert child.stdin is not None
    assert child.stdout is not None

    def section() -> bytes:
        whole = b""
        while (size := child.stdout.read(4)) != FLUSH:
            if len(size) < 4:
                raise RuntimeError("the server closed the session")
            whole += size + (child.stdout.read(int(size, 16) - 4) if int(size, 16) > 4 else b"")
        return whole

    section()
    child.stdin.write(LS_REFS)
    child.stdin.flush()
    child.stdin.write(fetch_request(section()))
    child.stdin.flush()
    total = 0
    while (size := child.stdout.read(4)) not in (FLUSH, b""):
        total += len(child.stdout.read(max(int(size, 16) - 4, 0)))
    child.stdin.write(FLUSH)
    child.stdin.close()
    child.stdout.close()
    child.wait()
    if total < 1000:
        raise RuntimeError(f"only {total} bytes came")
    return time.monotonic() - started
