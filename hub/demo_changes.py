"""The changes that `hub demo` brings: proposed, talked about and merged through the doors that people use."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub import demo_content
from hub.access import Permission, Viewer
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.issues.models import Comment, Topic
from hub.repos import receive
from hub.repos.access import open_repository
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import ALIVE_LOCK, QUEUE_LOCK, directory, lock
from hub.repos.models import ZERO_ID
from hub.repos.names import BRANCHES
from hub.repos.pushes import RefUpdate
from hub.reviews import actions, following, merging, opening, talking
from hub.reviews.changes import OpenedChange, get_change, list_patch_sets
from hub.reviews.models import Change, Side, VerdictValue
from hub.reviews.talking import Place

_SYSTEM: Final = Viewer(is_admin=True)
_SECONDS: Final = 30.0
_QUESTIONS: Final = "docs/questions.md"
_STEPS: Final = "docs/first-steps.md"


@dataclass(frozen=True, slots=True)
class _Stage:
    """The repository in which the demo plays, and the fork of it."""

    hub: Hub
    path: str
    fork: str
    base_url: str


def bring(hub: Hub, path: str, fork: str) -> None:
    """Plays what is missing of the demo's changes in the repository; each is known by its title."""
    stage = _Stage(hub, path, fork, hub.config.url.rstrip("/") or f"http://{hub.config.http}")
    for title, play in _PLAYS.items():
        if not _is_there(stage, title):
            play(stage, title)


def _is_there(stage: _Stage, title: str) -> bool:
    with stage.hub.database.reading() as session:
        repository = open_repository(session, _SYSTEM, stage.path, need=Permission.SEE)
        is_it = (Topic.repository_id == repository.id, Topic.title == title)
        return session.scalar(select(Topic.id).where(*is_it)) is not None


def _merged(stage: _Stage, title: str) -> None:
    """bo's, approved and merged by anna."""
    words = "# Questions\n\nAsk on the page of a change, or open an issue.\nAnswers come within a week.\n"
    commit_id = _commit(
        stage, "bo", stage.path, {_QUESTIONS: words}, f"{title}\n\nPeople ask by mail so far."
    )
    number = _push_for_review(stage, "bo", commit_id, ("reviewer", "anna"))
    _review(
        stage,
        "anna",
        number,
        VerdictValue.APPROVE,
        "Short and clear, thank you.",
        ("A week is a promise. Can we keep it?", _QUESTIONS, 4),
    )
    _answer(stage, "bo", number, "We kept it all of last year.", resolves=True)
    order = merging.Order("squash", commit_id, base_url=stage.base_url)
    with stage.hub.database.writing() as session:
        merging.merge(session, _viewer(session, "anna"), stage.path, number, order=order)


def _discussed(stage: _Stage, title: str) -> None:
    """bo's branch in its second patch set, after anna asked for changes."""
    words = ["# First steps", "", "1. Install git.", "2. Make an account.", "3. Push.", ""]
    first_id = _commit(
        stage, "bo", stage.path, {_STEPS: "\n".join(words)}, f"{title}\n\nFor whoever is new here."
    )
    _push_branch(stage, "bo", stage.path, "first-steps", ZERO_ID, first_id)
    number = _open(
        stage,
        "bo",
        stage.path,
        "first-steps",
        opening.Words(title, "For whoever is new here.", reviewers=("anna", "mei")),
    )
    _review(
        stage,
        "anna",
        number,
        VerdictValue.REQUEST_CHANGES,
        "Good to have this. Two things before it goes in.",
        ("Say where: people look for the page to sign up.", _STEPS, 4),
        ("Push *what*, and where to? A command would help.", _STEPS, 5),
    )
    words[3:5] = [
        "2. Make an account on the page Sign up.",
        "3. Push a commit: `git push origin HEAD:refs/for/main`",
    ]
    second_id = _commit(
        stage, "bo", stage.path, {_STEPS: "\n".join(words)}, f"{title}\n\nFor whoever is new here."
    )
    _push_branch(stage, "bo", stage.path, "first-steps", first_id, second_id)
    _answer(stage, "bo", number, "Done in patch set 2.", resolves=True)
    _say(
        stage, "mei", number, "I followed these steps today, and they worked. The second one took me longest."
    )


def _approved(stage: _Stage, title: str) -> None:
    """mei's, without any role there; approved by bo and ready to be merged."""
    words = "# Words\n\n- a change: what is proposed\n- a patch set: one version of it\n"
    commit_id = _commit(
        stage, "mei", stage.path, {"docs/words.md": words}, f"{title}\n\nI had to look them up."
    )
    number = _push_for_review(stage, "mei", commit_id, ("reviewer", "bo"), ("topic", "docs"))
    _review(stage, "bo", number, VerdictValue.APPROVE, "Exactly what was missing.")


def _draft(stage: _Stage, title: str) -> None:
    """A draft from the branch of bo's fork."""
    words = "# Ideas\n\nWhat could come next, in no order.\n"
    commit_id = _commit(stage, "bo", stage.fork, {"docs/ideas.md": words}, title)
    _push_branch(stage, "bo", stage.fork, "ideas", ZERO_ID, commit_id)
    _open(stage, "bo", stage.fork, "ideas", opening.Words(title, "Not finished: add yours.", is_draft=True))


