"""People of another hub on the pages of changes, and administrators who say who they are here."""

import pytest
from flask import Flask
from sqlalchemy import select, update

from hub.accounts import leaving, profile_actions
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.journal.models import Person
from tests.factories import SYSTEM, make_user
from tests.feature.repos.pushing import Pusher
from tests.feature.reviews.talking_people import PAGE, propose
from tests.visitor import Visitor, words_of

ELSEWHERE = "/anna/demo/settings/people/elsewhere"


@pytest.fixture
def sign(hub: Hub, anna: Pusher, bob: Pusher) -> str:
    """The short id of the hub at which bob proposed change 1: as after a rebuild, he has no account here."""
    propose(bob)
    with hub.database.writing() as session:
        make_user(session, "root", is_admin=True)
        make_user(session, "robert")
        session.execute(update(Person).where(Person.name == "bob").values(user_id=None))
    with hub.database.reading() as session:
        return session.scalars(select(Person.hub).where(Person.name == "bob")).one()[:8]


def signed_in(app: Flask, name: str) -> Visitor:
    visitor = Visitor(app)
    assert visitor.sign_in(name).status_code == 302
    visitor.get("/")
    return visitor


def link(visitor: Visitor, account: str) -> int:
    action = f"{ELSEWHERE}/{_person_id(visitor)}"
    return visitor.submit(ELSEWHERE, action=action, account=account).status_code


def _person_id(visitor: Visitor) -> str:
    return visitor.get(ELSEWHERE).text.split('id="account-', 1)[1].split('"')[0]


def test_somebody_of_another_hub_has_a_name_and_no_page(app: Flask, sign: str) -> None:
    anna = signed_in(app, "anna")
    pages = [anna.get(page) for page in (PAGE, f"{PAGE}/files", f"{PAGE}/commits", "/anna/demo/changes")]
    assert [one.status_code for one in pages] == [200, 200, 200, 200]
    assert f"bob @{sign} proposes 1 commit" in words_of(pages[0].text)
    assert not any('href="/bob"' in one.text for one in pages)
    for wanted, count in (("author=bob", 1), ("author=anna", 0), ("reviewer=bob", 0)):
        shown = anna.get(f"/anna/demo/changes?{wanted}").text
        assert shown.count(f'href="{PAGE}"') == count


def test_an_administrator_links_them_to_an_account(app: Flask, sign: str) -> None:
    root, robert = signed_in(app, "root"), signed_in(app, "robert")
    assert "1 person of another hub acted" in words_of(root.get("/anna/demo/settings/people").text)
    assert f"bob @{sign} no account here" in words_of(root.get(ELSEWHERE).text)
    assert link(root, "robert") == 302
    assert "here: robert" in words_of(root.get(ELSEWHERE).text)
    page = robert.get(PAGE)
    assert 'href="/robert"><bdi>bob</bdi></a><span class="dim sm"' in page.text
    assert f'href="{PAGE}"' in robert.get("/-/changes?show=opened").text
    assert f'href="{PAGE}"' in robert.get("/anna/demo/changes?author=robert").text
    assert "linked bob@" in words_of(root.get("/admin/log").text)

    assert link(root, "") == 302

    assert "no account here" in words_of(root.get(ELSEWHERE).text)
    assert f'href="{PAGE}"' not in robert.get("/-/changes?show=opened").text


def test_a_link_gives_no_right(app: Flask, sign: str) -> None:
    """The attack: whoever is linked to an author edits what the author said, or approves it twice."""
    root, robert = signed_in(app, "root"), signed_in(app, "robert")
    assert link(root, "robert") == 302
    assert f"{PAGE}/edit" not in robert.get(PAGE).text
    assert robert.get(f"{PAGE}/edit").status_code == 403


def test_links_follow_the_account(hub: Hub, app: Flask, sign: str) -> None:
    root = signed_in(app, "root")
    assert link(root, "robert") == 302
    with hub.database.writing() as session:
        profile_actions.rename(session, SYSTEM, get_user(session, "robert"), name="rob")
    assert 'href="/rob"><bdi>bob</bdi>' in root.get(PAGE).text
    with hub.database.writing() as session:
        leaving.delete_account(session, SYSTEM, get_user(session, "rob"))
    assert "bdi>bob</bdi></b>" in root.get(PAGE).text


def test_an_account_that_is_not_there_is_refused_with_the_name(app: Flask, sign: str) -> None:
    root = signed_in(app, "root")
    assert link(root, "nobody") == 422
    assert "no account here" in words_of(root.get(ELSEWHERE).text)


@pytest.mark.parametrize(("name", "sees", "status"), [("anna", 200, 404), ("robert", 403, 404)])
def test_only_administrators_link(app: Flask, sign: str, name: str, sees: int, status: int) -> None:
    root, visitor = signed_in(app, "root"), signed_in(app, name)
    assert visitor.get(ELSEWHERE).status_code == sees
    token = visitor.get("/settings").text.split('name="csrf_token" value="', 1)[1].split('"')[0]
    sent = {"csrf_token": token, "account": name}
    assert visitor.post(f"{ELSEWHERE}/{_person_id(root)}", sent).status_code == status
    assert "no account here" in words_of(root.get(ELSEWHERE).text)
