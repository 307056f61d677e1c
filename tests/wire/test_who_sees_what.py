"""Whatever happens, everybody sees by page, by git over HTTP and over SSH exactly what the model says."""

import asyncio
import contextlib
import os
import time
from collections.abc import Iterator, Sequence

import asyncssh
import httpx
import pytest

from tests.served import Served
from tests.wire.http_requests import as_git
from tests.wire.world import Place, Principal, World, may_begin_to_push, sees

MOST_STEPS, LEAST_STEPS = 40, 10
SECONDS = 60
SEEDS = [int(one) for one in os.environ.get("HUB_TEST_SEEDS", "1 2").split()]

Seen = dict[str, bool]


class Doors:
    """The ways in, each tried as a client would. Connections are kept, so that what is lost is lost there."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._http = httpx.Client(base_url=served.http, follow_redirects=True, timeout=60)
        self._loop = asyncio.new_event_loop()
        self._connections: dict[Principal, asyncssh.SSHClientConnection] = {}

    def close(self) -> None:
        self._http.close()
        for connection in self._connections.values():
            connection.abort()
        self._loop.run_until_complete(asyncio.sleep(0.1))
        self._loop.close()

    def look(self, who: Principal, path: str, canary: str) -> Seen:
        """What this one finds behind each of their doors at that path."""
        seen: Seen = {}
        if who.home is None:
            seen["page"] = self._sees_page(who, path, canary)
            seen["git"] = self._is_served(who, path, "git-upload-pack")
            seen["push"] = self._is_served(who, path, "git-receive-pack")
        if who.person.key.exists():
            seen["ssh"] = self._loop.run_until_complete(self._reaches(who, path, "git-upload-pack"))
            seen["push by ssh"] = self._loop.run_until_complete(self._reaches(who, path, "git-receive-pack"))
        return seen

    def _sees_page(self, who: Principal, path: str, canary: str) -> bool:
        headers = {} if who.is_anonymous else who.person.headers
        answer = self._http.get(f"/{path}", headers={"Accept": "text/html", **headers})
        assert answer.status_code in (200, 401, 403, 404), answer.text
        assert (canary in answer.text) is (answer.status_code == 200)
        return answer.status_code == 200

    def _is_served(self, who: Principal, path: str, service: str) -> bool:
        headers = {} if who.is_anonymous else as_git(who.person)
        answer = self._http.get(f"/{path}.git/info/refs?service={service}", headers=headers)
        assert answer.status_code in (200, 401, 403, 404), answer.text
        return answer.status_code == 200

    async def _reaches(self, who: Principal, path: str, service: str) -> bool:
        try:
            process = await self._begin(who, f"{service} '{path}.git'")
            data: bytes = await process.stdout.read(4)
            process.channel.abort()
        except (asyncssh.Error, OSError):  # a key that stands for nobody: there is no connection, or no more
            return False
        return bool(data)

    async def _begin(self, who: Principal, command: str) -> asyncssh.SSHClientProcess[bytes]:
        kept = self._connections.pop(who, None)
        if kept is not None and not kept.is_closed():
            with contextlib.suppress(asyncssh.Error, OSError):
                process = await kept.create_process(command, encoding=None)
                self._connections[who] = kept
                return process
        host, _, port = self._served.ssh.rpartition(":")
        connection = await asyncssh.connect(
            host,
            int(port),
            username="git",
            client_keys=[str(who.person.key)],
            known_hosts=None,
            config=None,
        )
        self._connections[who] = connection
        return await connection.create_process(command, encoding=None)


@pytest.fixture
def doors(served: Served) -> Iterator[Doors]:
    opened = Doors(served)
    yield opened
    opened.close()


def expected(who: Principal, place: Place) -> Seen:
    seen: Seen = {}
    if who.home is None:
        sight = sees(who, place)
        seen |= {"page": sight, "git": sight, "push": may_begin_to_push(who, place)}
    if who.person.key.exists():
        seen |= {"ssh": sees(who.by_key, place), "push by ssh": may_begin_to_push(who.by_key, place)}
    return seen


def differences(
    doors: Doors, principals: Sequence[Principal], place: Place, path: str | None = None
) -> list[str]:
    """Who of these finds something else than the model says, at the place's path or one that it had."""
    found, path = [], path or place.path
    for who in principals:
        wanted, seen = expected(who, place), doors.look(who, path, place.canary)
        if wanted != seen:
            found.append(f"{who.label} at {path}: {seen} instead of {wanted}")
    return found


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
def test_everybody_sees_what_the_model_says_whatever_happens(served: Served, doors: Doors, seed: int) -> None:
    world = World(served, seed)
    ends_at = time.monotonic() + SECONDS / len(SEEDS)
    history: list[str] = []
    for place in world.places:
        assert differences(doors, world.principals, place) == []
    while len(history) < LEAST_STEPS or (len(history) < MOST_STEPS and time.monotonic() < ends_at):
        what, changed = world.step()
        if changed is None:
            continue
        history.append(f"{what} {changed.path}")
        assert differences(doors, world.principals, changed) == [], history
        # What is elsewhere and what led here before is looked at by some.
        some = world.chance.sample(world.principals, 3)
        assert differences(doors, some, world.chance.choice(world.places)) == [], history
        if changed.former:
            assert differences(doors, some, changed, world.chance.choice(changed.former)) == [], history
