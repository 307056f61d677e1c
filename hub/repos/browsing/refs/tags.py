"""The tags of a repository, a page at a time, with what those say who made them."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.db import config_of
from hub.paging import Page, make_page, offset_of
from hub.repos.browsing.commit_lines import CommitLine, line_of
from hub.repos.browsing.refs.branches import PAGE_REFS
from hub.repos.browsing.refs.ref_deletion import list_deletable
from hub.repos.browsing.refs.ref_order import order_refs
from hub.repos.browsing.spots import Spot, SpotKind
from hub.repos.git.commits import read_commits
from hub.repos.git.store import directory
from hub.repos.git.tips import Tag, read_tags
from hub.repos.models import Repository
from hub.repos.names import TAGS, printable


@dataclass(frozen=True, slots=True)
class TagLine:
    """A tag; `last` is None for one of a folder or a file. Texts are for people."""

    spot: Spot
    tag: Tag
    last: CommitLine | None
    can_delete: bool

    @property
    def subject_text(self) -> str:
        """The first line of what an annotated tag says."""
        return printable(self.tag.subject)

    @property
    def body_text(self) -> str:
        """What it says beyond its first line."""
        return "\n".join(printable(line) for line in self.tag.body.splitlines())

    @property
    def tagger_text(self) -> str:
        """Who made an annotated tag."""
        return printable(self.tag.tagger_name)

    @property
    def made_at(self) -> datetime | None:
        """When the tag was made, or the commit that a light one names."""
        return self.tag.tagged_at or (None if self.last is None else self.last.committed_at)


@dataclass(frozen=True, slots=True)
class TagList:
    """One page; `is_by_date` is false where ordering took too long."""

    page: Page[TagLine]
    is_by_date: bool


def list_tags(session: Session, viewer: Viewer, repository: Repository, *, page: int = 1) -> TagList:
    """The tags, what was made last first."""
    ordered = order_refs(directory(config_of(session), repository), TAGS.encode())
    start = offset_of(page, PAGE_REFS)
    lines = _lines(session, viewer, repository, ordered.refs[start : start + PAGE_REFS])
    total = len(ordered.refs)
    return TagList(make_page(lines, number=page, total=total, size=PAGE_REFS), ordered.is_by_date)


def _lines(
    session: Session, viewer: Viewer, repository: Repository, refs: Sequence[tuple[bytes, str]]
) -> list[TagLine]:
    path = directory(config_of(session), repository)
    tags = read_tags(path, (object_id for _, object_id in refs))
    commits = {one.commit_id: line_of(one) for one in read_commits(path, (tag.target_id for tag in tags))}
    deletable = list_deletable(session, viewer, repository, refs)
    return [
        TagLine(
            Spot(SpotKind.TAG, os.fsdecode(ref.removeprefix(TAGS.encode())), tag.target_id),
            tag,
            commits.get(tag.target_id),
            ref in deletable,
        )
        for (ref, _), tag in zip(refs, tags, strict=True)
    ]