def _closed(stage: _Stage, title: str) -> None:
    """mei's, closed by herself."""
    commit_id = _commit(stage, "mei", stage.path, {"docs/rename.md": "# A better name\n"}, title)
    number = _push_for_review(stage, "mei", commit_id)
    _say(stage, "anna", number, "The name stands in many scripts. What would be better with another one?")
    _say(stage, "mei", number, "Not enough to break scripts. I close this.")
    with stage.hub.database.writing() as session:
        mei = _viewer(session, "mei")
        actions.close(session, mei, get_change(session, mei, stage.path, number, locks=True))


_PLAYS: Final[dict[str, Callable[[_Stage, str], None]]] = {
    "Say where questions are answered": _merged,
    "Find a better name": _closed,
    "Describe the first steps": _discussed,
    "Explain the words of a review": _approved,
    "Collect ideas for what comes next": _draft,
}


def _viewer(session: Session, name: str) -> Viewer:
    return get_user(session, name).viewer()


def _commit(stage: _Stage, name: str, path: str, files: dict[str, str], message: str) -> str:
    """Writes a commit on top of the default branch there; returns its id."""
    with stage.hub.database.reading() as session:
        repository = open_repository(session, _SYSTEM, path, need=Permission.SEE)
        folder = directory(stage.hub.config, repository)
        parent_id = RefFiles(folder).get(BRANCHES + repository.default_branch)
        assert parent_id is not None, "the demo has pushed its content"
        return demo_content.commit_on(folder, parent_id, files, get_user(session, name), message)


def _push_branch(stage: _Stage, name: str, path: str, branch: str, old_id: str, new_id: str) -> None:
    with stage.hub.database.writing() as session:
        viewer = _viewer(session, name)
        repository = open_repository(session, viewer, path, need=Permission.PUSH)
        repository_id = repository.id
        receive.update_refs(session, viewer, repository, [RefUpdate(BRANCHES + branch, old_id, new_id)])
    following.follow(stage.hub.database, repository_id)


def _push_for_review(stage: _Stage, name: str, commit_id: str, *options: tuple[str, str]) -> int:
    """Pushes to refs/for/ as that person; returns the number of the change."""
    database = stage.hub.database
    with database.reading() as session:
        viewer = _viewer(session, name)
        repository = open_repository(session, viewer, stage.path, need=Permission.PROPOSE)
        repository_id, folder = repository.id, directory(stage.hub.config, repository)
        ref = f"refs/for/{repository.default_branch}"
    held = [
        lock(folder, ALIVE_LOCK, shared=True, wait_seconds=_SECONDS),
        lock(folder, QUEUE_LOCK, wait_seconds=_SECONDS),
    ]
    try:
        push = receive.PushContext(token_hex(8), repository_id, viewer, stage.base_url)
        command = (ZERO_ID, commit_id, ref)
        deadline = time.monotonic() + _SECONDS
        receive.judge(database, push, [command], options=options, atomic=False, packs=[], deadline=deadline)
        receive.record(database, push.push_id, repository_id)
    finally:
        for descriptor in held:
            if descriptor is not None:
                os.close(descriptor)
    with database.reading() as session:
        return _number_of(session, repository_id, commit_id)


def _number_of(session: Session, repository_id: int, commit_id: str) -> int:
    return session.scalars(
        select(Topic.number)
        .join(Change, Change.topic_id == Topic.id)
        .where(Topic.repository_id == repository_id, Change.commit_id == commit_id)
    ).one()


def _open(stage: _Stage, name: str, path: str, branch: str, words: opening.Words) -> int:
    with stage.hub.database.writing() as session:
        viewer = _viewer(session, name)
        repository = open_repository(session, viewer, stage.path, need=Permission.PROPOSE)
        source = opening.Branch(open_repository(session, viewer, path, need=Permission.SEE), branch)
        target = repository.default_branch
        return opening.open_change(
            session, viewer, repository, target=target, source=source, words=words, base_url=stage.base_url
        )


def _review(
    stage: _Stage,
    name: str,
    number: int,
    verdict: VerdictValue,
    summary: str,
    *comments: tuple[str, str, int],
) -> None:
    """Publishes a review of the newest patch set; each comment is words, path and line."""
    with stage.hub.database.writing() as session:
        viewer = _viewer(session, name)
        opened = get_change(session, viewer, stage.path, number, locks=True)
        patch_set = list_patch_sets(session, opened.topic.id)[-1].entry_id
        for words, path, line in comments:
            place = Place(patch_set, Side.NEW, path, (line, line))
            talking.save_draft(session, viewer, opened, words=words, place=place)
        talking.publish_review(session, viewer, opened, patch_set=patch_set, verdict=verdict, summary=summary)


def _say(stage: _Stage, name: str, number: int, words: str) -> None:
    with stage.hub.database.writing() as session:
        viewer = _viewer(session, name)
        opened = get_change(session, viewer, stage.path, number, locks=True)
        talking.say(session, viewer, opened, words=words)


def _answer(stage: _Stage, name: str, number: int, words: str, *, resolves: bool) -> None:
    """Answers the first comment that is about a line."""
    with stage.hub.database.writing() as session:
        viewer = _viewer(session, name)
        opened = get_change(session, viewer, stage.path, number, locks=True)
        talking.say(
            session, viewer, opened, words=words, reply_to=_first_comment(session, opened), resolves=resolves
        )


def _first_comment(session: Session, opened: OpenedChange) -> str:
    query = select(Comment.global_id).where(Comment.topic_id == opened.topic.id).order_by(Comment.position)
    return session.scalars(query.limit(1)).one()
