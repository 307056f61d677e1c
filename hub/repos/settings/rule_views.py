"""The pages of the rules for branches and tags."""

from typing import Final

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from hub.access import Permission, Role, Scope
from hub.errors import Invalid, Text, text
from hub.repos import queries
from hub.repos.blueprint import blueprint, open_page
from hub.repos.models import RefKind, Repository
from hub.repos.settings import rules
from hub.repos.settings.rules import RuleRow, RuleValues
from hub.web import forms, notices
from hub.web import request as web
from hub.web.forms import REFUSALS, Form
from hub.web.render import render
from hub.web.scopes import needs
from hub.web.words import translate

# What the form says for "nobody by role".
_BY_NAME: Final = "people"
_WHO: Final[dict[str, Text]] = {
    Role.WRITE.value: text("Everybody with write access"),
    Role.MAINTAIN.value: text("Maintainers and the owner"),
    Role.OWN.value: text("The owner"),
    _BY_NAME: text("Only the people named below"),
}


@blueprint.get("/<owner>/<name>/settings/rules")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def rules_page(owner: str, name: str) -> ResponseReturnValue:
    """The rules with what they match now, and the form for another one."""
    return _list_page(_open(owner, name), _empty_form())


@blueprint.post("/<owner>/<name>/settings/rules")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def add_rule(owner: str, name: str) -> ResponseReturnValue:
    """Makes a rule."""
    repository, form = _open(owner, name), _read_form()
    try:
        rule = rules.add_rule(web.session(), web.viewer(), repository, values=_read(form))
    except REFUSALS as error:
        return _list_page(repository, form.refuse(error)), error.status
    notices.add("ok", text("The rule %(pattern)s is added.", pattern=rule.pattern))
    return _back(repository)


@blueprint.get("/<owner>/<name>/settings/rules/<int(max=2147483647):rule_id>")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def rule_page(owner: str, name: str, rule_id: int) -> ResponseReturnValue:
    """One rule, to be changed."""
    repository = _open(owner, name)
    row = rules.get_rule(web.session(), web.viewer(), repository, rule_id=rule_id)
    return _rule_page(repository, row, _filled_form(row.values))


@blueprint.post("/<owner>/<name>/settings/rules/<int(max=2147483647):rule_id>")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def change_rule(owner: str, name: str, rule_id: int) -> ResponseReturnValue:
    """Has a rule say something else."""
    repository, form = _open(owner, name), _read_form()
    try:
        rule = rules.change_rule(web.session(), web.viewer(), repository, rule_id=rule_id, values=_read(form))
    except REFUSALS as error:
        row = rules.get_rule(web.session(), web.viewer(), repository, rule_id=rule_id)
        return _rule_page(repository, row, form.refuse(error)), error.status
    notices.add("ok", text("The rule %(pattern)s is changed.", pattern=rule.pattern))
    return _back(repository)


@blueprint.post("/<owner>/<name>/settings/rules/<int(max=2147483647):rule_id>/remove")
@needs(Scope.REPOSITORY_WRITE, sign_in=True)
def remove_rule(owner: str, name: str, rule_id: int) -> ResponseReturnValue:
    """Takes a rule away."""
    repository = _open(owner, name)
    rules.remove_rule(web.session(), web.viewer(), repository, rule_id=rule_id)
    notices.add("ok", text("The rule is removed."))
    return _back(repository)


def _open(owner: str, name: str) -> Repository:
    return open_page(owner, name, need=Permission.SET_RULES)


def _back(repository: Repository) -> ResponseReturnValue:
    return redirect(url_for("repos.rules_page", owner=repository.owner.name, name=repository.name))


def _list_page(repository: Repository, form: Form) -> str:
    session, viewer = web.session(), web.viewer()
    return render(
        "repos/rules.html",
        repository=queries.head_of(session, viewer, repository),
        rules=rules.list_rules(session, viewer, repository),
        default_branch=repository.default_branch,
        form=form,
        **_words(),
    )


def _rule_page(repository: Repository, row: RuleRow, form: Form) -> str:
    head = queries.head_of(web.session(), web.viewer(), repository)
    return render("repos/rule.html", repository=head, rule=row, form=form, **_words())


def _words() -> dict[str, object]:
    who = {value: translate(label) for value, label in _WHO.items()}
    return {"who": who, "who_choices": [(value, label, None) for value, label in who.items()]}


def _empty_form() -> Form:
    return _filled_form(RuleValues(kind=RefKind.BRANCH, pattern=""))


def _filled_form(values: RuleValues) -> Form:
    flags = {
        "needs_change": values.needs_change,
        "may_rewind": values.may_rewind,
        "may_delete": values.may_delete,
        "needs_resolved_threads": values.needs_resolved_threads,
    }
    return Form(
        {
            "kind": values.kind.value,
            "pattern": values.pattern,
            "least_role": _BY_NAME if values.least_role is None else values.least_role.value,
            "people": " ".join(values.people),
            "approvals_needed": str(values.approvals_needed),
            "flags": [name for name, is_set in flags.items() if is_set],
        }
    )


def _read_form() -> Form:
    return forms.read("kind", "pattern", "least_role", "people", "approvals_needed", many=("flags",))


def _read(form: Form) -> RuleValues:
    """What was entered; raises Invalid for what no such form can send."""
    flags, least = form.chosen("flags"), form.text("least_role")
    if least not in _WHO or form.text("kind") not in list(RefKind):
        fault = text("Choose one of these.")
        field = "least_role" if least not in _WHO else "kind"
        raise Invalid(text("The rule was not saved."), {field: fault})
    return RuleValues(
        kind=RefKind(form.text("kind")),
        pattern=form.text("pattern").strip(),
        least_role=None if least == _BY_NAME else Role(least),
        people=form.text("people").replace(",", " ").split(),
        needs_change="needs_change" in flags,
        may_rewind="may_rewind" in flags,
        may_delete="may_delete" in flags,
        approvals_needed=_read_number(form.text("approvals_needed")),
        needs_resolved_threads="needs_resolved_threads" in flags,
    )


def _read_number(entered: str) -> int:
    """The number of approvals; what is none is a number that no rule can have."""
    entered = entered.strip() or "0"
    return int(entered) if entered.isascii() and entered.isdigit() and len(entered) < 4 else -1
