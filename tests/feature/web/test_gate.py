"""The gate before costly pages: strangers get some, then a cookie, and robots wait."""

import dataclasses
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from flask import Flask, request
from sqlalchemy import select, update
from werkzeug.routing import Rule

from hub.access import Scope
from hub.app import Hub, create_app
from hub.db import Database
from hub.web import gate, jobs
from hub.web.budgets import Budget, spend
from hub.web.scopes import Costly, needs, public_page
from tests.factories import make_token, make_user
from tests.visitor import Visitor, words_of

HERE, OTHER = "203.0.113.7", "198.51.100.7"
# What stands behind the repository in an address, and whether robots would never come to an end there.
# History costs little until a path is named, and a tag's archive is made once.
COSTLY_WORDS = {
    "blame": Costly.ALWAYS,
    "compare": Costly.ALWAYS,
    "commits": Costly.SOMETIMES,
    "find": Costly.SOMETIMES,
    "symbol": Costly.SOMETIMES,
    "outline": Costly.SOMETIMES,
    "archive": Costly.SOMETIMES,
    "changes/files": Costly.ALWAYS,
}
COSTLY_PLACES = {
    "/search": Costly.SOMETIMES,
    "/api/v1/search/code": Costly.SOMETIMES,
    "/<owner>/<name>/symbol": Costly.SOMETIMES,
}


def always() -> str:
    return "told"


def sometimes() -> str:
    if request.args.get("path"):
        gate.admit()
    return "told"


def undeclared() -> str:
    gate.admit()
    return "told"


def make_app(hub: Hub) -> Flask:
    made = create_app(hub)
    for view, costly in ((always, Costly.ALWAYS), (sometimes, Costly.SOMETIMES)):
        declared = needs(Scope.REPOSITORY_READ, costly=costly)(view)
        made.add_url_rule(f"/-/{view.__name__}", view.__name__, declared, methods=["GET", "POST"])
    made.add_url_rule("/-/undeclared", "undeclared", public_page()(undeclared))
    return made


@pytest.fixture
def app(hub: Hub) -> Flask:
    """The pages, and some that cost much."""
    return make_app(hub)


def ask(visitor: Visitor, times: int, path: str = "/-/always") -> list[int]:
    return [visitor.get(path).status_code for _ in range(times)]


def use_up(hub: Hub, subject: str, spent: int) -> None:
    for _ in range(spent):
        assert spend(hub.database, subject, limit=spent) == 0


def test_twenty_pages_a_minute_are_answered_to_a_network(app: Flask) -> None:
    statuses = [ask(Visitor(app, address=f"203.0.113.{number}"), 1) for number in range(22)]
    assert statuses == [[200]] * 20 + [[429]] * 2
    assert ask(Visitor(app, address=OTHER), 1) == [200]


def test_a_network_of_ipv6_is_a_48(app: Flask, hub: Hub) -> None:
    use_up(hub, "costly 2001:db8:1::/48", 20)
    assert ask(Visitor(app, address="2001:db8:1:ffff::1"), 1) == [429]
    assert ask(Visitor(app, address="2001:db8:2::1"), 1) == [200]


def test_refusal_says_when_and_leads_people_on(app: Flask, hub: Hub) -> None:
    use_up(hub, "costly 203.0.113.0/24", 20)
    answer = Visitor(app, address=HERE).get("/-/always?a=1&b=ä", Accept="text/html")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert "Go on as a person" in words_of(answer.text)
    assert 'href="/-/through?next=/-/always?a%3D1%26b%3D%25C3%25A4" rel="nofollow"' in answer.text


@pytest.mark.parametrize("accept", ["application/json", "text/plain"])
def test_programs_are_told_in_their_form(app: Flask, hub: Hub, accept: str) -> None:
    use_up(hub, "costly 203.0.113.0/24", 20)
    answer = Visitor(app, address=HERE).get("/-/always", Accept=accept)
    assert answer.status_code == 429
    assert "or sign in: a token does so for a program" in answer.text
    assert "/-/through" not in answer.text


def test_people_get_in_by_one_link_and_are_where_they_wanted(app: Flask, hub: Hub) -> None:
    use_up(hub, "costly 203.0.113.0/24", 20)
    person = Visitor(app, address=HERE)
    way = re.search(r'href="(/-/through[^"]*)"', person.get("/-/always?line=3").text)
    assert way is not None
    page = person.get(way[1])
    assert page.headers["Cache-Control"] == "no-store"
    assert 'href="/-/always?line=3"' in page.text
    assert ask(person, 25, "/-/always?line=3") == [200] * 25


def test_the_cookie_is_for_nothing_else_and_says_no_more(app: Flask) -> None:
    answer = Visitor(app, address=HERE).get("/-/through")
    (cookie,) = (one for one in answer.headers.getlist("Set-Cookie") if one.startswith("hub-through="))
    attributes = {part.strip().partition("=")[0] for part in cookie.split(";")[1:]}
    assert {"HttpOnly", "SameSite", "Max-Age", "Path"} <= attributes
    assert "Max-Age=604800" in cookie


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "nonsense", ""]
)
def test_the_way_through_leads_nowhere_else(app: Flask, wanted: str) -> None:
    page = Visitor(app).get(f"/-/through?{urlencode({'next': wanted})}").text
    assert "evil" not in page
    assert '<a class="btn main" href="/"' in page


