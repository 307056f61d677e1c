"""What people say about a change: reviews, answers, settled threads, and comments that are edited."""

from typing import Final

from flask import redirect
from flask.typing import ResponseReturnValue

from hub.access import Permission, Scope
from hub.errors import Forbidden, text
from hub.issues.models import Comment
from hub.journal.models import Person
from hub.repos.queries import head_of
from hub.reviews import talking
from hub.reviews.access import is_author
from hub.reviews.blueprint import blueprint, open_change
from hub.reviews.changes import OpenedChange, get_patch_set
from hub.reviews.conversation.showing import KEEPS_WORDS, Writing, WrittenReview, back_to, preview_of, show
from hub.reviews.conversation.threads import get_comment, get_thread
from hub.reviews.models import VerdictValue
from hub.reviews.shell import change_head
from hub.web import forms, notices
from hub.web import request as web
from hub.web.forms import Form
from hub.web.render import render
from hub.web.scopes import needs

_CHANGE: Final = "/<owner>/<name>/changes/<int(max=2147483647):number>"
_THREAD: Final = f"{_CHANGE}/threads/<int(max=2147483647):thread_id>"
_COMMENT: Final = f"{_CHANGE}/comments/<int(max=2147483647):comment_id>"

_PREVIEW: Final = "preview"
_WHICH_VERDICT: Final = text("Choose what you say about the change.")
_SETTLES: Final = {"1": True, "0": False}


@blueprint.post(f"{_CHANGE}/review")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def review(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Publishes a comment, or the viewer's drafts with a summary and a verdict; or shows what it will be."""
    form = forms.read("summary", "verdict", "patch_set", "back", "do")
    form.values["verdict"] = form.text("verdict") or VerdictValue.COMMENT.value
    if form.text("do") == _PREVIEW:
        opened = open_change(owner, name, number, need=Permission.COMMENT)
        return show(opened, review=WrittenReview(form, preview_of(opened, form.text("summary"))))
    opened = open_change(owner, name, number, need=Permission.COMMENT, locks=True)
    try:
        _publish(opened, form)
    except KEEPS_WORDS as error:
        return show(opened, review=WrittenReview(form.refuse(error)), error=error)
    notices.add("ok", text("What you wrote is published."))
    return redirect(back_to(opened, form.text("back")))


def _publish(opened: OpenedChange, form: Form) -> None:
    session, viewer = web.session(), web.viewer()
    verdict = form.choice("verdict", VerdictValue, _WHICH_VERDICT)
    drafts = talking.list_drafts(session, viewer.user_id or 0, opened.topic.id)
    if verdict is VerdictValue.COMMENT and not drafts:
        # A comment by itself can be answered and edited, a summary of a review cannot.
        talking.say(session, viewer, opened, words=form.text("summary"))
        return
    patch_set = get_patch_set(session, opened.topic.id, form.text("patch_set"))
    talking.publish_review(
        session,
        viewer,
        opened,
        patch_set=patch_set.entry_id,
        verdict=verdict,
        summary=form.text("summary"),
    )


@blueprint.post(f"{_THREAD}/reply")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def reply(owner: str, name: str, number: int, thread_id: int) -> ResponseReturnValue:
    """Answers in a thread, and settles it where that was chosen; or shows what the answer will be."""
    form = forms.read("text", "settle", "back", "do")
    is_preview = form.text("do") == _PREVIEW
    opened = open_change(owner, name, number, need=Permission.COMMENT, locks=not is_preview)
    _, last = get_thread(web.session(), opened, thread_id)
    place = f"thread-{thread_id}"
    if is_preview:
        return show(opened, writing=Writing(place, form, preview_of(opened, form.text("text"))))
    try:
        talking.say(
            web.session(),
            web.viewer(),
            opened,
            words=form.text("text"),
            reply_to=last,
            resolves=_SETTLES.get(form.text("settle")),
        )
    except KEEPS_WORDS as error:
        return show(opened, writing=Writing(place, form.refuse(error)), error=error)
    return redirect(back_to(opened, form.text("back"), at=place))


@blueprint.post(f"{_THREAD}/<any(resolve, reopen):how>")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def settle(owner: str, name: str, number: int, thread_id: int, how: str) -> ResponseReturnValue:
    """Settles a thread, or takes it up again."""
    form = forms.read("back")
    opened = open_change(owner, name, number, need=Permission.COMMENT, locks=True)
    thread, _ = get_thread(web.session(), opened, thread_id)
    is_resolved = how == "resolve"
    talking.resolve(web.session(), web.viewer(), opened, thread=thread, is_resolved=is_resolved)
    return redirect(back_to(opened, form.text("back"), at=f"thread-{thread_id}"))


@blueprint.get(f"{_COMMENT}/edit")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def edit_comment_page(owner: str, name: str, number: int, comment_id: int) -> ResponseReturnValue:
    """One's own comment in a form."""
    opened = open_change(owner, name, number, need=Permission.COMMENT)
    comment = _get_own(opened, comment_id)
    return _comment_page(opened, comment, Form({"text": comment.text or ""}))


@blueprint.post(f"{_COMMENT}/edit")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def edit_comment(owner: str, name: str, number: int, comment_id: int) -> ResponseReturnValue:
    """Gives one's own comment other words; or shows what they will look like."""
    form = forms.read("text", "do")
    is_preview = form.text("do") == _PREVIEW
    opened = open_change(owner, name, number, need=Permission.COMMENT, locks=not is_preview)
    comment = get_comment(web.session(), opened, comment_id)
    if is_preview:
        return _comment_page(opened, _get_own(opened, comment_id), form)
    try:
        talking.edit_comment(
            web.session(), web.viewer(), opened, comment=comment.global_id, words=form.text("text")
        )
    except forms.REFUSALS as error:
        return _comment_page(opened, comment, form.refuse(error)), error.status
    return redirect(back_to(opened, at=f"c{comment_id}"))


@blueprint.post(f"{_COMMENT}/delete")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def delete_comment(owner: str, name: str, number: int, comment_id: int) -> ResponseReturnValue:
    """Takes a comment away for good."""
    opened = open_change(owner, name, number, need=Permission.COMMENT, locks=True)
    comment = get_comment(web.session(), opened, comment_id)
    talking.delete_comment(web.session(), web.viewer(), opened, comment=comment.global_id)
    notices.add("ok", text("The comment is deleted."))
    return redirect(back_to(opened, at=f"thread-{comment.thread_id}"))


def _get_own(opened: OpenedChange, comment_id: int) -> Comment:
    comment = get_comment(web.session(), opened, comment_id)
    author = web.session().get_one(Person, comment.author_id)
    if not is_author(web.viewer(), author.user_id) or comment.is_deleted:
        raise Forbidden(text("This comment is somebody else's."), text("Only its author edits it."))
    return comment


def _comment_page(opened: OpenedChange, comment: Comment, form: Form) -> str:
    session, viewer = web.session(), web.viewer()
    return render(
        "reviews/comment.html",
        repository=head_of(session, viewer, opened.repository),
        change=change_head(session, viewer, opened),
        comment=comment,
        form=form,
        preview=preview_of(opened, form.text("text")) if "do" in form.values else None,
    )
