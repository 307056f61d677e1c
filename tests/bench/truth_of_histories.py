"""Histories against git: their order and length, of everything and of paths; the last commit of entries."""

import random
import re
import tempfile
from collections import Counter
from pathlib import Path

from hub.repos.git import history, path_history
from hub.repos.git.blame import blame
from hub.repos.git.commit_order import make_order
from hub.repos.git.contributors import count_contributors
from hub.repos.git.last_commits import LastCommits
from hub.repos.git.path_walk import Budget
from hub.repos.git.trees import EntryKind, Trees
from tests.bench.asked import Answers, Questions

_LONG = Budget(commits=10**9, seconds=600)
_SECONDS = 600.0
_FILES = (EntryKind.FILE, EntryKind.EXECUTABLE)
# Each line of the file stands in the output of git blame -p behind a tab, its commit in a line before.
_BLAMED = re.compile(rb"^([0-9a-f]{40}) (\d+) (\d+)(?: \d+)?$", re.MULTILINE)
# What costs git or us seconds each is asked of one spot in so many.
EVERY = 10
# So many merges before the tip all entries are known; from there on they are followed.
BEHIND = 300


def pages(questions: Questions) -> Answers:
    """A page, the first or any other, of the history of each commit."""
    source = random.Random(8)
    for commit_id in questions.commits:
        page = source.choice((1, 2, source.randrange(1, 100)))
        ours = history.list_commits(questions.directory, commit_id, page=page)
        listed = [one.commit_id for one in ours.commits]
        yield f"{commit_id} page {page}", listed == _log(questions, commit_id, page)


