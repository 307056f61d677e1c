"""Pages of commits: what they say, their diffs, and the texts of their changes."""

import re
import time

import pytest
from flask import Flask

from hub.app import Hub
from tests.factories import make_user
from tests.odd_repository import OddRepository, git, host
from tests.visitor import Visitor, words_of

# git itself takes the date of this one for one of the far future, and does not find it among its children.
UNREACHED = "negative date"


def test_every_commit_of_an_odd_history_has_a_page(stranger: Visitor, odd: OddRepository) -> None:
    ids = set(git(odd.directory, "rev-list", "--branches").decode().split())
    ids.remove(odd.commits[UNREACHED])
    answers = {
        commit_id + query: stranger.get(f"/anna/odd/commit/{commit_id}{query}").status_code
        for commit_id in ids
        for query in ("", "?view=split&w=1")
    }
    assert {one: status for one, status in answers.items() if status != 200} == {}
    assert len(ids) > 30


def test_a_commit_says_who_what_and_what_came_before(stranger: Visitor, odd: OddRepository) -> None:
    commits = odd.commits
    words = words_of(stranger.get(f"/anna/odd/commit/{commits['octopus']}").text)
    assert "octopus" in words
    assert "Test Person wrote this" in words
    assert commits["octopus"] in words
    for parent in ("nothing changed", "arm 1", "arm 2", "second root"):
        assert commits[parent][:8] in words
    assert "A merge: what it changed in its first parent." in words
    assert "v1" in words
    assert "unrelated/file" in words


@pytest.mark.parametrize("length", [7, 12, 39])
def test_the_beginning_of_an_id_leads_to_the_whole(
    stranger: Visitor, odd: OddRepository, length: int
) -> None:
    whole = odd.commits["octopus"]
    for suffix in ("", ".patch", ".diff"):
        answer = stranger.client.get(f"/anna/odd/commit/{whole[:length]}{suffix}")
        assert (answer.status_code, answer.location) == (302, f"/anna/odd/commit/{whole}{suffix}")
    split = stranger.client.get(f"/anna/odd/commit/{whole[:length]}?view=split")
    assert split.location == f"/anna/odd/commit/{whole}?view=split"


@pytest.mark.parametrize("which", ["hidden", "deleted", "tree", "short", "unknown"])
@pytest.mark.parametrize("suffix", ["", ".patch", ".diff"])
def test_what_no_branch_leads_to_is_no_commit(
    stranger: Visitor, odd: OddRepository, which: str, suffix: str
) -> None:
    ids = {
        "tree": git(odd.directory, "rev-parse", "refs/heads/main^{tree}").decode().strip(),
        "short": odd.tip[:6],
        "unknown": "1" * 40,
    }
    asked = ids.get(which) or odd.commits[which]
    answer, unknown = (stranger.get(f"/anna/odd/commit/{one}{suffix}") for one in (asked, "2" * 40))
    assert answer.status_code == 404
    said, expected = (words_of(one.text).split(", request ")[0] for one in (answer, unknown))
    assert said.replace(asked, "X") == expected.replace("2" * 40, "X")


def test_what_changed_is_shown_line_by_line(stranger: Visitor, odd: OddRepository) -> None:
    commit_id = odd.commits["rename with a change"]
    page = stranger.get(f"/anna/odd/commit/{commit_id}").text
    assert "src/new.c" in words_of(page)
    assert re.search(r"<del>.*?</del>", page)
    assert re.search(r'<tr class="add"><td class="no"></td><td class="no"><a id="f1n\d+"', page)
    split = stranger.get(f"/anna/odd/commit/{commit_id}?view=split").text
    assert re.search(r'<td class="ln del">.*</td><td class="no"><a id="f1n\d+".*<td class="ln add">', split)


def test_odd_contents_say_what_they_are(stranger: Visitor, odd: OddRepository) -> None:
    first = words_of(stranger.get(f"/anna/odd/commit/{odd.commits['odd contents']}").text)
    for said in (
        "The file is empty.",
        "no line feed at the end",
        "Symbolic link",
        "Points at d670460b of another repository.",
        "Binary: 3 MiB",
        "Show 7857 changed lines",
        "More than 20,000 lines or 500 KB changed.",
        "U+202E",
    ):
        assert said in first
    edits = words_of(stranger.get(f"/anna/odd/commit/{odd.commits['edits']}").text)
    assert "Binary: 10 KiB before, 99 bytes now" in edits
    assert "Größe, Ænderung, naïve façade" in edits
    assert "Straße" in edits
    mode = words_of(stranger.get(f"/anna/odd/commit/{odd.commits['mode']}").text)
    assert "Only its mode changed, from 100644 to 100755." in mode


def test_what_files_hold_is_never_markup(stranger: Visitor, odd: OddRepository) -> None:
    for name in ("odd contents", "odd names", "edits"):
        page = stranger.get(f"/anna/odd/commit/{odd.commits[name]}").text
        assert "<script>" not in page
        assert "<img" not in page


