"""The pages of a repository: made new, empty, and its home; and its star."""

from typing import Final

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from hub.access import Scope, Visibility
from hub.errors import text
from hub.repos import lists, queries, stars, starters
from hub.repos.blueprint import blueprint, open_page
from hub.repos.browsing.addresses import address_of
from hub.repos.browsing.files import folders, readmes
from hub.repos.browsing.files.language_shares import shares_of
from hub.repos.browsing.files.preparing import prepare_folder
from hub.repos.browsing.shell import shell_of
from hub.repos.browsing.spots import default_spot, some_spot
from hub.repos.creating import create_with_files
from hub.repos.forks import forking as forks
from hub.repos.imports import imports
from hub.repos.settings import people
from hub.repos.slots import Slot, pieces_of
from hub.repos.starters import Starter
from hub.web import forms
from hub.web import request as web
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs

# Below the files stands the README, which strangers come for; the page of the root has all files.
_MOST_ROWS: Final = 100
_WHO_SEES: Final = text("Choose who may see the repository.")


@blueprint.get("/new")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def new() -> ResponseReturnValue:
    """The form for a new repository."""
    return _new_page(Form({"name": request.args.get("name", "")}))


@blueprint.post("/new")
@needs(Scope.REPOSITORY_WRITE, sign_in=True, own_transactions=True)
def create() -> ResponseReturnValue:
    """Makes a repository of the viewer's, with first files where some were chosen, and shows it."""
    form = forms.read("name", "description", "visibility", "readme", "licence", "ignore")
    form.values["visibility"] = form.text("visibility") or Visibility.PUBLIC
    starter = Starter(bool(form.text("readme")), form.text("licence"), form.text("ignore"))
    try:
        path = create_with_files(
            web.database(),
            web.viewer(),
            starter,
            name=form.text("name").strip(),
            description=form.text("description").strip(),
            visibility=form.choice("visibility", Visibility, _WHO_SEES),
            base_url=web.base_url(),
        )
    except REFUSALS as error:
        return _new_page(form.refuse(error)), error.status
    owner, _, name = path.partition("/")
    return redirect(url_for("repos.show", owner=owner, name=name))


def _new_page(form: Form) -> str:
    return render("repos/new.html", form=form, licences=starters.LICENCES, ignores=starters.IGNORES)


@blueprint.get("/<owner>/<name>")
@needs(Scope.REPOSITORY_READ)
def show(owner: str, name: str) -> ResponseReturnValue:
    """A repository's home; the address that git clones from leads here too."""
    if name.endswith(".git"):
        return redirect(url_for("repos.show", owner=owner, name=name.removesuffix(".git")))
    repository = open_page(owner, name)
    session, viewer = web.session(), web.viewer()
    page = queries.page_of(session, viewer, repository, base_url=web.base_url())
    progress = imports.find_progress(session, repository)
    if progress is not None and page.is_empty:
        form = Form({"url": progress.source})
        return render("repos/importing.html", repository=page, progress=progress, form=form)
    around = {
        "repository": page,
        "can_leave": people.has_own_role(session, viewer, repository),
        "distance": forks.find_distance(session, viewer, repository),
        "fork_count": lists.count_forks(session, viewer, repository),
    }
    if page.is_empty:
        return render("repos/empty.html", **around)
    spot = default_spot(session, repository)
    missing = None if spot is not None else page.default_branch
    spot = spot or some_spot(session, repository)
    root = folders.find_entry(session, repository, spot)
    folder = folders.read_folder(session, repository, spot, root, most_rows=_MOST_ROWS)
    if not folder.is_complete:
        web.ask_worker(prepare_folder, repository.id, spot.commit_id, spot.path.hex())
    readme = readmes.find_readme(session, repository, folder)
    shell = shell_of(session, viewer, repository, spot, head=page)
    return render(
        "repos/home.html",
        **(shell | around),
        folder=folder,
        readme=readme,
        missing_branch=missing,
        all_files=address_of("src", repository, spot),
        languages=shares_of(session, repository),
        pieces=pieces_of(Slot.CLONE, session, viewer, repository, None),
    )


@blueprint.post("/<owner>/<name>/star")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def star(owner: str, name: str) -> ResponseReturnValue:
    """Stars the repository."""
    repository = open_page(owner, name)
    stars.star(web.session(), web.viewer(), repository)
    return redirect(url_for("repos.show", owner=owner, name=name))


@blueprint.post("/<owner>/<name>/unstar")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def unstar(owner: str, name: str) -> ResponseReturnValue:
    """Takes the viewer's star back."""
    repository = open_page(owner, name)
    stars.unstar(web.session(), web.viewer(), repository)
    return redirect(url_for("repos.show", owner=owner, name=name))
