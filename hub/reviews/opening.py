"""Opens a change from a branch, here or in a fork, and has it follow that branch from then on."""

from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from sqlalchemy.orm import Session

from hub.access import Permission, Viewer
from hub.db import commit_so_far, config_of
from hub.errors import Conflict, Invalid, Text, text
from hub.issues.numbers import next_number
from hub.repos.access import open_repository, require
from hub.repos.git.forks import copy_objects
from hub.repos.git.process import GitFailed
from hub.repos.git.refs import RefFiles
from hub.repos.git.series import Series, read_series
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.repos.names import BRANCHES
from hub.repos.receive import update_refs
from hub.reviews.intake.identity import Known, find_followers
from hub.reviews.intake.judging import moves_of
from hub.reviews.intake.proposed import Facts, Opening, Proposed, keep
from hub.reviews.intake.versions import read_facts
from hub.reviews.proposing import (
    MOST_COMMITS,
    MOST_REVIEWERS,
    clean_description,
    clean_title,
    find_reviewers,
)


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch that is proposed: in the repository itself, or in another one that the viewer reads."""

    repository: Repository
    name: str


@dataclass(frozen=True, slots=True)
class Words:
    """What the form says about a new change; `reviewers` are names."""

    title: str
    description: str = ""
    is_draft: bool = False
    reviewers: tuple[str, ...] = ()


def open_change(
    session: Session,
    viewer: Viewer,
    repository: Repository,
    *,
    target: str,
    source: Branch,
    words: Words,
    base_url: str = "",
) -> int:
    """Opens a change that proposes the branch for the target; returns its number.

    Commits what the session holds (see `update_refs`), so that it comes first in a request. Raises Invalid,
    Conflict where there is a change of this branch already, and what `update_refs` raises.
    """
    require(session, viewer, repository, Permission.PROPOSE)
    open_repository(session, viewer, source.repository.id, need=Permission.SEE)
    _check_words(words)
    reviewers = _find_reviewers(session, repository, words.reviewers)
    theirs, path = (directory(config_of(session), one) for one in (source.repository, repository))
    tip_id = _tip_of(theirs, source)
    target_id = RefFiles(path).get(BRANCHES + target)
    if target_id is None:
        raise _invalid("target", text("There is no branch of this name. Choose one that is there."))
    _refuse_twin(session, repository, source, target)
    # Copying and comparing take a while, in which others may write.
    commit_so_far(session)
    bring_objects(theirs, path, tip_id)
    series, facts = _read(path, target_id, tip_id, target)
    _refuse_twin(session, repository, source, target)
    proposed = Proposed(
        number=next_number(session, repository.id),
        patch_set=1,
        commit_id=tip_id,
        base_id=series.base_id or "",
        facts=facts,
        opening=Opening(
            target=target,
            title=clean_title(words.title),
            description=clean_description(words.description),
            is_draft=words.is_draft,
            reviewers=reviewers,
            followed=[source.repository.id, source.name],
        ),
        target=target,
        base_url=base_url,
    )
    propose(session, viewer, repository, proposed, known=None)
    return proposed.number


def propose(
    session: Session, viewer: Viewer, repository: Repository, proposed: Proposed, *, known: Known | None
) -> None:
    """Moves the review refs of a patch set as a push of the hub's own, whose record makes the entries."""
    push_id = token_hex(8)
    keep(session, push_id, repository.id, proposed)
    moves = moves_of(proposed, known)
    update_refs(session, viewer, repository, [], own=moves, push_id=push_id)


def bring_objects(theirs: Path, ours: Path, tip_id: str) -> None:
    """Has our repository hold the commit and all it needs; copied from theirs, where it lies."""
    if theirs == ours:
        return
    known = set(RefFiles(ours).read_shared().values())
    # Objects that no ref leads to may lie there without all that they need.
    if tip_id not in known:
        copy_objects(theirs, ours, [tip_id], known=known)


def find_twin(session: Session, repository: Repository, source: Branch, target: str) -> int | None:
    """The number of the open change that proposes this branch for this target already."""
    followers = find_followers(session, source.repository.id, [source.name]).get(source.name, [])
    same = (one for one in followers if one.repository_id == repository.id and one.target == target)
    return next((one.number for one in same), None)


def _refuse_twin(session: Session, repository: Repository, source: Branch, target: str) -> None:
    number = find_twin(session, repository, source, target)
    if number is not None:
        raise Conflict(
            text("Change %(number)s proposes this branch already.", number=number),
            next_step=text("Push to the branch: the change follows it."),
            next_url=f"/{repository.path}/changes/{number}",
        )


def _check_words(words: Words) -> None:
    if not clean_title(words.title):
        raise Invalid(text("The change was not opened."), {"title": text("Enter a title.")})


def _find_reviewers(session: Session, repository: Repository, names: tuple[str, ...]) -> list[int]:
    if len(names) > MOST_REVIEWERS:
        raise _invalid("reviewers", text("Ask at most %(most)s people.", most=MOST_REVIEWERS))
    found, unknown = find_reviewers(session, repository, names)
    if unknown:
        fault = text("Nobody called %(name)s reads this repository.", name=unknown[0][:60])
        raise _invalid("reviewers", fault)
    return [one.id for one in found]


def _tip_of(theirs: Path, source: Branch) -> str:
    tip_id = RefFiles(theirs).get(BRANCHES + source.name)
    if tip_id is None:
        raise _invalid("source", text("There is no branch %(name)s any more.", name=source.name))
    return tip_id


def _read(path: Path, target_id: str, tip_id: str, target: str) -> tuple[Series, Facts]:
    try:
        series = read_series(path, target_id, tip_id, most=MOST_COMMITS)
        if series.base_id is None:
            raise _invalid("source", text("It has no commit in common with %(target)s.", target=target))
        if not series.commits:
            raise _invalid("source", text("There is nothing new: %(target)s has all of it.", target=target))
        if series.is_cut:
            raise _invalid("source", text("A change has at most %(most)s commits.", most=MOST_COMMITS))
        return series, read_facts(path, series)
    except GitFailed as error:
        raise _invalid("source", text("git could not compare them: %(error)s.", error=error)) from error


def _invalid(field: str, fault: Text) -> Invalid:
    return Invalid(text("The change was not opened."), {field: fault})
