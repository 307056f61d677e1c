"""The pages that list repositories: all, the viewer's starred ones, and those that were deleted."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.errors import text
from hub.repos import lists
from hub.repos.blueprint import blueprint
from hub.repos.loans import settle
from hub.repos.settings import deletion
from hub.web import forms, notices
from hub.web import request as web
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs


@blueprint.get("/explore")
@needs(Scope.REPOSITORY_READ)
def explore() -> ResponseReturnValue:
    """All that the viewer may see, filtered and sorted."""
    narrowed = lists.read_filter(request.args)
    found = lists.list_visible(web.session(), web.viewer(), narrowed, page=forms.page_number())
    return render("repos/explore.html", repositories=found, narrowed=narrowed)


@blueprint.get("/starred")
@needs(Scope.REPOSITORY_READ, sign_in=True)
def starred() -> ResponseReturnValue:
    """What the viewer starred."""
    found = lists.list_starred(web.session(), web.viewer(), page=forms.page_number())
    return render("repos/starred.html", repositories=found)


@blueprint.get("/admin/repositories")
@needs(Scope.ADMIN, sign_in=True)
def list_deleted() -> ResponseReturnValue:
    """The deleted repositories that can be brought back."""
    return _deleted_page(Form())


@blueprint.post("/admin/repositories/<int(max=2147483647):repository_id>/restore")
@needs(Scope.ADMIN, proved=True, own_transactions=True)
def restore(repository_id: int) -> ResponseReturnValue:
    """Brings a deleted repository back, under its name or another one."""
    form, viewer = forms.read("name"), web.viewer()
    try:
        path = settle(
            web.database(),
            lambda session: (
                deletion.restore_repository(session, viewer, repository_id, name=form.text("name")).path
            ),
        )
    except REFUSALS as error:
        return _deleted_page(form.refuse(error), repository_id), error.status
    notices.add("ok", text("%(path)s is back.", path=path), next_url=f"/{path}")
    return redirect(url_for("repos.list_deleted"))


def _deleted_page(form: Form, repository_id: int | None = None) -> str:
    rows = deletion.list_deleted(web.session(), web.viewer(), page=forms.page_number())
    return render("repos/deleted.html", repositories=rows, form=form, refused_id=repository_id)
