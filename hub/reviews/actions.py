"""What people do with a change as a whole: other words, another target, closed, open again, reviewers.

Each takes a change that was opened with `locks`, makes one entry and applies it in the request's transaction.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Permission, Viewer
from hub.db import config_of
from hub.errors import Conflict, Forbidden, Invalid, NotFound, text
from hub.issues.kinds import join_words
from hub.issues.models import TopicState
from hub.journal.models import Person
from hub.journal.people import person_of
from hub.journal.replay import act
from hub.repos.access import require
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory
from hub.repos.names import BRANCHES
from hub.reviews.changes import OpenedChange
from hub.reviews.models import ChangeReviewer, Review
from hub.reviews.proposing import MOST_REVIEWERS, clean_description, clean_title, find_reviewers


def act_on(
    session: Session, viewer: Viewer, opened: OpenedChange, kind: str, d: dict[str, Any], *bodies: str
) -> str:
    """Makes the viewer's entry in the change's topic and applies it; returns its id."""
    assert viewer.user_id is not None, "strangers were refused"
    person = person_of(session, opened.repository.id, viewer.user_id)
    made = act(session, opened.journal_topic, kind=kind, person=person, d=d, bodies=bodies)
    return made.entry.id


def require_editor(session: Session, viewer: Viewer, opened: OpenedChange) -> None:
    """Raises Forbidden unless the viewer opened the change or looks after the repository's."""
    require(session, viewer, opened.repository, Permission.COMMENT)
    if not (opened.is_author or opened.is_maintainer):
        raise Forbidden(
            text("This change is somebody else's."),
            text("Only its author and maintainers do this."),
            text("Say in a comment what you think should happen."),
        )


def require_not_merged(opened: OpenedChange) -> None:
    """Raises Conflict where the change was merged: nothing leads back from there."""
    if opened.topic.state is TopicState.MERGED:
        raise Conflict(text("Change %(number)s was merged.", number=opened.topic.number))


def edit_words(
    session: Session, viewer: Viewer, opened: OpenedChange, *, title: str, description: str
) -> None:
    """Gives the change another title and description; what they were is kept. Raises Invalid."""
    require_editor(session, viewer, opened)
    words = clean_title(title), clean_description(description)
    if not words[0]:
        raise Invalid(text("A change has a title."), {"title": text("Enter a title.")})
    if words == (opened.topic.title, opened.topic.description):
        return
    act_on(session, viewer, opened, "edit", {"body": 0}, join_words(*words))


def set_draft(session: Session, viewer: Viewer, opened: OpenedChange, *, is_draft: bool) -> None:
    """Makes the change a draft, which nobody merges, or ready."""
    require_editor(session, viewer, opened)
    require_not_merged(opened)
    if opened.topic.is_draft != is_draft:
        act_on(session, viewer, opened, "edit", {"draft": is_draft})


def set_target(session: Session, viewer: Viewer, opened: OpenedChange, *, target: str) -> None:
    """Proposes the change for another branch; raises Invalid where there is none of that name."""
    require_editor(session, viewer, opened)
    require_not_merged(opened)
    name = target.strip().removeprefix(BRANCHES)
    files = RefFiles(directory(config_of(session), opened.repository))
    if not name or files.get(BRANCHES + name) is None:
        fault = text("There is no branch of this name. Choose one that is there.")
        raise Invalid(text("The target was not changed."), {"target": fault})
    if name == opened.change.followed_branch and opened.change.followed_repository_id == opened.repository.id:
        fault = text("The change comes from this branch. Choose another one.")
        raise Invalid(text("The target was not changed."), {"target": fault})
    if name != opened.change.target:
        act_on(session, viewer, opened, "edit", {"target": name})


def close(session: Session, viewer: Viewer, opened: OpenedChange) -> None:
    """Closes the change without merging it; it may be opened again."""
    require_editor(session, viewer, opened)
    require_not_merged(opened)
    if opened.topic.state is TopicState.OPEN:
        act_on(session, viewer, opened, "state", {"state": "closed"})


def reopen(session: Session, viewer: Viewer, opened: OpenedChange) -> None:
    """Opens a closed change again."""
    require_editor(session, viewer, opened)
    require_not_merged(opened)
    if opened.topic.state is TopicState.CLOSED:
        act_on(session, viewer, opened, "state", {"state": "open"})


def ask_reviewer(session: Session, viewer: Viewer, opened: OpenedChange, *, name: str) -> None:
    """Asks somebody for a review; raises Invalid where nobody of that name reads the repository."""
    require_editor(session, viewer, opened)
    require_not_merged(opened)
    found, _ = find_reviewers(session, opened.repository, [name.strip().removeprefix("@")])
    if not found:
        fault = text("Nobody of this name reads the repository. Check the spelling.")
        raise Invalid(text("Nobody was asked."), {"reviewer": fault})
    asked = person_of(session, opened.repository.id, found[0].id)
    reviewers = set(_reviewers_of(session, opened))
    if asked.id in reviewers:
        return
    if len(reviewers) >= MOST_REVIEWERS:
        fault = text("A change has at most %(most)s reviewers.", most=MOST_REVIEWERS)
        raise Invalid(text("Nobody was asked."), {"reviewer": fault})
    act_on(session, viewer, opened, "reviewer", {"person": asked.global_id, "on": True})


def release_reviewer(session: Session, viewer: Viewer, opened: OpenedChange, *, person_id: int) -> None:
    """Asks somebody no more; everybody may do that for themselves."""
    require(session, viewer, opened.repository, Permission.COMMENT)
    require_not_merged(opened)
    person = session.get(Person, person_id)
    if person is None or person.id not in _reviewers_of(session, opened):
        raise NotFound(text("Nobody of that name was asked for a review."))
    if person.user_id != viewer.user_id:
        require_editor(session, viewer, opened)
    act_on(session, viewer, opened, "reviewer", {"person": person.global_id, "on": False})


def dismiss(session: Session, viewer: Viewer, opened: OpenedChange, *, review: str) -> None:
    """Takes the verdict of a review out of the count, for good; for maintainers. `review` is its entry id."""
    require(session, viewer, opened.repository, Permission.MERGE)
    require_not_merged(opened)
    query = select(Review).where(Review.topic_id == opened.topic.id, Review.entry_id == review)
    found = session.scalar(query)
    if found is None:
        raise NotFound(text("There is no such review of this change."))
    if not found.is_dismissed:
        act_on(session, viewer, opened, "dismiss", {"review": review})


def _reviewers_of(session: Session, opened: OpenedChange) -> list[int]:
    query = select(ChangeReviewer.person_id).where(ChangeReviewer.topic_id == opened.topic.id)
    return list(session.scalars(query))
