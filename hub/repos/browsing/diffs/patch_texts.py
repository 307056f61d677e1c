"""Changes as text, for whoever takes them with curl: the patch of a commit, the diff of two branches."""

from collections.abc import Callable
from typing import IO

from sqlalchemy.orm import Session

from hub.db import config_of
from hub.errors import NotFound, TooLarge, Unavailable, text
from hub.repos.browsing.diffs.commit_pages import pair_of
from hub.repos.browsing.diffs.comparing import Comparison
from hub.repos.git.commits import CommitRow, read_commits
from hub.repos.git.diffs import TreePair
from hub.repos.git.patches import MOST_BYTES, TooLong, write_diff, write_patch, write_patches
from hub.repos.git.process import GitFailed, GitTooSlow
from hub.repos.git.store import directory
from hub.repos.models import Repository


def open_commit_text(
    session: Session, repository: Repository, commit_id: str, *, is_patch: bool
) -> IO[bytes]:
    """The change of a commit that the viewer may see, as a mail or as a bare diff; raises HubError."""
    path = directory(config_of(session), repository)
    found = read_commits(path, (commit_id,))
    if not found:
        raise NotFound(text("There is no commit %(id)s here.", id=commit_id))
    commit: CommitRow = found[0]
    if is_patch:
        return _open(lambda: write_patch(path, commit_id, is_merge=commit.is_merge))
    pair = pair_of(session, repository, commit)
    if pair is None:
        raise NotFound(
            text("There is nothing to compare this commit with."),
            text("Its parent is not in this repository."),
        )
    return _open(lambda: write_diff(pair))


def open_comparison_text(comparison: Comparison, *, is_patch: bool) -> IO[bytes]:
    """What the head of a comparison brings, as mails or as a bare diff; raises HubError."""
    pair = comparison.pair
    if pair is None:
        raise NotFound(
            text("There is nothing to compare."),
            comparison.fault or text("These two have no commit in common."),
            text("Compare them as they are, with two dots between their names."),
        )
    if not is_patch:
        return _open(lambda: write_diff(pair))
    ids = (comparison.base.spot.commit_id, comparison.head.spot.commit_id)
    return _open(lambda: write_patches(pair.directory, *ids, beside=pair.beside))


def open_range_text(
    session: Session, repository: Repository, base_id: str, head_id: str, *, is_patch: bool
) -> IO[bytes]:
    """What the commits from one (left out) to another bring, as mails or as a bare diff; raises HubError."""
    path = directory(config_of(session), repository)
    if is_patch:
        return _open(lambda: write_patches(path, base_id, head_id))
    found = read_commits(path, (base_id, head_id))
    if len(found) != 2:
        raise NotFound(text("There is nothing to compare."), text("A commit is not in this repository."))
    pair = TreePair(path, found[0].tree_id, found[1].tree_id)
    return _open(lambda: write_diff(pair))


def _open(write: Callable[[], IO[bytes]]) -> IO[bytes]:
    try:
        return write()
    except TooLong as error:
        raise TooLarge(
            text("This text has more than %(limit)s MB.", limit=MOST_BYTES // 1_000_000),
            next_step=text("Make it in a clone: git diff and git format-patch have no limit there."),
        ) from error
    except GitTooSlow as error:
        raise Unavailable(
            text("git took too long to make this text."),
            text("The change is very large, or the hub is busy."),
            text("Make it in a clone, with git diff or git format-patch."),
        ) from error
    except GitFailed as error:
        raise Unavailable(
            text("git cannot make this text."),
            text("The change is too large for it, or an object is missing or damaged."),
            text("Make it in a clone, with git diff or git format-patch."),
        ) from error
