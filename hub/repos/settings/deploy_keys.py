"""Deploy keys: SSH keys that stand for no person but reach one repository, to read it or to push as well."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.access import Permission, Role, Viewer
from hub.accounts import audit, keys
from hub.accounts.models import SshKey
from hub.clock import now
from hub.errors import Invalid, NotFound, Text, text
from hub.repos.access import require
from hub.repos.loans import check_loans
from hub.repos.models import Repository

ADDED_TO_READ: Final = audit.action(
    "deploy_key.added_to_read",
    text("added the deploy key “%(title)s”, which reads (%(fingerprint)s), to %(path)s"),
)
ADDED_TO_PUSH: Final = audit.action(
    "deploy_key.added_to_push",
    text("added the deploy key “%(title)s”, which pushes (%(fingerprint)s), to %(path)s"),
)
REMOVED: Final = audit.action("deploy_key.removed", text("removed the deploy key “%(title)s” from %(path)s"))

_NOT_ADDED: Final = text("This key cannot be added.")


@dataclass(frozen=True, slots=True)
class DeployKeyRow:
    """One deploy key in a list."""

    id: int
    title: str
    kind: str
    fingerprint: str
    may_push: bool
    created_at: datetime
    last_used_at: datetime | None


def list_deploy_keys(session: Session, viewer: Viewer, repository: Repository) -> list[DeployKeyRow]:
    """The deploy keys of the repository, in the order in which they came; raises Forbidden."""
    require(session, viewer, repository, Permission.ADMINISTER)
    wanted = select(SshKey).where(SshKey.repository_id == repository.id).order_by(SshKey.id)
    return [
        DeployKeyRow(
            id=key.id,
            title=key.title,
            kind=key.kind,
            fingerprint=key.fingerprint,
            may_push=key.role is Role.WRITE,
            created_at=key.created_at,
            last_used_at=key.last_used_at,
        )
        for key in session.scalars(wanted)
    ]


def add_deploy_key(
    session: Session, viewer: Viewer, repository: Repository, *, title: str, line: str, may_push: bool = False
) -> SshKey:
    """Registers a public key for this repository and no other.

    The title is the key's own comment where none is given. Raises Forbidden, Invalid, and LoansInTheWay: a
    key reads a fork and not its lender. Call it through `settle`.
    """
    require(session, viewer, repository, Permission.ADMINISTER)
    parsed = keys.parse(line)
    fault = _find_use(session, viewer, repository, parsed.fingerprint)
    if fault is not None:
        raise Invalid(_NOT_ADDED, {"key": fault})
    key = SshKey(
        repository_id=repository.id,
        role=Role.WRITE if may_push else Role.READ,
        title=keys.clean_title(title, parsed),
        kind=parsed.kind,
        fingerprint=parsed.fingerprint,
        public_key=parsed.line,
        created_at=now(),
    )
    try:
        with session.begin_nested():
            session.add(key)
            session.flush()
    except IntegrityError as error:  # somebody else added it between the question and the insert
        raise Invalid(_NOT_ADDED, {"key": _OF_ANOTHER}) from error
    what = ADDED_TO_PUSH if may_push else ADDED_TO_READ
    title, fingerprint = key.title, key.fingerprint
    audit.note(
        session,
        viewer,
        what,
        repository_id=repository.id,
        title=title,
        fingerprint=fingerprint,
        path=repository.path,
    )
    check_loans(session, repository)
    return key


def remove_deploy_key(session: Session, viewer: Viewer, repository: Repository, *, key_id: int) -> None:
    """Takes the key back: it is refused from the next request on; raises Forbidden and NotFound."""
    require(session, viewer, repository, Permission.ADMINISTER)
    is_it = (SshKey.id == key_id, SshKey.repository_id == repository.id)
    key = session.scalar(select(SshKey).where(*is_it))
    if key is None:
        raise NotFound(text("There is no such key."), next_step=text("It may have been removed already."))
    session.delete(key)
    session.flush()
    audit.note(session, viewer, REMOVED, repository_id=repository.id, title=key.title, path=repository.path)


_OF_ANOTHER: Final = text(
    "This is the deploy key of another repository. A key opens one repository: "
    "make another one with `ssh-keygen -t ed25519`."
)


def _find_use(session: Session, viewer: Viewer, repository: Repository, fingerprint: str) -> Text | None:
    """What the key is used for already, or None."""
    other = session.scalar(select(SshKey).where(SshKey.fingerprint == fingerprint))
    if other is None:
        return None
    if other.repository_id == repository.id:
        return text("This key was added before, as “%(title)s”.", title=other.title)
    if other.repository_id is not None:
        return _OF_ANOTHER
    if other.user_id == viewer.user_id:
        return text(
            "This is your own key: it stands for you, in all your repositories. "
            "Make another one for machines with `ssh-keygen -t ed25519`."
        )
    return text(
        "This key is in use by a person. A deploy key stands for nobody: "
        "make another one with `ssh-keygen -t ed25519`."
    )
