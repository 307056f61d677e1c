"""`go get` finds the repository of a package, whatever lies behind its address."""

import pytest
from flask import Flask

from hub.access import Visibility
from hub.app import Hub
from tests.factories import make_repository, make_user
from tests.visitor import Visitor

pytestmark = pytest.mark.reads

META = '<meta name="go-import" content="localhost/anna/{name} git http://localhost/anna/{name}.git">'


@pytest.fixture
def stranger(hub: Hub, app: Flask) -> Visitor:
    with hub.database.writing() as session:
        anna = make_user(session, "anna")
        make_repository(session, anna, "tool")
        make_repository(session, anna, "secret", visibility=Visibility.PRIVATE)
    return Visitor(app)


@pytest.mark.parametrize(
    "path", ["", "/", "/v2", "/settings", "/internal/deep/package", "/src/branch/main/x", ".git"]
)
def test_package_below_a_repository_leads_to_it(stranger: Visitor, path: str) -> None:
    answer = stranger.get(f"/anna/tool{path}?go-get=1")
    assert answer.status_code == 200
    assert META.format(name="tool") in answer.text.split("</head>")[0]


def test_nobody_learns_what_there_is(stranger: Visitor) -> None:
    pages = {
        stranger.get(f"/anna/{name}?go-get=1").text.replace(name, "NAME")
        for name in ("tool", "secret", "none")
    }
    assert len(pages) == 1


@pytest.mark.parametrize(
    "path", ["/help/first-push?go-get=1", "/anna?go-get=1", "/anna/tool?go-get=0", "/-/x?go-get=1"]
)
def test_everything_else_is_as_ever(stranger: Visitor, path: str) -> None:
    assert "go-import" not in stranger.get(path).text


def test_nothing_of_an_address_becomes_markup(stranger: Visitor) -> None:
    assert '"><script>' not in stranger.get('/anna/tool/"><script>?go-get=1').text
    assert "go-import" not in stranger.get('/anna/"><script>?go-get=1').text
