"""From an HTTP request of git to its repository: the address, the credentials, and what they allow."""

import base64
import binascii
import re
from typing import Final
from urllib.parse import parse_qsl, quote

from sqlalchemy.orm import Session

from hub.access import ANONYMOUS, Viewer
from hub.accounts.credentials import PREFIX, TokenUse, find_token_viewer, note_use
from hub.errors import Forbidden, Moved, NotFound, Text, Unauthenticated, text
from hub.gateway.asgi_client import Scope
from hub.gateway.forwarded import Origin
from hub.gateway.git_service import GitTarget
from hub.gateway.targets import Targets

PATH: Final = re.compile(
    r"/(?P<owner>[^/]+)/(?P<name>[^/]+?)(?:\.git)?/(?P<tail>info/refs|git-upload-pack|git-receive-pack)"
)

# The key under which the front puts the Origin of a request into its scope.
ORIGIN: Final = "hub.origin"

_FIRST_ASKED: Final = "info/refs"
_CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="hub"'}


class Resolver:
    """What `git_http_app` asks for the target of each request."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets

    async def __call__(self, scope: Scope) -> GitTarget | None:
        """The target, or None where the path is not one of git's. Raises HubError in words."""
        match = PATH.fullmatch(scope["path"])
        if match is None:
            return None
        path, tail = f"{match['owner']}/{match['name']}", match["tail"]
        origin: Origin = scope[ORIGIN]
        secrets = _secrets(scope)

        def find(session: Session) -> tuple[GitTarget, TokenUse | None]:
            service = _service(scope, tail)
            use = _find_use(session, secrets, origin)
            viewer = ANONYMOUS if use is None else use.viewer
            if use is None and service == "git-receive-pack":
                raise _sign_in(origin)
            try:
                target = self._open(session, viewer, path, service=service, tail=tail, origin=origin)
            except (NotFound, Forbidden) as error:
                # A stranger is not told whether the repository exists: with an account it may be theirs.
                raise _sign_in(origin) if use is None else error from None
            return target, use

        target, use = await self._targets.read(find)
        if use is not None and use.needs_touch:
            noted = use
            self._targets.later(lambda: note_use(self._targets.hub.database, noted))
        return target

    def _open(
        self, session: Session, viewer: Viewer, path: str, *, service: str, tail: str, origin: Origin
    ) -> GitTarget:
        address = {"service": service, "tail": tail, "base_url": origin.base_url}
        try:
            return self._targets.open(session, viewer, path, **address)
        except Moved as moved:
            if tail == _FIRST_ASKED:
                # git asks there from now on, also for what follows; others follow no POST elsewhere.
                location = f"/{moved.path}.git/{tail}?service={quote(service)}"
                raise Moved(moved.old_path, moved.path, location=location) from None
            return self._targets.open(session, viewer, moved.path, **address)


def _service(scope: Scope, tail: str) -> str:
    if tail != "info/refs":
        return tail
    query: bytes = scope["query_string"]
    return dict(parse_qsl(query.decode("latin-1"))).get("service", "")


def _secrets(scope: Scope) -> list[str] | None:
    """What the request offers as a token: None without credentials, both halves of a Basic pair.

    Tools put the token where they like: into the password, or into the name with nothing or a fixed word
    such as x-oauth-basic as the password.
    """
    value = next((value for name, value in scope["headers"] if name == b"authorization"), None)
    if value is None:
        return None
    kind, _, rest = value.decode("latin-1").strip().partition(" ")
    if kind.lower() in ("token", "bearer"):
        return [rest.strip()]
    if kind.lower() != "basic":
        return []
    try:
        name, _, password = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return []
    return [password, name]


def _find_use(session: Session, secrets: list[str] | None, origin: Origin) -> TokenUse | None:
    if secrets is None:
        return None
    for secret in secrets:
        use = find_token_viewer(session, secret)
        if use is not None:
            return use
    raise _not_valid(any(secret.startswith(PREFIX) for secret in secrets), origin)


def _sign_in(origin: Origin) -> Unauthenticated:
    return Unauthenticated(
        text("This needs an account, or there is no such repository."),
        next_step=_make_token(origin),
        headers=_CHALLENGE,
    )


def _not_valid(is_token: bool, origin: Origin) -> Unauthenticated:
    what = (
        text("This access token is not valid: it is unknown, expired or revoked.")
        if is_token
        else text("git takes an access token here, not a password.")
    )
    return Unauthenticated(what, next_step=_make_token(origin), headers=_CHALLENGE)


def _make_token(origin: Origin) -> Text:
    return text(
        "Make an access token at %(url)s/settings/tokens and give it as the password.", url=origin.base_url
    )
