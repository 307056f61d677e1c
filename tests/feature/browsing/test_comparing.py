"""Comparisons: of branches, tags and commits, of a repository and of its forks."""

import html
import re
from pathlib import Path

import pytest
from flask import Flask

from hub.access import Permission, Visibility
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.repos.access import open_repository
from hub.repos.forks import forking
from hub.repos.git.store import directory
from tests.factories import SYSTEM, make_repository, make_user
from tests.fast_import import Stream
from tests.odd_repository import OddRepository, git
from tests.visitor import Visitor, words_of

pytestmark = pytest.mark.reads

# Tags of a tree and of a file.
NO_COMMITS = {"of-a-tree", "of-a-file", "light-tree"}


@pytest.fixture
def reader(hub: Hub, app: Flask, own_odd: OddRepository) -> Visitor:
    """Somebody who is signed in, so that no request is counted."""
    with hub.database.writing() as session:
        make_user(session, "eve")
    visitor = Visitor(app)
    visitor.sign_in("eve")
    return visitor


def make_fork(hub: Hub, *, owner: str = "bo", visibility: Visibility = Visibility.PUBLIC) -> Path:
    """A fork of anna/odd with one more commit, on its branch `topic`."""
    with hub.database.writing() as session:
        bo = make_user(session, owner)
        origin = open_repository(session, SYSTEM, "anna/odd", need=Permission.SEE)
        made = forking.fork_repository(
            session, get_user(session, owner).viewer(), origin, owner=bo, name="odd", visibility=visibility
        )
        place = directory(hub.config, made)
    tip = git(place, "rev-parse", "refs/heads/main").decode().strip()
    stream = Stream()
    stream.commit("topic", b"refs/heads/topic", {b"README.md": b"# Of the fork\n"}, parents=[tip])
    stream.run(place)
    return place


@pytest.mark.parametrize(
    ("spec", "heading", "said"),
    [
        ("main...feature/b/c", "What feature/b/c brings to main", "main has every commit of feature/b/c"),
        ("feature/b/c...main", "What main brings to feature/b/c", "arms/arm 1"),
        ("feature/b/c..main", "main compared with feature/b/c", "arms/arm 1"),
        ("main..feature/b/c", "feature/b/c compared with main", "what follows is what it has besides"),
        ("v1...light", "What light brings to v1", "Nothing new"),
        ("light...v1", "What v1 brings to light", "commits"),
        ("main...main", "What main brings to main", "The same commit"),
        ("main...bomb", "What bomb brings to main", "These two have no commit in common"),
        ("release-1.0", "What release-1.0 brings to main", "1 commit"),
        ("...release-1.0", "What release-1.0 brings to main", "VERSION"),
        ("main...release/2024/01", "What release/2024/01 brings to main", "The same commit"),
    ],
)
def test_two_names_are_compared(stranger: Visitor, spec: str, heading: str, said: str) -> None:
    page = stranger.get(f"/anna/odd/compare/{spec}")
    assert page.status_code == 200
    assert heading in words_of(page.text)
    assert said in words_of(page.text)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("main...nosuch", "There is no branch, tag or commit “nosuch” in anna/odd"),
        ("nosuch..main", "There is no branch, tag or commit “nosuch” in anna/odd"),
        ("main...feature", "There is no branch, tag or commit “feature” in anna/odd"),
        ("main...feature/a/more", "There is no branch, tag or commit “feature/a/more” in anna/odd"),
        ("main...of-a-file", "There is no branch, tag or commit “of-a-file” in anna/odd"),
        ("main...eve:main", "eve has no fork of this repository, nor its origin"),
        ("main...nobody:main", "nobody has no fork of this repository, nor its origin"),
        ("main...refs/changes/1/1", "There is no branch, tag or commit “refs/changes/1/1” in anna/odd"),
        ("main...../../x", "There is no branch, tag or commit"),
        ("main...%00", "There is no such page"),
    ],
)
def test_what_is_not_there_is_said(stranger: Visitor, spec: str, said: str) -> None:
    page = stranger.get(f"/anna/odd/compare/{spec}")
    assert page.status_code == 404
    assert said in words_of(page.text)


@pytest.mark.parametrize("which", ["hidden", "deleted"])
def test_ids_that_no_branch_leads_to_are_unknown(stranger: Visitor, odd: OddRepository, which: str) -> None:
    for spec in ("main...{}", "{}..main", "main...{}.diff", "{}...main.patch"):
        answers = [
            stranger.get(f"/anna/odd/compare/{spec.format(one)}") for one in (odd.commits[which], "1" * 40)
        ]
        said = [words_of(answer.text).split(", request ")[0] for answer in answers]
        assert said[0].replace(odd.commits[which], "X") == said[1].replace("1" * 40, "X")
        assert answers[0].status_code == 404


