"""The commit that last touched each entry is the one that git finds, from scratch and from what is known."""

import random
from pathlib import Path

import pytest

from hub.repos.git.last_commits import LastCommits
from hub.repos.git.last_commits_file import open_answers, write_answers
from hub.repos.git.path_walk import Budget
from hub.repos.git.trees import EntryKind, Trees
from tests.fast_import import FIRST_AT, PERSON, Stream
from tests.git_client import GitClient
from tests.odd_repository import OddRepository
from tests.odd_repository import git as real_git

FAR = Budget(commits=100_000, seconds=60)
NEAR = Budget(commits=3, seconds=60)


def last_of_git(place: Path, tip: str, path: bytes) -> str:
    arguments = ("--literal-pathspecs", "log", "-1", "--format=%H", tip, "--")
    return real_git(place, *arguments, path.decode("utf-8", "surrogateescape")).decode().strip()


def folders_of(place: Path, tip: str) -> dict[bytes, list[bytes]]:
    """The names in every folder of a commit, by the folder's path."""
    listed: dict[bytes, list[bytes]] = {}
    for path in real_git(place, "ls-tree", "-r", "-t", "-z", "--name-only", tip).split(b"\0")[:-1]:
        folder, _, name = path.rpartition(b"/")
        listed.setdefault(folder, []).append(name)
    return listed


def in_git(place: Path, tip: str, folder: bytes, names: list[bytes]) -> dict[bytes, str]:
    return {name: last_of_git(place, tip, folder + b"/" + name if folder else name) for name in names}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Random branches and merges, some of which take one side, with dates that do not follow the parents."""
    chance = random.Random(7)
    git = GitClient(tmp_path_factory.mktemp("generated"))
    work, stream = git.init() / ".git", Stream()
    paths = [b"%s%d" % (folder, number) for folder in (b"", b"a/", b"a/b/", b"c/d/e/") for number in range(3)]
    names: list[str] = []
    for number in range(160):
        parents = chance.sample(names[-6:], k=min(len(names), chance.choice([1, 1, 1, 2, 2, 3])))
        files = {
            path: b"%d\n" % chance.randrange(4) for path in chance.sample(paths, k=chance.choice([0, 1, 2]))
        }
        removes = chance.sample(paths, k=1) if chance.random() < 0.1 else []
        at = b"%s %d +0000" % (PERSON, FIRST_AT + 60 * number + chance.choice([0, 0, 0, -7200, 3600]))
        stream.commit(f"{number}", b"refs/heads/main", files, parents=parents, committer=at, removes=removes)
        names.append(f"{number}")
    commits = stream.run(work)
    return work, [commits[name] for name in names]


def test_random_histories_answer_as_git_does(generated: tuple[Path, list[str]], tmp_path: Path) -> None:
    place, commits = generated
    for tip in commits[::20]:
        last = LastCommits(place, tmp_path / "none")
        for folder, names in folders_of(place, tip).items():
            assert last.in_folder(tip, folder, names, budget=FAR) == in_git(place, tip, folder, names)


def test_what_is_known_of_any_commit_changes_no_answer(
    generated: tuple[Path, list[str]], tmp_path: Path
) -> None:
    place, commits = generated
    expected = {tip: in_git(place, tip, b"a", folders_of(place, tip)[b"a"]) for tip in commits[60::17]}
    for number, known in enumerate(commits[20::9]):
        for tip, answers in expected.items():
            last = LastCommits(place, tmp_path / f"{number}")
            assert last.make_all(known, budget=FAR)
            assert last.in_folder(tip, b"a", answers, budget=FAR) == answers


def test_all_folders_at_once_are_each_folder(generated: tuple[Path, list[str]], tmp_path: Path) -> None:
    place, commits = generated
    last = LastCommits(place, tmp_path)
    for tip in commits[100::15]:  # each from the one before
        assert last.make_all(tip, budget=FAR)
        for folder, names in folders_of(place, tip).items():
            assert last.in_folder(tip, folder, names, budget=NEAR) == in_git(place, tip, folder, names)
    assert len(list(tmp_path.iterdir())) == 2


def test_odd_names_and_kinds_answer_as_git_does(odd_repository: OddRepository, tmp_path: Path) -> None:
    place, tip = odd_repository.directory, odd_repository.tip
    last = LastCommits(place, tmp_path)
    assert last.make_all(tip, budget=FAR)
    listed = folders_of(place, tip)
    for folder in [b"", b"src", b"names", b"bin", b"tree", b"arms", b"unrelated", b"/".join([b"deep"] * 150)]:
        names = listed[folder]
        assert last.in_folder(tip, folder, names, budget=NEAR) == in_git(place, tip, folder, names)


def test_one_path_answers_as_git_does(odd_repository: OddRepository, tmp_path: Path) -> None:
    place, tip = odd_repository.directory, odd_repository.tip
    last = LastCommits(place, tmp_path)
    for path in (b"bin/run", b"kind", b"both.txt", b"names", b"src/newer.c"):
        assert last.of_path(tip, path, budget=FAR) == last_of_git(place, tip, path)
    assert last.of_path(tip, b"") == tip
    assert last.of_path(tip, b"none", budget=FAR) is None


def test_a_walk_that_is_too_long_gives_no_answer_until_the_worker_made_it(
    odd_repository: OddRepository, tmp_path: Path
) -> None:
    place, tip = odd_repository.directory, odd_repository.tip
    names = folders_of(place, tip)[b"src"]
    last = LastCommits(place, tmp_path)
    assert last.in_folder(tip, b"src", names, budget=NEAR) is None
    assert not last.make_all(tip, budget=NEAR)
    assert last.make_all(tip, budget=FAR)
    assert last.in_folder(tip, b"src", names, budget=NEAR) is not None


def test_only_a_folder_is_made(odd_repository: OddRepository, tmp_path: Path) -> None:
    last = LastCommits(odd_repository.directory, tmp_path)
    made = [
        last.make_folder(odd_repository.tip, path, budget=FAR) for path in (b"src", b"README.md", b"none")
    ]
    assert made == [True, False, False]


def test_a_bomb_is_answered(odd_repository: OddRepository, tmp_path: Path) -> None:
    tip = odd_repository.refs["refs/heads/bomb"]
    root = Trees(odd_repository.directory).root_of(tip)
    assert root is not None
    entries = Trees(odd_repository.directory).read_folder(root.object_id).entries
    assert {one.kind for one in entries} == {EntryKind.FOLDER}
    last = LastCommits(odd_repository.directory, tmp_path)
    assert last.make_all(tip, budget=FAR)
    names = [one.name for one in entries]
    assert last.in_folder(tip, b"", names, budget=NEAR) == dict.fromkeys(names, tip)


ANSWERS = {b"": {b"a": b"1" * 20, b"b": b"2" * 20}, b"a/b": {b"\xff\n": b"1" * 20}}


def test_a_file_holds_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "kept" / "file"
    write_answers(path, ANSWERS, id_bytes=20)
    opened = open_answers(path)
    assert opened is not None
    assert {folder: opened.get(folder) for folder in (*ANSWERS, b"none")} == {**ANSWERS, b"none": None}
    assert dict(opened.items()) == ANSWERS


def test_a_damaged_file_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_answers(path, ANSWERS, id_bytes=20)
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        opened = open_answers(path)
        if opened is not None:
            with pytest.raises(ValueError, match="damaged"):
                list(opened.items())
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        opened = open_answers(path)
        if opened is not None:
            with pytest.raises(ValueError, match="damaged"):
                list(opened.items())
