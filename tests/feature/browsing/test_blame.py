"""Blame: whose line it is, as git says, and what it was before."""

import re
from html import unescape

import pytest

from tests.odd_repository import OddRepository, git
from tests.visitor import Visitor, words_of

MAIN = "/anna/odd/blame/branch/main"
ROWS = re.compile(
    r'<td class="age-\d">.*?href="/anna/odd/commit/([0-9a-f]+)".*?<pre class="code">(.*?)</pre>', re.DOTALL
)


def told(page: str) -> dict[int, str]:
    """The commit of each line that the page shows."""
    return {
        int(number): commit_id
        for commit_id, lines in ROWS.findall(page)
        for number in re.findall(r'<a id="L(\d+)"', lines)
    }


def told_by_git(odd: OddRepository, path: str, *options: str) -> dict[int, str]:
    out = git(odd.directory, "blame", "--porcelain", *options, "main", "--", path)
    found = re.findall(rb"^([0-9a-f]{40}) \d+ (\d+)", out, re.MULTILINE)
    return {int(number): commit_id.decode() for commit_id, number in found}


def ignoring(odd: OddRepository) -> str:
    return f"--ignore-rev={odd.commits['reindent']}"


@pytest.mark.parametrize(
    "path", ["src/app.c", "src/newer.c", "both.txt", "README.md", "names/a b", "bin/run"]
)
def test_lines_are_those_of_the_commits_that_git_names(
    stranger: Visitor, odd: OddRepository, path: str
) -> None:
    page = stranger.get(f"{MAIN}/{path}").text
    assert told(page) == told_by_git(odd, path, ignoring(odd))
    thorough = stranger.get(f"{MAIN}/{path}?w=1").text
    assert told(thorough) == told_by_git(odd, path, ignoring(odd), "-w", "-C")


def test_commits_to_look_through_are_those_the_commit_itself_lists(
    stranger: Visitor, odd: OddRepository
) -> None:
    reindent = odd.commits["reindent"]
    page = stranger.get(f"{MAIN}/src/app.c").text
    assert reindent not in told(page).values()
    assert "Commits that .git-blame-ignore-revs names are looked through." in words_of(page)
    before = stranger.get(f"/anna/odd/blame/commit/{odd.commits['edits']}/src/app.c").text
    assert reindent in told(before).values()
    assert ".git-blame-ignore-revs" not in before


def test_link_leads_to_the_file_as_it_was_before_the_change(stranger: Visitor, odd: OddRepository) -> None:
    page = stranger.get(f"/anna/odd/blame/commit/{odd.commits['rename with a change']}/src/newer.c").text
    found = re.search(r'href="([^"]*)#L(\d+)" title="Blame as it was before', page)
    assert found is not None
    address = unescape(found[1])
    assert address.startswith(f"/anna/odd/blame/commit/{odd.commits['rename']}/src/new.c?lines=")
    assert f'id="L{found[2]}"' in stranger.get(address).text


def test_long_blame_comes_in_parts(stranger: Visitor) -> None:
    path, seen = f"{MAIN}/contents/many-lines.c", 0
    while path:
        page = stranger.get(path).text
        seen += len(told(page))
        following = re.search(r'rel="next nofollow"[^>]* href="([^"]*)"', page)
        path = unescape(following[1]) if following else ""
    assert seen > 7_000
    part = stranger.get(f"{MAIN}/contents/many-lines.c?lines=501-1000", X_Fragment="1").text
    assert part.lstrip().startswith("<tr>")
    assert 'id="L501"' in part


@pytest.mark.parametrize(
    "path",
    ["names/line%0Afeed", "names/--output=x", "names/%3A(top)magic", "names/-n", "names/%2A", "names/a..b"],
)
def test_odd_names_are_taken_as_they_are(stranger: Visitor, path: str) -> None:
    page = stranger.get(f"{MAIN}/{path}")
    assert page.status_code == 200
    assert len(told(page.text)) == 1


@pytest.mark.parametrize(
    "path",
    ["names", "contents/empty", "contents/binary.bin", "contents/large.txt", "modules/library", "none", "."],
)
def test_what_has_no_lines_is_not_found_in_words(stranger: Visitor, path: str) -> None:
    answer = stranger.get(f"{MAIN}/{path}")
    assert answer.status_code == 404
    assert "There is no " in words_of(answer.text)
