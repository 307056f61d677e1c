"""Folders as pages: every name leads on, what is large is cut in words, what is not there says what is."""

import re
from html import unescape
from urllib.parse import quote, unquote_to_bytes

import pytest
from sqlalchemy import update

from hub.accounts.queries import get_user
from hub.app import Hub
from hub.repos.git.store import directory
from hub.repos.models import Repository
from tests.factories import make_repository
from tests.git_client import GitClient
from tests.odd_contents import DEEP_FOLDER, ODD_NAMES
from tests.odd_repository import MANY_ENTRIES, OddRepository
from tests.visitor import Visitor, words_of

pytestmark = pytest.mark.reads


def paths_linked(page: str, start: str) -> set[bytes]:
    """What follows `start` in the addresses of the page's links."""
    found = re.findall(rf'href="{re.escape(start)}([^"?]*)"', page)
    return {unquote_to_bytes(unescape(one)) for one in found}


def test_home_shows_root_readme_and_where_else_to_go(stranger: Visitor, odd: OddRepository) -> None:
    page = stranger.get("/anna/odd").text
    assert {b"names", b"README.md", b"src", b"deep"} <= paths_linked(page, "/anna/odd/src/branch/main/")
    assert "The odd repository" in page
    assert odd.tip[:8] in page


def test_every_name_in_a_folder_is_linked_as_git_has_it(stranger: Visitor) -> None:
    page = stranger.get("/anna/odd/src/branch/main/names").text
    linked = paths_linked(page, "/anna/odd/src/branch/main/names/")
    assert linked >= set(ODD_NAMES)
    assert "\u202etxt.exe" not in page
    assert "<img src=x" not in page


def test_folder_two_hundred_levels_deep_has_its_page(stranger: Visitor) -> None:
    answer = stranger.get("/anna/odd/src/branch/main/" + quote(DEEP_FOLDER))
    assert answer.status_code == 200
    assert answer.text.count(">deep</bdi>") == 200


def test_folder_of_thousands_says_how_many_are_not_shown(stranger: Visitor) -> None:
    page = stranger.get("/anna/odd/src/branch/main/many").text
    assert page.count("<tr>") == 3002
    assert f"{MANY_ENTRIES - 3000} more entries are not shown" in words_of(page)


def test_tree_that_unfolds_to_billions_is_a_page_of_its_first_level(stranger: Visitor) -> None:
    page = stranger.get("/anna/odd/src/branch/bomb").text
    assert "tree-9" in words_of(page)


def test_submodules_and_links_are_said_plainly(stranger: Visitor) -> None:
    page = stranger.get("/anna/odd/src/branch/main/modules").text
    assert "A submodule: a commit of another repository" in page
    assert "d670460b" in page
    links = words_of(stranger.get("/anna/odd/src/branch/main/links").text)
    assert links.count("a symbolic link") == 8


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (
            "src/branch/main/src/none/x",
            ("There is no src/none/x at main", "The nearest folder there is: src"),
        ),
        ("src/branch/main/README.md/x", ("There is no README.md/x at main", "there is: /")),
        ("src/branch/gone", ("There is no branch “gone” here", "The page of branches")),
        ("src/tag/gone/x", ("There is no tag “gone/x” here", "The page of tags")),
        ("src/tag/of-a-tree", ("The tag of-a-tree names no commit",)),
        ("src/commit/0123456789", ("There is no commit 0123456789 here",)),
        ("src/nothing/main", ("There is no such page",)),
        ("src?ref=nothing+like+it", ("There is no branch, tag or commit “nothing like it” here",)),
    ],
)
def test_what_is_not_there_is_said_with_what_is(
    stranger: Visitor, address: str, words: tuple[str, ...]
) -> None:
    answer = stranger.get(f"/anna/odd/{address}")
    assert answer.status_code == 404
    assert all(one in words_of(answer.text) for one in words)


@pytest.mark.parametrize(
    ("query", "goal"),
    [
        ("ref=feature/a&path=src", "/anna/odd/src/branch/feature/a/src"),
        ("ref=release/2024/01&page=commits", "/anna/odd/commits/tag/release/2024/01"),
        ("ref=v2", "/anna/odd/src/branch/v2"),
        ("ref=%C3%A4&path=a%2520b", "/anna/odd/src/branch/%C3%A4/a%20b"),
        ("ref=main&page=/evil.example", "/anna/odd/src/branch/main"),
    ],
)
def test_name_typed_into_the_menu_leads_to_the_same_place_there(
    stranger: Visitor, query: str, goal: str
) -> None:
    assert stranger.get(f"/anna/odd/src?{query}").headers["Location"] == goal


