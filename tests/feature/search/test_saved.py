"""Searches that somebody saved: kept under a name, asked again, and nobody else's."""

import html
import re

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from hub.access import Scope
from hub.accounts.leaving import delete_account
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.search.models import SavedSearch
from hub.search.saved.actions import Asked, save_search
from hub.search.saved.ready import READY
from tests.factories import SYSTEM, make_token, make_user
from tests.visitor import Visitor, words_of

HERE = "/settings/searches"


@pytest.fixture
def anna(app: Flask, hub: Hub) -> Visitor:
    with hub.database.writing() as session:
        make_user(session, "anna")
        make_user(session, "bo")
    return signed_in(app, "anna")


def signed_in(app: Flask, name: str) -> Visitor:
    visitor = Visitor(app)
    visitor.sign_in(name)
    return visitor


def save(visitor: Visitor, name: str, *, query: str = "parse", **values: str) -> TestResponse:
    given = {"name": name, "type": "code", "q": query, "sort": "", **values}
    return visitor.post(HERE, {**given, "csrf_token": token_of(visitor)})


def token_of(visitor: Visitor) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get("/settings/profile").text)
    assert found is not None
    return found[1]


def names_on(page: TestResponse) -> list[str]:
    return re.findall(r"<b><bdi>([^<]*)</bdi></b>", page.text)


def do(visitor: Visitor, what: str, saved_id: int, **values: str) -> TestResponse:
    return visitor.post(f"{HERE}/{saved_id}/{what}", {**values, "csrf_token": token_of(visitor)})


def test_a_search_is_saved_where_its_results_are_and_asked_again(anna: Visitor) -> None:
    answer = anna.submit("/search?q=parse+lang:c&sort=newest", action=HERE, name="Parsers  of ours")
    assert answer.headers["Location"] == "/search?q=parse+lang:c&sort=newest"
    assert "The search is saved as “Parsers of ours”." in anna.get("/").text
    front = anna.get("/search").text
    assert 'href="/search?q=parse+lang:c&amp;sort=newest"><bdi>Parsers of ours</bdi>' in front
    assert "Parsers of ours" in anna.get("/search?q=other").text
    assert names_on(anna.get(HERE)) == ["Parsers of ours"]


def test_the_name_that_is_offered_is_what_was_written(anna: Visitor) -> None:
    anna.submit(f"/search?q={'long ' * 30}", action=HERE)
    assert names_on(anna.get(HERE)) == [("long " * 20).strip()]


def test_everybody_has_some_that_are_answered(anna: Visitor, app: Flask) -> None:
    page = anna.get("/search")
    assert "Waiting for my review" not in Visitor(app).get("/search").text
    for one in READY:
        (link,) = re.findall(rf'href="([^"]*)">{one.name}<', page.text)
        answer = anna.get(html.unescape(link))
        assert answer.status_code == 200
        assert html.escape(f'name="q" type="search" value="{one.query}"', quote=False) in answer.text


def test_another_type_leads_to_that_type(anna: Visitor) -> None:
    answer = save(anna, "Mine", query="is:open", type="changes")
    assert answer.headers["Location"] == "/search?type=changes&q=is:open"


@pytest.mark.parametrize(
    ("name", "values", "fault"),
    [
        ("PARSERS", {}, "You have a saved search of this name. Choose another one"),
        (" ", {}, "Enter a name."),
        ("x" * 101, {}, "At most 100 characters."),
        ("an\u202ena", {}, "There is an invisible character in it"),
        ("new", {"query": " "}, "It asks for nothing."),
        ("new", {"query": "x" * 2001}, "It has more than 2000 characters."),
        ("new", {"type": "no/such"}, "There is no such type of search."),
        ("new", {"sort": "A B"}, "There is no such type of search."),
    ],
)
def test_what_cannot_be_saved_is_said_beside_the_form(
    anna: Visitor, name: str, values: dict[str, str], fault: str
) -> None:
    save(anna, "Parsers")
    answer = save(anna, name, **values)
    assert answer.status_code == 422
    assert fault in words_of(answer.text)
    assert names_on(anna.get(HERE)) == ["Parsers"]


