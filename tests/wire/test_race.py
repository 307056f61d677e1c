"""Many people push to one branch at once: all get through in the end, and nobody meets a lock."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.records import is_linear, logged_refs, open_intents, ref_log, refs_on_disk

pytestmark = pytest.mark.wire_writes

# Twenty meet at the locks of files, which both kinds of database have beside them.
PUSHERS = {"sqlite": 20, "postgresql": 8}
ATTEMPTS = 60
MAIN = "refs/heads/main"


def push_until_it_goes(served: Served, path: str, anna: Person, folder: Path) -> tuple[str, list[str]]:
    """Clones, commits a file of its own, and pushes, rebasing after each refusal; what git said."""
    git = GitClient(folder)
    git.clone(served.url(path, anna))
    work = git.folder / "clone"
    git.commit(work, folder.name, {f"{folder.name}.txt": folder.name})
    said = []
    for _ in range(ATTEMPTS):
        pushed = git.push(work, "origin", "main", check=False)
        if pushed.ok:
            return git.head(work), said
        said.append(pushed.text)
        git.run("pull", "--quiet", "--rebase", "origin", "main", cwd=work)
    raise AssertionError(f"{folder.name} did not get through in {ATTEMPTS} attempts:\n{said[-1]}")


def test_twenty_pushers_on_one_branch_all_get_through(
    served: Served, anna: Person, git: GitClient, tmp_path: Path, database_kind: str
) -> None:
    path, work, count = served.repository(anna), git.init(), PUSHERS[database_kind]
    git.commit(work)
    git.push(work, served.url(path, anna), "main")
    folders = [tmp_path / f"pusher-{number}" for number in range(count)]

    with ThreadPoolExecutor(count) as pool:
        done = list(pool.map(lambda folder: push_until_it_goes(served, path, anna, folder), folders))

    said = [text for _, refusals in done for text in refusals]
    assert not [text for text in said if "lock" in text.lower()], "somebody was shown a lock error"
    assert all("moved; git pull --rebase" in text or "fetch first" in text for text in said), said
    moves = ref_log(served, path, MAIN)
    assert {new for _, _, new in moves} >= {tip for tip, _ in done}
    assert len(moves) == count + 1
    assert is_linear(moves)
    assert refs_on_disk(git, served.git_directory(path)) == logged_refs(served, path)
    assert open_intents(served, path) == 0
    log = git.run("-C", str(served.git_directory(path)), "log", "--format=%s", "main").out.split()
    assert sorted(log[:-2]) == sorted(folder.name for folder in folders)


def test_pushers_of_different_branches_do_not_refuse_each_other(
    served: Served, anna: Person, git: GitClient
) -> None:
    path, work = served.repository(anna), git.init()
    git.commit(work)
    git.push(work, served.url(path, anna), "main")
    names = [f"branch-{number}" for number in range(12)]

    with ThreadPoolExecutor(len(names)) as pool:
        pushed = list(
            pool.map(lambda name: git.push(work, served.url(path, anna), f"main:{name}", check=False), names)
        )

    assert all(one.ok for one in pushed), [one.text for one in pushed]
    assert set(logged_refs(served, path)) == {MAIN, *(f"refs/heads/{name}" for name in names)}
    assert refs_on_disk(git, served.git_directory(path)) == logged_refs(served, path)
