"""The first page, the page of an owner, and the manual."""

import pytest
from flask import Flask

from hub.access import Visibility
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.config import documented
from tests.factories import make_repository, make_user
from tests.visitor import Visitor, words_of


@pytest.fixture(autouse=True)
def anna(hub: Hub) -> None:
    with hub.database.writing() as session:
        make_user(session, "anna")


def make(hub: Hub, *names: str, visibility: Visibility = Visibility.PUBLIC) -> None:
    with hub.database.writing() as session:
        for name in names:
            make_repository(session, get_user(session, "anna"), name, visibility=visibility)


def test_first_page_of_an_empty_hub_says_what_would_be_there(app: Flask) -> None:
    assert "No public repository yet" in words_of(Visitor(app).get("/").text)
    anna = Visitor(app)
    anna.sign_in("anna")
    assert "You have no repository yet" in words_of(anna.get("/").text)


def test_first_page_lists_public_repositories_and_mine(app: Flask, hub: Hub) -> None:
    make(hub, "demo")
    make(hub, "secret", visibility=Visibility.PRIVATE)
    stranger = Visitor(app).get("/").text
    assert "/anna/demo" in stranger
    assert "secret" not in stranger
    anna = Visitor(app)
    anna.sign_in("anna")
    page = anna.get("/").text
    assert page.count('href="/anna/demo"') == 1
    assert page.count('href="/anna/secret"') == 1


def test_long_list_comes_in_pages(app: Flask, hub: Hub) -> None:
    make(hub, *(f"demo-{number}" for number in range(31)))
    for path in ("/", "/anna"):
        first, second = Visitor(app).get(path).text, Visitor(app).get(f"{path}?page=2").text
        assert (first.count('href="/anna/demo-'), second.count('href="/anna/demo-')) == (30, 1)
        assert 'href="?page=2"' in first
        assert 'href="?page=1"' in second


@pytest.mark.parametrize("path", ["/anna", "/Anna", "/ANNA"])
def test_owner_is_found_in_any_case(app: Flask, path: str) -> None:
    assert "<h1" in Visitor(app).get(path).text


def test_owner_that_does_not_exist_is_named_in_the_answer(app: Flask) -> None:
    answer = Visitor(app).get("/nobody-here")
    assert answer.status_code == 404
    assert "Nobody here is called “nobody-here”" in words_of(answer.text)


def test_text_of_people_is_shown_as_text(app: Flask, hub: Hub) -> None:
    with hub.database.writing() as session:
        make_repository(
            session, get_user(session, "anna"), "demo", description="<img src=x onerror=alert(1)>"
        )
    for path in ("/", "/anna", "/anna/demo"):
        page = Visitor(app).get(path).text
        assert "<img" not in page
        assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_manual_names_every_setting(app: Flask) -> None:
    page = Visitor(app).get("/help/operate").text
    assert [name for name, variable, _, _ in documented() if variable not in page] == []


@pytest.mark.parametrize("page", ["index", "_refusals", "none", "..%2fbase", "../base"])
def test_manual_has_no_other_pages(app: Flask, page: str) -> None:
    assert Visitor(app).get(f"/help/{page}").status_code == 404


def test_crawlers_are_kept_from_pages_that_are_not_for_them(app: Flask) -> None:
    answer = Visitor(app).get("/robots.txt")
    assert answer.content_type == "text/plain; charset=utf-8"
    assert "Disallow: /settings/\n" in answer.text
