"""Stars, and the lists of repositories: mine, an owner's, starred ones, all."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from hub.access import Role, Visibility
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.clock import now
from hub.repos import stars
from hub.repos.models import Repository
from hub.repos.settings import settings
from tests.factories import SYSTEM, make_collaborator, make_repository, make_user
from tests.visitor import Visitor, words_of

pytestmark = pytest.mark.each_value

Browser = Callable[[str], Visitor]


def paths(page: str) -> list[str]:
    """The repositories of a page's lists, in order."""
    items = page.split("<main")[1].split('<a class="item-name" href="')[1:]
    return [item.partition('"')[0] for item in items]


@pytest.fixture
def four(hub: Hub) -> dict[str, int]:
    """anna/alpha (1 star, newest), bo/beta (2 stars, pushed last), anna/gamma (oldest), bo/hidden."""
    with hub.database.writing() as session:
        anna, bo = make_user(session, "anna"), make_user(session, "bo")
        made = {
            "alpha": make_repository(session, anna, "alpha", description="The FIRST letter"),
            "beta": make_repository(session, bo, "beta", description="100% done"),
            "gamma": make_repository(session, anna, "gamma"),
            "hidden": make_repository(session, bo, "hidden", visibility=Visibility.PRIVATE),
        }
        for days, name in enumerate(("alpha", "beta", "gamma", "hidden")):
            made[name].created_at = now() - timedelta(days=days + 1)
        made["beta"].pushed_at = now()
        stars.star(session, anna.viewer(), made["beta"])
        stars.star(session, bo.viewer(), made["beta"])
        stars.star(session, bo.viewer(), made["alpha"])
        return {name: one.id for name, one in made.items()}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["/bo/beta", "/anna/alpha", "/anna/gamma"]),
        ("?sort=pushed", ["/bo/beta", "/anna/alpha", "/anna/gamma"]),
        ("?sort=stars", ["/bo/beta", "/anna/alpha", "/anna/gamma"]),
        ("?sort=newest", ["/anna/alpha", "/bo/beta", "/anna/gamma"]),
        ("?sort=name", ["/anna/alpha", "/bo/beta", "/anna/gamma"]),
        ("?q=first", ["/anna/alpha"]),
        ("?q=LETTER+alp", ["/anna/alpha"]),
        ("?q=bo", ["/bo/beta"]),
        ("?q=%25", ["/bo/beta"]),
        ("?q=_", []),
        ("?q=hidden", []),
        ("?q=gamma&sort=name", ["/anna/gamma"]),
        ("?q=&sort=", ["/bo/beta", "/anna/alpha", "/anna/gamma"]),
    ],
)
def test_explore_filters_and_sorts(app: Flask, four: dict[str, int], query: str, expected: list[str]) -> None:
    assert paths(Visitor(app).get(f"/explore{query}").text) == expected


def test_explore_shows_private_ones_to_those_with_a_role(
    browser: Browser, hub: Hub, four: dict[str, int]
) -> None:
    with hub.database.writing() as session:
        reader = make_collaborator(session, session.get_one(Repository, four["hidden"]), role=Role.READ).name
    for name, sees in (("bo", True), (reader, True), ("anna", False), ("root", True)):
        assert ("/bo/hidden" in paths(browser(name).get("/explore").text)) is sees


def test_an_order_that_does_not_exist_is_refused(app: Flask, four: dict[str, int]) -> None:
    answer = Visitor(app).get("/explore?sort=secret")
    assert answer.status_code == 400
    assert "Repositories are not sorted by that." in answer.text.replace("that<", "that.<")


def test_pages_of_a_search_keep_what_is_searched(app: Flask, hub: Hub, four: dict[str, int]) -> None:
    with hub.database.writing() as session:
        for number in range(31):
            make_repository(session, get_user(session, "anna"), f"many-{number}")
    page = Visitor(app).get("/explore?q=many&sort=name").text
    assert len(paths(page)) == 30
    assert "page=2" in page
    following = page.split('rel="next nofollow" href="')[1].partition('"')[0].replace("&amp;", "&")
    assert paths(Visitor(app).get(f"/explore{following}").text) == ["/anna/many-9"]


