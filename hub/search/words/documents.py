"""A document of the index of words: a text that somebody wrote, and where it belongs. Pure."""

import hashlib
from dataclasses import dataclass
from enum import IntEnum

from hub.search.words.analysis import tokens_of
from hub.search.words.schema import BOOSTS, Places


class DocumentKind(IntEnum):
    """What a document is of. The numbers stand in the index: one that was used means the same for ever."""

    CHANGE = 1
    COMMENT = 2
    REVIEW = 3
    PERSON = 4
    REPOSITORY = 5
    COMMIT = 6


@dataclass(frozen=True, slots=True)
class Document:
    """One text. `kind` and `row` name it, and what is shown is read from that row.

    `repository` is 0 for what belongs to none. `unit` is the row of what it is indexed with (of a comment its
    topic) and `stamp` how far that was; `at` are the seconds of its moment.
    """

    kind: DocumentKind
    row: int
    unit: int
    stamp: int
    repository: int = 0
    at: int = 0
    title: str = ""
    body: str = ""
    names: str = ""

    def texts(self) -> dict[str, str]:
        """What is searched, by field."""
        return {"title": self.title, "body": self.body, "names": self.names}

    @property
    def digest(self) -> int:
        """A number that is another one for another text, or one of another repository or moment."""
        said = "\0".join((str(self.repository), str(self.at), self.title, self.body, self.names))
        return int.from_bytes(hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=8).digest())

    def fields(self) -> dict[str, object]:
        """What Whoosh is given."""
        given: dict[str, object] = {
            "kind": int(self.kind),
            "row": self.row,
            "repository": self.repository,
            "unit": self.unit,
            "stamp": self.stamp,
            "digest": self.digest,
            "at": max(self.at, 0),
        }
        texts = self.texts()
        for field in BOOSTS:
            places, length = _places(texts[field])
            given[field], given[f"{field}_length"] = places, length
        return given


def _places(text: str) -> tuple[Places, int]:
    found: dict[str, list[int]] = {}
    length = 0
    for token in tokens_of(text):
        found.setdefault(token.term, []).append(token.position)
        length += 1
    return found, length
