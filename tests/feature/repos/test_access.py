"""The only door to a repository, and what is listed of those behind it."""

from contextlib import nullcontext

import pytest

from hub.access import ANONYMOUS, Permission, Role, Scope, Viewer
from hub.accounts.models import User
from hub.app import Hub
from hub.errors import Forbidden, HubError, Invalid, NotFound
from hub.repos import actions, lists
from hub.repos.access import open_repository, role_of
from hub.repos.models import Collaborator, Repository
from tests.factories import make_collaborator, make_repository, make_user

STRANGER = Viewer(user_id=4711, name="eve")
SYSTEM = Viewer(is_admin=True)


def refusal(hub: Hub, viewer: Viewer, path: str | int, need: Permission = Permission.SEE) -> HubError:
    with hub.database.reading() as session, pytest.raises(HubError) as raised:
        open_repository(session, viewer, path, need=need)
    return raised.value


@pytest.mark.parametrize("viewer", [ANONYMOUS, STRANGER])
@pytest.mark.parametrize("need", [Permission.SEE, Permission.PUSH])
def test_a_private_repository_answers_as_one_that_is_missing(
    hub: Hub, private_repository: Repository, viewer: Viewer, need: Permission
) -> None:
    private = refusal(hub, viewer, "anna/secret", need)
    missing = refusal(hub, viewer, "anna/nosuch", need)
    nobody = refusal(hub, viewer, "nobody/secret", need)
    assert type(private) is type(missing) is type(nobody) is NotFound
    assert private.as_text().replace("anna/secret", "X") == missing.as_text().replace("anna/nosuch", "X")
    assert private.as_text().replace("anna/secret", "X") == nobody.as_text().replace("nobody/secret", "X")
    by_id = refusal(hub, viewer, private_repository.id, need).as_text()
    assert by_id.replace(str(private_repository.id), "X") == refusal(hub, viewer, 99, need).as_text().replace(
        "99", "X"
    )


@pytest.mark.parametrize("path", ["anna/demo", "ANNA/Demo", "/anna/demo.git", "anna/demo/"])
def test_a_repository_is_found_however_its_path_is_written(
    hub: Hub, repository: Repository, path: str
) -> None:
    with hub.database.reading() as session:
        found = open_repository(session, ANONYMOUS, path, need=Permission.SEE)
        assert (found.id, found.path) == (repository.id, "anna/demo")


@pytest.mark.parametrize("path", ["", "anna", "a/b/c", "../etc", "anna/..", "anna/de mo", "anna/\x1b[31m"])
def test_a_path_of_another_shape_is_not_found(hub: Hub, repository: Repository, path: str) -> None:
    error = refusal(hub, ANONYMOUS, path)
    assert isinstance(error, NotFound)
    assert "\x1b" not in error.as_text()


def test_what_is_seen_but_not_allowed_is_refused_with_the_next_step(hub: Hub, repository: Repository) -> None:
    error = refusal(hub, STRANGER, "anna/demo", Permission.PUSH)
    assert isinstance(error, Forbidden)
    assert error.as_text() == (
        "You may not do this in anna/demo.\n"
        "You have no role there.\n"
        "Ask the owner of anna/demo for the role write.\n"
    )


@pytest.mark.parametrize(
    ("scopes", "need", "allowed"),
    [
        (None, Permission.PUSH, True),
        ({Scope.ALL}, Permission.PUSH, True),
        ({Scope.REPOSITORY_WRITE}, Permission.PUSH, True),
        ({Scope.REPOSITORY_WRITE}, Permission.SEE, True),
        ({Scope.REPOSITORY_READ}, Permission.SEE, True),
        ({Scope.REPOSITORY_READ}, Permission.PUSH, False),
        ({Scope.METRICS}, Permission.SEE, False),
        (set(), Permission.SEE, False),
    ],
)
def test_a_token_reaches_as_far_as_its_scopes(
    hub: Hub,
    owner: Viewer,
    private_repository: Repository,
    scopes: set[Scope] | None,
    need: Permission,
    allowed: bool,
) -> None:
    viewer = Viewer(owner.user_id, "anna", scopes=None if scopes is None else frozenset(scopes))
    with hub.database.reading() as session:
        expected = nullcontext() if allowed else pytest.raises(Forbidden, match="does not reach that far")
        with expected:
            open_repository(session, viewer, "anna/secret", need=need)


def test_roles_come_from_owning_sharing_and_administration(hub: Hub, repository: Repository) -> None:
    with hub.database.writing() as session:
        row = session.get_one(Repository, repository.id)
        writer = make_collaborator(session, row, role=Role.WRITE)
        viewers = (Viewer(row.owner_id), writer.viewer(), SYSTEM, STRANGER, ANONYMOUS)
        roles = [role_of(session, viewer, row) for viewer in viewers]
    assert roles == [Role.OWN, Role.WRITE, Role.OWN, None, None]


def test_lists_show_what_the_viewer_may_see(
    hub: Hub, owner: Viewer, repository: Repository, private_repository: Repository
) -> None:
    with hub.database.writing() as session:
        secret = session.get_one(Repository, private_repository.id)
        reader = make_collaborator(session, secret, role=Role.READ).viewer()
        other = make_repository(session, name="other").owner
        session.flush()

        def names(viewer: Viewer) -> list[str]:
            return sorted(row.name for row in lists.list_visible(session, viewer).items)

        assert names(ANONYMOUS) == names(STRANGER) == ["demo", "other"]
        assert names(owner) == names(reader) == names(SYSTEM) == ["demo", "other", "secret"]
        assert [row.name for row in lists.list_visible(session, owner, owner=other).items] == ["other"]
        assert [row.name for row in lists.list_mine(session, reader).items] == ["secret"]
        assert lists.list_mine(session, ANONYMOUS).total == 0


def test_a_role_is_given_changed_and_taken(hub: Hub, owner: Viewer, repository: Repository) -> None:
    with hub.database.writing() as session:
        row = session.get_one(Repository, repository.id)
        person = make_user(session, "bob")
        actions.grant(session, owner, row, person, role=Role.READ)
        actions.grant(session, owner, row, person, role=Role.MAINTAIN)
        assert role_of(session, person.viewer(), row) is Role.MAINTAIN
        actions.revoke(session, owner, row, person)
        assert role_of(session, person.viewer(), row) is None
        with pytest.raises(NotFound):
            actions.revoke(session, owner, row, person)
        with pytest.raises(Invalid):
            actions.grant(session, owner, row, session.get_one(User, owner.user_id), role=Role.READ)


def test_only_owners_give_roles(hub: Hub, repository: Repository) -> None:
    with hub.database.writing() as session:
        row = session.get_one(Repository, repository.id)
        maintainer = make_collaborator(session, row, role=Role.MAINTAIN)
        with pytest.raises(Forbidden):
            actions.grant(session, maintainer.viewer(), row, make_user(session, "bob"), role=Role.READ)
        assert session.query(Collaborator).count() == 1
