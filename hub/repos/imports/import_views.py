"""The pages about imports: the form for one, and another try."""

from pathlib import Path

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from hub import egress
from hub.access import Permission, Scope, Visibility
from hub.accounts.queries import get_self
from hub.egress import Source
from hub.errors import Invalid, text
from hub.repos import actions
from hub.repos.blueprint import blueprint, open_page
from hub.repos.imports import imports
from hub.web import forms
from hub.web import request as web
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs

_FIELDS = ("name", "description", "visibility", "url", "user", "secret")


@blueprint.get("/new/import")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def new_import() -> ResponseReturnValue:
    """The form for a repository with a history from elsewhere."""
    return _show_form(Form())


@blueprint.post("/new/import")
@needs(Scope.REPOSITORY_WRITE, sign_in=True, own_transactions=True, upload=True)
def create_import() -> ResponseReturnValue:
    """Makes the repository and has the worker fill it; shows how far that is."""
    form = forms.read(*_FIELDS)
    bundle: Path | None = None
    try:
        source = _read_source(form)
        visibility = form.choice("visibility", Visibility, text("Choose who may see the repository."))
        bundle = None if source else _read_bundle()
        path = _start(form, visibility, source, bundle)
    except REFUSALS as error:
        if bundle is not None:
            bundle.unlink(missing_ok=True)
        return _show_form(form.refuse(error)), error.status
    owner, _, name = path.partition("/")
    return redirect(url_for("repos.show", owner=owner, name=name))


def _start(form: Form, visibility: Visibility, source: Source | None, bundle: Path | None) -> str:
    uploaded = request.files.get("bundle")
    with web.database().writing() as session:
        repository = actions.create_repository(
            session,
            web.viewer(),
            get_self(session, web.viewer()),
            name=form.text("name").strip(),
            description=form.text("description").strip(),
            visibility=visibility,
        )
        imports.start_import(
            session,
            web.viewer(),
            repository,
            source=source,
            bundle=bundle,
            bundle_name=imports.shown_name((uploaded.filename if uploaded else None) or ""),
        )
        return repository.path


def _read_source(form: Form) -> Source | None:
    """The address that was given, with its credentials; None where there is none."""
    url = form.text("url").strip()
    if not url:
        return None
    user, secret = form.text("user").strip(), form.text("secret")
    if max(len(user), len(secret)) > imports.MAX_SECRET_LENGTH or "\n" in user + secret:
        fault = text("Use at most %(limit)s characters, in one line.", limit=imports.MAX_SECRET_LENGTH)
        raise Invalid(text("The import was not begun."), {"secret": fault})
    source = egress.read_url(url)
    # What stood in the address is not shown again.
    form.values["url"] = source.url
    return egress.with_credentials(source, user, secret)


def _read_bundle() -> Path:
    uploaded = request.files.get("bundle")
    if uploaded is None or not uploaded.filename:
        fault = text("Enter the address of a repository, or choose a bundle below.")
        raise Invalid(text("The import was not begun."), {"url": fault})
    return imports.keep_upload(web.config(), uploaded.stream)


def _show_form(form: Form) -> str:
    return render("repos/import.html", form=form, max_bundle_bytes=web.config().max_bundle_bytes)


@blueprint.post("/<owner>/<name>/import")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def retry_import(owner: str, name: str) -> ResponseReturnValue:
    """Has the worker try a failed import again, from the address given now."""
    repository = open_page(owner, name, need=Permission.ADMINISTER)
    form = forms.read("url", "user", "secret")
    source = _read_source(form)
    if source is None:
        raise Invalid(text("The import was not begun."), {"url": text("Enter the address of a repository.")})
    imports.retry_import(web.session(), web.viewer(), repository, source=source)
    return redirect(url_for("repos.show", owner=owner, name=name))
