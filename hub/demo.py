"""What `hub demo` brings: three accounts, and repositories of real content, our own history among them."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from hub import demo_changes, demo_content
from hub.access import Permission, Role, Viewer, Visibility
from hub.accounts.actions import create_user
from hub.accounts.models import User
from hub.accounts.queries import find_user, get_user
from hub.accounts.sign_in.passwords import change_password
from hub.app import Hub
from hub.assets import templates_directory
from hub.config import Config
from hub.db import config_of
from hub.errors import Conflict, text
from hub.repos.access import find_repository, open_repository
from hub.repos.actions import create_repository, grant
from hub.repos.forks.forking import fork_repository
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory, size_bytes
from hub.repos.models import ZERO_ID, Repository
from hub.repos.pushes import RefUpdate
from hub.repos.receive import update_refs
from hub.repos.settings.invitations import invite
from hub.repos.settings.people import has_own_role
from hub.repos.stars import star

_SYSTEM: Final = Viewer(is_admin=True)
_PACKAGE: Final = Path(__file__).parent
# Without letters and digits that look alike.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One account that the demo brings, and why to sign in to it."""

    name: str
    note: str
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class DemoRepository:
    """One repository that the demo brings, and the person besides its owner who may push to it."""

    owner: str
    name: str
    description: str
    visibility: Visibility = Visibility.PUBLIC
    writer: str | None = None

    @property
    def path(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"


ACCOUNTS: Final = (
    DemoAccount("anna", "administers this hub; owns anna/hub", is_admin=True),
    DemoAccount("bo", "may push to anna/hub and forked it; owns bo/handbook, which is private"),
    DemoAccount("mei", "may push to bo/handbook, invited to anna/hub; owns mei/first-push, which is empty"),
)
SOURCE: Final = DemoRepository("anna", "hub", "The source of this hub", writer="bo")
HANDBOOK: Final = DemoRepository(
    "bo", "handbook", "The pages of the manual, before everybody sees them", Visibility.PRIVATE, writer="mei"
)
EMPTY: Final = DemoRepository("mei", "first-push", "Empty: push something")
FORK: Final = DemoRepository("bo", "hub", "Where bo tries things before they go to anna/hub")


def bring(hub: Hub) -> None:
    """Makes what is missing of the demo. Raises Conflict where one of its names is somebody's own."""
    known = read_passwords(hub.config)
    passwords = known or _make_passwords(hub.config)
    with hub.database.writing() as session:
        for account in ACCOUNTS:
            _bring_account(session, account, passwords[account.name], is_new_password=not known)
    for wanted in (SOURCE, HANDBOOK, EMPTY):
        with hub.database.writing() as session:
            if find_repository(session, _SYSTEM, wanted.path) is None:
                _create(session, wanted)
    _push(hub, SOURCE)
    _push(hub, HANDBOOK)
    with hub.database.writing() as session:
        if find_repository(session, _SYSTEM, FORK.path) is None:
            _connect(session)
    demo_changes.bring(hub, SOURCE.path, FORK.path)


def read_passwords(config: Config) -> dict[str, str]:
    """The demo accounts' passwords by name, as `bring` keeps them; empty where it was never run."""
    try:
        lines = _password_file(config).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return {name: password for name, _, password in (line.partition(" ") for line in lines)}


def describe(config: Config, http: str, ssh: str | None) -> str:
    """How to sign in to the demo accounts and what to try first; empty where there is no demo."""
    passwords = read_passwords(config)
    if not passwords:
        return ""
    accounts = [f"  {one.name:6}{passwords[one.name]:18}{one.note}" for one in ACCOUNTS]
    over_ssh = (
        [f"     (over SSH, with a key in your settings: ssh://git@{ssh}/{SOURCE.path}.git)"] if ssh else []
    )
    return "\n".join(
        [
            "",
            "Demo accounts, for this machine only:",
            *accounts,
            "",
            "Try first:",
            f"  1. Open {http}/login, sign in as anna and look at {http}/{SOURCE.path}",
            f"  2. git clone {http}/{SOURCE.path}.git first-clone",
            *over_ssh,
            f"  3. Sign in as mei, make a token at {http}/settings/tokens and push with it as the password:",
            f"     git -C first-clone push {http}/{EMPTY.path}.git HEAD:main",
            f"  4. Look at {http}/{SOURCE.path}/changes: as anna answer bo, and merge what he approved",
            "  5. Propose a change of your own, with no branch, no fork and no role, as mei:",
            "     git -C first-clone commit --allow-empty -m 'Try a change'",
            f"     git -C first-clone push {http}/{SOURCE.path}.git HEAD:refs/for/main",
            "",
        ]
    )


def _password_file(config: Config) -> Path:
    return config.data / "demo.txt"


def _make_passwords(config: Config) -> dict[str, str]:
    passwords = {account.name: _make_password() for account in ACCOUNTS}
    descriptor = os.open(_password_file(config), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.writelines(f"{name} {password}\n" for name, password in passwords.items())
    return passwords


def _make_password() -> str:
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))


