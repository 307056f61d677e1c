"""What an address such as `/anna/demo/src/branch/main/docs` names: a commit, how it was named, and a path.

Branches and tags are all that a viewer sees of a repository's refs. Ids that lead anywhere else answer as ids
that nobody has: of deleted branches, of hidden refs, of what a fork merely borrows.
"""

import os
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy.orm import Session

from hub.db import config_of
from hub.errors import NotFound, text
from hub.repos.git.objects import Objects
from hub.repos.git.reachability import TooLargeToWalk, reaches_commit
from hub.repos.git.refs import RefFiles, take_snapshot
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.repos.names import BRANCHES, TAGS, printable

_ID: Final = re.compile(r"[0-9a-f]{7,64}")
# No ref has a longer name (names.MAX_REF_BYTES) or more parts than that.
_MOST_PARTS: Final = 200


class SpotKind(StrEnum):
    """How an address names a commit."""

    BRANCH = "branch"
    TAG = "tag"
    COMMIT = "commit"


_PREFIXES: Final = {SpotKind.BRANCH: BRANCHES.encode(), SpotKind.TAG: TAGS.encode()}


@dataclass(frozen=True, slots=True)
class Spot:
    """A commit, how it was named, and a path in it.

    `name` is that of the branch or tag, or the commit's id, as git has it: bytes that are not UTF-8 are lone
    surrogates. `path` has no slash at either end and is empty for the root.
    """

    kind: SpotKind
    name: str
    commit_id: str
    path: bytes = b""

    @property
    def name_text(self) -> str:
        """The name for people: eight digits of an id, odd characters written out."""
        return self.commit_id[:8] if self.kind is SpotKind.COMMIT else as_text(os.fsencode(self.name))

    @property
    def name_quoted(self) -> str:
        """The name for a field of a form, from which `unquote_to_bytes` makes it again."""
        return quote(os.fsencode(self.name))

    @property
    def path_text(self) -> str:
        """The path for people."""
        return as_text(self.path)

    @property
    def path_quoted(self) -> str:
        """The path for a field of a form, from which `unquote_to_bytes` makes it again."""
        return quote(self.path)

    @property
    def is_immutable(self) -> bool:
        """Whether what this names can never be anything else."""
        return self.kind is SpotKind.COMMIT

    def at(self, path: bytes) -> "Spot":
        """Another path of the same commit."""
        return replace(self, path=path.strip(b"/"))

    def named(self, kind: SpotKind | str, name: str) -> "Spot":
        """The same path of what another ref names; only to make an address of."""
        return Spot(SpotKind(kind), name, "", self.path)

    def at_commit(self, commit_id: str, path: bytes | None = None) -> "Spot":
        """The same path, or another one, as of a commit."""
        return Spot(SpotKind.COMMIT, commit_id, commit_id, self.path if path is None else path)

    def fixed(self) -> "Spot":
        """The same, named by the commit's id: the permalink."""
        return Spot(SpotKind.COMMIT, self.commit_id, self.commit_id, self.path)


def ref_text(name: str) -> str:
    """A name as git has it, with surrogates for what is no UTF-8, for people."""
    return as_text(os.fsencode(name))


def as_text(name: bytes) -> str:
    """A name from git for people: what is no UTF-8 is replaced, what cannot be seen written out."""
    shown = printable(name.decode("utf-8", "replace"))
    # A link of nothing but spaces could be neither seen nor read aloud.
    return shown if shown.strip(" ") else "\N{OPEN BOX}" * len(shown)


def find_spot(session: Session, repository: Repository, kind: str, rest: bytes) -> Spot:
    """What `rest`, a ref or id and a path behind it, names; raises NotFound in words.

    The path is not looked at here. `kind` is a SpotKind's value, as in addresses.
    """
    path = directory(config_of(session), repository)
    if kind == SpotKind.COMMIT:
        name, _, rest = rest.partition(b"/")
        commit_id = get_commit_id(session, repository, name)
        return Spot(SpotKind.COMMIT, commit_id, commit_id, rest.strip(b"/"))
    if kind not in (SpotKind.BRANCH, SpotKind.TAG):
        raise NotFound(
            text("There is no such page."),
            next_step=text("An address goes on with branch, tag or commit, and its name."),
        )
    spot_kind = SpotKind(kind)
    found = _split(RefFiles(path), _PREFIXES[spot_kind], rest)
    if found is None:
        raise _no_ref(spot_kind, rest)
    name, object_id, rest = found
    named_commit = Objects(path).peel(object_id)
    if named_commit is None:
        raise NotFound(
            text("The %(kind)s %(name)s names no commit.", kind=kind, name=as_text(name)),
            text("git lets a tag name a single file or folder, which has no history to show."),
            text("Fetch it with git to look at it."),
        )
    return Spot(spot_kind, os.fsdecode(name), named_commit, rest.strip(b"/"))


