"""The pages on which administrators see and change the accounts of people; nobody else knows of them."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.accounts import audit, leaving, people, people_actions, queries
from hub.accounts.blueprint import blueprint
from hub.accounts.models import User
from hub.accounts.people import PeopleFilter, require_administrator
from hub.accounts.profile_views import require_typed
from hub.accounts.sign_in import login, recovery
from hub.errors import Conflict, Moved, text
from hub.web import forms, notices
from hub.web import request as web
from hub.web.answers import refused_page, secret_page
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs


@blueprint.get("/admin/people")
@needs(Scope.ADMIN, sign_in=True)
def list_people() -> ResponseReturnValue:
    """All accounts, those of a filter, or those that hold some words."""
    session, viewer = web.session(), web.viewer()
    require_administrator(viewer)
    which, words = _filter(), request.args.get("q", "")[:100].replace("\0", "")
    return secret_page(
        render(
            "admin/people.html",
            people=people.list_people(session, viewer, which, words=words, page=forms.page_number()),
            counts=people.count_people(session, viewer),
            which=which,
            words=words,
        )
    )


def _filter() -> PeopleFilter:
    given = request.args.get("show", "")
    return PeopleFilter(given) if given in set(PeopleFilter) else PeopleFilter.ALL


@blueprint.get("/admin/people/<person>")
@needs(Scope.ADMIN, sign_in=True)
def show_person(person: str) -> ResponseReturnValue:
    """One account in full, with what can be done about it; a former name leads to the present one."""
    try:
        user = _get(person)
    except Moved as moved:
        return redirect(url_for("accounts.show_person", person=moved.path))
    return secret_page(_person_page(user))


@blueprint.post("/admin/people/<person>/approve")
@needs(Scope.ADMIN, proved=True)
def approve(person: str) -> ResponseReturnValue:
    """Lets a newcomer in."""
    user = _get(person)
    people_actions.approve(web.session(), web.viewer(), user)
    notices.add("ok", text("%(name)s can sign in now.", name=user.name))
    return redirect(url_for("accounts.list_people", show="pending"))


@blueprint.post("/admin/people/<person>/decline")
@needs(Scope.ADMIN, proved=True)
def decline(person: str) -> ResponseReturnValue:
    """Deletes the account of a newcomer."""
    user = _get(person)
    name = user.name
    people_actions.decline(web.session(), web.viewer(), user)
    notices.add("ok", text("The account %(name)s is declined and deleted.", name=name))
    return redirect(url_for("accounts.list_people", show="pending"))


@blueprint.post("/admin/people/<person>/suspend")
@needs(Scope.ADMIN, proved=True)
def suspend(person: str) -> ResponseReturnValue:
    """Keeps a person out."""
    form, user = forms.read("reason"), _get(person)
    try:
        people_actions.suspend(web.session(), web.viewer(), user, reason=form.text("reason"))
    except (*REFUSALS, Conflict) as error:
        return refused_page(_person_page(user, form.refuse(error)), error)
    notices.add("ok", text("%(name)s is suspended and signed out everywhere.", name=user.name))
    return _back(user)


@blueprint.post("/admin/people/<person>/restore")
@needs(Scope.ADMIN, proved=True)
def restore(person: str) -> ResponseReturnValue:
    """Lets a suspended person in again."""
    user = _get(person)
    people_actions.restore(web.session(), web.viewer(), user)
    notices.add("ok", text("%(name)s can sign in again.", name=user.name))
    return _back(user)


@blueprint.post("/admin/people/<person>/admin")
@needs(Scope.ADMIN, proved=True)
def set_admin(person: str) -> ResponseReturnValue:
    """Makes a person an administrator, or takes that from them."""
    form, user = forms.read("is_admin"), _get(person)
    is_admin = form.text("is_admin") == "yes"
    try:
        people_actions.set_admin(web.session(), web.viewer(), user, is_admin=is_admin)
    except (*REFUSALS, Conflict) as error:
        return refused_page(_person_page(user, form.refuse(error)), error)
    made = text("%(name)s is an administrator now.", name=user.name)
    notices.add("ok", made if is_admin else text("%(name)s is no administrator any more.", name=user.name))
    return _back(user)


@blueprint.post("/admin/people/<person>/password")
@needs(Scope.ADMIN, proved=True, own_transactions=True)
def give_password(person: str) -> ResponseReturnValue:
    """Sets a random password. The answer is the page itself: only here is it known."""
    require_administrator(web.viewer())
    password, password_hash = people_actions.make_password()
    with web.database().writing() as session:
        user = queries.get_user(session, person)
        _refuse_token_of(user)
        people_actions.give_password(session, web.viewer(), user, password_hash=password_hash)
    return secret_page(_person_page(_get(person), fresh_password=password))


@blueprint.post("/admin/people/<person>/second-step-off")
@needs(Scope.ADMIN, proved=True)
def turn_second_step_off(person: str) -> ResponseReturnValue:
    """Has the password alone sign in somebody who lost everything else."""
    user = _get(person)
    _refuse_token_of(user)
    recovery.turn_all_off(web.session(), web.viewer(), user)
    notices.add("ok", text("The password alone signs %(name)s in now.", name=user.name))
    return _back(user)


@blueprint.post("/admin/people/<person>/delete")
@needs(Scope.ADMIN, proved=True)
def delete_person(person: str) -> ResponseReturnValue:
    """Ends an account, once its name was typed."""
    form, user = forms.read("typed_name"), _get(person)
    name = user.name
    try:
        require_typed(form, "typed_name", name)
        leaving.delete_account(web.session(), web.viewer(), user)
    except (*REFUSALS, Conflict) as error:
        return refused_page(_person_page(user, form.refuse(error)), error)
    notices.add("ok", text("The account %(name)s is deleted.", name=name))
    return redirect(url_for("accounts.list_people"))


@blueprint.get("/admin/log")
@needs(Scope.ADMIN, sign_in=True)
def whole_log() -> ResponseReturnValue:
    """Everything that was noted."""
    require_administrator(web.viewer())
    entries = audit.list_all(web.session(), page=forms.page_number())
    return secret_page(render("admin/log.html", entries=entries))


def _get(person: str) -> User:
    require_administrator(web.viewer())
    return queries.get_user(web.session(), person)


def _refuse_token_of(user: User) -> None:
    """Raises Forbidden for a token of that person, which must not change how they sign in here either."""
    if user.id == web.viewer().user_id:
        login.secret_of_browser()


def _back(user: User) -> ResponseReturnValue:
    return redirect(url_for("accounts.show_person", person=user.name))


def _person_page(user: User, form: Form | None = None, *, fresh_password: str | None = None) -> str:
    session, viewer = web.session(), web.viewer()
    return render(
        "admin/person.html",
        person=people.get_facts(session, viewer, user),
        form=form or Form(),
        fresh_password=fresh_password,
        entries=audit.list_of_person(session, user.id, page=forms.page_number()),
    )
