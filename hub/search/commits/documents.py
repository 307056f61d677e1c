"""A commit as its index holds it: an index of words of its own, whose columns say who and when.

Trailers stand in it as terms that no text has, with a mark before them: `bo` where one of them holds that
word, `reviewed-by=bo` where this one does, and `reviewed-by=` where there is one of this name.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from hub.repos.git.commits import CommitRow
from hub.search.commits.messages import Trailer, read_message
from hub.search.words.analysis import tokens_of
from hub.search.words.documents import DocumentKind
from hub.search.words.schema import Places

# What the columns of words mean here.
NUMBER: Final = "row"
MOMENT: Final = "at"
AUTHOR: Final = "unit"
COMMITTER: Final = "stamp"
PARENTS: Final = "repository"
# The field that has the terms of trailers.
TRAILERS: Final = "names"

_MARK: Final = "\x01"
_NOWHERE: Final = (0,)
_SHORT: Final = 40


@dataclass(frozen=True, slots=True)
class CommitText:
    """One commit: its number, what git says of it, and the numbers of those who wrote and committed it."""

    number: int
    record: CommitRow
    author: int
    committer: int

    def fields(self) -> dict[str, object]:
        """What Whoosh is given."""
        commit, message = self.record, read_message(self.record.body)
        names = dict.fromkeys((commit.author_name, commit.committer_name))
        given: dict[str, object] = {
            "kind": int(DocumentKind.COMMIT),
            "digest": digest_of(bytes.fromhex(commit.commit_id)),
            NUMBER: self.number,
            MOMENT: max(int(commit.committed_at.timestamp()), 0),
            AUTHOR: self.author,
            COMMITTER: self.committer,
            PARENTS: len(commit.parent_ids),
        }
        for field, said in (("title", commit.subject), ("body", message.text), ("names", " ".join(names))):
            places, given[f"{field}_length"] = _places(said)
            given[field] = places
        # The last of the fields is that of names.
        given[TRAILERS] = {**places, **dict.fromkeys(_trailer_terms(message.trailers), _NOWHERE)}
        return given


def digest_of(commit_id: bytes) -> int:
    """What tells a commit from another one that might have had its number; from its raw id."""
    return int.from_bytes(commit_id[:8])


def terms_of_trailer(wanted: str) -> list[str]:
    """The terms that a commit has all of, for `trailer:` with this value; none where nothing is asked."""
    name, sign, value = wanted.partition("=")
    if not sign:
        return [_MARK + one for one in _words(wanted)]
    prefix = f"{_MARK}{name.lower()}="
    return [prefix + one for one in _words(value)] or [prefix]


def _trailer_terms(trailers: tuple[Trailer, ...]) -> Iterator[str]:
    for one in trailers:
        yield f"{_MARK}{one.name}="
        for word in (*_words(one.name), *_words(one.value)):
            yield _MARK + word
        for word in _words(one.value):
            yield f"{_MARK}{one.name}={word}"


def _words(said: str) -> list[str]:
    return [one.term for one in tokens_of(said) if not one.is_whole]


def _places(said: str) -> tuple[Places, int]:
    """Each term with its places, as the index of words has them, and how many places there are."""
    found: dict[str, list[int]] = {}
    length = position = 0
    for part in said.split():
        # Mostly it was seen before.
        terms, following = _terms_of_short(part) if len(part) <= _SHORT else _terms_of(part)
        for term, place in terms:
            found.setdefault(term, []).append(position + place)
        length += len(terms)
        position += following
    return found, length


def _terms_of(part: str) -> tuple[tuple[tuple[str, int], ...], int]:
    """The terms of what stands between two blanks, and how many places they take."""
    terms = tuple((one.term, one.position) for one in tokens_of(part))
    return terms, max((place for _, place in terms), default=-1) + 1


_terms_of_short: Final = lru_cache(50_000)(_terms_of)
