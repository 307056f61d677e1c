"""Feeds: what they tell, to whom, and that any text in them is well-formed."""

from xml.etree import ElementTree

import pytest
from flask import Flask

from hub.access import Permission
from hub.app import Hub
from hub.repos.access import open_repository
from hub.repos.git.store import directory
from hub.repos.receive import reconcile
from tests.factories import SYSTEM, make_token, make_user
from tests.git_client import GitClient
from tests.odd_repository import OddRepository, host
from tests.visitor import Visitor

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def odd(hub: Hub, odd_repository: OddRepository) -> OddRepository:
    with hub.database.writing() as session:
        make_user(session, "anna")
    host(hub, odd_repository, "anna")
    return odd_repository


def entries(data: bytes) -> list[dict[str, str]]:
    """Each entry's texts by the names of their elements, with the address."""
    found = []
    for entry in ElementTree.fromstring(data).iter(f"{ATOM}entry"):
        values = {one.tag.removeprefix(ATOM): "".join(one.itertext()) for one in entry}
        link = entry.find(f"{ATOM}link")
        assert link is not None
        found.append({**values, "href": link.attrib["href"]})
    return found


def test_branch_feed_tells_its_commits_without_addresses_of_people(app: Flask, odd: OddRepository) -> None:
    answer = Visitor(app).get("/anna/odd/atom/branch/main")

    assert answer.content_type == "application/atom+xml; charset=utf-8"
    first = entries(answer.data)[0]
    assert first["title"] == "tip"
    assert first["author"] == "Test Person"
    assert first["href"] == f"http://localhost/anna/odd/commit/{odd.tip}"
    assert first["id"].startswith("tag:localhost,")
    assert first["id"].endswith(f"/commit/{odd.tip}")
    assert len(entries(answer.data)) == 30
    assert b"test.person@example.org" not in answer.data


@pytest.mark.parametrize(
    "path",
    [
        "/anna/odd/atom/branch/odd/people",
        "/anna/odd/atom/branch/feature/b/d",
        "/anna/odd/tags.atom",
        "/anna/odd.atom",
        "/anna.atom",
    ],
)
def test_every_feed_is_valid_and_knows_itself(app: Flask, odd: OddRepository, path: str) -> None:
    answer = Visitor(app).get(path)

    root = ElementTree.fromstring(answer.data)
    assert answer.status_code == 200
    assert root.findtext(f"{ATOM}id", "").startswith("tag:localhost,")
    assert root.findtext(f"{ATOM}updated", "").endswith("Z")
    assert {one.attrib["rel"]: one.attrib["href"] for one in root.findall(f"{ATOM}link")}["self"] == (
        f"http://localhost{path}"
    )
    ids = [one["id"] for one in entries(answer.data)]
    assert len(ids) == len(set(ids))
    again = Visitor(app).get(path, If_None_Match=answer.headers["ETag"])
    assert again.status_code == 304


def test_tags_tell_what_those_say_who_made_them(app: Flask, odd: OddRepository) -> None:
    found = {one["title"]: one for one in entries(Visitor(app).get("/anna/odd/tags.atom").data)}
    assert found["v1"]["content"] == "Version 1\n\nWith <b>words</b>, & more."
    assert found["v1"]["href"] == "http://localhost/anna/odd/src/tag/v1"
    assert "of-a-file" in found


def test_control_characters_of_a_message_become_visible(
    app: Flask, hub: Hub, odd: OddRepository, git: GitClient
) -> None:
    work = git.init()
    git.commit(work, "bell \a escape \x1b[31m \u200b & <b>\n\nsecond\x0b\x01 line")
    with hub.database.reading() as session:
        folder = directory(hub.config, open_repository(session, SYSTEM, "anna/odd", need=Permission.SEE))
    git.run("push", "--quiet", str(folder), "HEAD:refs/heads/control", cwd=work)

    (entry,) = entries(Visitor(app).get("/anna/odd/atom/branch/control").data)

    assert entry["title"] == "bell \\x07 escape \\x1b[31m \\u200b & <b>"
    assert "\\x01 line" in entry["content"]


def test_pushes_of_private_repositories_are_told_to_those_who_see_them(
    hub: Hub, app: Flask, odd_repository: OddRepository
) -> None:
    with hub.database.writing() as session:
        anna, eve = make_user(session, "anna"), make_user(session, "eve")
        tokens = {name: make_token(session, user) for name, user in (("anna", anna), ("eve", eve))}
    repository_id = host(hub, odd_repository, "anna", is_private=True)
    reconcile(hub.database, repository_id)

    def ask(path: str, name: str) -> tuple[int, bytes]:
        answer = Visitor(app).get(path, Authorization=f"token {tokens[name]}")
        return answer.status_code, answer.data

    for path in ("/anna/odd.atom", "/anna/odd/tags.atom", "/anna/odd/atom/branch/main"):
        assert ask(path, "anna")[0] == 200
        assert ask(path, "eve")[0] == 404
    assert entries(ask("/anna.atom", "eve")[1]) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/anna.rss", "/anna.atom"),
        ("/anna/odd.rss", "/anna/odd.atom"),
        ("/anna/odd/tags.rss", "/anna/odd/tags.atom"),
        ("/anna/odd/releases.rss", "/anna/odd/tags.atom"),
        ("/anna/odd/releases.atom", "/anna/odd/tags.atom"),
        ("/anna/odd/rss/branch/a/%C3%A4", "/anna/odd/atom/branch/a/%C3%A4"),
    ],
)
def test_addresses_of_other_feeds_lead_to_these(app: Flask, odd: OddRepository, old: str, new: str) -> None:
    answer = Visitor(app).get(old)
    assert (answer.status_code, answer.location) == (301, new)


@pytest.mark.parametrize(
    "path",
    ["/nobody.atom", "/anna/none.atom", "/anna/odd/atom/branch/none", "/anna/odd/atom/branch/main/README.md"],
)
def test_feed_of_what_is_not_there(app: Flask, odd: OddRepository, path: str) -> None:
    assert Visitor(app).get(path).status_code == 404


def test_pages_name_their_feeds(app: Flask, odd: OddRepository) -> None:
    visitor = Visitor(app)
    for page, feed in (
        ("/anna", "/anna.atom"),
        ("/anna/odd", "/anna/odd.atom"),
        ("/anna/odd/tags", "/anna/odd/tags.atom"),
        ("/anna/odd/commits/branch/a.b", "/anna/odd/atom/branch/a.b"),
    ):
        assert f'href="{feed}">' in visitor.get(page).text.split("</head>")[0], page
