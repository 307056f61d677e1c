"""Who may do what: viewers, roles, permissions, scopes, and the one table that joins them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Visibility(StrEnum):
    """Who may see a repository."""

    PUBLIC = "public"
    PRIVATE = "private"


class Role(StrEnum):
    """What a person is in a repository, from the least to the most."""

    READ = "read"
    PROPOSE = "propose"
    WRITE = "write"
    MAINTAIN = "maintain"
    OWN = "own"


class Permission(StrEnum):
    """What can be done with a repository."""

    SEE = "see"
    COMMENT = "comment"
    PROPOSE = "propose"
    PUSH = "push"
    APPROVE = "approve"
    MERGE = "merge"
    REDACT = "redact"
    SET_RULES = "set_rules"
    DESCRIBE = "describe"
    ADMINISTER = "administer"
    SET_VISIBILITY = "set_visibility"
    SET_ROLES = "set_roles"
    DELETE = "delete"


class Scope(StrEnum):
    """What a token may be used for; a person in the browser has all of them."""

    ALL = "all"
    REPOSITORY_READ = "repository:read"
    REPOSITORY_WRITE = "repository:write"
    ACCOUNT = "account"
    METRICS = "metrics"
    ADMIN = "admin"


_READ = frozenset({Permission.SEE, Permission.COMMENT})
_PROPOSE = _READ | {Permission.PROPOSE}
_WRITE = _PROPOSE | {Permission.PUSH, Permission.APPROVE}
_MAINTAIN = _WRITE | {Permission.MERGE, Permission.REDACT, Permission.SET_RULES, Permission.DESCRIBE}
_OWN = _MAINTAIN | {
    Permission.SET_VISIBILITY,
    Permission.SET_ROLES,
    Permission.ADMINISTER,
    Permission.DELETE,
}

ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.READ: _READ,
    Role.PROPOSE: _PROPOSE,
    Role.WRITE: _WRITE,
    Role.MAINTAIN: _MAINTAIN,
    Role.OWN: _OWN,
}

# On a public repository a stranger reads, and every account may comment and propose.
PUBLIC_PERMISSIONS: Mapping[bool, frozenset[Permission]] = {
    False: frozenset({Permission.SEE}),
    True: _PROPOSE,
}

# What is left to do in an archived repository: it is read-only, and can be brought back or away. A secret
# that stands in it has to go all the same.
ARCHIVED_PERMISSIONS = frozenset(
    {
        Permission.SEE,
        Permission.REDACT,
        Permission.SET_VISIBILITY,
        Permission.SET_ROLES,
        Permission.ADMINISTER,
        Permission.DELETE,
    }
)

IMPLIED_SCOPES: Mapping[Scope, frozenset[Scope]] = {
    Scope.ALL: frozenset(Scope),
    Scope.REPOSITORY_WRITE: frozenset({Scope.REPOSITORY_WRITE, Scope.REPOSITORY_READ}),
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whoever asks: a person by id, a deploy key, or a stranger.

    `scopes` is None for one signed in by password. `only` are the ids of the repositories that the
    credentials reach, None for all: anywhere else their holder is a stranger. `key_role` is what a deploy
    key is in its repository; a person's role is found there.
    """

    user_id: int | None = None
    name: str | None = None
    is_admin: bool = False
    scopes: frozenset[Scope] | None = None
    only: frozenset[int] | None = None
    key_role: Role | None = None

    @property
    def is_signed_in(self) -> bool:
        """Whether a person is known."""
        return self.user_id is not None

    @property
    def administers(self) -> bool:
        """Whether they act as an administrator: being one, with credentials that reach that far."""
        return self.is_admin and self.only is None and self.has_scope(Scope.ADMIN)

    def has_scope(self, scope: Scope) -> bool:
        """Whether the credentials in use reach that far; a stranger holds no credentials to limit."""
        if self.scopes is None:
            return True
        return any(scope in IMPLIED_SCOPES.get(held, {held}) for held in self.scopes)

    def within(self, repository_id: int) -> "Viewer":
        """Who this is in that repository: a stranger, where the credentials do not reach it."""
        return self if self.only is None or repository_id in self.only else ANONYMOUS

    def as_dict(self) -> dict[str, object]:
        """The viewer as JSON values, for another process of the hub."""
        return {
            "user_id": self.user_id,
            "name": self.name,
            "is_admin": self.is_admin,
            "scopes": None if self.scopes is None else sorted(self.scopes),
            "only": None if self.only is None else sorted(self.only),
            "key_role": self.key_role,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> "Viewer":
        """The viewer that `as_dict` described; raises KeyError or ValueError for anything else."""
        user_id, name, scopes = values["user_id"], values["name"], values["scopes"]
        only, key_role = values["only"], values["key_role"]
        return cls(
            user_id=None if user_id is None else int(str(user_id)),
            name=None if name is None else str(name),
            is_admin=bool(values["is_admin"]),
            scopes=None if not isinstance(scopes, list) else frozenset(Scope(one) for one in scopes),
            only=None if not isinstance(only, list) else frozenset(int(one) for one in only),
            key_role=None if key_role is None else Role(str(key_role)),
        )


ANONYMOUS = Viewer()


def allowed(
    permission: Permission,
    *,
    role: Role | None,
    visibility: Visibility,
    is_signed_in: bool = True,
    is_archived: bool = False,
) -> bool:
    """Whether somebody with `role` may do this in a repository of that visibility. Pure."""
    if is_archived and permission not in ARCHIVED_PERMISSIONS:
        return False
    if role is not None and permission in ROLE_PERMISSIONS[role]:
        return True
    return visibility is Visibility.PUBLIC and permission in PUBLIC_PERMISSIONS[is_signed_in]
