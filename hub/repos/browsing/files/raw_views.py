"""Files as they are: shown as plain text, as a picture, or saved; never as a page of ours."""

import os
import re
from contextlib import closing
from typing import Final

from flask import Response, request
from flask.typing import ResponseReturnValue
from werkzeug.http import quote_etag

from hub.access import Scope, Visibility
from hub.errors import NotFound, text
from hub.repos.blueprint import blueprint, open_page
from hub.repos.browsing.files import pictures
from hub.repos.browsing.files.folders import find_entry
from hub.repos.browsing.files.texts import is_utf8
from hub.repos.browsing.spots import Spot, SpotKind, find_spot
from hub.repos.git.downloads import Download, Kind, stream
from hub.repos.git.store import directory
from hub.repos.git.trees import Entry, Trees, is_binary
from hub.repos.models import Repository
from hub.web import request as web
from hub.web import security
from hub.web.handover import attachment, hand_over
from hub.web.raw_path import rest_of_path
from hub.web.scopes import needs

# A browser runs nothing of it, and takes it for what we say it is. Drawings carry styles of their own.
_POLICY: Final = "default-src 'none'; sandbox"
_POLICY_OF_DRAWINGS: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
# What is larger, the front sends.
_MOST_BYTES_HERE: Final = 1 << 20
_FULL_ID: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@blueprint.get("/<owner>/<name>/raw/<kind>/<raw:rest>")
@blueprint.get("/<owner>/<name>/media/<kind>/<raw:rest>")
@needs(Scope.REPOSITORY_READ)
def show_raw(owner: str, name: str, kind: str, rest: str) -> ResponseReturnValue:
    """The content of a file of a commit; of a symbolic link what it says."""
    repository = open_page(owner, name)
    typed = rest_of_path(after=4)
    spot = find_spot(web.session(), repository, kind, typed)
    entry = find_entry(web.session(), repository, spot)
    if not entry.is_blob:
        raise NotFound(
            text("There is no content of %(path)s.", path=spot.path_text or "/"),
            text("It is a folder, or a commit of another repository."),
            text("Look at it as a page: write src in the address, for raw."),
        )
    is_fixed = spot.kind is SpotKind.COMMIT and _FULL_ID.fullmatch(os.fsdecode(typed.partition(b"/")[0]))
    may_keep = bool(is_fixed) and repository.visibility is Visibility.PUBLIC
    headers = {
        "ETag": quote_etag(entry.object_id),
        "Cache-Control": security.IMMUTABLE if may_keep else security.PRIVATE,
    }
    if request.if_none_match.contains_weak(entry.object_id):
        return Response(status=304, headers=headers)
    return _send(repository, spot, entry, headers)


def _send(repository: Repository, spot: Spot, entry: Entry, headers: dict[str, str]) -> Response:
    config = web.config()
    trees = Trees(directory(config, repository))
    size_bytes = trees.size_of(entry.object_id) or 0
    blob = trees.read_blob(entry.object_id, most_bytes=_MOST_BYTES_HERE)
    if blob is not None and blob.content is not None:
        return Response(blob.content, headers={**headers, **_kind_of(spot, blob.content)})
    download = Download(Kind.BLOB, repository.storage, repository.id, entry.object_id, size_bytes=size_bytes)
    with closing(stream(config, download, most_bytes=size_bytes)) as pieces:
        beginning = next(pieces, b"")
    return hand_over(
        download.as_text(),
        lambda: stream(config, download, most_bytes=size_bytes),
        {**headers, **_kind_of(spot, beginning)},
    )


def _kind_of(spot: Spot, beginning: bytes) -> dict[str, str]:
    """The headers that say what a file is, by what it begins with."""
    name = spot.path.rpartition(b"/")[2]
    picture = pictures.picture_type(name, beginning[: pictures.SNIFFED_BYTES])
    if picture is not None:
        policy = _POLICY_OF_DRAWINGS if picture == pictures.SVG else _POLICY
        return {"Content-Type": picture, "Content-Security-Policy": policy}
    if is_binary(beginning):
        return {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": attachment(name.decode("utf-8", "replace")),
            "Content-Security-Policy": _POLICY,
        }
    # Of other encodings nothing is said: a browser guesses them better than we do.
    charset = "; charset=utf-8" if is_utf8(beginning) else ""
    return {"Content-Type": f"text/plain{charset}", "Content-Security-Policy": _POLICY}
