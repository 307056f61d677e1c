"""Which repositories an access token reaches, as people write and read them."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Scope
from hub.accounts.models import AccessToken, TokenRepository, User
from hub.errors import Invalid, Moved, Text, text
from hub.repos.access import find_repository, role_of, visible_to
from hub.repos.models import Repository
from hub.repos.names import printable

MAX_REPOSITORIES: Final = 50


def find_ids(session: Session, user: User, paths: Iterable[str]) -> list[int]:
    """The ids of the repositories at these paths, `owner/name` each, in which the person has a role.

    Raises Invalid, with `repositories` as the field, that names the first in which they have none.
    """
    wanted = list(dict.fromkeys(path.strip() for path in paths if path.strip()))
    if not wanted:
        raise _refused(text("Name at least one repository, as OWNER/NAME."))
    if len(wanted) > MAX_REPOSITORIES:
        raise _refused(text("At most %(limit)s repositories.", limit=MAX_REPOSITORIES))
    return [_find_id(session, user, path) for path in wanted]


def _find_id(session: Session, user: User, path: str) -> int:
    # As the token itself will see: what an administrator may do everywhere, it may not.
    viewer = user.viewer(frozenset({Scope.REPOSITORY_WRITE}))
    try:
        repository = find_repository(session, viewer, path)
    except Moved as moved:
        raise _refused(moved.what) from moved
    if repository is None or role_of(session, viewer, repository) is None:
        raise _refused(
            text("There is no repository %(path)s with a role of yours.", path=printable(path)[:150])
        )
    return repository.id


def _refused(fault: Text) -> Invalid:
    return Invalid(text("The token was not created."), {"repositories": fault})


def paths_of_tokens(session: Session, user: User) -> dict[int, list[str]]:
    """What each limited token of the person reaches, by the id of the token, as far as they may see it."""
    rows = session.execute(
        select(TokenRepository.token_id, Repository)
        .join(Repository, Repository.id == TokenRepository.repository_id)
        .join(AccessToken, AccessToken.id == TokenRepository.token_id)
        # The name of what the person may see no more is not told either.
        .where(AccessToken.user_id == user.id, visible_to(user.viewer()))
    )
    found: dict[int, list[str]] = {}
    for token_id, repository in rows:
        found.setdefault(token_id, []).append(repository.path)
    return {token_id: sorted(paths) for token_id, paths in found.items()}
