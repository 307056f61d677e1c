"""Who sends a request: by the token in its header, else by the sign-in in its cookie, kept by Flask-Login."""

import flask
import flask_login
from flask import Flask, request
from werkzeug.datastructures import Authorization

from hub.access import ANONYMOUS, Viewer
from hub.accounts import credentials
from hub.accounts.credentials import SignInUse
from hub.accounts.models import ChallengePurpose, User
from hub.accounts.queries import get_self
from hub.accounts.sign_in import sessions
from hub.accounts.sign_in.sessions import Origin
from hub.errors import Forbidden, Unauthenticated, text
from hub.web import request as web

_SECRET = "sign_in"  # noqa: S105  # the name under which the cookie holds it


def install(app: Flask) -> None:
    """Sets Flask-Login up over the sign-ins in the database."""
    manager = flask_login.LoginManager()
    manager.session_protection = None  # the row of the sign-in says what counts
    # `init_app` would also read the cookie after each request, assets included, for a feature we do not use.
    app.login_manager = manager  # type: ignore[attr-defined]
    manager.user_loader(_load_user)


def load_viewer() -> Viewer:
    """Whoever sends this request; raises Unauthenticated for a header that names nobody.

    Beside a header the cookie counts for nothing, so that a request without a CSRF token is never
    that of a browser.
    """
    if request.headers.get("Authorization") is not None:
        return _load_by_token(request.authorization)
    user = flask_login.current_user
    return user.viewer() if user.is_authenticated else ANONYMOUS


def is_proved() -> bool:
    """Whether this browser's person proved lately who they are; whoever sends a token is not asked."""
    if request.headers.get("Authorization") is not None:
        return True
    use: SignInUse | None = flask.g.get("sign_in_use")
    return use is not None and sessions.is_fresh(use.proved_at)


def me() -> User:
    """The account of whoever is signed in, in this request's session; raises Unauthenticated."""
    return get_self(web.session(), web.viewer())


def enter(user: User, secret: str) -> None:
    """Has this browser be signed in as that person; what its cookie held before is dropped."""
    flask.session.clear()
    flask.session.permanent = True
    flask.session[_SECRET] = secret
    flask.g.pop("sign_in_use", None)
    flask_login.login_user(user)
    web.forget_viewer()


def enter_by_secret(secret: str) -> None:
    """Has this browser be signed in by a sign-in that another transaction has just made."""
    # A reading session sees what was committed before it began: it begins anew.
    web.session().close()
    use = credentials.find_sign_in(web.session(), secret)
    assert use is not None, "the sign-in was made a moment ago"
    enter(use.user, secret)


def replace_secret(secret: str) -> None:
    """Gives this browser a new secret for the sign-in that it has."""
    flask.session[_SECRET] = secret
    flask.session.permanent = True


def keep_question(kind: ChallengePurpose, secret: str) -> None:
    """Has this browser's cookie hold the secret of a question that was put to it."""
    flask.session[kind.value] = secret


def question(kind: ChallengePurpose) -> str:
    """The secret of the last question of this kind that was put to this browser, or ""."""
    return str(flask.session.get(kind.value, ""))


def secret() -> str:
    """The secret of this browser's sign-in, or ""."""
    return str(flask.session.get(_SECRET, ""))


def secret_of_browser() -> str:
    """As `secret`; raises Forbidden for a token, which must not change how its person signs in."""
    if request.headers.get("Authorization") is not None:
        raise Forbidden(
            text("A token cannot change how you sign in."),
            next_step=text("Do it in the browser."),
        )
    return secret()


def leave() -> str:
    """Drops what the cookie holds; returns the secret of the sign-in that it held, or ""."""
    ended = secret()
    flask_login.logout_user()
    flask.session.clear()
    web.forget_viewer()
    return ended


def origin() -> Origin:
    """Where this request comes from."""
    return Origin(request.remote_addr or "", request.user_agent.string)


def _load_user(user_id: str) -> User | None:
    use = credentials.find_sign_in(web.session(), secret())
    if use is None or use.user.get_id() != user_id:
        return None
    credentials.note_use(web.database(), use)
    flask.g.sign_in_use = use
    return use.user


def _load_by_token(given: Authorization | None) -> Viewer:
    for secret in _secrets(given):
        use = credentials.find_token_viewer(web.session(), secret)
        if use is not None:
            credentials.note_use(web.database(), use)
            return use.viewer
    raise Unauthenticated(
        text("These credentials are not valid."),
        text("Scripts sign in with an access token, never with a password. A token may also have expired."),
        text("Make a token in your settings, and send it as “Authorization: token T”."),
    )


def _secrets(given: Authorization | None) -> list[str]:
    if given is None:
        return []
    if given.type in ("token", "bearer"):
        return [given.token or ""]
    if given.type == "basic":
        # As with git: whichever of the two parts is a token.
        return [str(given.password or ""), str(given.username or "")]
    return []