def test_ids_are_completed_and_lead_to_the_commit(stranger: Visitor, odd: OddRepository) -> None:
    goal = stranger.get(f"/anna/odd/src?ref={odd.commits['root'][:9]}").headers["Location"]
    assert goal == f"/anna/odd/src/commit/{odd.commits['root']}"
    assert "gone.txt" in words_of(stranger.get(goal).text)


def test_branch_whose_name_is_no_text_is_read_by_its_bytes(stranger: Visitor) -> None:
    answer = stranger.client.get("/x", environ_overrides={"PATH_INFO": "/anna/odd/src/branch/latin-\xe4/src"})
    assert answer.status_code == 200
    assert "/anna/odd/src/branch/latin-%E4/src/app.c" in answer.text


def test_home_without_its_default_branch_shows_another_one(
    hub: Hub, own_stranger: Visitor, own_odd: OddRepository
) -> None:
    with hub.database.writing() as session:
        session.execute(update(Repository).values(default_branch="away"))
    page = own_stranger.get("/anna/odd")
    assert page.status_code == 200
    assert "The default branch away is not there" in words_of(page.text)


def test_history_lists_commits_by_day_and_goes_on_to_older_ones(
    stranger: Visitor, odd: OddRepository, git: GitClient
) -> None:
    told = git.run("log", "--format=%H", "main", cwd=odd.directory).out.split()
    seen: list[str] = []
    for number in (1, 2, 3):
        page = stranger.get(f"/anna/odd/commits/branch/main?page={number}").text
        seen += re.findall(r'class="mono" href="/anna/odd/commit/([0-9a-f]{40})"', page)
    assert seen == told
    assert "The history ends before this page." in words_of(
        stranger.get("/anna/odd/commits/branch/main?page=9").text
    )


def test_history_without_a_name_leads_to_that_of_the_default_branch(stranger: Visitor) -> None:
    assert stranger.get("/anna/odd/commits").headers["Location"] == "/anna/odd/commits/branch/main"


def test_history_of_a_file_follows_it_through_renames(
    stranger: Visitor, odd: OddRepository, git: GitClient
) -> None:
    told = git.run(
        "log", "--follow", "--format=%H", "main", "--", "src/newer.c", cwd=odd.directory
    ).out.split()
    page = stranger.get("/anna/odd/commits/branch/main/src/newer.c").text
    assert re.findall(r'class="mono" href="/anna/odd/commit/([0-9a-f]{40})"', page) == told
    assert len(told) > 2
    assert "as src/old.c" in words_of(page)
    assert f'href="/anna/odd/src/commit/{odd.commits["root"]}/src/old.c"' in page


def test_history_of_a_folder_and_of_what_was_never_there(
    stranger: Visitor, odd: OddRepository, git: GitClient
) -> None:
    told = git.run("rev-list", "main", "--", "src", cwd=odd.directory).out.split()
    page = stranger.get("/anna/odd/commits/branch/main/src").text
    assert re.findall(r'class="mono" href="/anna/odd/commit/([0-9a-f]{40})"', page) == told
    nothing = words_of(stranger.get("/anna/odd/commits/branch/main/none").text)
    assert "No commit of this history touched this path." in nothing


def test_readme_leads_to_the_files_of_the_branch_it_is_read_on(stranger: Visitor) -> None:
    for address, start in (("", "branch/main"), ("/src/tag/release/2024/01", "tag/release/2024/01")):
        page = stranger.get(f"/anna/odd{address}").text
        assert f'href="/anna/odd/src/{start}/docs/guide.md#text-first"' in page
        assert f'src="/anna/odd/raw/{start}/images/picture.png"' in page
        assert "etc/passwd" not in page
        assert '<h2 id="text-the-odd-repository"' in page


def test_home_shows_the_first_hundred_and_leads_to_all_others(
    hub: Hub, own_stranger: Visitor, git: GitClient
) -> None:
    with hub.database.writing() as session:
        folder = directory(hub.config, make_repository(session, get_user(session, "anna"), "wide"))
    work = git.init()
    git.commit(work, "Many", {f"file-{one:03}": "x" for one in range(120)} | {"readme": "Read this."})
    git.run("push", "--quiet", str(folder), "main", cwd=work)
    home = own_stranger.get("/anna/wide").text
    assert "file-099" in home
    assert "file-100" not in home
    assert "Read this." in home
    assert "Show 21 more entries" in words_of(home)
    assert '<a href="/anna/wide/src/branch/main">' in home
    assert "file-119" in own_stranger.get("/anna/wide/src/branch/main").text
