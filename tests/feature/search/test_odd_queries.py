"""Whatever somebody writes into the box is answered: with what is found, or with what is wrong and where."""

import random
import re
from contextlib import suppress

import pytest
from flask.testing import FlaskClient

from hub.app import Hub
from hub.search.code.indexing import indexing
from hub.search.code.queries import FILTERS, read_code_query
from hub.search.syntax import Misunderstood
from tests.factories import make_token, make_user
from tests.feature.search.test_code_indexing import Code
from tests.visitor import words_of

# What is asked, and what is said where it cannot be read.
ODD = {
    "-": "",
    "--": "",
    "- -": "",
    "/": "",
    "//": "nothing between the slashes",
    "/ /": "",
    '"': "not closed",
    '""': "nothing between the quotes",
    "OR": "stands between two",
    "OR OR": "stands between two",
    "a OR OR b": "stands between two",
    "-OR": "",
    "a\0b": "not text",
    "\u05e9\u05dc\u05d5\u05dd \u202e": "",
    "\U0001f600 \U0001f469\u200d\U0001f680": "",
    "\ufffe\uffff": "",
    "\\": "",
    "a\nb": "",
    '"a\nb"': "",
    "/" + "(" * 500 + ")" * 499 + "/": "cannot be read",
    "/(a{1000}){1000}/": "cannot be read",
    "/((a{100}){100}){100}/": "cannot be read",
    "/" + "[a-z]{1,900}" * 50 + "/": "",
    r"/\p{Greek}{500}\pL{500}/": "cannot be read",
    "/(?i)(?m)(?s)^$/": "",
    r"/\x{10ffff}/": "",
    r"/\x{110000}/": "cannot be read",
    "/(?P<a>x)(?P<a>y)/": "",
    "/a(?=b)/": "cannot be read",
    r"/(a)\1/": "cannot be read",
    "path:" + "*" * 900: "",
    "path:" + "?" * 900: "cannot be read",
    "path:" + "x/" * 600: "cannot be read",
    "path:/" + "x" * 1990: "cannot be read",
    "file:" + "(" * 900: "cannot be read",
    "repo:" + "?" * 900 + " x": "cannot be read",
    "owner:" + "*?" * 900 + " x": "cannot be read",
    "path:/[/": "cannot be read",
    "branch:" + "x" * 900 + " y": "",
    "branch:.. y": "",
    "lang:" + "x" * 900: "",
    "sym:" + "x" * 900: "",
    'sym:"a b"': "",
    "fork:": "has no value",
    "case:YES x": "",
    "x" * 2000: "",
    "x " * 41: "more than 40 parts",
    "x" * 2001: "more than 2000",
}


@pytest.fixture
def person(client: FlaskClient, hub: Hub) -> FlaskClient:
    """Somebody whom the gate lets in as often as they like."""
    with hub.database.writing() as session:
        secret = make_token(session, make_user(session))
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    with indexing(hub.config) as index:
        code = Code(hub, index)
        one = code.make()
        code.commit(one, {b"a.py": "def x():\n    \u05e9\u05dc\u05d5\u05dd - -- / // \\\\\n".encode()})
        code.update(one)
    return client


def test_odd_queries_are_answered(person: FlaskClient) -> None:
    wrong = {}
    for query, fault in ODD.items():
        asked = {"q": query}
        for address in ("/api/v1/search/code", "/search/suggestions"):
            assert person.get(address, query_string=asked).status_code < 500, (query[:80], address)
        answer = person.get("/search", query_string=asked)
        # A request with a NUL in its address is none.
        expected = 404 if "\0" in query else 422 if fault else 200
        if answer.status_code != expected or (expected == 422 and fault not in words_of(answer.text)):
            wrong[query[:80]] = answer.status_code
    assert wrong == {}


def test_the_place_that_cannot_be_read_is_marked(person: FlaskClient) -> None:
    for query, marked in (
        ("a repo: b", "repo:"),
        ('x "not closed', "&#34;not"),
        ("x OR", "OR"),
        ("a /(/ b", "/(/"),
    ):
        page = person.get("/search", query_string={"q": query}).text
        assert re.findall("<mark>(.*?)</mark>", page) == [marked]


def test_what_is_made_of_any_pieces_is_read_or_refused() -> None:
    chance = random.Random(8)
    pieces = [
        *(f"{name}:" for name in FILTERS),
        "-",
        '"',
        "/",
        "\\",
        "OR",
        " ",
        " ",
        "*",
        "?",
        "(",
        ")",
        "[",
        "{9}",
        "x",
        "é",
    ]
    for _ in range(3_000):
        query = "".join(chance.choices(pieces, k=chance.randint(1, 12)))
        with suppress(Misunderstood):
            read_code_query(query)
