"""What each side of a comparison names: a branch, a tag or a commit, here or in a related repository."""

import os
import re
from dataclasses import dataclass
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts.models import Principal
from hub.accounts.names import key_of
from hub.errors import NotFound, text
from hub.repos.access import visible_to
from hub.repos.browsing.spots import Spot, SpotKind, as_text, default_spot, find_spot, get_commit_id
from hub.repos.models import Repository

_FULL_ID: Final = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")
_LONGEST_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class ComparedSide:
    """One side: a spot of a repository. `typed` is how addresses have it, with surrogates for odd bytes."""

    repository: Repository
    spot: Spot
    typed: str

    @property
    def path(self) -> str:
        """`owner/name` of its repository."""
        return self.repository.path

    @property
    def typed_text(self) -> str:
        """What was typed, for people."""
        return as_text(os.fsencode(self.typed))

    @property
    def fixed(self) -> str:
        """The same side by the commit's id."""
        owner, colon, _ = self.typed.rpartition(":")
        return owner + colon + self.spot.commit_id


def split_spec(spec: bytes) -> tuple[bytes, bool, bytes]:
    """Base, whether both are compared as they are (`a..b`), and head; a single name is a head."""
    for dots in (b"...", b".."):  # no ref's name holds two dots in a row
        base, found, head = spec.partition(dots)
        if found:
            return base, dots == b"..", head
    return b"", False, spec


def get_side(session: Session, viewer: Viewer, repository: Repository, typed: bytes) -> ComparedSide:
    """What `typed`, such as `main`, `v1.0`, an id, or `bo:main` of a fork of bo's, names.

    Nothing is the default branch. Raises NotFound in words.
    """
    owner, colon, name = typed.rpartition(b":")
    there = _get_related(session, viewer, repository, owner) if colon else repository
    spot = _find(session, there, name)
    if spot is None:
        raise NotFound(
            text(
                "There is no branch, tag or commit “%(name)s” in %(path)s.",
                name=_shown(name),
                path=there.path,
            ),
            text("It was deleted, renamed, or never pushed."),
            text("Choose two that exist on the page Compare."),
            next_url=f"/{repository.path}/compare",
        )
    return ComparedSide(there, spot, os.fsdecode(typed) or spot.name)


def _find(session: Session, repository: Repository, name: bytes) -> Spot | None:
    if not name:
        return default_spot(session, repository)
    # A whole id is meant as one, even where a branch is called so.
    kinds = [SpotKind.BRANCH, SpotKind.TAG]
    if _FULL_ID.fullmatch(name):
        kinds = []
    for kind in kinds:
        try:
            spot = find_spot(session, repository, kind, name)
        except NotFound:
            continue
        if not spot.path:
            return spot
    try:
        commit_id = get_commit_id(session, repository, name)
    except NotFound:
        return None
    return Spot(SpotKind.COMMIT, commit_id, commit_id)


def _get_related(session: Session, viewer: Viewer, repository: Repository, owner: bytes) -> Repository:
    """The repository of that owner (or `owner/name`) that this one was forked from, or with which it shares
    an origin; raises NotFound, with one text for what does not exist and what the viewer may not see."""
    wanted_owner, _, wanted_name = os.fsdecode(owner).partition("/")
    family = [one for one in (repository.id, repository.origin_id) if one is not None]
    related = or_(Repository.id.in_(family), Repository.origin_id.in_(family))
    query = (
        select(Repository)
        .join(Repository.owner)
        .where(visible_to(viewer), related, Principal.name_key == key_of(wanted_owner))
        .order_by(Repository.id)
    )
    found = [one for one in session.scalars(query) if not wanted_name or one.name_key == key_of(wanted_name)]
    same_name = [one for one in found if one.name_key == repository.name_key]
    if not found:
        raise NotFound(
            text("%(owner)s has no fork of this repository, nor its origin.", owner=_shown(owner)),
            text("It was deleted, or you may not see it."),
            text("The page of forks lists those there are."),
            next_url=f"/{repository.path}/forks",
        )
    return (same_name or found)[0]


def _shown(name: bytes) -> str:
    return as_text(name)[:_LONGEST_SHOWN]
