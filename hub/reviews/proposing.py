"""What holds for every proposal, however it comes: its words, its reviewers, its limits."""

import re
from collections.abc import Iterable
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Permission, Viewer, allowed
from hub.accounts.models import User
from hub.accounts.names import key_of
from hub.repos.access import role_given
from hub.repos.git.series import Series
from hub.repos.models import Collaborator, Repository

MOST_COMMITS: Final = 250
MOST_TITLE: Final = 300
MOST_DESCRIPTION: Final = 65_536
MOST_REVIEWERS: Final = 20

_CHANGE_ID: Final = re.compile(r"^Change-Id: \S+$\n?", re.MULTILINE | re.IGNORECASE)
_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f\s]+")


def clean_title(title: str) -> str:
    """A title as it is kept: one line, not too long."""
    line = _BREAKS.sub(" ", _whole(title)).strip()
    return line if len(line) <= MOST_TITLE else f"{line[: MOST_TITLE - 1]}…"


def clean_description(description: str) -> str:
    """A description as it is kept: lines that end as git's do, none of them blank at either end."""
    return _whole(description).replace("\r\n", "\n").replace("\r", "\n").strip()[:MOST_DESCRIPTION]


def _whole(words: str) -> str:
    # Push options come as bytes, of which some may be no UTF-8.
    return words.encode("utf-8", "replace").decode()


def words_of(series: Series, *, branch: str = "") -> tuple[str, str]:
    """Title and description for a series: the message of its only commit, else what its commits are."""
    tip = series.commits[-1]
    if len(series.commits) == 1:
        return clean_title(tip.subject) or tip.commit_id[:12], clean_description(_CHANGE_ID.sub("", tip.body))
    listed = "\n".join(f"- {clean_title(one.subject)}" for one in series.commits[:50])
    title = branch.replace("-", " ").replace("_", " ").strip().capitalize() if branch else tip.subject
    return clean_title(title) or tip.commit_id[:12], clean_description(listed)


def find_reviewers(
    session: Session, repository: Repository, names: Iterable[str]
) -> tuple[list[User], list[str]]:
    """The people of these names who may comment there, and the names of nobody who may."""
    wanted = {key_of(name): name for name in names}
    users = select(User).where(
        User.name_key.in_(wanted), User.deleted_at.is_(None), User.is_pending.is_(False)
    )
    roles = select(Collaborator).where(Collaborator.repository_id == repository.id)
    granted = {one.user_id: one.role for one in session.scalars(roles)}
    found = []
    for user in session.scalars(users.order_by(User.id)):
        viewer = Viewer(user_id=user.id, name=user.name)
        role = role_given(
            viewer, repository_id=repository.id, owner_id=repository.owner_id, granted=granted.get(user.id)
        )
        if user.is_active and allowed(Permission.COMMENT, role=role, visibility=repository.visibility):
            found.append(user)
    known = {one.name_key for one in found}
    return found, [name for key, name in wanted.items() if key not in known]
