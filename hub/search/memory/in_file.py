"""What the page of a file shows of discussions: a list above its text, and marks beside its lines."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.db import config_of
from hub.errors import Text, text
from hub.repos.browsing.addresses import address_of
from hub.repos.browsing.files.files import FilePage, Shown
from hub.repos.git.store import directory
from hub.repos.git.trees import Trees
from hub.repos.models import Repository
from hub.repos.slots import LineMark, Piece
from hub.search.memory.places import MOST_BYTES, list_kept, stands_in
from hub.search.memory.talks import Talk, list_talks

_TEXTS: Final = (Shown.TEXT, Shown.PROSE)


def show_talks(session: Session, viewer: Viewer, repository: Repository, file: FilePage) -> Piece | None:
    """What was said about lines that stand in the file; None where that is nothing."""
    if file.shown not in _TEXTS:
        return None
    blob_id = file.entry.object_id
    kept = list_kept(
        session, repository.id, origin_id=repository.origin_id, path=file.spot.path, blob_id=blob_id
    )
    if not kept:
        return None

    def read() -> bytes | None:
        trees = Trees(directory(config_of(session), repository))
        blob = trees.read_blob(blob_id, most_bytes=MOST_BYTES)
        return None if blob is None or blob.is_binary else blob.content

    stands = stands_in(kept, blob_id, read)
    talks = list_talks(session, viewer, stands, repository_id=repository.id)
    if not talks:
        return None
    listed = [(one, _line_address(repository, file, one)) for one in talks]
    return Piece("search/_talks.html", {"talks": listed}, marks_of(talks))


def marks_of(talks: Iterable[Talk]) -> Mapping[int, LineMark]:
    """A mark for each line that was discussed; one that was several times leads to the list."""
    by_line: dict[int, list[Talk]] = {}
    for talk in talks:
        for line in range(talk.first_line, talk.last_line + 1):
            by_line.setdefault(line, []).append(talk)
    return {
        line: LineMark(
            address=there[0].address if len(there) == 1 else f"#{there[0].element_id}",
            says=say(there),
            goes_on=by_line.get(line - 1) == there,
        )
        for line, there in by_line.items()
    }


def say(talks: Sequence[Talk]) -> Text:
    """Where these discussions are, in a sentence."""
    references = list(dict.fromkeys(one.reference for one in talks))
    if len(references) == 1:
        return text("Discussed in change %(reference)s", reference=references[0])
    return text("Discussed in changes %(references)s", references=", ".join(references))


def _line_address(repository: Repository, file: FilePage, talk: Talk) -> str:
    first, last = talk.first_line, talk.last_line
    lines = str(first) if first == last else f"{first}-{last}"
    return f"{address_of('src', repository, file.spot, lines=lines)}#L{first}"
