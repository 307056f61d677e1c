"""Histories are listed in git's order, and commits say what git says of them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.repos.git.commit_order import make_order, open_order
from hub.repos.git.commits import CommitRow, parse_commit, read_commits
from hub.repos.git.history import PAGE_COMMITS, Distance, count_commits, list_commits, measure_distance
from tests.odd_repository import OddRepository, git

ID = "1" * 40


def ids_of_git(odd: OddRepository, *arguments: str) -> list[str]:
    return git(odd.directory, "rev-list", *arguments).decode().split()


@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/heads/odd/people", "refs/heads/odd/dates"])
def test_pages_are_those_of_git_log(odd_repository: OddRepository, ref: str) -> None:
    tip = odd_repository.refs[ref]
    expected = ids_of_git(odd_repository, tip)
    listed = []
    for page in range(1, len(expected) // PAGE_COMMITS + 2):
        shown = list_commits(odd_repository.directory, tip, page=page)
        listed += [one.commit_id for one in shown.commits]
        assert shown.has_more == (len(listed) < len(expected))
    assert listed == expected


def test_a_page_behind_the_end_is_empty(odd_repository: OddRepository) -> None:
    shown = list_commits(odd_repository.directory, odd_repository.tip, page=1000)
    assert (shown.commits, shown.has_more, shown.is_cut) == ([], False, False)


def test_a_file_of_the_order_answers_as_git_does(odd_repository: OddRepository, tmp_path: Path) -> None:
    place, tip = odd_repository.directory, odd_repository.tip
    expected = ids_of_git(odd_repository, tip)
    made = make_order(place, tmp_path, tip, timeout_seconds=20)
    assert made.ids(0, len(expected) + 10) == expected
    assert count_commits(place, tip, folder=tmp_path) == len(expected) == count_commits(place, tip)
    for page in range(1, len(expected) // PAGE_COMMITS + 3):
        assert list_commits(place, tip, page=page, folder=tmp_path) == list_commits(place, tip, page=page)


@pytest.mark.parametrize("base", ["edits", "many entries", "octopus", "root"])
def test_an_order_grows_from_an_earlier_one(odd_repository: OddRepository, tmp_path: Path, base: str) -> None:
    place, tip = odd_repository.directory, odd_repository.tip
    make_order(place, tmp_path, odd_repository.commits[base], timeout_seconds=20)
    made = make_order(place, tmp_path, tip, timeout_seconds=20)
    assert made.ids(0, 10_000) == ids_of_git(odd_repository, tip)


def test_orders_of_earlier_tips_go(odd_repository: OddRepository, tmp_path: Path) -> None:
    names = ["root", "rename", "mode", "left", "merge", "octopus"]
    for name in names:
        make_order(odd_repository.directory, tmp_path, odd_repository.commits[name], timeout_seconds=20)
    left = [name for name in names if open_order(tmp_path, odd_repository.commits[name]) is not None]
    assert left == ["left", "merge", "octopus"]
    assert len(list(tmp_path.iterdir())) == 3


def test_a_damaged_order_is_none(odd_repository: OddRepository, tmp_path: Path) -> None:
    place, tip = odd_repository.directory, odd_repository.tip
    made = make_order(place, tmp_path, tip, timeout_seconds=20)
    whole = made.path.read_bytes()
    for damaged in (b"", whole[:30], whole[:-1], b"x" + whole[1:]):
        made.path.write_bytes(damaged)
        assert open_order(tmp_path, tip) is None
    made.path.write_bytes(whole[:-20] + bytes(20))
    last = (made.count - 1) // PAGE_COMMITS + 1
    shown = list_commits(place, tip, page=last, folder=tmp_path)
    expected = ids_of_git(odd_repository, tip)[PAGE_COMMITS * (last - 1) :]
    assert [one.commit_id for one in shown.commits] == expected
    assert not made.path.exists()


@pytest.mark.parametrize(
    ("tip", "base", "expected"),
    [
        ("ahead", "octopus", Distance(1, 0)),
        ("octopus", "ahead", Distance(0, 1)),
        ("left", "right", Distance(1, 1)),
        ("second root", "root", Distance(1, 1)),
        ("root", "root", Distance(0, 0)),
    ],
)
def test_commits_apart_are_counted(
    odd_repository: OddRepository, tip: str, base: str, expected: Distance
) -> None:
    commits = odd_repository.commits
    for _ in range(2):
        assert measure_distance(odd_repository.directory, commits[tip], commits[base]) == expected


def facts(row: CommitRow) -> list[str]:
    dates = (row.authored_at, row.committed_at)
    return [
        row.commit_id, row.tree_id, " ".join(row.parent_ids), row.author_name, row.author_email,
        row.committer_name, row.committer_email, *(one.strftime("%Y-%m-%dT%H:%M:%S%z") for one in dates),
        row.subject,
    ]  # fmt: skip


def test_commits_say_what_git_says(odd_repository: OddRepository) -> None:
    broken = {"huge message", "no address", "no date", "negative date", "year 30 million", "tags in a name"}
    ids = [one for name, one in odd_repository.commits.items() if name not in broken]
    form = "%H%x00%T%x00%P%x00%an%x00%ae%x00%cn%x00%ce%x00%aI%x00%cI%x00%s"
    printed = git(
        odd_repository.directory, "log", "--no-walk=unsorted", "-z", f"--format=tformat:{form}", *ids
    )
    pieces = printed.decode("utf-8", "replace").split("\0")[:-1]
    expected = [pieces[at : at + 10] for at in range(0, len(pieces), 10)]
    for one in expected:
        # A zone that no datetime knows is shown as UTC; git writes the others with a colon.
        one[7:9] = [moment[:-3] + moment[-2:] for moment in one[7:9]]
        one[9] = one[9].strip()
    found = [facts(one) for one in read_commits(odd_repository.directory, ids)]
    outlandish = odd_repository.commits["person 6"]
    assert [one for one in found if one[0] != outlandish] == [one for one in expected if one[0] != outlandish]


@pytest.mark.parametrize("name", ["no address", "no date", "negative date", "year 30 million"])
def test_a_broken_header_is_shown_at_the_beginning_of_time(odd_repository: OddRepository, name: str) -> None:
    (row,) = read_commits(odd_repository.directory, [odd_repository.commits[name]])
    assert row.committed_at == datetime(1970, 1, 1, tzinfo=UTC)
    assert row.committer_name


def test_a_long_message_is_cut(odd_repository: OddRepository) -> None:
    (row,) = read_commits(odd_repository.directory, [odd_repository.commits["huge message"]])
    assert len(row.subject) <= 1000
    assert len(row.body) <= 100_000


def test_what_is_no_commit_is_left_out(odd_repository: OddRepository) -> None:
    tree = git(odd_repository.directory, "rev-parse", f"{odd_repository.tip}^{{tree}}").decode().strip()
    found = read_commits(odd_repository.directory, [tree, ID, "none", odd_repository.tip])
    assert [one.commit_id for one in found] == [odd_repository.tip]


def test_encodings_are_those_that_people_write_in() -> None:
    head = b"tree %s\nauthor \xc4 <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\nencoding %s\n\n\xc4\n"
    names = [b"ISO-8859-1", b"utf-8", b"unicode_escape", b"punycode", b"none"]
    rows = [parse_commit(ID, head % (ID.encode(), name)) for name in names]
    assert [one.subject for one in rows] == ["Ä", *["\N{REPLACEMENT CHARACTER}"] * 4]


@pytest.mark.parametrize("data", [b"", b"\n", b"\n\n", b"tree", b"nonsense\n\nwords", b"author <\n\n\0"])
def test_what_is_hardly_a_commit_is_read(data: bytes) -> None:
    assert parse_commit(ID, data).commit_id == ID
