"""The whole hub is killed at random moments of pushes: nothing acknowledged is lost, nobody mends a thing."""

import random
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.git_client import GitClient, Result
from tests.served import Person, Served
from tests.wire.records import is_linear, logged_refs, open_intents, ref_log, refs_on_disk
from tests.wire.scripted_policy import wait_until
from tests.wire.ways import Way

pytestmark = pytest.mark.wire_writes

# Five kills of the whole group, each in the middle of eight pushes that have come to different points.
KILLS = {"sqlite": 5, "postgresql": 2}
REPOSITORIES = 8
MAIN = "refs/heads/main"
ENDINGS = (".lock", ".keep")


@dataclass
class Place:
    """A repository that is pushed to when the hub is killed."""

    served: Served
    git: GitClient
    work: Path
    path: str
    directory: Path
    tip: str = ""
    round: int = 0

    def push(self) -> Result:
        """Pushes the newest commit to main and to a tag of its own."""
        refs = ("HEAD:refs/heads/main", f"HEAD:refs/tags/round-{self.round}")
        return self.git.push(self.work, "origin", *refs, check=False)

    def commit(self) -> None:
        self.round += 1
        self.tip = self.git.commit(self.work, f"Round {self.round}", {"file": random.randbytes(50_000)})

    def agrees(self) -> bool:
        """Whether the ref log and the refs on disk are one, with no push half recorded."""
        on_disk = refs_on_disk(self.git, self.directory)
        return logged_refs(self.served, self.path) == on_disk and not open_intents(self.served, self.path)

    def has_newest(self) -> bool:
        refs = refs_on_disk(self.git, self.directory)
        return refs.get(MAIN) == refs.get(f"refs/tags/round-{self.round}") == self.tip

    def leftovers(self) -> list[str]:
        """What a dead git left: locks, quarantines and marks of packs."""
        names = [one.name for one in self.directory.rglob("*") if not one.name.startswith("hub-")]
        return [one for one in names if one.startswith(("tmp_", "incoming-")) or one.endswith(ENDINGS)]


@pytest.fixture
def places(fresh_served: Served, tmp_path: Path) -> list[Place]:
    """Repositories with one commit each, reached over HTTP and SSH in turn."""
    anna = fresh_served.person()
    return [
        _place(Way(("http", "ssh")[number % 2], fresh_served), anna, tmp_path / f"place-{number}")
        for number in range(REPOSITORIES)
    ]


def _place(way: Way, anna: Person, folder: Path) -> Place:
    git, path = way.client(folder, anna), way.served.repository(anna)
    work = git.init()
    git.run("remote", "add", "origin", way.url(path, anna), cwd=work)
    place = Place(way.served, git, work, path, way.served.git_directory(path))
    place.commit()
    assert place.push().ok
    return place


@pytest.fixture
def push_seconds(places: list[Place]) -> float:
    """How long eight pushes at once take here and now, all of them over."""
    for place in places:
        place.commit()
    began = time.monotonic()
    _all_push(places)
    return time.monotonic() - began


def _all_push(places: list[Place]) -> None:
    with ThreadPoolExecutor(REPOSITORIES) as pool:
        refused = [one.text for one in pool.map(Place.push, places) if not one.ok]
    assert not refused, "a push goes through unaided"


def _pushes_cut_off(places: list[Place], after_seconds: float) -> Iterator[tuple[Place, Future[Result]]]:
    """Begins a push to each place, kills the hub after that time, and waits for every client's end."""
    for place in places:
        place.commit()
    with ThreadPoolExecutor(REPOSITORIES) as pool:
        begun = [(place, pool.submit(place.push)) for place in places]
        wait_until(lambda: False, seconds=after_seconds)
        places[0].served.kill()
    yield from begun


@pytest.mark.long
def test_nothing_acknowledged_is_lost_whenever_the_hub_is_killed(
    places: list[Place], push_seconds: float, fresh_served: Served, database_kind: str
) -> None:
    moments = [random.uniform(0.01, 1.2 * push_seconds) for _ in range(KILLS[database_kind])]
    print(
        f"{REPOSITORIES} pushes take {push_seconds:.2f} s; killed after {[round(one, 3) for one in moments]}"
    )
    acknowledged = 0
    for moment in moments:
        done = [(place, push.result().ok) for place, push in _pushes_cut_off(places, moment)]
        fresh_served.start()

        assert wait_until(lambda: all(place.agrees() for place in places))
        for place, is_acknowledged in done:
            acknowledged += is_acknowledged
            assert place.has_newest() or not is_acknowledged, f"{place.path} lost {place.tip}"
        _all_push(places)
        assert all(place.has_newest() and place.agrees() for place in places)
        assert wait_until(lambda: not any(place.leftovers() for place in places))

    print(f"{acknowledged} of {len(moments) * REPOSITORIES} pushes were acknowledged before the kill")
    for place in places:
        assert is_linear(ref_log(fresh_served, place.path, MAIN))
        place.git.run("-C", str(place.directory), "fsck", "--strict", "--full")
