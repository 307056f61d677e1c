"""What the files that were found are: of which repositories, languages and folders, and how many of each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from hub.repos.git.language_names import has_ending, language_of, language_of_program
from hub.search.code.places import Places
from hub.search.code.queries import CodeQuery
from hub.search.engine.globs import is_glob
from hub.search.engine.segments import Segment
from hub.search.engine.tally import Tally
from hub.search.syntax import Kind

MOST_VALUES: Final = 8

_FIRST_BYTES: Final = 256
_LONGEST_ENDING: Final = 12

Counted = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """The commonest values of each kind with how many files have them, estimated unless `is_exact`."""

    repositories: Counted = ()
    languages: Counted = ()
    folders: Counted = ()
    is_exact: bool = True


def count_found(found: Tally, places: Places, query: CodeQuery) -> Counts:
    """What the documents that were found are, as far as the places of the query show them."""
    numbers = np.sort([segment.numbers[document] for segment, document in found.documents]).astype(np.uint32)
    repositories = Counter({place.path: count for place, count in places.count(numbers)})
    paths = [_path(segment, document) for segment, document in found.documents]
    languages = Counter(
        language
        for path, (segment, document) in zip(paths, found.documents, strict=True)
        if (language := _language(path, segment, document))
    )
    return Counts(
        repositories=_commonest(repositories, found),
        languages=_commonest(languages, found),
        folders=_commonest(_folders(paths, _folder_of(query)), found),
        is_exact=found.is_exact,
    )


def _commonest(counter: Counter[str], found: Tally) -> Counted:
    best = sorted(counter.items(), key=lambda one: (-one[1], one[0]))[:MOST_VALUES]
    return tuple((name, rounded(found.estimate(count), is_exact=found.is_exact)) for name, count in best)


def rounded(count: int, *, is_exact: bool) -> int:
    """The count as it is told: of an estimate two figures say as much as it knows."""
    return count if is_exact else int(float(f"{count:.2g}"))


def _path(segment: Segment, document: int) -> bytes:
    code = segment.code
    assert code is not None, "what was found has a text"
    begin, _ = code.place_of(document)
    path: bytes = code.buffer[begin : code.buffer.find(b"\n", begin)]
    return path


def _language(path: bytes, segment: Segment, document: int) -> str:
    """The language as people write it, otherwise how the name ends, with a dot; nothing where neither is."""
    name = path.rpartition(b"/")[2]
    language = language_of(name)
    if language is not None:
        return language
    if has_ending(name):
        ending = name.rpartition(b".")[2].lower()
        return f".{ending.decode()}" if ending.isalnum() and len(ending) <= _LONGEST_ENDING else ""
    assert segment.code is not None, "what was found has a text"
    begin, end = segment.code.place_of(document)
    begin += len(path) + 1
    return language_of_program(segment.code.buffer[begin : min(end, begin + _FIRST_BYTES)]) or ""


def _folder_of(query: CodeQuery) -> str:
    """The folder that the query names already: its longest."""
    named = [
        one.value.lower()
        for one in query.filters
        if one.name == "path" and one.kind is not Kind.REGEX and not one.is_excluded
    ]
    return max((one for one in named if one.endswith("/") and not is_glob(one)), key=len, default="")


def _folders(paths: Sequence[bytes], within: str) -> Counter[str]:
    """How many of the paths are in each folder within that one, as a filter finds them."""
    within = within.removeprefix("/")
    texts = [f"/{path.decode('utf-8', 'replace')}" for path in paths]
    inside = (text.lower().find(f"/{within}") if within else 0 for text in texts)
    after = (text[at + 1 + len(within) :] for text, at in zip(texts, inside, strict=True) if at >= 0)
    first = Counter(rest.partition("/")[0] for rest in after if "/" in rest)
    lower = [text.lower() for text in texts]
    return Counter(
        {
            f"{within}{name}/": sum(f"/{within}{name.lower()}/" in text for text in lower)
            for name, _ in first.most_common(MOST_VALUES)
            if name.isprintable() and "*" not in name and "?" not in name
        }
    )
