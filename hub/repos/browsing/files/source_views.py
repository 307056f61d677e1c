"""The pages at `/src`: what lies at a path of a commit, and the way to another branch, tag or commit."""

from urllib.parse import unquote_to_bytes

from flask import make_response, redirect, request
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.repos.blueprint import blueprint, open_page
from hub.repos.browsing.addresses import PAGES, address_of, commit_address, compare_address
from hub.repos.browsing.files import files, folders, readmes
from hub.repos.browsing.files.inked import cut_at_marks
from hub.repos.browsing.files.line_ranges import read_range
from hub.repos.browsing.files.preparing import prepare_folder
from hub.repos.browsing.shell import shell_of
from hub.repos.browsing.spots import Spot, find_named, find_spot, ref_text
from hub.repos.git.trees import Entry, EntryKind
from hub.repos.models import Repository
from hub.repos.slots import Slot, marks_in, pieces_of
from hub.web import request as web
from hub.web.answers import FRAGMENT
from hub.web.raw_path import rest_of_path
from hub.web.render import render
from hub.web.scopes import needs

# What templates need that link into a repository.
blueprint.add_app_template_global(address_of)
blueprint.add_app_template_global(commit_address)
blueprint.add_app_template_global(compare_address)
blueprint.add_app_template_filter(ref_text)
blueprint.add_app_template_filter(cut_at_marks)


@blueprint.get("/<owner>/<name>/src/<kind>/<raw:rest>")
@needs(Scope.REPOSITORY_READ)
def show_source(owner: str, name: str, kind: str, rest: str) -> ResponseReturnValue:
    """A folder or a file of a commit."""
    repository = open_page(owner, name)
    spot = find_spot(web.session(), repository, kind, rest_of_path(after=4))
    entry = folders.find_entry(web.session(), repository, spot)
    if entry.kind is EntryKind.FOLDER:
        return _show_folder(repository, spot, entry)
    return _show_file(repository, spot, entry)


def _show_file(repository: Repository, spot: Spot, entry: Entry) -> ResponseReturnValue:
    session, viewer = web.session(), web.viewer()
    file = files.read_file(
        session,
        repository,
        spot,
        entry,
        lines=read_range(request.args.get("lines")),
        is_source=request.args.get("plain") == "1",
    )
    if FRAGMENT in request.headers and file.code is not None:
        pieces = pieces_of(Slot.LINES, session, viewer, repository, file)
        given = {"repository": repository, "spot": spot, "code": file.code, "marks": marks_in(pieces)}
        page = render("browsing/_lines.html", **given)
    else:
        pieces = pieces_of(Slot.FILE, session, viewer, repository, file)
        shell = shell_of(session, viewer, repository, spot)
        page = render("browsing/file.html", **shell, file=file, pieces=pieces, marks=marks_in(pieces))
    response = make_response(page)
    response.vary.add(FRAGMENT)
    return response


def _show_folder(repository: Repository, spot: Spot, entry: Entry) -> ResponseReturnValue:
    session, viewer = web.session(), web.viewer()
    folder = folders.read_folder(session, repository, spot, entry)
    if not folder.is_complete:
        web.ask_worker(prepare_folder, repository.id, spot.commit_id, spot.path.hex())
    readme = readmes.find_readme(session, repository, folder)
    return render(
        "browsing/folder.html",
        **shell_of(session, viewer, repository, spot),
        folder=folder,
        readme=readme,
    )


@blueprint.get("/<owner>/<name>/src")
@needs(Scope.REPOSITORY_READ)
def go_to_ref(owner: str, name: str) -> ResponseReturnValue:
    """Leads to the same page and path of the branch, tag or commit that was typed into the menu."""
    repository = open_page(owner, name)
    page = request.args.get("page", "src")
    spot = find_named(web.session(), repository, request.args.get("ref", "").strip())
    path = unquote_to_bytes(request.args.get("path", ""))
    return redirect(address_of(page if page in PAGES else "src", repository, spot, path=path.strip(b"/")))
