"""Which branches of a repository are searched: the page of its settings, and what asks for one."""

from typing import Final

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.errors import TooMany, text
from hub.repos.blueprint import open_page, open_settings
from hub.repos.models import Repository
from hub.repos.queries import head_of
from hub.search.blueprint import blueprint
from hub.search.code import choosing
from hub.web import forms, notices
from hub.web import request as web
from hub.web.answers import refused_page
from hub.web.budgets import spend
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs

# To look through a branch may take seconds; a person asks for one now and then.
_PER_MINUTE: Final = 6


@blueprint.get("/<owner>/<name>/settings/search")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def show_searched(owner: str, name: str) -> ResponseReturnValue:
    """Which branches and tags are searched, and which are to be."""
    return _page(open_settings(owner, name), Form())


@blueprint.post("/<owner>/<name>/settings/search")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def choose_searched(owner: str, name: str) -> ResponseReturnValue:
    """Chooses what is searched besides the default branch."""
    repository = open_settings(owner, name)
    form = forms.read("patterns")
    try:
        choosing.choose(web.session(), web.viewer(), repository, written=form.text("patterns"))
    except REFUSALS as error:
        return refused_page(_page(repository, form.refuse(error)), error)
    notices.add("ok", text("What is searched is changed; it is indexed within a minute."))
    return redirect(url_for(".show_searched", owner=owner, name=name))


@blueprint.post("/<owner>/<name>/searched")
@needs(Scope.REPOSITORY_WRITE, sign_in=True, own_transactions=True)
def ask_for_branch(owner: str, name: str) -> ResponseReturnValue:
    """Has a branch or tag be searched, and leads back to the results."""
    repository = open_page(owner, name)
    form = forms.read("ref", "q")
    wait_seconds = spend(web.database(), f"searched {web.viewer().user_id}", limit=_PER_MINUTE)
    if wait_seconds:
        raise TooMany(
            text("You asked for many branches to be searched."),
            text("Each has to be looked through once."),
            retry_after_seconds=wait_seconds,
        )
    with web.database().writing() as session:
        choosing.ask_for(session, web.viewer(), repository.path, ref=form.text("ref"))
    notices.add("ok", text("It is being indexed, which takes some seconds. Search again then."))
    return redirect(url_for(".search", q=form.text("q")))


def _page(repository: Repository, form: Form) -> str:
    session, viewer = web.session(), web.viewer()
    form.values.setdefault("patterns", "\n".join(choosing.patterns_of(session, repository.id)))
    return render(
        "search/branches.html",
        repository=head_of(session, viewer, repository),
        searched=choosing.list_searched(session, repository),
        default_branch=repository.default_branch,
        most=choosing.MOST_CHOSEN,
        form=form,
    )
