"""Results are narrowed, counted, continued and explained on the page of code search."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qs

import pytest
from flask.testing import FlaskClient

from hub.access import ANONYMOUS, Visibility
from hub.app import Hub
from hub.repos.models import Repository
from hub.search.code.finding import CodeSearch, Mark
from hub.search.code.indexing import indexing
from hub.search.code.queries import read_code_query
from hub.search.engine.candidates import Budget
from tests.factories import make_repository, make_user
from tests.fast_import import Files
from tests.feature.search.test_code_finding import Ground
from tests.visitor import words_of

DEMO: Files = {
    b"src/core/a.py": b"apple\n",
    b"src/b.py": b"apple\n\xff",
    b"docs/src/c.md": b"apple\n",
    b"t/odd name/d.c": b"apple\n",
    b"run": b"#!/bin/sh\napple\n",
    b"long.txt": b"\n".join(b"apple %d" % at if at % 9 == 0 else b"-" for at in range(3000)),
    b"caf\xe9 & <b>.txt": b"\n".join(b"pear" for _ in range(30)),
}


@pytest.fixture
def ground(hub: Hub) -> Iterator[Ground]:
    """anna/demo and anna/demo-old hold the same but for one file each, bo/secret holds more of it."""
    with indexing(hub.config) as index:
        made = Ground(hub, index, CodeSearch(hub.config))
        with hub.database.writing() as session:
            anna, bo = make_user(session, "anna"), make_user(session, "bo")
            ids = [make_repository(session, owner=anna, name=name).id for name in ("demo", "demo-old")]
            ids.append(make_repository(session, owner=bo, name="secret", visibility=Visibility.PRIVATE).id)
        for one, more in zip(
            ids, ({b"x.go": b"apple\n"}, {b"y.go": b"apple 1\n"}, {b"z.go": b"apple 2\n"}), strict=True
        ):
            made.commit(one, {**DEMO, **more})
            made.update(one)
        yield made


def links(page: str) -> dict[str, str]:
    """The query that each link of the page leads to, by its words."""
    found = re.findall(r'<a[^>]*href="\?([^"]*)"[^>]*>(.*?)</a>', page, flags=re.DOTALL)
    return {
        " ".join(re.sub(r"<[^>]+>", " ", unescape(words)).split()): parse_qs(unescape(address))["q"][0]
        for address, words in found
    }


@pytest.mark.usefixtures("ground")
def test_facets_count_what_the_query_with_them_finds(client: FlaskClient) -> None:
    page = client.get("/search?q=apple").text
    assert "8 files" in words_of(page)
    facets = links(page)
    assert {
        "anna/demo 7": "apple repo:anna/demo",
        "anna/demo-old 7": "apple repo:anna/demo-old",
        "Python 2": "apple lang:python",
        "Go 2": "apple lang:go",
        "Shell 1": "apple lang:shell",
        "src/ 3": "apple path:src/",
        "t/ 1": "apple path:t/",
    }.items() <= facets.items()
    assert "secret" not in page
    for words, query in facets.items():
        if re.fullmatch(r".+ \d+", words):
            found = client.get("/search", query_string={"q": query}).text
            assert f"{words.rpartition(' ')[2]} file" in words_of(found), query


@pytest.mark.usefixtures("ground")
def test_filters_in_use_are_taken_away_one_by_one(client: FlaskClient) -> None:
    page = client.get("/search", query_string={"q": "path:src/ apple -lang:go"}).text
    facets = links(page)
    assert facets["path:src/ Take it away"] == "apple -lang:go"
    assert facets["-lang:go Take it away"] == "path:src/ apple"
    assert facets["src/core/ 1"] == "path:src/ apple -lang:go path:src/core/"
    assert not any(words.startswith("src/ ") for words in facets)


def test_a_repository_that_is_named_is_searched_whatever_it_is(ground: Ground) -> None:
    with ground.hub.database.writing() as session:
        session.get_one(Repository, 2).origin_id = 1
    assert {repository for repository, _ in ground.paths("apple repo:anna/demo-old")} == {2}
    assert {repository for repository, _ in ground.paths("apple repo:anna/demo")} == {1}
    assert {repository for repository, _ in ground.paths("apple repo:demo")} == {1}


@pytest.mark.usefixtures("ground")
def test_more_lines_of_a_file_are_shown_by_itself(client: FlaskClient) -> None:
    page = client.get("/search?q=apple+file:long").text
    # Three lines were shown, with those around them.
    address = re.search(r'href="(\?[^"]*)"[^>]*>More than 97 more lines in this file', page)
    assert address is not None
    assert page.count("<mark>apple</mark>") == 3
    alone = client.get(f"/search{unescape(address[1])}").text
    assert alone.count("<mark>apple</mark>") == 200
    following = re.search(r'href="(\?[^"]*)"[^>]*>134 more lines in this file', alone)
    assert following is not None
    assert "after=1795" in following[1]
    rest = client.get(f"/search{unescape(following[1])}").text
    assert rest.count("<mark>apple</mark>") == 134
    assert "more lines" not in words_of(rest)
    # The part that a script takes over has the same name in both.
    part = re.search(r'data-part="(hit-[0-9a-f]+)"', page)
    assert part is not None
    assert f'id="{part[1]}"' in alone


@pytest.mark.usefixtures("ground")
def test_more_lines_of_a_file_with_an_odd_name(client: FlaskClient) -> None:
    page = client.get("/search?q=pear").text
    address = re.search(r'href="(\?[^"]*)"[^>]*>\d+ more lines in this file', page)
    assert address is not None
    assert "caf%E9" in address[1]
    alone = client.get(f"/search{unescape(address[1])}").text
    assert alone.count("<mark>pear</mark>") == 30


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("in=anna/demo/no-such", 200),
        ("in=anna/demo/run", 200),
        ("in=bo/secret/long.txt", 200),
        ("in=nobody/nothing/x", 200),
        ("in=anna/demo/long.txt&after=99999999", 200),
        ("in=anna/demo/long.txt&after=x", 400),
        ("in=anna/demo/long.txt&after=-1", 400),
    ],
)
@pytest.mark.usefixtures("ground")
def test_a_file_that_is_not_found_is_said_alike(client: FlaskClient, asked: str, status: int) -> None:
    answer = client.get(f"/search?q=pear&{asked}")
    assert answer.status_code == status
    assert "<mark>" not in answer.text
    if status == 200 and "long" not in asked:
        assert "Not found in this file" in words_of(answer.text)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("nowhere lang:go repo:demo", {"without its filters": "nowhere"}),
        ("nowhere lang:go", {"in forks as well": "nowhere lang:go fork:yes"}),
        ("apple nowhere", {"with any of the words instead of all of them": "apple OR nowhere"}),
        ('"apple nowhere"', {"with the words apart from each other": "apple nowhere"}),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("ground")
def test_who_finds_nothing_is_told_what_to_try(
    client: FlaskClient, query: str, expected: dict[str, str]
) -> None:
    page = client.get("/search", query_string={"q": query}).text
    assert "Nothing found" in words_of(page)
    assert expected.items() <= links(page).items()


def test_a_hub_without_an_index_says_so(client: FlaskClient) -> None:
    assert "indexed yet" in words_of(client.get("/search?q=x").text)
    assert "passes the filters" in words_of(client.get("/search?q=x+repo:y").text)


def _many(ground: Ground, count: int) -> int:
    one = ground.make()
    ground.commit(one, {b"f%d" % at: b"plum %d\n" % at for at in range(count)})
    ground.update(one)
    return one


def _pages(ground: Ground, between: dict[int, tuple[Files, list[bytes]]], repository_id: int) -> list[bytes]:
    """The paths of all pages; before a page something is committed."""
    found: list[bytes] = []
    mark: Mark | None = None
    for page in range(1, 9):
        if page in between:
            files, removes = between[page]
            ground.commit(repository_id, files, removes=removes)
            ground.update(repository_id)
        with ground.hub.database.reading() as session:
            query = read_code_query("plum")
            some = ground.search.files(session, ANONYMOUS, query, page=page, mark=mark)
        found += [one.path for one in some.files]
        mark = some.mark
        if not some.has_more:
            break
    return found


def test_pages_hold_every_file_once_while_new_ones_come(ground: Ground) -> None:
    one = _many(ground, 65)
    new: dict[int, tuple[Files, list[bytes]]] = {
        page: ({b"new%d-%d" % (page, at): b"plum, new\n" for at in range(30)}, []) for page in (2, 3)
    }
    found = _pages(ground, new, one)
    assert sorted(found) == sorted(b"f%d" % at for at in range(65))
    # From the first page on they are there.
    assert len(_pages(ground, {}, one)) == 125


def test_files_that_go_leave_none_behind_unseen(ground: Ground) -> None:
    one = _many(ground, 65)
    first = _pages(ground, {}, one)
    gone = first[2:5]
    found = _pages(ground, {2: ({}, gone)}, one)
    assert found == first


def test_pages_follow_each_other_by_their_links(client: FlaskClient, ground: Ground) -> None:
    _many(ground, 45)
    address, found = "/search?q=plum", []
    for _ in range(3):
        page = client.get(address).text
        found += re.findall(r"/(f\d+)#L1", page)
        following = re.search(r'rel="next nofollow" href="([^"]*)"', page)
        address = "/search" + unescape(following[1]) if following else ""
    assert len(found) == len(set(found)) == 45
    assert address == ""
    # Who has no mark, or one that is none, gets the page by its number.
    assert client.get("/search?q=plum&page=3&mark=x").text.count("#L1") == 5


def test_every_line_is_found_however_small_the_budget(ground: Ground) -> None:
    _many(ground, 200)
    ground.search = CodeSearch(ground.hub.config, lambda: Budget(most_bytes=300))
    assert len(ground.lines("plum", most=1000)) == 200
