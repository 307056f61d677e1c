"""A branch, a tag or a commit as one file: its tree packed, or a bundle with the history behind it."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.http import quote_etag

from hub.access import Scope, Visibility
from hub.config import Config
from hub.errors import HubError, NotFound, text
from hub.kept import kept_in
from hub.repos.blueprint import blueprint, open_page
from hub.repos.browsing.addresses import archive_address
from hub.repos.browsing.spots import Spot, SpotKind, as_text, find_spot
from hub.repos.git.archives import NamesUnsafe, TooLargeToPack, measure
from hub.repos.git.downloads import ARCHIVES, Download, Kind, folder_name, stream
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.repos.names import BRANCHES, TAGS, is_ref_name
from hub.web import gate, security
from hub.web import request as web
from hub.web.handover import attachment, hand_over
from hub.web.raw_path import rest_of_path
from hub.web.scopes import Costly, needs

# What the lists of branches and tags link to.
blueprint.add_app_template_global(archive_address)

_TYPES: Final = {
    Kind.TAR_GZ: "application/gzip",
    Kind.ZIP: "application/zip",
    Kind.BUNDLE: "application/octet-stream",
}
_FITS: Final = "archive-fits"
_FULL_ID: Final = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")
_FULL_NAMES: Final = {BRANCHES.encode(): SpotKind.BRANCH, TAGS.encode(): SpotKind.TAG}
_PREFIXES: Final = {SpotKind.BRANCH: BRANCHES, SpotKind.TAG: TAGS}


class TooLargeToSend(HubError):
    """More than the hub packs into one file."""

    status = 422
    code = "too_large_to_send"

    def __init__(self) -> None:
        super().__init__(
            text("This is too large to be packed into one file."),
            text(
                "It holds more files or bytes than the hub packs at once, or folders too deep in each other."
            ),
            text("Clone the repository instead; git fetches as little as you ask for."),
        )


class NamesRefused(HubError):
    """The commit holds names that are not packed."""

    status = 422
    code = "names_refused"

    def __init__(self) -> None:
        super().__init__(
            text("This cannot be packed into one file."),
            text(
                "It holds names such as .. or .git, which would lead out of the folder it is unpacked into."
            ),
            text("Look at its files one by one."),
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for, and in which form."""

    spot: Spot
    kind: Kind

    @property
    def ref(self) -> str | None:
        """The full name of the branch or tag; None for an id."""
        prefix = _PREFIXES.get(self.spot.kind)
        return None if prefix is None else prefix + self.spot.name


@blueprint.get("/<owner>/<name>/archive/<raw:archive>")
@needs(Scope.REPOSITORY_READ, costly=Costly.SOMETIMES)
def download(owner: str, name: str, **_: str) -> ResponseReturnValue:
    """The file, which the front sends where there is one."""
    repository = open_page(owner, name)
    session, config = web.session(), web.config()
    typed, kind = _split(rest_of_path(after=3))
    asked = _Asked(_find(session, repository, typed), kind)
    if asked.spot.kind is SpotKind.COMMIT and asked.spot.name.encode() != typed:
        return redirect(archive_address(repository, asked.spot.name, kind))
    download = _download(config, repository, asked)
    headers = _headers(repository, asked, download)
    if request.if_none_match.contains_weak(f"{download.object_id}.{kind}"):
        return Response(status=304, headers=headers)
    if asked.spot.kind is not SpotKind.TAG:
        gate.admit()
    _check_size(config, repository, download)
    return hand_over(
        download.as_text(),
        lambda: stream(config, download, most_bytes=config.max_archive_bytes),
        headers,
    )


def _split(rest: bytes) -> tuple[bytes, Kind]:
    for kind in _TYPES:
        suffix = f".{kind}".encode()
        if rest.endswith(suffix) and rest != suffix:
            return rest.removesuffix(suffix), kind
    raise NotFound(
        text("There is no such archive."),
        text("The hub packs .tar.gz, .zip and .bundle."),
        text("The page of tags has their links."),
    )


def _find(session: Session, repository: Repository, typed: bytes) -> Spot:
    """An id before a tag before a branch, as git itself reads a name (gitrevisions(7))."""
    wanted = [(SpotKind.TAG, typed), (SpotKind.BRANCH, typed), (SpotKind.COMMIT, typed)]
    if _FULL_ID.fullmatch(typed):
        wanted.insert(0, (SpotKind.COMMIT, typed))
    for prefix, kind in _FULL_NAMES.items():
        if typed.startswith(prefix):
            wanted.append((kind, typed.removeprefix(prefix)))
    for kind, name in wanted:
        with suppress(NotFound):
            spot = find_spot(session, repository, kind, name)
            if not spot.path:
                return spot
    raise NotFound(
        text("There is no branch, tag or commit “%(name)s” here.", name=as_text(typed)[:200]),
        text("It was deleted, renamed, or never pushed."),
        text("The pages of branches and tags list those there are."),
    )


def _download(config: Config, repository: Repository, asked: _Asked) -> Download:
    storage, repository_id = repository.storage, repository.id
    if asked.kind in ARCHIVES:
        return Download(asked.kind, storage, repository_id, asked.spot.commit_id, _folder(repository, asked))
    if asked.ref is None or not is_ref_name(asked.ref):
        raise NotFound(
            text("There is no bundle of this."),
            text("A bundle holds the history of a branch or a tag, and its name in UTF-8."),
            text("Ask for that of a branch, or for a .tar.gz or .zip."),
        )
    object_id = RefFiles(directory(config, repository)).get(asked.ref)
    return Download(Kind.BUNDLE, storage, repository_id, object_id or asked.spot.commit_id, asked.ref)


def _folder(repository: Repository, asked: _Asked) -> str:
    name = os.fsencode(asked.spot.name).decode("utf-8", "replace")
    return folder_name(repository.name, name)


def _headers(repository: Repository, asked: _Asked, download: Download) -> dict[str, str]:
    is_public = repository.visibility is Visibility.PUBLIC
    is_immutable = asked.spot.is_immutable and is_public
    return {
        "Content-Type": _TYPES[asked.kind],
        "Content-Disposition": attachment(f"{_folder(repository, asked)}.{asked.kind}"),
        "ETag": quote_etag(f"{download.object_id}.{asked.kind}"),
        "Cache-Control": security.IMMUTABLE if is_immutable else security.PRIVATE,
    }


def _check_size(config: Config, repository: Repository, download: Download) -> None:
    """Raises TooLargeToSend and NamesRefused. A bundle is about as large as the repository's own packs."""
    if download.kind is Kind.BUNDLE:
        if repository.size_bytes > config.max_archive_bytes:
            raise TooLargeToSend
        return
    # Of git's own 5,071 entries that took 220 ms on a busy machine, and the answer never changes.
    kept, key = kept_in(config), (download.object_id, config.max_archive_bytes)
    if kept.get(_FITS, *key) is not None:
        return
    try:
        measure(directory(config, repository), download.object_id, most_bytes=config.max_archive_bytes)
    except TooLargeToPack as error:
        raise TooLargeToSend from error
    except NamesUnsafe as error:
        raise NamesRefused from error
    kept.put(_FITS, *key, data=b"1")
