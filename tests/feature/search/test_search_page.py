"""The page on which code is searched, and the same for programs."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub.access import Scope, Visibility
from hub.app import Hub
from hub.repos.models import Repository
from hub.search.code.indexing import indexing
from tests.factories import make_token, make_user
from tests.feature.search.test_code_indexing import Code
from tests.visitor import words_of


@pytest.fixture
def code(hub: Hub) -> Iterator[Code]:
    with indexing(hub.config) as index:
        made = Code(hub, index)
        one = made.make()
        made.commit(
            one,
            {
                b"src/parser.py": b"def parse(text):\n    return text & <b>\n",
                b"odd/caf\xe9 #1.txt": b"parse \xe2\x80\xae this\n",
            },
        )
        made.update(one)
        yield made


def _path(code: Code) -> str:
    with code.hub.database.reading() as session:
        return session.get_one(Repository, 1).path


def test_nothing_asked_shows_how_to_ask(client: FlaskClient) -> None:
    page = client.get("/search").text
    assert "What to look for" in page
    for example in ("foo-&gt;bar(", "lang:python", "sym:parse_commit"):
        assert example in page


def test_files_are_shown_with_lines_and_marks(client: FlaskClient, code: Code) -> None:
    page = client.get("/search?q=parse").text
    assert "2 files" in words_of(page)
    assert "in 1 repository" in words_of(page)
    assert "def <mark>parse</mark>(text):" in page
    with code.hub.database.reading() as session:
        path = session.get_one(Repository, 1).path
    assert f'href="/{path}/src/commit/' in page
    assert "src/parser.py#L1" in page
    assert "/odd/caf%E9%20%231.txt#L1" in page
    # What turns text around is written out, and what looks like a tag is none.
    assert "U+202E" in page or "\\u202e" in page
    assert "text &amp; &lt;b&gt;" in page
    assert client.get(f"/{path}/src/commit/{_commit(page)}/src/parser.py").status_code == 200


def _commit(page: str) -> str:
    return page.split("/src/commit/")[1].split("/", maxsplit=1)[0]


@pytest.mark.parametrize(
    ("query", "said", "status"),
    [
        ("nowhere", "Nothing found", 200),
        ("nowhere repo:nobody", "No repository was searched", 200),
        ("/(/", "cannot be read", 422),
        ("repo:x", "Say what to look for", 200),
        ("x" * 2001, "more than 2000 characters", 422),
    ],
)
@pytest.mark.usefixtures("code")
def test_what_is_not_found_or_not_understood_is_said(
    client: FlaskClient, query: str, said: str, status: int
) -> None:
    answer = client.get("/search", query_string={"q": query})
    assert answer.status_code == status
    assert said in words_of(answer.text)


@pytest.mark.usefixtures("code")
def test_pages_that_are_none(client: FlaskClient) -> None:
    assert "There is no such page" in client.get("/search?q=parse&page=7").text
    assert client.get("/search?q=parse&page=x").status_code == 400


def test_what_is_private_is_not_there(client: FlaskClient, code: Code) -> None:
    with code.hub.database.writing() as session:
        session.get_one(Repository, 1).visibility = Visibility.PRIVATE
    assert "No repository was searched" in client.get("/search?q=parse").text
    assert client.get("/api/v1/search/code?q=parse").json == {"hits": [], "next": None, "partial": False}


def test_every_line_is_listed_for_programs(client: FlaskClient, code: Code) -> None:
    first = client.get("/api/v1/search/code?q=parse&limit=1").json
    assert first is not None
    second = client.get("/api/v1/search/code", query_string={"q": "parse", "cursor": first["next"]}).json
    assert second is not None
    assert second["next"] is None
    hits = [*first["hits"], *second["hits"]]
    assert [(one["line"], one["text"]) for one in sorted(hits, key=lambda one: str(one["path"]))] == [
        (1, "parse \u202e this"),
        (1, "def parse(text):"),
    ]
    assert {(one["repository"], one["ref"]) for one in hits} == {(_path(code), "refs/heads/main")}
    assert {len(one["commit"]) for one in hits} == {40}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("", "nothing to look for"),
        ("q=repo:x", "nothing to look for"),
        ("q=%2F(%2F", "cannot be read"),
        ("q=x&limit=0", "limit is a number"),
        ("q=x&limit=-1", "limit is a number"),
        *(
            (f"q=x&cursor={one}", "The cursor is none")
            for one in ("y", "1.2", "1.2.3", "x.y.z", "é", "9" * 5000)
        ),
    ],
)
@pytest.mark.usefixtures("code")
def test_what_programs_ask_wrongly_is_said(client: FlaskClient, asked: str, said: str) -> None:
    answer = client.get(f"/api/v1/search/code?{asked}")
    assert answer.status_code == 422
    assert said in str(answer.json)


def test_a_token_that_reads_no_repositories_searches_none(app: Flask, hub: Hub) -> None:
    with hub.database.writing() as session:
        secret = make_token(session, make_user(session), scopes=frozenset({Scope.METRICS}))
    answer = app.test_client().get("/api/v1/search/code?q=x", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 403


def test_strangers_who_ask_too_much_wait(client: FlaskClient, code: Code) -> None:
    limit = code.hub.config.costly_per_minute
    answers = [client.get("/search?q=parse").status_code for _ in range(limit + 1)]
    assert answers == [200] * limit + [429]
    assert client.get("/search").status_code == 200