def test_space_may_be_ignored(stranger: Visitor, odd: OddRepository) -> None:
    commit_id = odd.commits["reindent"]
    assert "Only white space changed." in words_of(stranger.get(f"/anna/odd/commit/{commit_id}?w=1").text)
    assert "Only white space changed." not in words_of(stranger.get(f"/anna/odd/commit/{commit_id}").text)


def test_a_long_file_is_shown_by_itself_and_in_parts(stranger: Visitor, odd: OddRepository) -> None:
    whole = stranger.get(f"/anna/odd/commit/{odd.commits['odd contents']}").text
    link = re.search(r'href="([^"]*)"[^>]*>Show 7857 changed lines', whole)
    assert link is not None
    seen: list[int] = []
    address: str | None = link[1].replace("&amp;", "&")
    while address:
        page = stranger.get(address).text
        assert page.count("</") < 12_000
        seen += [int(one) for one in re.findall(r'id="f\d+n(\d+)"', page)]
        rest = re.search(r'href="([^"]*)"[^>]*>Next lines', page)
        address = rest[1].replace("&amp;", "&") if rest else None
    assert seen == list(range(1, 7858))


def test_a_diff_of_more_files_goes_on_in_further_pages(stranger: Visitor, odd: OddRepository) -> None:
    commit_id = odd.commits["many entries"]
    first = stranger.get(f"/anna/odd/commit/{commit_id}").text
    assert "3500 files changed" in words_of(first)
    assert 'id="f300"' in first
    assert 'id="f301"' not in first
    assert first.count("</") < 12_000
    second = stranger.get(f"/anna/odd/commit/{commit_id}?from=301").text
    assert 'id="f301"' in second
    assert 'id="f300"' not in second
    assert stranger.get(f"/anna/odd/commit/{commit_id}?from=3501").status_code == 404
    assert stranger.get(f"/anna/odd/commit/{commit_id}?file=3501").status_code == 404


def test_a_bomb_is_answered_at_once(stranger: Visitor, odd: OddRepository) -> None:
    """Attack: a commit of a dozen objects and 10^10 files."""
    bomb = odd.refs["refs/heads/bomb"]
    started = time.process_time()
    page = stranger.get(f"/anna/odd/commit/{bomb}")
    # A tenth of a second is usual; without a limit it would not end.
    assert time.process_time() - started < 20
    assert "So many files changed that they were not all looked at." in words_of(page.text)
    assert page.text.count("</") < 12_000


@pytest.mark.parametrize(
    "query", ["file=x", "file=-1", "file=0", "row=x", "from=x", "view=x", "w=2", "file=9" * 9]
)
def test_an_address_that_makes_no_sense_shows_the_whole(
    stranger: Visitor, odd: OddRepository, query: str
) -> None:
    commit_id = odd.commits["octopus"]
    assert stranger.get(f"/anna/odd/commit/{commit_id}?{query}").status_code == 200


def test_a_second_look_is_kept(stranger: Visitor, odd: OddRepository) -> None:
    address = f"/anna/odd/commit/{odd.commits['odd contents']}"
    first, second = (stranger.get(address).text for _ in range(2))
    assert first.split("<main")[1] == second.split("<main")[1]


@pytest.mark.parametrize("name", ["root", "rename", "edits", "merge", "odd names"])
def test_texts_are_those_of_git(stranger: Visitor, odd: OddRepository, name: str) -> None:
    place, commit_id = odd.directory, odd.commits[name]
    diff = stranger.get(f"/anna/odd/commit/{commit_id}.diff")
    merged = ("-m", "--first-parent")
    printed = git(place, "show", "--format=", "-p", "-M", *merged, commit_id)
    assert diff.data == printed
    patch = stranger.get(f"/anna/odd/commit/{commit_id}.patch")
    if name != "merge":
        assert patch.data == git(place, "format-patch", "-1", "--stdout", "--root", commit_id)
    else:
        assert patch.data.startswith(f"From {commit_id} ".encode())
    for answer in (diff, patch):
        assert answer.content_type == "text/plain; charset=utf-8"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert "immutable" in answer.headers["Cache-Control"]


def test_a_text_that_somebody_has_is_not_sent_again(stranger: Visitor, odd: OddRepository) -> None:
    address = f"/anna/odd/commit/{odd.commits['octopus']}.diff"
    etag = stranger.get(address).headers["ETag"]
    again = stranger.client.get(address, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")


def test_texts_of_a_private_repository_are_asked_for_each_time(
    hub: Hub, app: Flask, odd_repository: OddRepository
) -> None:
    with hub.database.writing() as session:
        make_user(session, "anna")
    host(hub, odd_repository, "anna", is_private=True)
    anna = Visitor(app)
    anna.sign_in("anna")
    answer = anna.get(f"/anna/odd/commit/{odd_repository.tip}.diff")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert Visitor(app).get(f"/anna/odd/commit/{odd_repository.tip}.diff").status_code == 404
