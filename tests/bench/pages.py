"""Rows about pages: through the front, directly from gunicorn, and while many clients hang."""

import asyncio
import http.client
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench import raw_client
from tests.bench.hub_server import HubServer
from tests.bench.peers import free_port, running, wait_for
from tests.bench.report import Row, at_most, middle

HUNG = 40


def latency_ms(url: str, count: int = 200) -> tuple[float, float]:
    """Median and worst milliseconds of a page, one request after the other, each on a new connection."""
    parts, taken = urlsplit(url), []
    for _ in range(count):
        started = time.monotonic()
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        connection.request("GET", parts.path or "/")
        answer = connection.getresponse()
        answer.read()
        taken.append((time.monotonic() - started) * 1000)
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{url}: {answer.status}")
    return middle(taken), max(taken)


async def _unread_clone(url: str, body: bytes) -> asyncio.StreamWriter:
    parts = urlsplit(url)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 12)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nGit-Protocol: version=2\r\n"
    head += f"Content-Type: {raw_client.UPLOAD}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport can
    writer.write(head.encode() + body)
    return writer


def hung_clients(hub: HubServer) -> list[Row]:
    """A page's median while so many clones are never read, and while so many bodies dribble in."""
    page = f"{hub.http}/ada/small"
    idle, _ = latency_ms(page)
    unread, worst_unread = asyncio.run(_while_unread(hub, page))
    dribbling, worst_dribbling = asyncio.run(_while_dribbling(hub, page))
    return [
        at_most(f"page p50 with {HUNG} clones never read (worst {worst_unread:.0f} ms)",
                hub=unread, peer=idle, target=2),
        at_most(f"page p50 with {HUNG} dribbling bodies (worst {worst_dribbling:.0f} ms)",
                hub=dribbling, peer=idle, target=2),
    ]  # fmt: skip


async def _while_unread(hub: HubServer, page: str) -> tuple[float, float]:
    url = f"{hub.url('large')}/git-upload-pack"
    refs = await raw_client.request(url, raw_client.LS_REFS, raw_client.UPLOAD, keep=True)
    body = raw_client.fetch_request(refs.body)
    writers = [await _unread_clone(url, body) for _ in range(HUNG)]
    await asyncio.sleep(2)
    try:
        return await asyncio.to_thread(latency_ms, page)
    finally:
        for one in writers:
            one.close()


async def _while_dribbling(hub: HubServer, page: str) -> tuple[float, float]:
    parts = urlsplit(f"{hub.url('small')}/git-upload-pack")
    writers = []
    for _ in range(HUNG):
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
        head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nGit-Protocol: version=2\r\n"
        head += f"Content-Type: {raw_client.UPLOAD}\r\nContent-Length: 100000\r\n\r\n"
        writer.write(head.encode())
        writers.append(writer)

    async def dribble() -> None:
        while True:
            for one in writers:
                one.write(b"0")
            await asyncio.sleep(0.2)

    task = asyncio.create_task(dribble())
    try:
        return await asyncio.to_thread(latency_ms, page)
    finally:
        task.cancel()
        for one in writers:
            one.close()


def _requests_per_second(url: str, connections: int) -> float:
    done = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", "-d4s", url], capture_output=True, text=True, check=True
    )
    match = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if match is None or "Non-2xx" in done.stdout:
        raise RuntimeError(done.stdout)
    return float(match[1])


def through_the_front(hub: HubServer) -> list[Row]:
    """The same page through the front and from gunicorn alone: latency and requests a second."""
    port = free_port()
    code = "import sys; from hub.app import create_app, load; from hub.config import load as read; "
    code += "app = create_app(load(read()))"
    folder = hub.data.parent / "direct"
    folder.mkdir()
    (folder / "direct.py").write_text(code)
    environment = {
        **os.environ,
        "HUB_DATA": str(hub.data),
        "HUB_LOG_LEVEL": "warning",
        "PYTHONPATH": str(Path.cwd()),
    }
    command = [sys.executable, "-m", "gunicorn", "-k", "sync", "-w", "2", "--preload", "--chdir", str(folder)]
    rows = []
    with running(
        [*command, "-b", f"127.0.0.1:{port}", "direct:app"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ):
        wait_for(port)
        direct = f"http://127.0.0.1:{port}/ada/small"
        for _ in range(2):
            ours, theirs = latency_ms(f"{hub.http}/ada/small")[0], latency_ms(direct)[0]
        rows.append(Row("page p50, one client: front, gunicorn alone", f"{ours:.1f} ms", f"{theirs:.1f} ms",
                        ours / theirs))  # fmt: skip
        for connections in (1, 8):
            pairs = [(_requests_per_second(f"{hub.http}/ada/small", connections),
                      _requests_per_second(direct, connections)) for _ in range(3)]  # fmt: skip
            mine, others = middle([a for a, _ in pairs]), middle([b for _, b in pairs])
            rows.append(Row(f"page requests/s, {connections} connections: front, gunicorn alone",
                            f"{mine:.0f}/s", f"{others:.0f}/s", mine / others))  # fmt: skip
    return rows
