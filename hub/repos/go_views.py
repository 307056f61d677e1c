"""What `go get` asks of an address that is a package's name (go.dev/ref/mod#vcs-find)."""

import re
from typing import Final

from flask import Response, request
from markupsafe import Markup

from hub.accounts import names as owner_names
from hub.repos import names
from hub.repos.addresses import http_address
from hub.web import request as web

_PATH: Final = re.compile(r"/([^/]+)/([^/]+)(?:/.*)?", re.DOTALL)
_PAGE: Final = Markup(
    "<!doctype html>\n"
    '<html lang="en"><head><meta charset="utf-8"><title>{prefix}</title>\n'
    '<meta name="go-import" content="{prefix} git {clone}">\n'
    '</head><body><p>go get <a href="{home}">{prefix}</a></p></body></html>\n'
)


def answer_go() -> Response | None:
    """Where the code of a package lies, for any path at or below what may be a repository; None for others.

    The same for all names, so that nobody learns which repositories exist. Whether there is one is told to
    git, which asks its user for credentials first.
    """
    found = _PATH.fullmatch(request.path) if request.args.get("go-get") == "1" else None
    if found is None or request.method not in ("GET", "HEAD"):
        return None
    owner, name = found[1], found[2].removesuffix(".git")
    if owner_names.find_fault(owner) is not None or names.find_fault(name) is not None:
        return None
    base, path = web.base_url(), f"{owner}/{name}"
    prefix = f"{base.partition('://')[2]}/{path}"
    page = _PAGE.format(prefix=prefix, clone=http_address(base, path), home=f"{base}/{path}")
    return Response(page, content_type="text/html; charset=utf-8")