def test_every_branch_is_compared_whatever_it_is_called(stranger: Visitor) -> None:
    page = stranger.get("/anna/odd/compare").text
    names = [html.unescape(name) for name in re.findall(r'<option value="([^"]*)">', page)]
    assert len(names) > 25
    for name in names:
        asked = {"base": "main", "head": name}
        answer = stranger.client.get("/anna/odd/compare", query_string=asked)
        status = stranger.get(answer.location).status_code
        assert (name, status) == (name, 404 if name in NO_COMMITS else 200)
    path = "/anna/odd/compare/main...latin-\xe4"
    latin = stranger.client.get("/x", environ_overrides={"PATH_INFO": path})
    assert "/anna/odd/compare/latin-%E4...main" in latin.text


def test_the_form_leads_to_the_comparison(stranger: Visitor) -> None:
    answer = stranger.client.get("/anna/odd/compare?base=v1&head=feature/a&dots=..")
    assert (answer.status_code, answer.location) == (302, "/anna/odd/compare/v1..feature/a")
    assert stranger.client.get("/anna/odd/compare?head=v1").location == "/anna/odd/compare/main...v1"


def test_a_fork_is_compared_with_its_origin_and_the_other_way_round(hub: Hub, reader: Visitor) -> None:
    make_fork(hub)
    ahead = words_of(reader.get("/anna/odd/compare/main...bo:topic").text)
    assert "What bo:topic brings to main" in ahead
    assert "1 commit" in ahead
    assert "# Of the fork" in ahead
    assert "Nothing new" in words_of(reader.get("/anna/odd/compare/bo:topic...main").text)
    same = words_of(reader.get("/bo/odd/compare/anna:main...topic").text)
    assert "# Of the fork" in same
    assert "# Of the fork" in words_of(reader.get("/anna/odd/compare/main..bo/odd:topic").text)
    links = re.findall(r'href="(/bo/odd/src/[^"]*)"', reader.get("/anna/odd/compare/main...bo:topic").text)
    assert any(link.endswith("README.md") for link in links)


def test_commits_of_a_fork_are_not_those_of_its_origin(hub: Hub, reader: Visitor) -> None:
    """Attack: an id that only a fork has, asked of the origin, whose store a fork can read."""
    place = make_fork(hub)
    topic = git(place, "rev-parse", "refs/heads/topic").decode().strip()
    assert reader.get(f"/anna/odd/compare/main...{topic}").status_code == 404
    assert reader.get(f"/anna/odd/compare/main...bo:{topic}").status_code == 200


def test_a_private_fork_is_there_for_who_may_see_it_alone(hub: Hub, app: Flask, reader: Visitor) -> None:
    make_fork(hub, visibility=Visibility.PRIVATE)
    hidden, missing = (reader.get(f"/anna/odd/compare/main...{one}:topic") for one in ("bo", "ba"))
    assert hidden.status_code == missing.status_code == 404
    said = [words_of(one.text).split(", request ")[0] for one in (hidden, missing)]
    assert said[0].replace("bo", "X") == said[1].replace("ba", "X")
    bo = Visitor(app)
    bo.sign_in("bo")
    assert "# Of the fork" in words_of(bo.get("/anna/odd/compare/main...bo:topic").text)
    text = bo.get("/anna/odd/compare/main...bo:topic.diff")
    assert text.headers["Cache-Control"] == "private, no-cache"


def test_texts_are_those_of_git(hub: Hub, reader: Visitor, own_odd: OddRepository) -> None:
    fork, place = make_fork(hub), own_odd.directory
    both = ("refs/heads/release-1.0", "refs/heads/main")
    printed = {
        "release-1.0...main.patch": git(place, "format-patch", "--stdout", "..".join(both)),
        "release-1.0..main.diff": git(place, "diff", "-M", *both),
        "release-1.0...main.diff": git(place, "diff", "-M", "...".join(both)),
        "main...bo:topic.diff": git(fork, "diff", "refs/heads/main", "refs/heads/topic"),
    }
    assert {spec: reader.get(f"/anna/odd/compare/{spec}").data == text for spec, text in printed.items()} == (
        dict.fromkeys(printed, True)
    )


def test_parts_of_a_comparison_are_named_by_ids(stranger: Visitor, odd: OddRepository) -> None:
    page = stranger.get("/anna/odd/compare/feature/b/c...main").text
    ids = f"{odd.refs['refs/heads/feature/b/c']}...{odd.tip}"
    part = re.search(rf'href="(/anna/odd/compare/{ids}\?from=301)"', page)
    assert part is not None
    assert stranger.get(part[1]).status_code == 200
    assert 'href="/anna/odd/compare/feature/b/c...main?view=split"' in page


def test_strangers_are_counted(own_stranger: Visitor) -> None:
    answers = [own_stranger.get("/anna/odd/compare/main...v1").status_code for _ in range(21)]
    assert (answers[0], answers[-1]) == (200, 429)


def test_an_empty_repository_has_nothing_to_compare(hub: Hub, app: Flask) -> None:
    with hub.database.writing() as session:
        make_repository(session, make_user(session, "anna"), "empty")
    visitor = Visitor(app)
    assert "Nothing to compare yet" in words_of(visitor.get("/anna/empty/compare").text)
    assert visitor.get("/anna/empty/compare/main...x").status_code == 404