def _bring_account(session: Session, account: DemoAccount, password: str, *, is_new_password: bool) -> None:
    user = find_user(session, account.name)
    if user is None:
        create_user(
            session,
            _SYSTEM,
            name=account.name,
            email=f"{account.name}@example.org",
            password=password,
            is_admin=account.is_admin,
            is_demo=True,
        )
    elif not user.is_demo:
        raise Conflict(
            text("The demo was not brought."),
            text("There is an account %(name)s that is not of the demo.", name=account.name),
            text("Use an empty data folder: HUB_DATA names it."),
        )
    elif is_new_password:
        change_password(session, _SYSTEM, user, password=password)


def _create(session: Session, wanted: DemoRepository) -> None:
    repository = create_repository(
        session,
        _SYSTEM,
        get_user(session, wanted.owner),
        name=wanted.name,
        description=wanted.description,
        visibility=wanted.visibility,
    )
    if wanted.writer is not None:
        grant(session, _SYSTEM, repository, get_user(session, wanted.writer), role=Role.WRITE)


def _connect(session: Session) -> None:
    # What people do with a repository of somebody else: bo forked it and starred it, mei is invited to it.
    source = open_repository(session, _SYSTEM, SOURCE.path, need=Permission.SEE)
    anna, bo, mei = (get_user(session, account.name) for account in ACCOUNTS)
    fork_repository(session, bo.viewer(), source, owner=bo, name=FORK.name, description=FORK.description)
    star(session, bo.viewer(), source)
    if not has_own_role(session, mei.viewer(), source):
        invite(session, anna.viewer(), source, mei, role=Role.PROPOSE)


def _push(hub: Hub, wanted: DemoRepository) -> None:
    with hub.database.reading() as session:
        repository = open_repository(session, _SYSTEM, wanted.path, need=Permission.SEE)
        if RefFiles(directory(hub.config, repository)).read_shared():
            return
        refs = _CONTENT[wanted.path](session, repository, get_user(session, wanted.owner))
    with hub.database.writing() as session:
        repository = open_repository(session, _SYSTEM, wanted.path, need=Permission.SEE)
        viewer = get_user(session, wanted.owner).viewer()
        update_refs(session, viewer, repository, [RefUpdate(ref, ZERO_ID, refs[ref]) for ref in sorted(refs)])
        # These objects came with no push that would have added them up.
        repository.size_bytes = size_bytes(directory(hub.config, repository))


def _write_source(session: Session, repository: Repository, owner: User) -> Mapping[str, str]:
    target = directory(config_of(session), repository)
    checkout = demo_content.find_checkout(_PACKAGE)
    if checkout is not None:
        return demo_content.copy_history(checkout, target, repository.default_branch)
    commit_id = demo_content.commit_files(_PACKAGE, target, owner, "The hub, as it is installed here")
    return {f"refs/heads/{repository.default_branch}": commit_id}


def _write_handbook(session: Session, repository: Repository, owner: User) -> Mapping[str, str]:
    pages = templates_directory() / "help"
    target = directory(config_of(session), repository)
    commit_id = demo_content.commit_files(pages, target, owner, "Begin with the pages that ship with the hub")
    return {f"refs/heads/{repository.default_branch}": commit_id}


_CONTENT: Final = {SOURCE.path: _write_source, HANDBOOK.path: _write_handbook}
