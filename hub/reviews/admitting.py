"""Whether what is about to move a branch are the commits of a change that has all it needs.

Where a rule says that changes are required this is what lets commits in: those of a merge that the hub makes,
and those that somebody pushes who may merge, of a change that could be merged by a click.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.orm import Session

from hub.access import Permission, Viewer
from hub.db import config_of
from hub.repos.access import may
from hub.repos.git.new_commits import NewCommits, is_plain_merge, read_new_commits
from hub.repos.git.process import GitFailed
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.repos.names import BRANCHES
from hub.repos.pushes import RefUpdate
from hub.reviews.changes import get_change
from hub.reviews.recognising import MOST_COMMITS, Candidate, list_candidates, recognise
from hub.reviews.standing import examine

# In the notes of a session: the update by which a change is merged that was found ready, and its number.
_MERGES: Final = "merges"


@contextmanager
def merging(session: Session, update: RefUpdate, number: int) -> Iterator[None]:
    """Has this update be admitted inside the block, as the merge of that change."""
    session.info[_MERGES] = (update, number)
    try:
        yield
    finally:
        del session.info[_MERGES]


def find_admitted(session: Session, viewer: Viewer, repository: Repository, update: RefUpdate) -> int | None:
    """The number of the change whose commits the update brings and that may be merged; None for no such."""
    announced = session.info.get(_MERGES)
    if announced is not None and announced[0] == update:
        number = announced[1]
        assert isinstance(number, int)
        return number
    is_branch = update.name.startswith(BRANCHES) and not update.creates and not update.deletes
    if not is_branch or not may(session, viewer, repository, Permission.MERGE):
        return None
    try:
        return _find_ready(session, viewer, repository, update)
    except GitFailed:  # too much, or not readable: nothing that could be told to be a change
        return None


def _find_ready(session: Session, viewer: Viewer, repository: Repository, update: RefUpdate) -> int | None:
    path = directory(config_of(session), repository)
    new = read_new_commits(path, update.old_id, update.new_id, most=MOST_COMMITS)
    if new.is_cut or not new.ids:
        return None
    candidates = list_candidates(session, repository.id, update.name.removeprefix(BRANCHES), new)
    for found in recognise([one for one in candidates if one.is_newest], new):
        one = found.candidate
        # By the files, to the last byte: patch ids pass over white space, and a merge may hold anything.
        if not is_accounted_for(new, one) or not is_plain_merge(
            path, update.old_id, one.commit_id, update.new_id
        ):
            continue
        opened = get_change(session, viewer, repository.path, one.number)
        if not examine(session, opened).unmet:
            return one.number
    return None


def is_accounted_for(new: NewCommits, one: Candidate) -> bool:
    """Whether each of the new commits is one of the change's, a copy of one, all of it, or a merge. Pure."""
    own = {commit_id for commit_id, _ in one.commits}
    patches = {one.patch_id, *(patch_id for _, patch_id in one.commits)} - {""}
    return all(
        commit_id in own or commit_id in new.merges or new.patch_ids.get(commit_id) in patches
        for commit_id in new.ids
    )
