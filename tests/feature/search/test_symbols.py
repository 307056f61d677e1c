"""From a name in a file to where it is defined and used in the repository."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub.access import Visibility
from hub.app import Hub
from hub.repos.models import Repository
from hub.search.code.indexing import indexing
from tests.factories import make_user
from tests.feature.search.test_code_indexing import Code
from tests.visitor import Visitor, words_of

FILES = {
    b"src/parser.py": b"def parse(text):\n    return text\n\n\ndef parser():\n    return parse(1)\n",
    b"src/other.py": b"from parser import parse\n\nparse(2)\nparse_all = 3\nPARSE = 4\n",
    b"lib/parse.js": b"function parse(a) {\n}\n",
    b"src/c/parse.c": b"int parse(int a)\n{\n\treturn a;\n}\n",
    b"doc/odd.txt": b"<b>parse</b>\n",
}


@pytest.fixture
def code(hub: Hub) -> Iterator[Code]:
    with indexing(hub.config) as index:
        made = Code(hub, index)
        made.commit(made.make(), FILES)
        made.update(1)
        yield made


@pytest.fixture
def path(code: Code) -> str:
    with code.hub.database.reading() as session:
        return f"/{session.get_one(Repository, 1).path}"


def definitions(page: str) -> list[str]:
    part = page.split('id="definitions"')[1].split('id="uses"', maxsplit=1)[0]
    return re.findall(r'<a class="mono" href="[^"]*/src/commit/[0-9a-f]{40}/([^"]*)"', part)


@pytest.mark.parametrize(
    ("seen_in", "wanted"),
    [
        ("src/parser.py", ["src/parser.py#L1", "src/c/parse.c#L1", "lib/parse.js#L1"]),
        ("src/other.py", ["src/parser.py#L1", "lib/parse.js#L1", "src/c/parse.c#L1"]),
        ("lib/more.js", ["lib/parse.js#L1", "src/parser.py#L1", "src/c/parse.c#L1"]),
        ("src/c/more.c", ["src/c/parse.c#L1", "lib/parse.js#L1", "src/parser.py#L1"]),
    ],
)
def test_definitions_that_are_near_come_first(
    client: FlaskClient, path: str, seen_in: str, wanted: list[str]
) -> None:
    found = definitions(client.get(f"{path}/symbol?q=parse&from={seen_in}").text)
    assert found[0] == wanted[0]
    assert sorted(found) == sorted(wanted)


def test_uses_are_the_name_alone_in_its_case(client: FlaskClient, path: str) -> None:
    page = client.get(f"{path}/symbol?q=parse&from=src/parser.py").text
    uses = page.split('id="uses"')[1]
    assert "in 5 files" in words_of(page)
    assert "from parser import <mark>parse</mark>" in uses
    assert "parse_all" not in uses
    assert "PARSE" not in uses
    assert "&lt;b&gt;<mark>parse</mark>&lt;/b&gt;" in uses
    assert uses.count(">definition</span>") == 3


def test_only_definition_is_led_to(client: FlaskClient, path: str) -> None:
    answer = client.get(f"{path}/symbol?q=parser&go=1")
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("/src/parser.py#L5")
    assert client.get(f"{path}/symbol?q=parse&go=1").status_code == 200


def test_file_leads_to_what_it_defines(client: FlaskClient, path: str) -> None:
    page = client.get(f"{path}/src/branch/main/src/parser.py").text
    outline = f"{path}/outline/branch/main/src/parser.py"
    assert f'data-part="outline" href="{outline}"' in page
    assert f'<form class="outline" action="{path}/symbol"' in page
    listed = client.get(outline).text
    assert "2 symbols in this file" in words_of(listed)
    assert f'<a href="{path}/src/branch/main/src/parser.py#L5"><bdi>parser</bdi></a>' in listed
    assert '<input type="hidden" name="ref" value="refs/heads/main">' in listed
    assert '<button name="q" value="parser"' in listed
    assert 'data-part="outline"' not in client.get(f"{path}/src/branch/main/doc/odd.txt").text


def test_outlines_are_of_files(client: FlaskClient, path: str) -> None:
    assert "It defines nothing" in client.get(f"{path}/outline/branch/main/doc/odd.txt").text
    assert "It defines nothing" in client.get(f"{path}/outline/branch/main/src").text
    assert client.get(f"{path}/outline/branch/main/nothing").status_code == 404


def test_branch_that_is_not_indexed_is_said(client: FlaskClient, code: Code, path: str) -> None:
    code.commit(1, {b"new.py": b"def fresh(): pass\n"}, ref="refs/heads/next")
    words = words_of(client.get(f"{path}/symbol?q=parse&ref=refs/heads/next").text)
    assert "On main at" in words
    assert "What you looked at is not indexed" in words
    code.update(1, "refs/heads/next")
    words = words_of(client.get(f"{path}/symbol?q=fresh&ref=refs/heads/next").text)
    assert "On next at" in words
    assert "not indexed" not in words
    tip = (code.path(1) / "refs/heads/next").read_text().strip()
    words = words_of(client.get(f"{path}/symbol?q=fresh&ref={tip}").text)
    assert f"On next at {tip[:8]} Definitions 1" in words
    assert "What you looked at" in client.get(f"{path}/symbol?q=fresh&ref={'1' * 40}").text
    assert f'name="ref" value="{tip}"' in client.get(f"{path}/src/commit/{tip}/new.py").text


def test_repository_that_is_not_indexed_says_so(client: FlaskClient, code: Code) -> None:
    code.commit(code.make(), {b"a.py": b"def parse(): pass\n"})
    with code.hub.database.reading() as session:
        path = session.get_one(Repository, 2).path
    assert "not indexed yet" in words_of(client.get(f"/{path}/symbol?q=parse").text)


def test_name_that_is_nowhere_and_names_that_are_none(client: FlaskClient, path: str) -> None:
    words = words_of(client.get(f"{path}/symbol?q=nowhere").text)
    assert "None is known" in words
    assert "Nothing found" in words
    assert client.get(f"{path}/symbol").status_code == 200
    for name in ("x" * 300, "a%0Ab", "a%E2%80%AEb"):
        assert client.get(f"{path}/symbol?q={name}").status_code == 422, name
    for name in ("a.b", "(", "%5C", "é", "-x", "operator<<"):
        assert client.get(f"{path}/symbol?q={name}&from=%ff&ref=%ff").status_code == 200, name


def test_what_may_not_be_seen_is_not_found(app: Flask, code: Code, path: str) -> None:
    with code.hub.database.writing() as session:
        session.get_one(Repository, 1).visibility = Visibility.PRIVATE
        make_user(session, "eve")
    eve = Visitor(app)
    eve.sign_in("eve")
    for who in (eve, Visitor(app)):
        assert who.get(f"{path}/symbol?q=parse").status_code == 404
        assert who.get(f"{path}/outline/branch/main/src/parser.py").status_code == 404
