"""The languages that a tree is written in, by the bytes of its files."""

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from hub.repos.git.language_names import (
    has_ending,
    is_foreign_folder,
    is_generated,
    language_of,
    language_of_program,
)
from hub.repos.git.prepared_files import read_json, write_json
from hub.repos.git.trees import Entry, EntryKind, TooLarge, Trees

_FILE: Final = "languages.json"
# Of more files than that the first ones tell enough; a tree that unfolds without end has an end here.
_MOST_ENTRIES: Final = 100_000
_MOST_PROGRAMS: Final = 500
_MOST_PROGRAM_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Language:
    """One language and the bytes written in it."""

    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Languages:
    """The languages of a tip, the one with the most bytes first."""

    tip: str
    languages: list[Language]

    @property
    def size_bytes(self) -> int:
        """The bytes in all languages."""
        return sum(one.size_bytes for one in self.languages)


def read_languages(folder: Path) -> Languages | None:
    """What was measured last, for the tip that it names; None where nothing was."""
    kept = read_json(folder / _FILE)
    try:
        return (
            None if kept is None else Languages(kept["tip"], [Language(**one) for one in kept["languages"]])
        )
    except (TypeError, KeyError):
        return None


def measure_languages(directory: Path, folder: Path, tip: str) -> Languages:
    """Measures and keeps."""
    known = read_languages(folder)
    if known is not None and known.tip == tip:
        return known
    sizes = _Survey(directory).measure(tip)
    # A header belongs to the one that there is more of.
    if sizes["C++"] > sizes["C"]:
        sizes["C++"] += sizes.pop(_HEADERS, 0)
    else:
        sizes["C"] += sizes.pop(_HEADERS, 0)
    by_size = sorted(
        ((size, name) for name, size in sizes.items() if size), key=lambda one: (-one[0], one[1])
    )
    found = Languages(tip, [Language(name, size) for size, name in by_size])
    write_json(folder / _FILE, asdict(found))
    return found


_HEADERS: Final = "headers of C or C++"


class _Survey:
    """One look at all files of a tree."""

    def __init__(self, directory: Path) -> None:
        self._trees = Trees(directory)
        self._left = _MOST_ENTRIES
        self._programs = _MOST_PROGRAMS

    def measure(self, tip: str) -> Counter[str]:
        sizes: Counter[str] = Counter()
        root = self._trees.root_of(tip)
        waiting = [] if root is None else [root.object_id]
        while waiting and self._left > 0:
            try:
                entries = self._trees.read_folder(waiting.pop(), most_entries=self._left).entries
            except (TooLarge, KeyError):
                continue
            self._left -= len(entries)
            for one in entries:
                if one.kind is EntryKind.FOLDER and not is_foreign_folder(one.name):
                    waiting.append(one.object_id)
                elif one.kind in (EntryKind.FILE, EntryKind.EXECUTABLE):
                    self._add(sizes, one)
        return sizes

    def _add(self, sizes: Counter[str], entry: Entry) -> None:
        if is_generated(entry.name):
            return
        language = language_of(entry.name)
        if language is None and entry.kind is EntryKind.EXECUTABLE and not has_ending(entry.name):
            language = self._ask_program(entry)
        if language is not None:
            if entry.name.endswith((b".h", b".H")):
                language = _HEADERS
            sizes[language] += self._trees.size_of(entry.object_id) or 0

    def _ask_program(self, entry: Entry) -> str | None:
        if self._programs <= 0:
            return None
        self._programs -= 1
        blob = self._trees.read_blob(entry.object_id, most_bytes=_MOST_PROGRAM_BYTES)
        return None if blob is None or blob.content is None else language_of_program(blob.content[:200])
