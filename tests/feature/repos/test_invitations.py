"""Roles are offered, taken, declined, changed, taken back and given up."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from hub.access import Role, Viewer, Visibility
from hub.accounts.models import User
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.errors import Forbidden, NotFound
from hub.repos.access import find_repository
from hub.repos.models import Collaborator, Invitation, Repository
from hub.repos.settings import invitations, people
from tests.factories import make_collaborator, make_repository, make_user
from tests.visitor import Visitor, words_of

Browser = Callable[[str], Visitor]
PEOPLE = "/anna/secret/settings/people"


@pytest.fixture
def bo(browser: Browser) -> Visitor:
    return browser("bo")


@pytest.fixture
def anna(browser: Browser, repository: Repository) -> Visitor:
    return browser("anna")


def roles(hub: Hub) -> dict[str, Role]:
    with hub.database.reading() as session:
        rows = session.execute(
            select(User.name, Collaborator.role).join(Collaborator, Collaborator.user_id == User.id)
        )
        return {row.name: row.role for row in rows}


def test_invited_person_sees_path_and_inviter_and_nothing_else(
    anna: Visitor, bo: Visitor, hub: Hub, private_repository: Repository
) -> None:
    with hub.database.writing() as session:
        session.get_one(Repository, private_repository.id).description = "a-canary"
    answer = anna.submit(PEOPLE, person="bo", role="write")
    assert answer.headers["Location"] == PEOPLE
    assert "bo is invited." in words_of(anna.get(PEOPLE).text)
    for page in ("/", "/invitations"):
        text = bo.get(page).text
        assert "anna/secret write from anna" in words_of(text)
        assert "a-canary" not in text
    assert bo.get("/anna/secret").status_code == 404
    assert "secret" not in bo.get("/explore").text
    assert roles(hub) == {}


def test_accepted_invitation_is_a_role(
    anna: Visitor, bo: Visitor, hub: Hub, private_repository: Repository
) -> None:
    anna.submit(PEOPLE, person="BO", role="maintain")
    answer = bo.submit("/", action="/invitations/1/accept")
    assert answer.headers["Location"] == "/anna/secret"
    assert "You are part of anna/secret now." in words_of(bo.get("/anna/secret").text)
    assert roles(hub) == {"bo": Role.MAINTAIN}
    assert "No invitation is open" in words_of(bo.get("/invitations").text)
    log = words_of(anna.get("/anna/secret/settings/log").text)
    assert "anna invited bo with the role maintain to anna/secret" in log
    assert "bo accepted the role maintain in anna/secret" in log


def test_declined_invitation_is_gone(
    anna: Visitor, bo: Visitor, hub: Hub, private_repository: Repository
) -> None:
    anna.submit(PEOPLE, person="bo", role="read")
    bo.submit("/invitations", action="/invitations/1/decline")
    assert roles(hub) == {}
    assert "bo declined the invitation to anna/secret" in words_of(anna.get("/anna/secret/settings/log").text)
    assert "Open invitations" not in words_of(anna.get(PEOPLE).text)


def test_invitation_is_taken_back(
    anna: Visitor, bo: Visitor, hub: Hub, private_repository: Repository
) -> None:
    anna.submit(PEOPLE, person="bo", role="read")
    with bo.client.session_transaction() as cookie:
        token = cookie["csrf"]
    anna.submit(PEOPLE, action=f"{PEOPLE}/invitations/1/withdraw")
    assert bo.post("/invitations/1/accept", {"csrf_token": token}).status_code == 404
    assert roles(hub) == {}


def test_second_invitation_replaces_the_first(
    anna: Visitor, bo: Visitor, hub: Hub, private_repository: Repository
) -> None:
    anna.submit(PEOPLE, person="bo", role="read")
    anna.submit(PEOPLE, person="bo", role="write")
    with hub.database.reading() as session:
        assert [one.role for one in session.scalars(select(Invitation))] == [Role.WRITE]


@pytest.mark.parametrize(
    ("person", "role", "fault"),
    [
        ("nobody-here", "read", "Nobody here is called “nobody-here”."),
        ("anna", "read", "anna owns anna/secret already."),
        ("mei", "read", "mei has a role already; change it in the list."),
        ("bo", "own", "Choose one of the roles."),
        ("bo", "king", "Choose one of the roles."),
        ("bo", "", "Choose one of the roles."),
        ("gone", "read", "gone cannot sign in at this time."),
    ],
)
def test_invitation_is_refused_in_words(
    anna: Visitor, bo: Visitor, hub: Hub, private_repository: Repository, person: str, role: str, fault: str
) -> None:
    with hub.database.writing() as session:
        make_user(session, "gone").is_suspended = True
        row = session.get_one(Repository, private_repository.id)
        session.add(Collaborator(repository_id=row.id, user_id=make_user(session, "mei").id, role=Role.READ,
                                 created_at=row.created_at))  # fmt: skip
    answer = anna.submit(PEOPLE, person=person, role=role)
    assert answer.status_code == 422
    assert fault in words_of(answer.text)
    with hub.database.reading() as session:
        assert session.scalars(select(Invitation)).all() == []


def test_role_is_changed_and_taken_away_and_both_count_at_once(
    anna: Visitor, browser: Browser, hub: Hub, private_repository: Repository
) -> None:
    with hub.database.writing() as session:
        name = make_collaborator(
            session, session.get_one(Repository, private_repository.id), role=Role.READ
        ).name
    member = browser(name)
    anna.submit(PEOPLE, action=f"{PEOPLE}/{name}/role", role="maintain")
    assert member.get("/anna/secret/settings").status_code == 200
    anna.submit(PEOPLE, action=f"{PEOPLE}/{name}/remove")
    assert member.get("/anna/secret").status_code == 404
    assert roles(hub) == {}


def test_nobody_is_made_an_owner_by_changing_their_role(
    anna: Visitor, hub: Hub, private_repository: Repository
) -> None:
    """Who took over a browser in which anna is signed in gives an account of their own a role, and then makes
    it an owner: it would delete the repository, or give it away, with a proof of its own instead of hers."""
    with hub.database.writing() as session:
        row = session.get_one(Repository, private_repository.id)
        name = make_collaborator(session, row, role=Role.WRITE).name
    answer = anna.submit(PEOPLE, action=f"{PEOPLE}/{name}/role", role="own")
    assert answer.status_code == 422
    assert roles(hub) == {name: Role.WRITE}


def test_somebody_without_a_role_gets_none_by_changing_it(
    anna: Visitor, bo: Visitor, hub: Hub, private_repository: Repository
) -> None:
    with anna.client.session_transaction() as cookie:
        token = cookie["csrf"]
    answer = anna.post(f"{PEOPLE}/bo/role", {"csrf_token": token, "role": "read"})
    assert answer.status_code == 404
    assert roles(hub) == {}


def test_a_person_leaves_by_themselves(
    anna: Visitor, browser: Browser, hub: Hub, repository: Repository
) -> None:
    with hub.database.writing() as session:
        name = make_collaborator(session, session.get_one(Repository, repository.id), role=Role.WRITE).name
    member = browser(name)
    assert member.submit("/anna/demo", action="/anna/demo/leave").headers["Location"] == "/"
    assert roles(hub) == {}
    assert f"{name} gave up the role write in anna/demo" in words_of(anna.get("/anna/demo/settings/log").text)
    assert "/anna/demo/leave" not in member.get("/anna/demo").text
    with member.client.session_transaction() as cookie:
        token = cookie["csrf"]
    assert member.post("/anna/demo/leave", {"csrf_token": token}).status_code == 404


def test_many_invitations_do_not_make_the_first_page_of_somebody_endless(bo: Visitor, hub: Hub) -> None:
    """Whoever makes thousands of repositories invites somebody to each of them."""
    with hub.database.writing() as session:
        eve, invited = make_user(session, "eve"), get_user(session, "bo")
        for number in range(101):
            made = make_repository(session, eve, f"trap-{number}", visibility=Visibility.PRIVATE)
            invitations.invite(session, eve.viewer(), made, invited, role=Role.READ)
    for page in ("/", "/invitations"):
        text = bo.get(page).text
        assert text.count("eve/trap-") >= 100
        assert "eve/trap-0" not in text
        assert "eve/trap-100" in text


@pytest.mark.each_value
@pytest.mark.parametrize(
    "address", ["/invitations/{}/accept", "/invitations/{}/decline", PEOPLE + "/invitations/{}/withdraw"]
)
def test_number_that_no_database_holds_is_not_found(
    anna: Visitor, private_repository: Repository, address: str
) -> None:
    """A number of twenty digits overflows in the database: each such request would be a crash in the log."""
    with anna.client.session_transaction() as cookie:
        token = cookie["csrf"]
    assert anna.post(address.format("9" * 20), {"csrf_token": token}).status_code == 404


def test_nobody_answers_for_somebody_else(
    anna: Visitor, browser: Browser, hub: Hub, private_repository: Repository
) -> None:
    browser("bo")
    anna.submit(PEOPLE, person="bo", role="read")
    eve = browser("eve")
    with eve.client.session_transaction() as cookie:
        token = cookie["csrf"]
    for act in ("accept", "decline"):
        assert eve.post(f"/invitations/1/{act}", {"csrf_token": token}).status_code == 404
    assert eve.post(f"{PEOPLE}/invitations/1/withdraw", {"csrf_token": token}).status_code == 404
    assert roles(hub) == {}


def test_invitation_of_another_repository_is_not_found_here(
    anna: Visitor, bo: Visitor, hub: Hub, private_repository: Repository, repository: Repository
) -> None:
    anna.submit(PEOPLE, person="bo", role="read")
    with anna.client.session_transaction() as cookie:
        token = cookie["csrf"]
    answer = anna.post("/anna/demo/settings/people/invitations/1/withdraw", {"csrf_token": token})
    assert answer.status_code == 404
    with hub.database.reading() as session:
        assert len(session.scalars(select(Invitation)).all()) == 1


def test_invitation_of_one_who_lost_the_right_does_not_hold(
    hub: Hub, private_repository: Repository, browser: Browser
) -> None:
    """Attack: an owner beside the owner invites a friend before they are removed."""
    browser("bo")
    with hub.database.writing() as session:
        repository = session.get_one(Repository, private_repository.id)
        other = make_collaborator(session, repository, role=Role.OWN)
        bo = get_user(session, "bo")
        offered = invitations.invite(session, other.viewer(), repository, bo, role=Role.READ)
        session.delete(session.get_one(Collaborator, (repository.id, other.id)))
        session.flush()
        with pytest.raises(Forbidden, match="does not hold any more"):
            invitations.accept(session, bo.viewer(), offered)


def test_credentials_that_reach_one_repository_answer_for_that_one_only(
    hub: Hub, private_repository: Repository, repository: Repository, browser: Browser
) -> None:
    browser("bo")
    with hub.database.writing() as session:
        bo = get_user(session, "bo")
        secret = session.get_one(Repository, private_repository.id)
        offered = invitations.invite(session, get_user(session, "anna").viewer(), secret, bo, role=Role.READ)
        limited = Viewer(user_id=bo.id, name="bo", only=frozenset({repository.id}))
        assert people.list_invitations(session, limited) == []
        with pytest.raises(NotFound):
            invitations.accept(session, limited, offered)
        assert find_repository(session, limited, secret.id) is None
