"""A repository is renamed and given away; what was its address leads on, for those who may see it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from hub.access import Permission, Role, Visibility
from hub.accounts.credentials import find_key_viewer
from hub.accounts.models import User
from hub.accounts.profile_actions import rename as rename_person
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.clock import now
from hub.errors import Invalid, Moved, NotFound
from hub.repos import actions
from hub.repos.access import open_repository
from hub.repos.models import Collaborator, FormerPath, Invitation, RefKind, Repository
from hub.repos.pushing.standing import find_standing
from hub.repos.settings import handover
from hub.repos.settings.deploy_keys import add_deploy_key
from hub.repos.settings.rules import RuleValues, add_rule
from tests.factories import SYSTEM, make_collaborator, make_repository, make_user, write_key
from tests.visitor import Visitor, words_of

Browser = Callable[[str], Visitor]
SETTINGS = "/anna/demo/settings"


def rename(hub: Hub, old: str, name: str) -> None:
    with hub.database.writing() as session:
        repository = open_repository(session, SYSTEM, old, need=Permission.SEE)
        handover.rename(session, SYSTEM, repository, name=name)


def transfer(hub: Hub, old: str, person: str) -> None:
    with hub.database.writing() as session:
        repository = open_repository(session, SYSTEM, old, need=Permission.SEE)
        handover.transfer(session, SYSTEM, repository, get_user(session, person))


def make(hub: Hub, owner: str, name: str) -> None:
    with hub.database.writing() as session:
        user = get_user(session, owner)
        actions.create_repository(session, user.viewer(), user, name=name)


def test_renamed_repository_is_found_at_its_old_address(browser: Browser, repository: Repository) -> None:
    anna = browser("anna")
    answer = anna.submit(f"{SETTINGS}/rename", name="show")
    assert answer.headers["Location"] == "/anna/show/settings"
    assert "anna/demo is anna/show now." in words_of(anna.get("/anna/show/settings").text)
    moved = anna.get("/anna/demo?page=1")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/anna/show?page=1")
    assert moved.headers["Cache-Control"] == "private, no-cache"
    assert anna.get("/anna/demo/settings/people").headers["Location"] == "/anna/show/settings/people"
    assert "renamed the repository from anna/demo to anna/show" in words_of(
        anna.get("/anna/show/settings/log").text
    )


@pytest.mark.parametrize("accept", ["text/html", "application/json", "text/plain"])
def test_readers_of_every_kind_are_led_on(
    browser: Browser, hub: Hub, repository: Repository, accept: str
) -> None:
    rename(hub, "anna/demo", "show")
    answer = browser("eve").get("/anna/demo", Accept=accept)
    assert (answer.status_code, answer.headers["Location"]) == (301, "/anna/show")


def test_a_form_sent_to_the_old_address_changes_nothing_and_says_where(
    browser: Browser, hub: Hub, repository: Repository
) -> None:
    anna = browser("anna")
    with anna.client.session_transaction() as cookie:
        token = cookie["csrf"]
    rename(hub, "anna/demo", "show")
    answer = anna.post(SETTINGS, {"csrf_token": token, "description": "changed"})
    assert answer.status_code == 409
    assert "anna/demo has moved to anna/show" in words_of(answer.text)
    assert 'href="/anna/show"' in answer.text
    with hub.database.reading() as session:
        assert session.get_one(Repository, repository.id).description == ""


def test_names_in_other_cases_lead_to_the_name_as_it_is(browser: Browser, repository: Repository) -> None:
    answer = browser("eve").get("/Anna/DEMO?page=1")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/anna/demo?page=1")
    assert browser("eve").get("/ANNA?page=1").headers["Location"] == "/anna?page=1"


def test_a_name_that_is_not_allowed_or_taken_is_refused(
    browser: Browser, hub: Hub, repository: Repository
) -> None:
    make(hub, "anna", "other")
    anna = browser("anna")
    for name, fault in (("a b", "Use letters"), ("", "Enter a name."), ("OTHER", "anna already has")):
        answer = anna.submit(f"{SETTINGS}/rename", name=name)
        assert answer.status_code == 422
        assert fault in words_of(answer.text)
    assert anna.get("/anna/demo").status_code == 200


def test_only_the_case_of_a_name_may_change(browser: Browser, repository: Repository) -> None:
    anna = browser("anna")
    assert anna.submit(f"{SETTINGS}/rename", name="Demo").headers["Location"] == "/anna/Demo/settings"
    assert anna.get("/anna/demo").headers["Location"] == "/anna/Demo"


def test_old_names_lead_on_over_several_moves_and_end_when_the_owner_uses_one_again(
    hub: Hub, repository: Repository
) -> None:
    rename(hub, "anna/demo", "two")
    rename(hub, "anna/two", "three")
    with hub.database.reading() as session:
        for old in ("anna/demo", "anna/two", "ANNA/Demo.git"):
            with pytest.raises(Moved, match="anna/three"):
                open_repository(session, SYSTEM, old, need=Permission.SEE)
    make(hub, "anna", "two")
    rename(hub, "anna/three", "demo")
    with hub.database.reading() as session:
        assert open_repository(session, SYSTEM, "anna/two", need=Permission.SEE).id != repository.id
        assert open_repository(session, SYSTEM, "anna/demo", need=Permission.SEE).id == repository.id
        left = session.scalars(select(FormerPath.name_key)).all()
    assert left == ["three"]


def test_what_was_given_away_keeps_its_old_name_for_ninety_days(
    hub: Hub, repository: Repository, browser: Browser
) -> None:
    """Attack: who gave a repository away puts another one where people still clone it from."""
    browser("bo")
    transfer(hub, "anna/demo", "bo")
    anna = browser("anna")
    answer = anna.submit("/new", name="demo")
    assert answer.status_code == 422
    assert "This name leads to a repository that was moved, until" in words_of(answer.text)
    assert "bo/demo" not in words_of(answer.text)
    with hub.database.writing() as session:
        session.execute(update(FormerPath).values(left_at=now() - timedelta(days=91)))
    assert anna.get("/anna/demo").headers["Location"] == "/bo/demo"
    assert anna.submit("/new", name="demo").headers["Location"] == "/anna/demo"
    assert anna.get("/anna/demo").status_code == 200


def test_an_old_name_tells_nothing_of_what_one_may_not_see(
    browser: Browser, hub: Hub, private_repository: Repository
) -> None:
    rename(hub, "anna/secret", "hidden")
    eve = browser("eve")
    old, missing = eve.get("/anna/secret"), eve.get("/anna/nosuch")
    assert old.status_code == missing.status_code == 404
    assert words_of(old.text).replace("secret", "nosuch")[:80] == words_of(missing.text)[:80]
    assert "Location" not in old.headers
    assert browser("anna").get("/anna/secret").status_code == 301


def test_offer_changes_nothing_until_it_is_accepted(
    browser: Browser, hub: Hub, repository: Repository
) -> None:
    anna, bo = browser("anna"), browser("bo")
    with hub.database.writing() as session:
        reader = make_collaborator(session, session.get_one(Repository, repository.id), role=Role.READ).name
    answer = anna.submit(f"{SETTINGS}/transfer", person="bo", confirm="anna/demo")
    assert answer.headers["Location"] == f"{SETTINGS}/people"
    assert bo.get("/bo/demo").status_code == 404
    assert "anna/demo to own it from anna" in words_of(bo.get("/").text)
    accepted = bo.submit("/invitations", action="/invitations/1/accept")
    assert accepted.headers["Location"] == "/bo/demo"
    assert bo.get("/bo/demo/settings/delete").status_code == 200
    assert anna.get("/anna/demo").headers["Location"] == "/bo/demo"
    assert anna.get("/bo/demo/settings").status_code == 403
    with hub.database.reading() as session:
        assert session.scalars(select(Invitation)).all() == []
        held = session.scalars(select(User.name).join(Collaborator, Collaborator.user_id == User.id)).all()
    assert held == [reader]


@pytest.mark.parametrize(
    ("person", "confirm", "fault"),
    [
        ("nobody-here", "anna/demo", "Nobody here is called “nobody-here”."),
        ("anna", "anna/demo", "anna owns anna/demo already."),
        ("bo", "demo", "Type anna/demo, to show that you mean this one."),
        ("", "anna/demo", "Nobody here is called"),
    ],
)
def test_offer_is_refused_in_words(
    browser: Browser, hub: Hub, repository: Repository, person: str, confirm: str, fault: str
) -> None:
    browser("bo")
    answer = browser("anna").submit(f"{SETTINGS}/transfer", person=person, confirm=confirm)
    assert answer.status_code == 422
    assert fault in words_of(answer.text)
    with hub.database.reading() as session:
        assert session.scalars(select(Invitation)).all() == []


def test_offer_of_one_who_owns_it_no_more_does_not_hold(
    browser: Browser, hub: Hub, repository: Repository
) -> None:
    """Attack: the owner offers it to a friend, then gives it to another: the friend must not get it."""
    anna, bo = browser("anna"), browser("bo")
    browser("carl")
    anna.submit(f"{SETTINGS}/transfer", person="bo", confirm="anna/demo")
    page = bo.get("/invitations").text
    assert "/invitations/1/accept" in page
    transfer(hub, "anna/demo", "carl")
    with bo.client.session_transaction() as cookie:
        token = cookie["csrf"]
    assert bo.post("/invitations/1/accept", {"csrf_token": token}).status_code == 404
    with hub.database.reading() as session:
        assert session.get_one(Repository, repository.id).path == "carl/demo"


def test_recipient_with_a_repository_of_this_name_reads_why_not(
    browser: Browser, hub: Hub, repository: Repository
) -> None:
    anna, bo = browser("anna"), browser("bo")
    make(hub, "bo", "demo")
    anna.submit(f"{SETTINGS}/transfer", person="bo", confirm="anna/demo")
    answer = bo.submit("/invitations", action="/invitations/1/accept")
    assert answer.status_code == 422
    assert "bo already has a repository named demo." in words_of(answer.text)
    assert anna.get("/anna/demo").status_code == 200


def test_one_who_gets_a_repository_back_finds_it_at_its_old_name(hub: Hub, repository: Repository) -> None:
    with hub.database.writing() as session:
        make_user(session, "bo")
    transfer(hub, "anna/demo", "bo")
    transfer(hub, "bo/demo", "anna")
    with hub.database.reading() as session:
        assert open_repository(session, SYSTEM, "anna/demo", need=Permission.SEE).id == repository.id
        with pytest.raises(Moved, match="anna/demo"):
            open_repository(session, SYSTEM, "bo/demo", need=Permission.SEE)


def test_former_name_of_a_deleted_repository_leads_nowhere_and_is_free(
    hub: Hub, repository: Repository
) -> None:
    rename(hub, "anna/demo", "show")
    with hub.database.writing() as session:
        session.execute(update(Repository).values(deleted_at=now()))
    with hub.database.reading() as session, pytest.raises(NotFound):
        open_repository(session, SYSTEM, "anna/demo", need=Permission.SEE)
    make(hub, "anna", "demo")
    make(hub, "anna", "show")


def test_address_under_a_former_name_of_the_owner_leads_on(
    hub: Hub, repository: Repository, browser: Browser
) -> None:
    eve = browser("eve")
    with hub.database.writing() as session:
        rename_person(session, SYSTEM, get_user(session, "anna"), name="mathilda")
    assert eve.get("/anna/demo?page=1").headers["Location"] == "/mathilda/demo?page=1"
    assert eve.get("/anna").headers["Location"] == "/mathilda"
    rename(hub, "mathilda/demo", "show")
    assert eve.get("/anna/demo").headers["Location"] == "/mathilda/show"
    assert eve.get("/mathilda/demo").headers["Location"] == "/mathilda/show"


def test_a_private_repository_stays_private_when_it_is_given_away(
    hub: Hub, private_repository: Repository, browser: Browser
) -> None:
    browser("bo")
    transfer(hub, "anna/secret", "bo")
    assert browser("anna").get("/anna/secret").status_code == 404
    assert browser("anna").get("/bo/secret").status_code == 404
    assert browser("bo").get("/bo/secret").status_code == 200
    with hub.database.writing() as session:
        assert make_repository(session, get_user(session, "anna"), "more").visibility is Visibility.PUBLIC
        with pytest.raises(Invalid):
            make_repository(session, get_user(session, "anna"), "secret")


def test_no_deploy_key_of_the_former_owner_works_on(
    browser: Browser, hub: Hub, repository: Repository, tmp_path: Path
) -> None:
    """Whoever gives a repository away may have kept the other half of a key that pushes to it."""
    with hub.database.writing() as session:
        shown = open_repository(session, SYSTEM, "anna/demo", need=Permission.SEE)
        line = write_key(tmp_path / "deploy")
        fingerprint = add_deploy_key(session, SYSTEM, shown, title="ci", line=line, may_push=True).fingerprint
    with hub.database.writing() as session:
        make_user(session, "zoe")
    transfer(hub, "anna/demo", "zoe")
    with hub.database.reading() as session:
        assert find_key_viewer(session, fingerprint) is None
    assert "removed the deploy key “ci” by giving the repository away" in words_of(
        browser("zoe").get("/zoe/demo/settings/log").text
    )


def test_former_owner_is_taken_off_the_rules_that_list_them(hub: Hub, repository: Repository) -> None:
    """Whoever gives a repository away lists themselves on its rules before: with the role write, which the
    new owner may give them later, they would push what only the rule's people push."""
    with hub.database.writing() as session:
        make_user(session, "bo")
        shown = open_repository(session, SYSTEM, "anna/demo", need=Permission.SEE)
        values = RuleValues(RefKind.BRANCH, "release/*", least_role=None, people=["anna"])
        add_rule(session, SYSTEM, shown, values=values)
    transfer(hub, "anna/demo", "bo")
    with hub.database.reading() as session:
        anna = get_user(session, "anna").viewer()
        assert not any(rule.names_them for rule in find_standing(session, anna, repository.id).rules)
