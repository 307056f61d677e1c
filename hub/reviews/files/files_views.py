"""The page of a change's files, and the drafts that are written on it."""

from flask import make_response, redirect, request
from flask.typing import ResponseReturnValue

from hub.access import Permission, Scope
from hub.errors import Conflict, HubError
from hub.repos.browsing.diffs.diff_pages import NO_END
from hub.repos.queries import head_of
from hub.reviews import talking
from hub.reviews.addresses import change_address
from hub.reviews.blueprint import blueprint, open_change
from hub.reviews.changes import OpenedChange
from hub.reviews.conversation.drafts import review_form
from hub.reviews.files.asked import read_asked_files
from hub.reviews.files.pages import read_files_page
from hub.reviews.files.places import get_place
from hub.reviews.shell import change_head, shell_of
from hub.web import forms, redirects, words
from hub.web import request as web
from hub.web.answers import FRAGMENT
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import Costly, needs

_FIELDS = ("place", "from", "to", "text", "reply_to", "resolves", "do", "back")


@blueprint.get("/<owner>/<name>/changes/<int(max=2147483647):number>/files", defaults={"label": None})
@blueprint.get("/<owner>/<name>/changes/<int(max=2147483647):number>/files/<label>")
@needs(Scope.REPOSITORY_READ, costly=Costly.ALWAYS)
def show_files(owner: str, name: str, number: int, label: str | None) -> ResponseReturnValue:
    """What a patch set changes, the newest unless another one is named, and what is said about it."""
    opened = open_change(owner, name, number)
    session, viewer = web.session(), web.viewer()
    head = change_head(session, viewer, opened)
    page = read_files_page(
        session,
        viewer,
        opened,
        head,
        label=label,
        asked=read_asked_files(request.args),
        no_end=words.translate(NO_END),
    )
    return render(
        "reviews/files.html",
        repository=head_of(session, viewer, opened.repository),
        change=head,
        shown=page,
        review_form=review_form(session, viewer, opened, head, label=page.compared.shown.label),
    )


@blueprint.post("/<owner>/<name>/changes/<int(max=2147483647):number>/drafts")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def keep_draft(owner: str, name: str, number: int) -> ResponseReturnValue:
    """Keeps a comment for its author until it is published, or publishes an answer at once."""
    form = forms.read(*_FIELDS)
    opened = open_change(owner, name, number, need=Permission.COMMENT, locks=form.text("do") == "say")
    try:
        if form.text("do") == "say":
            return _say(opened, form)
        draft_id = _keep(opened, form)
    except (*REFUSALS, Conflict) as error:
        return _again(opened, form, error)
    if FRAGMENT in request.headers:
        kept = make_response("", 201)
        kept.headers["Location"] = change_address(opened.repository, number, f"drafts/{draft_id}")
        return kept
    return _back(opened, form, at=f"draft-{draft_id}")


@blueprint.post("/<owner>/<name>/changes/<int(max=2147483647):number>/drafts/<int(max=2147483647):draft_id>")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def change_draft(owner: str, name: str, number: int, draft_id: int) -> ResponseReturnValue:
    """Gives one of the viewer's drafts other words, or throws it away."""
    form = forms.read(*_FIELDS)
    is_said = form.text("do") == "say"
    opened = open_change(owner, name, number, need=Permission.COMMENT, locks=is_said)
    session, viewer = web.session(), web.viewer()
    if form.text("do") == "discard":
        talking.drop_draft(session, viewer, opened, draft_id=draft_id)
        return _back(opened, form)
    try:
        if is_said:
            # A script had kept the answer as a draft before its author sent it.
            talking.drop_draft(session, viewer, opened, draft_id=draft_id)
            return _say(opened, form)
        talking.change_draft(
            session, viewer, opened, draft_id=draft_id, words=form.text("text"), resolves=_resolves(form)
        )
    except (*REFUSALS, Conflict) as error:
        return _again(opened, form, error)
    if FRAGMENT in request.headers:
        return "", 204
    return _back(opened, form, at=f"draft-{draft_id}")


def _say(opened: OpenedChange, form: Form) -> ResponseReturnValue:
    """Publishes an answer at once."""
    session, viewer = web.session(), web.viewer()
    reply_to, resolves = form.text("reply_to"), _resolves(form)
    talking.say(session, viewer, opened, words=form.text("text"), reply_to=reply_to, resolves=resolves)
    return _back(opened, form)


def _keep(opened: OpenedChange, form: Form) -> int:
    session, reply_to = web.session(), form.text("reply_to")
    place = None
    if not reply_to:
        lines = {"first_line": form.text("from"), "last_line": form.text("to")}
        place = get_place(session, opened, form.text("place"), **lines)
    draft = talking.save_draft(
        session,
        web.viewer(),
        opened,
        words=form.text("text"),
        place=place,
        reply_to=reply_to,
        resolves=_resolves(form),
    )
    return draft.id


def _resolves(form: Form) -> bool | None:
    return {"1": True, "0": False}.get(form.text("resolves"))


def _back(opened: OpenedChange, form: Form, *, at: str = "") -> ResponseReturnValue:
    files = change_address(opened.repository, opened.topic.number, "files")
    address = redirects.own_path(form.text("back")) or files
    return redirect(f"{address}#{at}" if at else address, 303)


def _again(opened: OpenedChange, form: Form, error: HubError) -> ResponseReturnValue:
    """The form with what is wrong with it, on a page of its own."""
    shell = shell_of(web.session(), web.viewer(), opened)
    return render("reviews/draft.html", **shell, form=form.refuse(error)), error.status
