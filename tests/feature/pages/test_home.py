"""The first page, the page of an owner, and the manual."""

import dataclasses

import pytest
from flask import Flask

from hub.access import Permission, Visibility
from hub.accounts.queries import get_user
from hub.app import Hub, create_app
from hub.config import SignUp, documented
from hub.repos import stars
from hub.repos.access import open_repository
from tests.factories import make_repository, make_user
from tests.feature.repos.pushing import ZERO, Pusher
from tests.git_client import GitClient
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
    for path in ("/explore", "/anna"):
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


class TestStrangers:
    """What the first page tells whoever is not signed in."""

    @pytest.fixture
    def pushed(self, hub: Hub, git: GitClient) -> str:
        """anna pushed to a public and to a private repository; the commit's id."""
        make(hub, "demo", "quiet")
        make(hub, "secret", visibility=Visibility.PRIVATE)
        work = git.init()
        git.commit(work, "first")
        with hub.database.reading() as session:
            anna = get_user(session, "anna").viewer()
            paths = ("anna/demo", "anna/secret")
            found = [open_repository(session, anna, path, need=Permission.SEE) for path in paths]
        for repository in found:
            pusher = Pusher(hub, repository, anna, git, work)
            pusher.push((ZERO, git.head(work), "refs/heads/main"), (ZERO, git.head(work), "refs/tags/ä"))
        return git.head(work)

    def test_it_shows_what_was_pushed_where_and_when(self, app: Flask, pushed: str) -> None:
        page = Visitor(app).get("/").text
        assert "anna to anna/demo just now main new ä new" in words_of(page)
        assert 'href="/anna/demo/src/tag/%C3%A4"' in page
        assert "secret" not in page
        assert "git clone http://localhost/anna/demo.git" in words_of(page)
        assert "All 2 public repositories" in words_of(page)

    def test_its_repositories_are_the_newest_and_those_with_stars(
        self, app: Flask, hub: Hub, pushed: str
    ) -> None:
        words = words_of(Visitor(app).get("/").text)
        assert "Newest anna / quiet" in words
        assert "Most stars" not in words
        with hub.database.writing() as session:
            anna = get_user(session, "anna").viewer()
            demo = open_repository(session, anna, "anna/demo", need=Permission.SEE)
            stars.star(session, anna, demo)
        words = words_of(Visitor(app).get("/").text)
        assert "Most stars anna / demo 1 star pushed just now Newest" in words

    @pytest.mark.parametrize(
        ("sign_up", "sentence", "has_link"),
        [
            ("open", "An account is yours in a minute", True),
            ("approval", "an administrator lets you in", True),
            ("closed", "Whoever runs this hub makes accounts.", False),
        ],
    )
    def test_it_says_how_to_join(self, hub: Hub, sign_up: SignUp, sentence: str, has_link: bool) -> None:
        config = dataclasses.replace(hub.config, sign_up=sign_up, about="Tools of the <b>Ministry</b>.")
        hub.database.config = config
        app = create_app(dataclasses.replace(hub, config=config))
        page = Visitor(app).get("/").text
        assert sentence in words_of(page)
        assert ('href="/sign-up"' in page) is has_link
        assert "Tools of the &lt;b&gt;Ministry&lt;/b&gt;." in page

    def test_people_see_the_pushes_of_what_they_may_see(self, app: Flask, pushed: str) -> None:
        anna = Visitor(app)
        anna.sign_in("anna")
        for path in ("/", "/anna"):
            assert "anna/secret" in anna.get(path).text
            assert "secret" not in Visitor(app).get(path).text
        assert "Pushed last To anna/demo just now main new" in words_of(Visitor(app).get("/anna").text)
