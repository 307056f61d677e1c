"""Where a person may be sent: to pages of this hub, and nowhere else."""

import re
from typing import Final
from urllib.parse import quote, urlsplit

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException

# A browser takes a backslash for a slash, and drops tabs and line breaks.
_PLAIN: Final = re.compile(r"/(?![/\\])[!-\[\]-~]*")


def own_path(wanted: str) -> str | None:
    """The path, where it is one of a page of this hub that can be read; else None."""
    if not _PLAIN.fullmatch(wanted):
        return None
    parts = urlsplit(wanted)
    if parts.scheme or parts.netloc:
        return None
    try:
        endpoint, _ = current_app.url_map.bind("hub.invalid").match(parts.path, method="GET")
    except HTTPException:
        return None
    return None if endpoint == "assets.show" else wanted


def here() -> str:
    """The page of this request; for a form that was sent the page it stands on, or "" if nobody knows."""
    if request.method == "GET":
        return _as_asked()
    came_from = urlsplit(request.headers.get("Referer", ""))
    if came_from.netloc == request.host and own_path(came_from.path):
        return f"{came_from.path}?{came_from.query}".rstrip("?")
    return own_path(request.path) or ""


def _as_asked() -> str:
    """Path and query of this request as they were sent: names in them need not be ASCII, nor even UTF-8."""
    # WSGI has each byte of the path as one character of latin-1 (PEP 3333).
    path = quote(request.environ["PATH_INFO"].encode("latin-1"), safe="/:@!$&'()*+,;=~")
    query = quote(request.query_string, safe="/?:@!$&'()*+,;=~%")
    return f"{path}?{query}" if query else path


def moved_here(path: str) -> str | None:
    """The page of this request where its owner, or owner and repository, bear the names of `path`.

    The rest of the address stays as it is; None for a page whose address does not name them.
    """
    given, parts = request.view_args or {}, path.split("/")
    # An address that names a person alone may call them something else than an owner.
    names = ("owner", "name") if "owner" in given else ("name",)
    new = dict(zip(names, parts, strict=False))
    if request.endpoint is None or len(new) != len(parts) or not new.keys() <= given.keys():
        return None
    query = request.query_string.decode("ascii", "replace")
    return url_for(request.endpoint, **{**given, **new}) + (f"?{query}" if query else "")


def after(wanted: str) -> str:
    """The page a person wanted before they had to sign in, or the first one."""
    return own_path(wanted) or url_for("pages.home")
