"""Rows about clones: many at once, shallow ones of a large history, repeated over SSH, killed."""

import asyncio
import getpass
import subprocess
import time
from pathlib import Path

from tests.bench import raw_client
from tests.bench.corpus import Corpus
from tests.bench.hub_server import HubServer, ssh_command
from tests.bench.peers import Peer
from tests.bench.processes import GitMemory, gits, seconds_until_gone
from tests.bench.report import Row, at_least


def parallel_clones(hub: HubServer, peer: Peer, count: int = 50) -> list[Row]:
    """So many whole clones of the small repository at once."""
    ours = raw_client.clones(hub.url("small"), count)
    theirs = raw_client.clones(f"{peer.url}/small.git", count)
    return [at_least(f"{count} parallel clones of 10 MB", hub=ours, peer=theirs, target=10)]


def shallow_clones(hub: HubServer, peer: Peer, large: Corpus, count: int = 30) -> list[Row]:
    """So many depth-1 clones of the large history at once, and the memory of git in them."""
    with GitMemory(hub.pid) as our_memory:
        ours = raw_client.clones(hub.url("large"), count, depth=1)
    with GitMemory(peer.pid) as their_memory:
        theirs = raw_client.clones(f"{peer.url}/large.git", count, depth=1)
    mine, others = our_memory.peak_bytes / 1e6, their_memory.peak_bytes / 1e6
    return [
        at_least(f"{count} depth-1 clones of {large.label}", hub=ours, peer=theirs, target=15),
        at_least("git's memory in them", hub=mine, peer=others, target=10, unit="MB"),
    ]


def repeated_ssh_clone(hub: HubServer, peer: Peer, root: Path, large: Corpus) -> list[Row]:
    """A second whole clone over SSH, when somebody had the same before."""
    remote = f"git-upload-pack '{root / 'large.git'}'"
    theirs_command = ssh_command(peer.url, hub.key, remote, user=getpass.getuser())
    ours_command = hub.ssh_command("large")
    first = raw_client.ssh_clone(ours_command)
    raw_client.ssh_clone(theirs_command)
    ours = min(raw_client.ssh_clone(ours_command) for _ in range(2))
    theirs = min(raw_client.ssh_clone(theirs_command) for _ in range(2))
    row = at_least(f"repeated SSH clone of {large.label}", hub=ours, peer=theirs, target=5)
    return [Row("first SSH clone of it", f"{first:.3g} s", ""), row]


def killed_clone(hub: HubServer, peer: Peer, count: int = 3) -> list[Row]:
    """How long git goes on after its client was killed while objects were being counted."""
    ours = _mean_gone(f"{hub.push_url('large')}", hub.pid, count)
    theirs = _mean_gone(f"{peer.url}/large.git", peer.pid, count)
    return [at_least("git gone after a killed clone", hub=ours, peer=theirs, target=10)]


def _mean_gone(url: str, root: int, count: int) -> float:
    taken = []
    for number in range(count):
        refs = asyncio.run(_refs(url))
        # A depth nobody asked for before, so that no kept answer serves it.
        body = raw_client.fetch_request(refs).replace(
            b"0032want", b"000fdeepen %d0032want" % (1000 + number), 1
        )
        taken.append(asyncio.run(_killed(url, body, root)))
    return sum(taken) / count


async def _refs(url: str) -> bytes:
    bare = _without_person(url)
    answer = await raw_client.request(
        f"{bare}/git-upload-pack", raw_client.LS_REFS, raw_client.UPLOAD, keep=True
    )
    return answer.body


def _without_person(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


async def _killed(url: str, body: bytes, root: int) -> float:
    task = asyncio.create_task(
        raw_client.request(f"{_without_person(url)}/git-upload-pack", body, raw_client.UPLOAD)
    )
    limit = time.monotonic() + 10
    while not await asyncio.to_thread(gits, root) and time.monotonic() < limit:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return await asyncio.to_thread(seconds_until_gone, root)


def git_version() -> str:
    """What `git version` prints."""
    return subprocess.run(["git", "version"], capture_output=True, text=True, check=True).stdout.strip()
