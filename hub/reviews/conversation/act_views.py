"""What its author and maintainers do with a change as a whole: words, target, state, and who reviews it."""

from collections.abc import Callable, Mapping
from typing import Final

from flask import redirect
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from hub.access import Permission, Scope, Viewer
from hub.errors import Text, text
from hub.repos.queries import head_of, state_of
from hub.reviews import actions
from hub.reviews.blueprint import blueprint, open_change
from hub.reviews.changes import OpenedChange
from hub.reviews.conversation.showing import KEEPS_WORDS, Writing, back_to, preview_of, show
from hub.reviews.shell import change_head
from hub.web import forms, notices
from hub.web import request as web
from hub.web.forms import Form
from hub.web.render import render
from hub.web.scopes import needs

_CHANGE: Final = "/<owner>/<name>/changes/<int(max=2147483647):number>"

_Act = Callable[[Session, Viewer, OpenedChange], None]


def _make_draft(session: Session, viewer: Viewer, opened: OpenedChange) -> None:
    actions.set_draft(session, viewer, opened, is_draft=True)


def _make_ready(session: Session, viewer: Viewer, opened: OpenedChange) -> None:
    actions.set_draft(session, viewer, opened, is_draft=False)


_ACTS: Final[Mapping[str, tuple[_Act, Text]]] = {
    "close": (actions.close, text("The change is closed.")),
    "reopen": (actions.reopen, text("The change is open again.")),
    "draft": (_make_draft, text("The change is a draft now: nobody merges it.")),
    "ready": (_make_ready, text("The change is ready for review.")),
}


@blueprint.post(f"{_CHANGE}/<any(close, reopen, draft, ready):act>")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def change_state(owner: str, name: str, number: int, act: str) -> ResponseReturnValue:
    """Closes a change or opens it again, makes it a draft or ready."""
    opened = open_change(owner, name, number, need=Permission.COMMENT, locks=True)
    do, done = _ACTS[act]
    do(web.session(), web.viewer(), opened)
    notices.add("ok", done)
    return redirect(back_to(opened))


@blueprint.get(f"{_CHANGE}/edit")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def edit_page(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Title, description and target in a form."""
    opened = open_change(owner, name, number, need=Permission.COMMENT)
    actions.require_editor(web.session(), web.viewer(), opened)
    topic = opened.topic
    values = {
        "title": topic.title or "",
        "description": topic.description or "",
        "target": opened.change.target,
    }
    return _edit_page(opened, Form({**values}))


@blueprint.post(f"{_CHANGE}/edit")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def edit(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Gives the change another title, description or target; or shows what the description will be."""
    form = forms.read("title", "description", "target", "do")
    is_preview = form.text("do") == "preview"
    opened = open_change(owner, name, number, need=Permission.COMMENT, locks=not is_preview)
    session, viewer = web.session(), web.viewer()
    if is_preview:
        actions.require_editor(session, viewer, opened)
        return _edit_page(opened, form)
    try:
        if form.text("target").strip() != opened.change.target:
            actions.set_target(session, viewer, opened, target=form.text("target"))
        actions.edit_words(
            session, viewer, opened, title=form.text("title"), description=form.text("description")
        )
    except KEEPS_WORDS as error:
        actions.require_editor(session, viewer, opened)
        return _edit_page(opened, form.refuse(error)), error.status
    return redirect(back_to(opened))


@blueprint.post(f"{_CHANGE}/reviewers")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def ask_reviewer(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Asks somebody for a review."""
    form = forms.read("reviewer")
    opened = open_change(owner, name, number, need=Permission.COMMENT, locks=True)
    try:
        actions.ask_reviewer(web.session(), web.viewer(), opened, name=form.text("reviewer"))
    except forms.REFUSALS as error:
        return show(opened, writing=Writing("reviewer", form.refuse(error)), error=error)
    return redirect(back_to(opened, at="reviewers"))


@blueprint.post(f"{_CHANGE}/reviewers/<int(max=2147483647):person_id>/release")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def release_reviewer(owner: str, name: str, number: int, person_id: int) -> ResponseReturnValue:
    """Asks somebody no more."""
    opened = open_change(owner, name, number, need=Permission.COMMENT, locks=True)
    actions.release_reviewer(web.session(), web.viewer(), opened, person_id=person_id)
    return redirect(back_to(opened, at="reviewers"))


@blueprint.post(f"{_CHANGE}/dismiss/<review>")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def dismiss(owner: str, name: str, number: int, review: str) -> ResponseReturnValue:
    """Takes the verdict of a review out of the count."""
    opened = open_change(owner, name, number, need=Permission.COMMENT, locks=True)
    actions.dismiss(web.session(), web.viewer(), opened, review=review)
    notices.add("ok", text("The review is dismissed: its verdict no longer counts."))
    return redirect(back_to(opened))


def _edit_page(opened: OpenedChange, form: Form) -> str:
    session, viewer = web.session(), web.viewer()
    return render(
        "reviews/edit.html",
        repository=head_of(session, viewer, opened.repository),
        change=change_head(session, viewer, opened),
        form=form,
        branches=[(one, one) for one in state_of(session, opened.repository).branches or ()],
        preview=preview_of(opened, form.text("description")) if "do" in form.values else None,
    )