def pages_of_the_tip(questions: Questions) -> Answers:
    """Pages of the branch, the last of all among them, as they are read from the file of its order."""
    count, source = _count(questions, questions.tip), random.Random(9)
    last = -(-count // history.PAGE_COMMITS)
    with tempfile.TemporaryDirectory() as folder:
        make_order(questions.directory, Path(folder), questions.tip, timeout_seconds=_SECONDS)
        for page in [1, last, last + 1, *(source.randint(1, last) for _ in questions.spots[3:])]:
            ours = history.list_commits(questions.directory, questions.tip, page=page, folder=Path(folder))
            listed = [one.commit_id for one in ours.commits]
            is_same = listed == _log(questions, questions.tip, page) and ours.has_more == (page < last)
            yield f"page {page}", is_same


def counts(questions: Questions) -> Answers:
    """How many commits each commit reaches."""
    for commit_id in questions.commits:
        yield commit_id, history.count_commits(questions.directory, commit_id) == _count(questions, commit_id)


def distances(questions: Questions) -> Answers:
    """Ahead and behind, between each commit and the next, and the branch."""
    commits = questions.commits
    for number, tip in enumerate(commits):
        base = questions.tip if number % 2 else commits[number - 1]
        ours = history.measure_distance(questions.directory, tip, base, timeout_seconds=_SECONDS)
        theirs = (_count(questions, f"{base}..{tip}"), _count(questions, f"{tip}..{base}"))
        yield f"{tip} against {base}", ours is not None and (ours.ahead, ours.behind) == theirs


def path_histories(questions: Questions) -> Answers:
    """The first page of the history of each path, or of its folder."""
    for number, spot in enumerate(questions.spots):
        path = spot.path if number % 2 else spot.folder or spot.path
        ours = path_history.list_folder_commits(
            questions.directory, spot.commit_id, path, timeout_seconds=_SECONDS
        )
        theirs = _log(questions, spot.commit_id, 1, "--", path)
        yield f"{spot.commit_id} {path!r}", [one.row.commit_id for one in ours.commits] == theirs


def followed_histories(questions: Questions) -> Answers:
    """The first page of the history of some paths over renames, with the names they had."""
    for spot in questions.spots[::EVERY]:
        ours = path_history.list_file_commits(
            questions.directory, spot.commit_id, spot.path, timeout_seconds=_SECONDS
        )
        theirs = _log(questions, spot.commit_id, 1, "--follow", "--", spot.path)
        listed = [one.row.commit_id for one in ours.commits]
        are_there = all(_is_there(questions, one) for one in ours.commits)
        yield f"{spot.commit_id} {spot.path!r}", listed == theirs and are_there


def last_commits(questions: Questions) -> Answers:
    """The commit that last touched a path at the tip, where all were known some hundred commits before."""
    source = random.Random(10)
    paths = questions.git("ls-tree", "-r", "-t", "-z", "--name-only", questions.tip).split(b"\0")[:-1]
    before = (
        questions.git("rev-list", "--first-parent", "-n", str(BEHIND), questions.tip).decode().split()[-1]
    )
    with tempfile.TemporaryDirectory() as folder:
        known = LastCommits(questions.directory, Path(folder))
        assert known.make_all(before, budget=_LONG)
        assert known.make_all(questions.tip, budget=_LONG)
        for path in source.sample(paths, min(len(paths), len(questions.spots))):
            ours = known.of_path(questions.tip, path, budget=_LONG)
            yield repr(path), ours == _last(questions, questions.tip, path)


def last_commits_from_nothing(questions: Questions) -> Answers:
    """The same at some commits nothing is known of."""
    for spot in questions.spots[::EVERY]:
        with tempfile.TemporaryDirectory() as folder:
            known = LastCommits(questions.directory, Path(folder))
            ours = known.of_path(spot.commit_id, spot.path, budget=_LONG)
        yield f"{spot.commit_id} {spot.path!r}", ours == _last(questions, spot.commit_id, spot.path)


def blames(questions: Questions) -> Answers:
    """The commit of each line of each path, and where the first of several was in it."""
    trees = Trees(questions.directory)
    for spot in questions.spots:
        entry = trees.find(spot.commit_id, spot.path)
        blob = None if entry is None or entry.kind not in _FILES else trees.read_blob(entry.object_id)
        if blob is None or blob.content is None or blob.is_binary:
            continue
        found = blame(questions.directory, spot.commit_id, spot.path, timeout_seconds=_SECONDS)
        shown = questions.git("blame", "-p", "--root", spot.commit_id, "--", spot.path)
        theirs = {int(one[3]): (one[1].decode(), int(one[2])) for one in re.finditer(_BLAMED, shown)}
        ours = {
            line: group.commit_id for group in found.groups for line in range(group.first, group.last + 1)
        }
        firsts = [theirs.get(one.first) == (one.commit_id, one.first_there) for one in found.groups]
        is_same = ours == {line: commit_id for line, (commit_id, _) in theirs.items()}
        yield f"{spot.commit_id} {spot.path!r}", is_same and all(firsts)


def contributors(questions: Questions) -> Answers:
    """How many commits of the branch each name has, counted anew and from what was counted before."""
    listed = questions.git("log", "-z", "--format=%an", questions.tip).split(b"\0")[:-1]
    theirs = Counter(name.decode("utf-8", "replace") for name in listed)
    before = questions.git("rev-list", "--skip=100", "-n1", questions.tip).decode().strip()
    for tips in ([questions.tip], [before or questions.tip, questions.tip]):
        with tempfile.TemporaryDirectory() as folder:
            for tip in tips:
                ours = count_contributors(questions.directory, Path(folder), tip, timeout_seconds=_SECONDS)
        assert ours is not None
        counted = {one.name: one.commits for one in ours.people}
        for name in theirs.keys() | counted.keys():
            yield name, theirs.get(name) == counted.get(name)


def _is_there(questions: Questions, touched: path_history.PathCommit) -> bool:
    """Whether the file had that name in that commit, as it says; a merge may say nothing of a name."""
    listed = questions.git("ls-tree", "-z", "--full-tree", touched.row.commit_id, "--", touched.path)
    return bool(listed) == touched.is_there


def _log(questions: Questions, tip: str, page: int, *more: str | bytes) -> list[str]:
    skipped = (page - 1) * history.PAGE_COMMITS
    wanted = ("-n", str(history.PAGE_COMMITS), "--skip", str(skipped))
    return questions.git("--literal-pathspecs", "log", "--format=%H", *wanted, tip, *more).decode().split()


def _last(questions: Questions, tip: str, path: bytes) -> str:
    command = ("--literal-pathspecs", "log", "-1", "--format=%H", tip, "--", path)
    return questions.git(*command).decode().strip()


def _count(questions: Questions, commits: str) -> int:
    return questions.git("rev-list", commits).count(b"\n")
