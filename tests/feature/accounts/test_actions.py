"""What the command line and the pages do with accounts, and who may."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from hub.access import ANONYMOUS, Scope, Viewer
from hub.accounts import actions, token_actions
from hub.accounts.credentials import KeyUse, find_key_viewer, note_use
from hub.accounts.jobs import note_key_use
from hub.accounts.models import SshKey, User
from hub.accounts.people import PeopleFilter, list_everybody
from hub.accounts.queries import find_user, get_self, get_user, has_admin
from hub.accounts.sign_in import passwords
from hub.app import Hub
from hub.errors import Forbidden, HubError, Invalid, NotFound, Unauthenticated
from tests.factories import SYSTEM, make_key, make_user

LIMITED_ADMIN = Viewer(user_id=1, name="root", is_admin=True, scopes=frozenset({Scope.ACCOUNT}))


def make(session: Session, viewer: Viewer = SYSTEM, **values: str) -> User:
    given = {"name": "anna", "email": "anna@example.org", **values}
    return actions.create_user(session, viewer, name=given["name"], email=given["email"], password=None)


@pytest.mark.parametrize("viewer", [ANONYMOUS, Viewer(user_id=7, name="eve"), LIMITED_ADMIN])
def test_only_administrators_make_and_list_accounts(session: Session, viewer: Viewer) -> None:
    with pytest.raises(Forbidden):
        make(session, viewer)
    with pytest.raises(NotFound):
        list_everybody(session, viewer, PeopleFilter.ALL)
    assert find_user(session, "anna") is None
    assert make(session).name == "anna"
    assert [row.name for row in list_everybody(session, SYSTEM, PeopleFilter.ALL)] == ["anna"]


@pytest.mark.parametrize(
    ("values", "faults"),
    [
        ({"name": "ANNA", "email": "other@example.org"}, {"name": "This name is taken. Choose another one."}),
        ({"name": "bo", "email": "Anna@Example.ORG"}, {"email": "There is an account with this address."}),
        ({"name": "bo", "email": "nonsense"}, {"email": "Enter an address such as anna@example.org."}),
        ({"name": "bo", "email": "a@b\nBcc: c@d"}, {"email": "Enter an address such as anna@example.org."}),
        ({"name": "bo", "email": "a@" + "b" * 260}, {"email": "Enter an address such as anna@example.org."}),
    ],
)
def test_account_is_refused_with_the_fault_of_each_field(
    session: Session, values: dict[str, str], faults: dict[str, str]
) -> None:
    make(session)
    with pytest.raises(Invalid) as refused:
        make(session, **values)
    assert {name: str(fault) for name, fault in refused.value.fields.items()} == faults


def test_credentials_are_changed_by_their_person_and_by_administrators(session: Session) -> None:
    anna, eve = make_user(session, "anna"), make_user(session, "eve")
    acts: list[Callable[[Viewer], object]] = [
        lambda viewer: passwords.change_password(session, viewer, anna, password="a long and dull one"),
        lambda viewer: token_actions.create_token(
            session, viewer, anna, label="x", scopes=frozenset({Scope.REPOSITORY_READ}), expires_at=None
        ),
        lambda viewer: token_actions.revoke_token(session, viewer, anna, token_id=1),
    ]
    git_only = anna.viewer(frozenset({Scope.REPOSITORY_WRITE}))
    for act in acts:
        for stranger in (eve.viewer(), git_only, ANONYMOUS):
            with pytest.raises(Forbidden):
                act(stranger)
        act(anna.viewer())
    for act in acts[:2]:
        act(SYSTEM)


def test_key_stands_for_its_person_in_git_only(hub: Hub, tmp_path: Path) -> None:
    with hub.database.writing() as session:
        anna = make_user(session, "anna")
        fingerprint = make_key(session, anna, tmp_path / "key").fingerprint
    with hub.database.reading() as session:
        use = find_key_viewer(session, fingerprint)
        assert find_key_viewer(session, "SHA256:other") is None
    assert use == KeyUse(
        Viewer(user_id=1, name="anna", scopes=frozenset({Scope.REPOSITORY_WRITE})), key_id=1, needs_touch=True
    )
    note_use(hub.database, use)
    assert hub.queue.huey.pending_count() == 1
    note_key_use.function(hub.database, 1)
    note_key_use.function(hub.database, 1)
    with hub.database.writing() as session:
        assert session.get_one(SshKey, 1).last_used_at is not None
        again = find_key_viewer(session, fingerprint)
        session.execute(update(User).values(is_suspended=True))
        assert find_key_viewer(session, fingerprint) is None
    assert again is not None
    note_use(hub.database, again)
    assert hub.queue.huey.pending_count() == 1


def test_people_are_found_in_any_case_or_said_not_to_be_there(session: Session) -> None:
    make(session)
    assert get_user(session, "ANNA").name == "anna"
    assert not has_admin(session)
    failures: list[tuple[type[HubError], Callable[[], object]]] = [
        (NotFound, lambda: get_user(session, "nobody-here")),
        (Unauthenticated, lambda: get_self(session, ANONYMOUS)),
        (Unauthenticated, lambda: get_self(session, Viewer(user_id=99, name="gone"))),
    ]
    for kind, act in failures:
        with pytest.raises(kind):
            act()