def _split(files: RefFiles, prefix: bytes, rest: bytes) -> tuple[bytes, str, bytes] | None:
    """Name and id of the ref that `rest` begins with, and what follows; git never has two such refs."""
    parts = rest.split(b"/")
    for count in range(1, min(len(parts), _MOST_PARTS) + 1):
        name = b"/".join(parts[:count])
        if not _may_be_ref(name):
            return None
        object_id = files.get(prefix + name)
        if object_id is not None:
            return name, object_id, b"/".join(parts[count:])
    return None


def _may_be_ref(name: bytes) -> bool:
    # What would lead out of the folder of refs, or is no name at all.
    return bool(name) and b"\0" not in name and not {b"", b".", b".."} & set(name.split(b"/"))


def _no_ref(kind: SpotKind, rest: bytes) -> NotFound:
    shown = as_text(rest)[:200]
    if kind is SpotKind.TAG:
        return NotFound(
            text("There is no tag “%(name)s” here.", name=shown),
            text("It was deleted, or never pushed."),
            text("The page of tags lists those there are."),
        )
    return NotFound(
        text("There is no branch “%(name)s” here.", name=shown),
        text("It was deleted, renamed, or never pushed."),
        text("The page of branches lists those there are."),
    )


def find_named(session: Session, repository: Repository, typed: str) -> Spot:
    """The root of the branch, tag or commit that somebody typed, in this order; raises NotFound."""
    path = directory(config_of(session), repository)
    name = typed.encode("utf-8", "replace")
    files = RefFiles(path)
    for kind, prefix in _PREFIXES.items():
        if _may_be_ref(name) and files.get(prefix + name) is not None:
            return find_spot(session, repository, kind, name)
    try:
        commit_id = get_commit_id(session, repository, typed)
    except NotFound as error:
        raise NotFound(
            text("There is no branch, tag or commit “%(name)s” here.", name=as_text(name)[:200]),
            next_step=text("The pages of branches and tags list those there are."),
        ) from error
    return Spot(SpotKind.COMMIT, commit_id, commit_id)


def default_spot(session: Session, repository: Repository) -> Spot | None:
    """The root of the default branch; None while there is no commit in it."""
    path = directory(config_of(session), repository)
    tip = RefFiles(path).get(BRANCHES + repository.default_branch)
    commit_id = None if tip is None else Objects(path).peel(tip)
    return None if commit_id is None else Spot(SpotKind.BRANCH, repository.default_branch, commit_id)


def some_spot(session: Session, repository: Repository) -> Spot:
    """The root of the first branch by name, where the default one is not there; raises NotFound."""
    names = RefFiles(directory(config_of(session), repository)).list_names(BRANCHES.encode())
    name = names[0].removeprefix(BRANCHES.encode()) if names else b""
    return find_spot(session, repository, SpotKind.BRANCH, name)


def get_commit_id(session: Session, repository: Repository, typed: bytes | str) -> str:
    """The full id of a commit that branches or tags reach, by it or by its first seven digits or more.

    Raises NotFound, with one text, for every other id.
    """
    asked = typed.decode("utf-8", "replace") if isinstance(typed, bytes) else typed
    path = directory(config_of(session), repository)
    commit_id = _complete(path, asked)
    if commit_id is None or not _is_reached(path, repository, commit_id):
        raise NotFound(
            text("There is no commit %(id)s here.", id=printable(asked)[:80]),
            text("No branch and no tag of this repository leads to a commit of this id."),
            text("Check the id, or look for the commit in the history."),
        )
    return commit_id


def _complete(path: Path, asked: str) -> str | None:
    if not _ID.fullmatch(asked.lower()):
        return None
    return Objects(path).find_commit_id(asked.lower())


def _is_reached(path: Path, repository: Repository, commit_id: str) -> bool:
    try:
        return reaches_commit(
            path, take_snapshot(path), commit_id, first=BRANCHES + repository.default_branch
        )
    except TooLargeToWalk:
        return False
