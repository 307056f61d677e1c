"""The README of a folder, rendered where it is Markdown."""

from dataclasses import dataclass
from typing import Final

from markupsafe import Markup
from sqlalchemy.orm import Session

from hub.db import config_of
from hub.markup import is_markdown
from hub.repos.browsing.files.folders import FolderPage
from hub.repos.browsing.files.prose import render_markdown
from hub.repos.browsing.spots import Spot, as_text
from hub.repos.git.store import directory
from hub.repos.git.trees import Trees
from hub.repos.models import Repository

_MOST_BYTES: Final = 512 << 10


@dataclass(frozen=True, slots=True)
class Readme:
    """Where it lies, and its words: as HTML, as plain text, or neither where it is too large or no text."""

    spot: Spot
    html: Markup | None
    text: str | None


def find_readme(session: Session, repository: Repository, folder: FolderPage) -> Readme | None:
    """The README among the entries of the folder, or None."""
    entry = folder.readme
    if entry is None:
        return None
    path = folder.spot.path + b"/" + entry.name if folder.spot.path else entry.name
    spot = folder.spot.at(path)
    config = config_of(session)
    blob = Trees(directory(config, repository)).read_blob(entry.object_id, most_bytes=_MOST_BYTES)
    if blob is None or blob.content is None or blob.is_binary:
        return Readme(spot, None, None)
    html = None
    if is_markdown(as_text(entry.name)):
        html = render_markdown(config, repository, spot, blob_id=entry.object_id, content=blob.content)
    return Readme(spot, html, None if html is not None else blob.content.decode("utf-8", "replace"))
