"""Files of a commit, found by some letters of their paths."""

import re

import pytest
from flask import Flask

from hub.app import Hub
from hub.repos.browsing.files import finding
from hub.repos.browsing.spots import default_spot
from hub.repos.git.all_paths import list_paths
from hub.repos.git.objects import Objects
from hub.repos.git.store import directory
from hub.repos.models import Repository
from tests.odd_repository import OddRepository, git
from tests.visitor import Visitor, words_of

MAIN = "/anna/odd/find/branch/main"


def found(page: str) -> list[str]:
    return re.findall(r'<li><a class="mono" href="/anna/odd/src/branch/main/([^"]*)"', page)


def test_file_is_found_by_some_of_its_letters(stranger: Visitor) -> None:
    page = stranger.get(f"{MAIN}?q=conhugebin").text
    assert found(page)[0] == "contents/huge.bin"
    assert "<mark>con</mark>tents/<mark>huge</mark>.<mark>bin</mark>" in page
    assert 'value="conhugebin"' in page
    assert stranger.get("/anna/odd/src/branch/main/contents/huge.bin").status_code == 200


def test_every_page_of_a_repository_leads_there(stranger: Visitor) -> None:
    for path in ("", "/src/branch/main/contents", "/src/branch/main/README.md"):
        page = stranger.get(f"/anna/odd{path}").text
        assert f'<a class="btn end" rel="nofollow" href="{MAIN}">' in page
        assert f'data-key="t" href="{MAIN}"' in page
    assert 'data-key="t" href="/anna/odd/find"' in stranger.get("/anna/odd/tags").text
    assert stranger.get("/anna/odd/find").headers["Location"] == MAIN


@pytest.mark.parametrize("wanted", ["", "a", "é", "%ff", "%E4", "line%0Afeed", "q" * 500, "\u202e"])
def test_odd_names_are_listed_and_lead_to_their_pages(stranger: Visitor, wanted: str) -> None:
    answer = stranger.get(f"{MAIN}?q={wanted}")
    assert answer.status_code == 200
    assert "\u202e" not in answer.text.replace('value="\u202e"', "")
    assert "<img src=x" not in answer.text


def test_files_and_links_are_listed_and_submodules_are_not(hub: Hub, own_odd: OddRepository) -> None:
    with hub.database.reading() as session:
        path = directory(hub.config, session.get_one(Repository, 1))
    tree_id = Objects(path).tree_of(own_odd.tip)
    assert tree_id is not None
    listed = list_paths(path, tree_id)
    wanted = git(own_odd.directory, "ls-tree", "-r", "-z", "main").split(b"\0")[:-1]
    assert sorted(listed.paths) == sorted(
        one.partition(b"\t")[2] for one in wanted if not one.startswith(b"160000")
    )
    assert listed.is_whole


def test_list_of_a_tree_without_end_has_one(hub: Hub, own_odd: OddRepository) -> None:
    with hub.database.reading() as session:
        path = directory(hub.config, session.get_one(Repository, 1))
    tree_id = Objects(path).tree_of(own_odd.refs["refs/heads/bomb"])
    assert tree_id is not None
    listed = list_paths(path, tree_id, most=2_000)
    assert not listed.is_whole
    assert len(listed.paths) <= 2_000


def test_fragment_is_the_list_alone(stranger: Visitor) -> None:
    answer = stranger.client.get(f"{MAIN}?q=readme", headers={"X-Fragment": "1"})
    assert answer.text.strip().startswith('<div id="found"')
    assert "X-Fragment" in answer.headers["Vary"]
    assert found(answer.text)[0] == "README.md"


def test_letters_that_no_path_has_find_nothing(stranger: Visitor) -> None:
    words = words_of(stranger.get(f"{MAIN}?q=zzzzqqqq").text)
    assert "0 of" in words
    assert "Nothing found" in words


def test_list_is_made_once_for_a_tree(hub: Hub, app: Flask, own_odd: OddRepository) -> None:
    with hub.database.reading() as session:
        repository = session.get_one(Repository, 1)
        spot = default_spot(session, repository)
        assert spot is not None
        assert finding.find_kept(session, repository, spot) is None
    Visitor(app).get(f"{MAIN}?q=readme")
    with hub.database.reading() as session:
        assert finding.find_kept(session, session.get_one(Repository, 1), spot) is not None


def test_strangers_are_counted_for_lists_that_have_to_be_made(app: Flask, own_odd: OddRepository) -> None:
    visitor = Visitor(app)
    for _ in range(30):
        assert visitor.get(f"{MAIN}?q=readme").status_code == 200


def test_what_is_not_there_is_not_found(stranger: Visitor) -> None:
    for path in ("/anna/odd/find/branch/nothing", "/anna/none/find/branch/main", "/anna/odd/find/other/x"):
        assert stranger.get(path).status_code == 404
