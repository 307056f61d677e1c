"""After many pushes: few packs again, nothing lost, and clones and forks as good as before."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hub.access import Permission
from hub.accounts.queries import get_user
from hub.repos.access import open_repository
from hub.repos.forks.forking import fork_repository
from hub.repos.git.packing import look_for_clutter
from tests.factories import unique
from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.records import logged_refs, open_intents, refs_on_disk
from tests.wire.ways import Way

PUSHES = 40
RACERS = 8


def push_many(git: GitClient, work: Path, url: str, count: int) -> None:
    for number in range(count):
        git.commit(work, f"number {number}", {f"file-{number % 7}": f"{number}\n" * 50})
        git.push(work, url, "HEAD:main", f"HEAD:refs/heads/topic-{number}")


def test_forty_pushes_are_joined_and_everything_goes_on(
    served: Served, anna: Person, ben: Person, git: GitClient, tmp_path: Path
) -> None:
    path, work = served.repository(anna), git.init()
    push_many(git, work, served.url(path, anna), PUSHES)
    with served.hub.database.writing() as session:
        owner = get_user(session, ben.name)
        origin = open_repository(session, owner.viewer(), path, need=Permission.SEE)
        forked = fork_repository(session, owner.viewer(), origin, owner=owner, name=unique("fork")).path
    directory = served.git_directory(path)
    assert look_for_clutter(directory, most_refs=1000).packs == PUSHES
    before = refs_on_disk(git, directory)

    (said,) = json.loads(served.command("gc", path, "--json").stdout)

    assert look_for_clutter(directory, most_refs=1000).packs <= 2
    assert (said["path"], said["packs_before"]) == (path, PUSHES)
    assert refs_on_disk(git, directory) == before == logged_refs(served, path)
    for one in (path, forked):
        git.run("fsck", "--full", "--strict", cwd=served.git_directory(one))
        for way in ("http", "ssh"):
            client = Way(way, served).client(tmp_path / f"{way}-{one.replace('/', '-')}", anna)
            client.clone(Way(way, served).url(one, anna))
            assert client.head(client.folder / "clone") == git.head(work)


def test_pushes_that_race_with_repacks_lose_nothing(
    served: Served, anna: Person, git: GitClient, tmp_path: Path
) -> None:
    path, work = served.repository(anna), git.init()
    url = served.url(path, anna)
    push_many(git, work, url, 12)

    def race(number: int) -> dict[str, str]:
        if number == 0:
            for _ in range(3):
                served.command("gc", path, check=False)
            return {}
        mine = GitClient(tmp_path / f"racer-{number}")
        mine.clone(url)
        pushed = {}
        for turn in range(4):
            commit_id = mine.commit(mine.folder / "clone", f"{number} {turn}")
            mine.push(mine.folder / "clone", "origin", f"HEAD:refs/heads/racer-{number}-{turn}")
            pushed[f"refs/heads/racer-{number}-{turn}"] = commit_id
        return pushed

    with ThreadPoolExecutor(RACERS) as pool:
        expected = {name: one for pushed in pool.map(race, range(RACERS)) for name, one in pushed.items()}

    served.command("gc", path)
    found = refs_on_disk(git, served.git_directory(path))
    assert expected.items() <= found.items()
    assert found == logged_refs(served, path)
    assert open_intents(served, path) == 0
    git.run("fsck", "--full", "--strict", cwd=served.git_directory(path))
