"""The pages on which words are searched: types with counts, results with marks, orders, faults and help."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub.access import Visibility
from hub.app import Hub
from hub.search.words.registry import KINDS
from tests.feature.search.word_ground import Words
from tests.visitor import Visitor, words_of


@pytest.fixture
def words(hub: Hub) -> Words:
    made = Words(hub)
    anna = made.person("anna")
    topic = made.open(
        made.repository(anna, "demo"), anna, "Parse <i>commits</i>\n\nThe parser is slow & old."
    )
    made.say(topic, anna, "Parsing is <b>hard</b>")
    hidden = made.repository(anna, "hidden", Visibility.PRIVATE)
    made.say(made.open(hidden, anna, "Parse secrets"), anna, "To parse or not")
    made.catch_up()
    return made


@pytest.mark.usefixtures("words")
def test_each_type_shows_what_it_finds_and_how_much_the_others_do(app: Flask, client: FlaskClient) -> None:
    page = client.get("/search?type=changes&q=parse").text
    assert "<mark>Parse</mark> &lt;i&gt;commits&lt;/i&gt;" in page
    assert "The parser is slow &amp; old." in page
    assert "secrets" not in page
    said = words_of(page)
    assert "Changes 1 Comments 1 Commits People 0 Repositories 0" in said
    comments = client.get("/search?type=comments&q=parse").text
    assert "<mark>Parsing</mark> is &lt;b&gt;hard" in comments
    assert 'href="/anna/demo/changes/1#c1"' in comments
    anna = Visitor(app)
    anna.sign_in("anna")
    assert "Changes 2 Comments 2" in words_of(anna.get("/search?type=changes&q=parse").text)
    assert "2 found" in words_of(anna.get("/search?type=changes&q=author:me").text)
    assert "Repositories 1" in words_of(client.get("/search?q=anna").text)
    assert "<mark>anna</mark>/demo" in client.get("/search?type=repositories&q=anna").text
    assert "<mark>anna</mark>" in client.get("/search?type=people&q=anna").text


@pytest.mark.usefixtures("words")
@pytest.mark.parametrize(
    ("asked", "said", "status"),
    [
        ("type=changes&q=nowhere", "Nothing found", 200),
        ("type=changes&q=parse&page=7", "There is no such page", 200),
        ("type=changes&q=parse+lang:python", "Search for it in Code", 422),
        ("type=changes&q=label:bug", "there are no labels yet", 422),
        ("type=changes&q=author:me", "Sign in, or write a name", 422),
        ("type=changes&q=is:lost", "is: is one of open, draft", 422),
        ("type=comments&q=since:x", "takes an age such as 3d", 422),
        ("type=changes&q=parse&sort=size", "There is no such order", 400),
        ("type=nothing&q=parse", "The types are: code, changes", 400),
        ("type=changes&q=is:open&sort=waiting", "sorted by: Waiting longest for a review", 200),
    ],
)
def test_what_is_not_found_or_not_understood_is_said(
    client: FlaskClient, asked: str, said: str, status: int
) -> None:
    answer = client.get(f"/search?{asked}")
    assert answer.status_code == status
    assert said in words_of(answer.text)


def test_every_operator_is_explained_and_its_example_is_understood(client: FlaskClient, hub: Hub) -> None:
    Words(hub).catch_up()
    help_page = client.get("/help/searching").text
    for name, kind in KINDS.items():
        page = client.get(f"/search?type={name}").text
        for operator in kind.operators.values():
            assert operator.example in page
            assert operator.example in help_page
            query = {"type": name, "q": operator.example.replace(":me", ":anna")}
            assert client.get("/search", query_string=query).status_code in (200, 429)


def test_while_there_is_no_index_that_is_said(client: FlaskClient) -> None:
    answer = client.get("/search?type=changes&q=parse")
    assert answer.status_code == 503
    assert "being built" in words_of(answer.text)
    # What asks rows alone is answered, and so are the others' tabs.
    assert client.get("/search?type=changes&q=is:open").status_code == 200
    assert client.get("/search?q=parse").status_code == 200
