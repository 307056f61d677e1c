"""While somebody types: what begins like it, and nothing that they may not see."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from hub.access import ANONYMOUS, Viewer, Visibility
from hub.accounts.models import User
from hub.app import Hub
from hub.search.code.finding import CodeSearch
from hub.search.code.indexing import indexing
from hub.search.code.offers import MOST, offers_for
from hub.search.code.scope import within_repository
from tests.factories import make_repository, make_user
from tests.feature.search.test_code_finding import Ground
from tests.visitor import words_of

FILES = {
    b"src/Parser.py": b"def parseAll(text):\n    pass\n\n\nclass Parser:\n    pass\n",
    b"src/a.py": b"def parse_one():\n    pass\n",
    b"odd/parse \xe2\x80\xae<b> \xff.txt": b"x\n",
}
SECRET = {b"parse_secret.py": b"def parse_hidden():\n    pass\n", **FILES}


@pytest.fixture
def ground(hub: Hub) -> Iterator[Ground]:
    with indexing(hub.config) as index:
        made = Ground(hub, index, CodeSearch(hub.config))
        with hub.database.writing() as session:
            anna, bo = make_user(session, "anna"), make_user(session, "bo")
            one = make_repository(session, owner=anna, name="parsers").id
            other = make_repository(session, owner=bo, name="parse_bo", visibility=Visibility.PRIVATE).id
        for repository_id, files in ((other, SECRET), (one, FILES)):
            made.commit(repository_id, files)
            made.update(repository_id)
        yield made


def offered(ground: Ground, written: str, viewer: Viewer = ANONYMOUS) -> dict[str, dict[str, str]]:
    """The addresses of what is offered, by kind and name."""
    with ground.hub.database.reading() as session:
        found = offers_for(session, viewer, ground.search, written)
    return {str(one.kind): {offer.name: offer.address for offer in one.offers} for one in found}


def test_each_kind_leads_to_its_place(ground: Ground) -> None:
    found = offered(ground, "lang:python pars")
    assert found["Repositories"] == {"anna/parsers": "/anna/parsers"}
    assert found["Symbols"] == {
        "Parser": "/search?q=lang%3Apython+sym%3AParser",
        "parseAll": "/search?q=lang%3Apython+sym%3AparseAll",
        "parse_one": "/search?q=lang%3Apython+sym%3Aparse_one",
    }
    (first, second) = found["Files"].items()
    assert re.fullmatch(
        r"/anna/parsers/src/commit/[0-9a-f]{40}/src/Parser\.py", dict([first, second])["Parser.py"]
    )
    assert sum(len(one) for one in found.values()) <= MOST


@pytest.mark.parametrize(
    "written", ["", "p", "parse ", "-parse", '"parse', '"parse"', "/parse/", "lang:pa", "x OR", "p" * 65]
)
def test_what_is_no_beginning_of_a_word_is_offered_nothing(ground: Ground, written: str) -> None:
    assert offered(ground, written) == {}


@pytest.mark.parametrize(
    ("written", "kinds"),
    [("sym:pars", {"Symbols"}), ("file:pars", {"Files"}), ("repo:anna/pars", {"Repositories"})],
)
def test_a_filter_says_what_is_meant(ground: Ground, written: str, kinds: set[str]) -> None:
    assert offered(ground, written).keys() == kinds


def test_what_may_not_be_seen_is_not_offered(ground: Ground) -> None:
    assert "bo/" not in str(offered(ground, "parse_"))
    assert offered(ground, "parse_hid") == offered(ground, "parse_sec") == {}
    with ground.hub.database.reading() as session:
        bo = session.scalars(select(User).where(User.name == "bo")).one().viewer()
    assert offered(ground, "parse_hid", bo)["Symbols"].keys() == {"parse_hidden"}
    assert offered(ground, "parse_sec", bo)["Files"].keys() == {"parse_secret.py"}
    assert offered(ground, "parse_b", bo)["Repositories"].keys() == {"bo/parse_bo"}
    # Only where the query looks.
    assert "Symbols" not in offered(ground, "repo:anna/parsers parse_hid", bo)


@pytest.mark.usefixtures("ground")
def test_a_part_of_a_page_is_what_a_script_gets(client: FlaskClient) -> None:
    part = client.get("/search/suggestions?q=parse").text
    assert "<html" not in part
    assert 'aria-label="Symbols"' in part
    assert "&lt;b&gt;" in part
    assert "\u202e" not in part
    for address in re.findall(r'href="([^"%]*)"', part):
        assert client.get(unescape(address)).status_code == 200
    assert client.get("/search/suggestions?q=%00").status_code < 500
    assert "<a" not in client.get("/search/suggestions?q=parse&repo=bo/parse_bo").text


def test_a_definition_is_shown_where_a_symbol_is_asked_for(client: FlaskClient, ground: Ground) -> None:
    assert ground.paths("sym:parseall") == {(1, "src/Parser.py")}
    assert "def <mark>parseAll</mark>(text):" in client.get("/search?q=sym:parseall").text


@pytest.mark.parametrize(
    ("written", "repository", "query"),
    [
        ("x y", "anna/demo", "repo:anna/demo x y"),
        ("x repo:other", "anna/demo", "x repo:other"),
        ('x "y', "anna/demo", 'repo:anna/demo x "y'),
        ("x", "", "x"),
        ("x", "no path at all", "x"),
        ("x", "anna/demo lang:c", "x"),
    ],
)
def test_a_repository_is_searched_from_its_page(written: str, repository: str, query: str) -> None:
    assert within_repository(written, repository) == query


@pytest.mark.usefixtures("ground")
def test_the_box_above_a_page_of_a_repository_searches_there(client: FlaskClient) -> None:
    assert 'name="repo" value="anna/parsers"' in client.get("/anna/parsers").text
    for address in ("/explore", "/no/such", "/bo/parse_bo"):
        page = client.get(address).text
        assert 'id="find"' in page
        assert 'name="repo"' not in page
    # The page of search has a box of its own.
    page = client.get("/search?q=x&repo=anna/parsers").text
    assert 'id="find"' not in page
    assert 'value="repo:anna/parsers x"' in page
    assert "Search all repositories" in words_of(client.get("/search?q=pass&repo=anna/parsers").text)
