"""What each endpoint asks of whoever calls it. One that says nothing stops the start of the hub."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from flask import Flask, current_app, request

from hub.access import Scope, Viewer
from hub.errors import Forbidden, Unauthenticated, text

ViewFunction = TypeVar("ViewFunction", bound=Callable[..., object])

_ATTRIBUTE: Final = "hub_declaration"


class Costly(StrEnum):
    """Whether requests are counted for strangers before they are answered; see `hub.web.gate`."""

    NEVER = "never"
    SOMETIMES = "sometimes"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Declaration:
    """What an endpoint asks: a scope of tokens, a person, and that they proved lately who they are.

    `has_own_transactions` where it opens transactions itself, `takes_upload` where a body may be as large as
    a bundle; the front knows these addresses too. One that is costly sometimes calls `gate.admit` itself.
    """

    scope: Scope | None = None
    is_for_people: bool = False
    has_own_transactions: bool = False
    needs_proof: bool = False
    takes_upload: bool = False
    costly: Costly = Costly.NEVER


_NOTHING: Final = Declaration()


def needs(
    scope: Scope,
    *,
    sign_in: bool = False,
    proved: bool = False,
    own_transactions: bool = False,
    upload: bool = False,
    costly: Costly = Costly.NEVER,
) -> Callable[[ViewFunction], ViewFunction]:
    """Declares the scope that a token needs here, and whether somebody must be signed in.

    `proved`: in a browser they must have proved within the last 15 minutes who they are, and are asked
    to before anything else happens. Put it on the page with the form too, so that no form is filled in
    for nothing.
    """
    return _declare(Declaration(scope, sign_in or proved, own_transactions, proved, upload, costly))


def public_page(*, own_transactions: bool = False) -> Callable[[ViewFunction], ViewFunction]:
    """Declares that everybody may ask, with any token: the page shows nothing that belongs to anybody."""
    return _declare(Declaration(has_own_transactions=own_transactions))


def _declare(declared: Declaration) -> Callable[[ViewFunction], ViewFunction]:
    def mark(view: ViewFunction) -> ViewFunction:
        setattr(view, _ATTRIBUTE, declared)
        return view

    return mark


def declaration() -> Declaration:
    """What the endpoint of this request declared; nothing where no endpoint matched."""
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, _ATTRIBUTE, _NOTHING)


def check_declared(app: Flask) -> None:
    """Raises RuntimeError that names every endpoint without a declaration."""
    missing = sorted(
        endpoint for endpoint, view in app.view_functions.items() if not hasattr(view, _ATTRIBUTE)
    )
    if missing:
        raise RuntimeError(f"These endpoints declare no scope: {', '.join(missing)}")


def enforce(declared: Declaration, viewer: Viewer) -> None:
    """Raises Forbidden for a token that does not reach that far, Unauthenticated where a person is needed."""
    if declared.scope is not None and not viewer.has_scope(declared.scope):
        raise Forbidden(
            text("This token does not reach that far."),
            text("It lacks the scope %(scope)s.", scope=declared.scope),
            text("Make a token with this scope in your settings."),
        )
    if viewer.only is not None and not _is_within_one_repository(declared):
        raise Forbidden(
            text("This token does not reach that far."),
            text("It is for some repositories, and this is about none of them."),
            text("Make a token for all repositories in your settings."),
        )
    if declared.is_for_people and not viewer.is_signed_in:
        raise SignInNeeded(
            text("Sign in to see this page."),
            next_step=text("It belongs to whoever is signed in."),
        )


def _is_within_one_repository(declared: Declaration) -> bool:
    """Whether what is asked for is a repository, which asks for itself who reaches it, or shows what anybody
    may see there."""
    if declared.scope in (None, Scope.REPOSITORY_READ):
        return True
    is_about_one = {"owner", "name"} <= (request.view_args or {}).keys()
    return declared.scope is Scope.REPOSITORY_WRITE and is_about_one


def check_proof(declared: Declaration, *, is_proved: bool) -> None:
    """Raises ProofNeeded where the endpoint asks for a proof and there is none of late."""
    if declared.needs_proof and not is_proved:
        raise ProofNeeded(
            text("Prove first that it is you."),
            text("This changes who may do what, and you last proved it more than 15 minutes ago."),
            text("Open the page /-/prove."),
        )


class SignInNeeded(Unauthenticated):
    """A page for people who are signed in; in a browser the form to do so is the answer."""


class ProofNeeded(Forbidden):
    """A sensitive change, long after the person last proved who they are; a browser is led to do so."""

    code = "proof_needed"