def test_names_may_be_in_any_script(anna: Visitor, app: Flask) -> None:
    for name in ("חיפוש שלי", "Größe", "検索 🔍"):
        assert save(anna, name).status_code == 302
    assert save(anna, "GRÖSSE").status_code == 422
    assert names_on(anna.get(HERE)) == ["חיפוש שלי", "Größe", "検索 🔍"]
    assert save(signed_in(app, "bo"), "Größe").status_code == 302


def test_the_most_is_said_and_room_is_made_by_deleting(anna: Visitor, hub: Hub) -> None:
    with hub.database.writing() as session:
        viewer = get_user(session, "anna").viewer()
        for number in range(50):
            save_search(session, viewer, name=f"number {number}", asked=Asked("code", "x"))
    refused = save(anna, "one more")
    assert refused.status_code == 422
    assert "You have 50 saved searches, and that is the most. Delete one" in words_of(refused.text)
    assert do(anna, "delete", 7).headers["Location"] == HERE
    assert save(anna, "one more").status_code == 302


def test_searches_are_renamed_and_moved(anna: Visitor) -> None:
    for name in ("one", "two", "three"):
        save(anna, name)
    do(anna, "up", 3)
    do(anna, "up", 3)
    do(anna, "up", 3)
    assert do(anna, "rename", 1, name="ONE").headers["Location"] == HERE
    assert names_on(anna.get(HERE)) == ["three", "ONE", "two"]
    refused = do(anna, "rename", 1, name="Two")
    assert refused.status_code == 422
    assert 'value="Two"' in refused.text
    assert "You have a saved search of this name." in words_of(refused.text)
    assert names_on(anna.get(HERE)) == ["three", "ONE", "two"]


@pytest.mark.parametrize("what", ["rename", "up", "delete"])
def test_those_of_others_do_not_exist(anna: Visitor, app: Flask, what: str) -> None:
    save(anna, "secret plan")
    bo = signed_in(app, "bo")
    theirs, missing = do(bo, what, 1, name="x"), do(bo, what, 99, name="x")
    assert (theirs.status_code, missing.status_code) == (404, 404)
    assert len({words_of(one.text).partition(", request")[0] for one in (theirs, missing)}) == 1
    assert "secret plan" not in bo.get(HERE).text + bo.get("/search").text + bo.get("/search?q=a").text
    assert names_on(anna.get(HERE)) == ["secret plan"]


def test_strangers_and_forged_forms_save_nothing(anna: Visitor, app: Flask, hub: Hub) -> None:
    assert "Save this search" not in Visitor(app).get("/search?q=parse").text
    assert Visitor(app).post(HERE, {"name": "x", "q": "y"}).status_code in (302, 400, 401, 403)
    assert anna.post(HERE, {"name": "x", "q": "y"}).status_code == 403
    with hub.database.reading() as session:
        assert session.scalar(select(func.count(SavedSearch.id))) == 0


def test_a_token_that_reads_repositories_does_not_read_them(anna: Visitor, app: Flask, hub: Hub) -> None:
    save(anna, "secret plan")
    with hub.database.writing() as session:
        token = make_token(session, get_user(session, "anna"), scopes=frozenset({Scope.REPOSITORY_READ}))
    page = Visitor(app, Authorization=f"token {token}").get("/search")
    assert page.status_code == 200
    assert "secret plan" not in page.text


def test_they_end_with_the_account(anna: Visitor, hub: Hub) -> None:
    save(anna, "Parsers")
    with hub.database.writing() as session:
        delete_account(session, SYSTEM, get_user(session, "anna"))
        assert session.scalar(select(func.count(SavedSearch.id))) == 0