def test_a_cookie_holds_in_its_network_and_for_its_days(app: Flask, hub: Hub) -> None:
    for network in ("203.0.113.0/24", "198.51.100.0/24"):
        use_up(hub, f"costly {network}", 20)
    person = Visitor(app, address=HERE)
    person.get("/-/through")
    cookie = person.client.get_cookie("hub-through")
    assert cookie is not None
    elsewhere = Visitor(app, address=OTHER)
    elsewhere.client.set_cookie("hub-through", cookie.value)
    forged = Visitor(app, address=HERE)
    forged.client.set_cookie("hub-through", cookie.value[:-2])
    assert (ask(person, 1), ask(elsewhere, 1), ask(forged, 1)) == ([200], [429], [429])


def test_a_robot_that_keeps_cookies_is_slowed_too(app: Flask, hub: Hub) -> None:
    use_up(hub, "through 203.0.113.0/24", gate.PER_MINUTE_THROUGH - 1)
    robot = Visitor(app, address=HERE)
    robot.get("/-/through")
    assert ask(robot, 2) == [200, 429]
    robot.get("/-/through")
    assert "/-/through" not in robot.get("/-/always").text


def test_who_signs_in_or_sends_a_token_is_never_asked(app: Flask, hub: Hub) -> None:
    use_up(hub, "costly 203.0.113.0/24", 20)
    with hub.database.writing() as session:
        token = make_token(session, make_user(session, "anna"))
    anna = Visitor(app, address=HERE)
    anna.sign_in("anna")
    assert ask(anna, 25) == [200] * 25
    program = Visitor(app, address=HERE, Authorization=f"token {token}")
    assert ask(program, 25) == [200] * 25
    with hub.database.reading() as session:
        assert [one.spent for one in session.scalars(select(Budget))] == [20]


def test_a_page_that_is_costly_sometimes_counts_then_only(app: Flask, hub: Hub) -> None:
    visitor = Visitor(app, address=HERE)
    assert ask(visitor, 30, "/-/sometimes") == [200] * 30
    with hub.database.reading() as session:
        assert session.scalars(select(Budget)).all() == []
    assert ask(visitor, 21, "/-/sometimes?path=a") == [200] * 20 + [429]
    assert ask(visitor, 1, "/-/sometimes") == [200]


def test_a_page_that_does_not_declare_itself_costly_cannot_be(app: Flask) -> None:
    with app.test_request_context("/-/undeclared"), pytest.raises(RuntimeError, match="undeclared"):
        gate.admit()


def test_the_minute_passes_and_is_forgotten(app: Flask, hub: Hub) -> None:
    use_up(hub, "costly 203.0.113.0/24", 20)
    use_up(hub, "costly 198.51.100.0/24", 20)
    with hub.database.writing() as session:
        is_here = Budget.subject == "costly 203.0.113.0/24"
        moved = session.scalar(select(Budget.began_at).where(is_here))
        assert moved is not None
        session.execute(update(Budget).where(is_here).values(began_at=moved - timedelta(seconds=61)))
    assert ask(Visitor(app, address=HERE), 21) == [200] * 20 + [429]
    with hub.database.writing() as session:
        session.execute(update(Budget).where(is_here).values(began_at=moved - timedelta(seconds=61)))
    jobs.forget_budgets.function(hub.database)
    with hub.database.reading() as session:
        assert [one.subject for one in session.scalars(select(Budget))] == ["costly 198.51.100.0/24"]


def test_requests_at_once_get_no_more_than_there_is(hub: Hub) -> None:
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: spend(hub.database, "one", limit=20), range(60)))
    assert waits.count(0) == 20
    assert all(0 <= one <= 60 for one in waits)


def test_a_hub_without_the_gate_counts_nobody(hub: Hub) -> None:
    database = Database(dataclasses.replace(hub.config, costly_per_minute=0))
    ungated = dataclasses.replace(hub, config=database.config, database=database)
    assert ask(Visitor(make_app(ungated)), 25) == [200] * 25
    with database.reading() as session:
        assert session.scalars(select(Budget)).all() == []
    database.dispose()


def costly_of(app: Flask, rule: Rule) -> Costly:
    view = app.view_functions[rule.endpoint]
    declared = getattr(view, "hub_declaration").costly  # noqa: B009  # set by a decorator
    assert isinstance(declared, Costly)
    return declared


def test_exactly_the_costly_pages_of_repositories_say_so(hub: Hub) -> None:
    """A page at one of these addresses declares `needs(..., costly=...)`; where it is so sometimes its view
    calls `gate.admit()` once it knows."""
    app = create_app(hub)
    found, expected = {}, {}
    for rule in app.url_map.iter_rules():
        words = rule.rule.split("/")
        # A word with nothing behind it is a form, or leads to the default branch.
        is_within = rule.rule.startswith("/<owner>/<name>/") and len(words) > 4
        word = words[3] if is_within else ""
        # What stands behind the number of a change is another page of it.
        word = "/".join((word, *words[5:6])) if word == "changes" else word
        expected[rule.rule] = COSTLY_PLACES.get(rule.rule, COSTLY_WORDS.get(word, Costly.NEVER))
        found[rule.rule] = costly_of(app, rule)
    assert found == expected
