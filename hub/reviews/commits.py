"""The commits of a patch set as a list shows them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from hub.db import config_of
from hub.repos.browsing.commit_lines import line_of
from hub.repos.browsing.diffs.commit_pages import readable
from hub.repos.git.store import directory
from hub.reviews.changes import OpenedChange
from hub.reviews.files.versions import commits_of
from hub.reviews.shell import Version


@dataclass(frozen=True, slots=True)
class ListedCommit:
    """A commit for people; `body_text` is what its message says below the first line."""

    commit_id: str
    subject_text: str
    body_text: str
    author_text: str
    committed_at: datetime


def list_commits(session: Session, opened: OpenedChange, version: Version) -> list[ListedCommit]:
    """The commits of the patch set, the newest last."""
    path = directory(config_of(session), opened.repository)
    found = []
    for one in commits_of(session, path, opened.topic.id, version.entry_id):
        line = line_of(one)
        found.append(
            ListedCommit(
                commit_id=one.commit_id,
                subject_text=line.subject_text,
                body_text=readable(one.body.strip()),
                author_text=line.author_text,
                committed_at=one.committed_at,
            )
        )
    return found
