"""git smart HTTP as one ASGI application (gitprotocol-http(5)), free of accounts, database and pages.

    app = git_http_app(resolve)         # an ASGI 3 application
    target = await resolve(scope)       # GitTarget or None

The application knows a request by its target, method, query, headers and body; it never looks at the path.
A caller without a policy gets stock git. The front brings its own `resolve` and nothing else.
"""

import urllib.parse
from collections.abc import Awaitable, Callable

from hub.errors import Forbidden, HubError, MethodNotAllowed, NotFound, UnsupportedMedia, text
from hub.gateway.advertisement import advertise
from hub.gateway.asgi_client import HttpClient, Message, Receive, Scope, Send
from hub.gateway.client import ClientLeft
from hub.gateway.fetch import upload_pack
from hub.gateway.fetch_cache import AnswerBroken
from hub.gateway.git_child import LOGGER
from hub.gateway.git_service import SERVICES, GitTarget, Limits, RepositoryPolicy
from hub.gateway.git_settings import environment, protocol_version
from hub.gateway.pktline import FLUSH, packet
from hub.gateway.push import receive_pack
from hub.gateway.renewal import Renew, while_allowed

__all__ = ["GitTarget", "Limits", "RepositoryPolicy", "git_http_app"]

Resolve = Callable[[Scope], Awaitable[GitTarget | None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_INFO_REFS = "info/refs"


class _Failed(HubError):
    """Something that nobody expected."""


def git_http_app(resolve: Resolve) -> Application:
    """An ASGI application that serves the repositories `resolve` finds.

    `resolve` gets the scope and returns the target, or None for a 404; a HubError it raises is the answer.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await _answer(resolve, scope, HttpClient(scope, receive, send))
        else:
            raise ValueError(f"git is not served over {scope['type']}")

    return app


async def _live(receive: Receive, send: Send) -> None:
    """Says yes to a server's start and stop; nothing here depends on them."""
    while True:
        message: Message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _answer(resolve: Resolve, scope: Scope, client: HttpClient) -> None:
    try:
        await _serve(await resolve(scope), scope, client, renew=lambda: _resolve_again(resolve, scope))
    except (ClientLeft, AnswerBroken):
        client.abort()
    except HubError as error:
        await _refuse(client, error)
    except Exception:  # noqa: BLE001  # the edge: whatever it is, the client gets an answer and the log the cause
        LOGGER.exception("a git request failed")
        failure = _Failed(text("The hub failed to serve this request."), next_step=text("Its log says why."))
        await _refuse(client, failure)


async def _refuse(client: HttpClient, error: HubError) -> None:
    if client.has_begun:
        client.abort()
    else:
        await client.refuse(error)


async def _resolve_again(resolve: Resolve, scope: Scope) -> GitTarget:
    target = await resolve(scope)
    if target is None:
        raise _no_repository()
    return target


def _no_repository() -> NotFound:
    return NotFound(text("There is no repository at this address."))


async def _serve(target: GitTarget | None, scope: Scope, client: HttpClient, *, renew: Renew) -> None:
    if target is None or target.path not in (_INFO_REFS, *SERVICES):
        raise _no_repository()
    client.idle_seconds = target.limits.idle_seconds
    service = _checked_service(target, scope, client)
    protocol = client.header(b"git-protocol")
    if target.path == _INFO_REFS:
        client.content_type = f"application/x-{service}-advertisement"
        await advertise(target, service, protocol, client, preamble=_preamble(target, service, protocol))
        await client.finish()
        return
    client.content_type = f"application/x-{service}-result"
    if service == "git-receive-pack":
        await receive_pack(target, protocol, client, renew)
    else:
        await while_allowed(target, upload_pack(target, protocol, client), renew)


def _checked_service(target: GitTarget, scope: Scope, client: HttpClient) -> str:
    """The service that is asked for; raises what is wrong with the request, in a fixed order."""
    methods = ("GET", "HEAD") if target.path == _INFO_REFS else ("POST",)
    if scope["method"] not in methods:
        raise MethodNotAllowed(
            text("This address is for git, by %(method)s only.", method=methods[0]),
            headers={"Allow": ", ".join(methods)},
        )
    service = _asked_service(scope) if target.path == _INFO_REFS else target.path
    if service not in SERVICES:
        raise Forbidden(
            text("git is served by its smart HTTP protocol only."), next_step=text("Use git 1.6.6 or later.")
        )
    if service not in target.services:
        raise Forbidden(text("%(service)s is not allowed here.", service=service))
    if target.path != _INFO_REFS and client.header(b"content-type") != f"application/x-{service}-request":
        raise UnsupportedMedia(
            text("The Content-Type has to be application/x-%(service)s-request.", service=service)
        )
    return service


def _asked_service(scope: Scope) -> str:
    query_string: bytes = scope.get("query_string", b"")
    query = urllib.parse.parse_qsl(query_string.decode("latin-1"))
    return dict(query).get("service", "")


def _preamble(target: GitTarget, service: str, protocol: str) -> bytes:
    """What an advertisement begins with; protocol v2, which pushes do not have, does without."""
    if service == "git-upload-pack" and protocol_version(environment(target, protocol)) == 2:
        return b""
    return packet(b"# service=%s\n" % service.encode()) + FLUSH
