"""The branches of a repository, a page at a time: their last commits, how far they are from the default."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.db import config_of
from hub.paging import Page, make_page, offset_of
from hub.repos.browsing.commit_lines import CommitLine, line_of
from hub.repos.browsing.refs.distances import find_distances
from hub.repos.browsing.refs.ref_deletion import list_deletable
from hub.repos.browsing.refs.ref_order import order_refs
from hub.repos.browsing.spots import Spot, SpotKind, ref_text
from hub.repos.git.commits import read_commits
from hub.repos.git.history import Distance
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.repos.names import BRANCHES

PAGE_REFS: Final = 50


@dataclass(frozen=True, slots=True)
class BranchLine:
    """A branch; `last` is None for one whose commit cannot be read, `distance` where nobody has counted."""

    spot: Spot
    is_default: bool
    last: CommitLine | None
    distance: Distance | None
    can_delete: bool


@dataclass(frozen=True, slots=True)
class BranchList:
    """One page; `is_by_date` is false where ordering took too long."""

    page: Page[BranchLine]
    is_by_date: bool


def list_branches(
    session: Session, viewer: Viewer, repository: Repository, *, wanted: str = "", page: int = 1
) -> BranchList:
    """The branches whose names hold `wanted`: the default one first, then by their last commits."""
    path = directory(config_of(session), repository)
    ordered = order_refs(path, BRANCHES.encode())
    default = BRANCHES.encode() + os.fsencode(repository.default_branch)
    refs = sorted(_matching(ordered.refs, wanted), key=lambda ref: ref[0] != default)
    start = offset_of(page, PAGE_REFS)
    shown = refs[start : start + PAGE_REFS]
    lines = _lines(session, viewer, repository, shown)
    return BranchList(make_page(lines, number=page, total=len(refs), size=PAGE_REFS), ordered.is_by_date)


def _matching(refs: list[tuple[bytes, str]], wanted: str) -> list[tuple[bytes, str]]:
    if not wanted:
        return refs
    asked = wanted.casefold()
    return [ref for ref in refs if asked in ref_text(_short(ref[0])).casefold()]


def _short(ref: bytes) -> str:
    return os.fsdecode(ref.removeprefix(BRANCHES.encode()))


def _lines(
    session: Session, viewer: Viewer, repository: Repository, refs: Sequence[tuple[bytes, str]]
) -> list[BranchLine]:
    path = directory(config_of(session), repository)
    commits = {one.commit_id: line_of(one) for one in read_commits(path, (tip for _, tip in refs))}
    deletable = list_deletable(session, viewer, repository, refs)
    distances = find_distances(session, repository, (tip for _, tip in refs))
    return [
        BranchLine(
            Spot(SpotKind.BRANCH, _short(ref), tip),
            _short(ref) == repository.default_branch,
            commits.get(tip),
            distances.get(tip),
            ref in deletable,
        )
        for ref, tip in refs
    ]