def test_a_page_behind_the_last_says_so_and_leads_back(app: Flask, four: dict[str, int]) -> None:
    for path in ("/explore?page=9", "/anna?page=9", "/anna?q=alp&page=9"):
        page = Visitor(app).get(path).text
        assert "The list ends before this page" in words_of(page), path
        assert 'href="?"' in page
    assert "It has 3 entries." in words_of(Visitor(app).get("/explore?page=9").text)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["/anna/alpha", "/anna/gamma"]),
        ("?sort=name", ["/anna/alpha", "/anna/gamma"]),
        ("?q=letter", ["/anna/alpha"]),
        ("?q=beta", []),
    ],
)
def test_the_page_of_an_owner_filters_and_sorts_theirs(
    app: Flask, four: dict[str, int], query: str, expected: list[str]
) -> None:
    page = Visitor(app).get(f"/anna{query}").text
    assert paths(page) == expected
    assert ("Nothing found" in words_of(page)) is (not expected)


@pytest.mark.parametrize("word", ["ärger", "Ärger", "ÄRGER", "日本"])
def test_words_are_found_in_any_script_and_case(
    app: Flask, hub: Hub, four: dict[str, int], word: str
) -> None:
    with hub.database.writing() as session:
        session.get_one(Repository, four["gamma"]).description = "Ärger in 日本語"
    assert paths(Visitor(app).get(f"/explore?q={word}").text) == ["/anna/gamma"]


def test_star_is_given_counted_listed_and_taken_back(browser: Browser, four: dict[str, int]) -> None:
    anna = browser("anna")
    answer = anna.submit("/anna/gamma", action="/anna/gamma/star")
    assert answer.headers["Location"] == "/anna/gamma"
    assert "Starred" in words_of("<main>" + anna.get("/anna/gamma").text.split("<main")[0])
    assert paths(anna.get("/starred").text) == ["/bo/beta", "/anna/gamma"]
    anna.submit("/anna/gamma", action="/anna/gamma/unstar")
    assert paths(anna.get("/starred").text) == ["/bo/beta"]


def test_starring_twice_is_one_star(hub: Hub, four: dict[str, int]) -> None:
    with hub.database.writing() as session:
        beta, anna = session.get_one(Repository, four["beta"]), get_user(session, "anna").viewer()
        stars.star(session, anna, beta)
        assert stars.count_stars(session, beta) == 2
        stars.unstar(session, anna, beta)
        stars.unstar(session, anna, beta)
        assert stars.count_stars(session, beta) == 1


def test_a_star_shows_nothing_that_was_made_private(browser: Browser, hub: Hub, four: dict[str, int]) -> None:
    with hub.database.writing() as session:
        beta = session.get_one(Repository, four["beta"])
        settings.set_visibility(session, SYSTEM, beta, visibility=Visibility.PRIVATE)
    anna = browser("anna")
    assert paths(anna.get("/starred").text) == []
    assert "beta" not in anna.get("/").text


def test_strangers_star_nothing(app: Flask, four: dict[str, int]) -> None:
    visitor = Visitor(app)
    assert "/star" not in visitor.get("/bo/beta").text.split("<main")[0]
    assert visitor.get("/starred").headers["Location"] == "/login?next=/starred"


def test_first_page_lists_nothing_twice(browser: Browser, hub: Hub, four: dict[str, int]) -> None:
    with hub.database.writing() as session:
        member = make_collaborator(session, session.get_one(Repository, four["gamma"]), role=Role.READ).name
    assert paths(browser("anna").get("/").text) == ["/anna/alpha", "/anna/gamma", "/bo/beta"]
    assert paths(browser(member).get("/").text) == ["/anna/gamma", "/bo/beta", "/anna/alpha"]


def test_archived_ones_are_marked_in_lists(browser: Browser, hub: Hub, four: dict[str, int]) -> None:
    with hub.database.writing() as session:
        settings.archive(session, SYSTEM, session.get_one(Repository, four["alpha"]))
    for page in ("/", "/anna", "/explore"):
        assert "alpha Archived" in words_of(browser("anna").get(page).text)
