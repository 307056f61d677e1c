"""Deploy keys on their page: added, removed, refused; and what they are in other repositories."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from hub.access import Permission, Role, Viewer
from hub.accounts.credentials import find_key_viewer
from hub.accounts.models import SshKey, User
from hub.app import Hub
from hub.clock import now
from hub.errors import Forbidden, HubError, NotFound
from hub.repos.access import open_repository
from hub.repos.models import PushIntent, RefLogEntry, Repository
from hub.repos.settings import deploy_keys
from tests.factories import SYSTEM, make_collaborator, make_key, make_repository, write_key
from tests.feature.repos.pushing import ZERO, Pusher, reasons
from tests.git_client import GitClient
from tests.visitor import Visitor, words_of

Browser = Callable[[str], Visitor]
KEYS = "/anna/demo/settings/keys"


def deploy_viewer(hub: Hub, repository: Repository, git: GitClient, *, may_push: bool) -> Viewer:
    """Who a new deploy key of that repository is."""
    line = write_key(git.folder / f"deploy-{repository.id}-{may_push}")
    with hub.database.writing() as session:
        row = session.get_one(Repository, repository.id)
        key = deploy_keys.add_deploy_key(session, SYSTEM, row, title="ci", line=line, may_push=may_push)
        use = find_key_viewer(session, key.fingerprint)
    assert use is not None
    return use.viewer


@pytest.mark.parametrize(
    ("access", "role", "shown", "noted"),
    [("read", Role.READ, "reads", "which reads"), ("push", Role.WRITE, "reads and pushes", "which pushes")],
)
def test_key_is_added_shown_noted_and_removed(
    browser: Browser,
    hub: Hub,
    repository: Repository,
    git: GitClient,
    access: str,
    role: Role,
    shown: str,
    noted: str,
) -> None:
    anna = browser("anna")
    answer = anna.submit(KEYS, title="build server", key=write_key(git.folder / "k"), access=access)
    assert answer.headers["Location"] == KEYS
    words = words_of(anna.get(KEYS).text)
    assert "The deploy key “build server” is added." in words
    assert f"build server {shown} ssh-ed25519 SHA256:" in words
    assert "Never used" in words
    with hub.database.reading() as session:
        key = session.scalars(select(SshKey)).one()
        assert (key.user_id, key.repository_id, key.role) == (None, repository.id, role)
    assert anna.submit(KEYS, action=f"{KEYS}/{key.id}/remove").status_code == 302
    assert "No deploy key yet" in words_of(anna.get(KEYS).text)
    log = words_of(anna.get("/anna/demo/settings/log").text)
    assert f"added the deploy key “build server”, {noted}" in log
    assert "removed the deploy key “build server”" in log


def test_a_key_that_is_in_use_is_refused_with_what_for(
    browser: Browser, hub: Hub, repository: Repository, git: GitClient
) -> None:
    anna = browser("anna")
    own, bos, used, here = (git.folder / name for name in ("own", "bos", "used", "here"))
    with hub.database.writing() as session:
        make_key(session, session.get_one(User, repository.owner_id), own)
        make_key(
            session,
            make_collaborator(session, session.get_one(Repository, repository.id), role=Role.READ),
            bos,
        )
        other = make_repository(session)
        line = write_key(used)
        deploy_keys.add_deploy_key(session, SYSTEM, other, title="x", line=line)
        keys = {key.title: key.public_key for key in session.scalars(select(SshKey))}
        by_owner = {key.user_id: key.public_key for key in session.scalars(select(SshKey))}
    line = write_key(here)
    anna.submit(KEYS, title="first", key=line)
    bo_id = next(one for one in by_owner if one not in (None, repository.owner_id))
    for pasted, fault in (
        (line, "This key was added before, as “first”."),
        (by_owner[repository.owner_id], "This is your own key"),
        (by_owner[bo_id], "This key is in use by a person."),
        (keys["x"], "This is the deploy key of another repository."),
    ):
        answer = anna.submit(KEYS, title="again", key=pasted)
        assert answer.status_code == 422
        assert fault in words_of(answer.text)
    answer = anna.submit("/settings/keys", title="mine", key=line)
    assert answer.status_code == 422
    assert "This key is the deploy key of a repository" in words_of(answer.text)


def test_a_private_key_is_refused_and_not_shown_again(
    browser: Browser, repository: Repository, git: GitClient
) -> None:
    write_key(git.folder / "k")
    private = (git.folder / "k").read_text()
    answer = browser("anna").submit(KEYS, title="x", key=private)
    assert answer.status_code == 422
    assert "This is a private key." in words_of(answer.text)
    assert private.splitlines()[1] not in answer.text


@pytest.mark.parametrize(("role", "may"), [(Role.WRITE, False), (Role.MAINTAIN, False), (Role.OWN, True)])
def test_owners_alone_have_deploy_keys(
    hub: Hub, repository: Repository, git: GitClient, role: Role, may: bool
) -> None:
    line = write_key(git.folder / "k")
    with hub.database.writing() as session:
        row = session.get_one(Repository, repository.id)
        viewer = make_collaborator(session, row, role=role).viewer()
        if may:
            key = deploy_keys.add_deploy_key(session, viewer, row, title="k", line=line)
            assert [one.title for one in deploy_keys.list_deploy_keys(session, viewer, row)] == ["k"]
            deploy_keys.remove_deploy_key(session, viewer, row, key_id=key.id)
            return
        for work in (
            lambda: deploy_keys.add_deploy_key(session, viewer, row, title="k", line=line),
            lambda: deploy_keys.list_deploy_keys(session, viewer, row),
            lambda: deploy_keys.remove_deploy_key(session, viewer, row, key_id=1),
        ):
            with pytest.raises(Forbidden):
                work()


def test_a_key_is_found_through_its_own_repository_only(
    hub: Hub, repository: Repository, private_repository: Repository, git: GitClient
) -> None:
    deploy_viewer(hub, private_repository, git, may_push=False)
    with hub.database.writing() as session:
        row = session.get_one(Repository, repository.id)
        key = session.scalars(select(SshKey)).one()
        with pytest.raises(NotFound):
            deploy_keys.remove_deploy_key(session, SYSTEM, row, key_id=key.id)


@pytest.mark.parametrize("may_push", [False, True])
def test_a_deploy_key_is_a_stranger_in_other_repositories(
    hub: Hub, repository: Repository, private_repository: Repository, git: GitClient, may_push: bool
) -> None:
    viewer = deploy_viewer(hub, private_repository, git, may_push=may_push)
    with hub.database.writing() as session:
        other_private = make_repository(session, visibility=private_repository.visibility).id

    def outcome(wanted: int, need: Permission) -> str:
        with hub.database.reading() as session:
            try:
                return open_repository(session, viewer, wanted, need=need).name
            except HubError as error:
                return f"{error.code}: {error.why}"

    see, propose = Permission.SEE, Permission.PROPOSE
    assert outcome(private_repository.id, see) == "secret"
    assert outcome(repository.id, see) == "demo"
    assert outcome(repository.id, propose) == "forbidden: This is the deploy key of another repository."
    assert outcome(other_private, see).startswith("not_found")
    reading = "forbidden: This deploy key reads, and nothing else."
    assert outcome(private_repository.id, propose) == ("secret" if may_push else reading)
    assert outcome(private_repository.id, Permission.ADMINISTER).startswith("forbidden")


def test_what_a_deploy_key_pushes_is_nobodys_and_says_which_key(
    hub: Hub, repository: Repository, pusher: Pusher, git: GitClient
) -> None:
    first = pusher.git.head(pusher.work)
    pusher.push((ZERO, first, "refs/heads/main"))
    key = Pusher(hub, repository, deploy_viewer(hub, repository, git, may_push=True), git, pusher.work)
    second = git.commit(pusher.work, "second")
    judgement = key.push((first, second, "refs/heads/main"), (ZERO, second, "refs/heads/built"))
    assert reasons(judgement) == {"refs/heads/main": "protected branch", "refs/heads/built": "ok"}
    with hub.database.reading() as session:
        columns = (RefLogEntry.ref, RefLogEntry.user_id, PushIntent.key_name)
        logged = select(*columns).join(PushIntent, PushIntent.push_id == RefLogEntry.push_id)
        assert [tuple(row) for row in session.execute(logged.order_by(RefLogEntry.id))] == [
            ("refs/heads/main", repository.owner_id, None),
            ("refs/heads/built", None, "deploy key ci"),
        ]
        pushed_at = session.get_one(Repository, repository.id).pushed_at
        assert pushed_at is not None
        assert (now() - pushed_at).total_seconds() < 60
