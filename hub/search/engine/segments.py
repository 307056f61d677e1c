"""One immutable segment of the index as arrays, used again from generation to generation."""

from collections.abc import Collection
from contextlib import suppress
from copy import copy
from itertools import islice
from threading import Lock
from typing import Any, Final
from weakref import finalize, ref

import numpy as np
from numpy.typing import NDArray

from hub.search.engine.column import Bits, CodeReader, Numbers
from hub.search.engine.patterns import Pattern

Mask = NDArray[np.bool_]
Documents = NDArray[np.int32]

_MOST_TERMS: Final = 4096
# Of so few documents each path is looked at by itself.
_FEW: Final = 200
_EVERYWHERE: Final = 1 << 62
_MOST_MASKS: Final = 64


def _close(reader: Any) -> None:  # a SegmentReader of Whoosh
    # Of files that were closed already Whoosh raises this, and nothing that is more precise.
    with suppress(Exception):
        reader.close()


class _Open:
    """Files that are closed when this is gone."""

    def __init__(self, reader: Any) -> None:  # a SegmentReader of Whoosh
        finalize(self, _close, reader)


class Segment:
    """A segment. `code` is None where it holds no text, `live` are the documents not deleted (None: all).

    Its files are closed when nobody has it any more: whoever searches may, after others opened a later one.
    """

    def __init__(self, reader: Any) -> None:  # a SegmentReader of Whoosh
        self._reader = reader
        # Whoosh seeks and reads: one at a time.
        self._lock = Lock()
        self._open = _Open(reader)
        self._terms: dict[tuple[str, bytes], Numbers] = {}
        self._paths: tuple[bytes, Numbers] | None = None
        self._parts: dict[bytes, Mask] = {}
        self._blocks: dict[int, tuple[ref[Mask], Bits]] = {}
        self.code: CodeReader | None = None
        self.numbers: NDArray[np.uint32] = np.empty(0, np.uint32)
        self.prior: NDArray[np.float32] = np.empty(0, np.float32)
        self.live: Mask | None = None
        self._deleted = 0
        if reader.has_column("code"):
            # All columns at once: a later commit may remove their files.
            self.code = reader.column_reader("code", translate=False)
            self.numbers = reader.column_reader("number", translate=False).array
            self.prior = reader.column_reader("prior", translate=False).array.astype(np.float32)

    def without(self, deleted: Collection[int]) -> "Segment":
        """The segment where these documents are deleted."""
        if self.code is None or len(deleted) == self._deleted:
            return self
        later = copy(self)
        later._deleted = len(deleted)
        later.live = np.ones(self.code.count, np.bool_)
        later.live[list(deleted)] = False
        return later

    def live_numbers(self) -> list[int]:
        """The numbers of the documents that were not deleted."""
        numbers: list[int] = (self.numbers if self.live is None else self.numbers[self.live]).tolist()
        return numbers

    def documents_with(self, field: str, term: bytes) -> Numbers:
        """The documents that have a term, in order."""
        key = (field, term)
        if key not in self._terms:
            if len(self._terms) > _MOST_TERMS:
                self._terms.clear()
            with self._lock:
                has_it = (field, term) in self._reader
                ids = self._reader.postings(field, term).all_ids() if has_it else ()
                self._terms[key] = np.fromiter(ids, np.int64)
        return self._terms[key]

    def blocks_of(self, mask: Mask) -> Bits:
        """One bit for each block of the documents that are true in the mask, which is not changed later."""
        assert self.code is not None, "a segment without text has no blocks"
        known = self._blocks.get(id(mask))
        if known is None or known[0]() is not mask:
            if len(self._blocks) > _MOST_MASKS:
                self._blocks.clear()
            known = self._blocks[id(mask)] = (ref(mask), self.code.blocks_of(mask))
        return known[1]

    def names_from(self, field: str, prefix: bytes, most: int) -> list[bytes]:
        """The first terms of a field that begin with the prefix, in the order of the alphabet."""
        if (field not in self._reader.schema) or self.code is None:
            return []
        with self._lock:
            return list(islice(self._reader.expand_prefix(field, prefix), most))

    def has_path(self, pattern: Pattern, documents: Documents) -> Mask:
        """Whether the pattern is found in the path of each of the documents."""
        if pattern.line:
            return self._have_in_line(pattern.line)[documents]
        text, ends = self._all_paths()
        if len(documents) < _FEW:
            begins = np.where(documents > 0, ends[documents - 1] + 1, 0).tolist()
            places = zip(begins, ends[documents].tolist(), strict=True)
            return np.array([bool(pattern.spans_in(text[begin:end], 1)) for begin, end in places], np.bool_)
        found = np.zeros(len(ends), np.bool_)
        begins_of_spans = [begin for begin, _ in pattern.spans_in(text, _EVERYWHERE)]
        found[np.searchsorted(ends, np.array(begins_of_spans, np.int64))] = True
        return found[documents]

    def _have_in_line(self, part: bytes) -> Mask:
        """Whether each document has it in its path, which is in small letters and after a slash."""
        if part not in self._parts:
            if len(self._parts) > _MOST_MASKS:
                self._parts.clear()
            text, ends = self._all_paths()
            lines = b"\n/" + text.lower().replace(b"\n", b"\n/") + b"\n"
            begins = ends - np.diff(ends, prepend=-1) + 1 + np.arange(len(ends))
            pieces = np.fromiter(map(len, lines.split(part)), np.int64)[:-1]
            places = np.cumsum(pieces + len(part)) - len(part)
            found = np.zeros(len(ends), np.bool_)
            found[np.searchsorted(begins, places, side="right") - 1] = True
            self._parts[part] = found
        return self._parts[part]

    def _all_paths(self) -> tuple[bytes, Numbers]:
        """Every path, one a line in the order of documents, and where each ends."""
        if self._paths is None:
            code = self.code
            assert code is not None, "a segment without text has no documents"
            begins = (code.starts[code.first_blocks[:-1]].astype(np.int64) + code.base).tolist()
            paths = [code.buffer[begin : code.buffer.find(b"\n", begin)] for begin in begins]
            sizes = np.array([len(one) + 1 for one in paths], np.int64)
            self._paths = b"\n".join(paths), np.cumsum(sizes) - 1
        return self._paths
