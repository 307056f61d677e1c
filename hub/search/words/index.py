"""The index of words of one hub: documents come in, what was committed is seen, segments are joined."""

import errno
import shutil
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from whoosh import index as stock
from whoosh.reading import SegmentReader
from whoosh.writing import CLEAR

from hub.errors import Unavailable, text
from hub.search.engine.damage import IndexDamaged, reading
from hub.search.engine.storage import SafeStorage, join_tiers, tiers_to_join
from hub.search.words.documents import DocumentKind
from hub.search.words.schema import SCHEMA, VERSION
from hub.search.words.segments import WordSegment

_NAME: Final = f"words{VERSION}"
_WRITER_SECONDS: Final = 60.0
_WRITER_PAUSE_SECONDS: Final = 0.01
_OPEN_ATTEMPTS: Final = 50
_OPEN_PAUSE_SECONDS: Final = 0.005
_SMALL: Final = 500
_MEGABYTES: Final = 64
_NONE: Final = -1


class Indexable(Protocol):
    """Something that the index takes."""

    def fields(self) -> dict[str, object]:
        """What Whoosh is given."""


class WordIndex:
    """The index in a folder that only the hub's own user can enter: Whoosh unpickles what it finds there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._index: Any = None  # of Whoosh
        self._generation = _NONE
        self._segments: dict[Any, WordSegment] = {}  # by Whoosh's own ids
        self._searcher: Any = None  # of Whoosh

    def segments(self) -> Sequence[WordSegment]:
        """The segments as they were committed last; raises IndexDamaged where there is no whole index."""
        try:
            with reading():
                # Never refresh(): later distributions of Whoosh keep what was merged away and hide deletions.
                if self._index is None or self._index.latest_generation() != self._generation:
                    self._open()
        except (OSError, IndexDamaged) as error:
            self.close()
            # Other errors of the system, too many open files among them, say nothing of the index.
            if isinstance(error, OSError) and error.errno not in (errno.ENOENT, errno.EINVAL):
                raise
            raise IndexDamaged from error
        return list(self._segments.values())

    def make_anew(self) -> None:
        """Leaves an empty index, whatever lay in the folder."""
        self.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, mode=0o700)
        SafeStorage(str(self._folder)).create_index(SCHEMA, indexname=_NAME).close()

    def _open(self) -> None:
        for attempt in range(_OPEN_ATTEMPTS):
            try:
                if self._index is None:
                    self._index = SafeStorage(str(self._folder)).open_index(_NAME)
                searcher = self._index.searcher()
                segments = self._read_segments(searcher)
            except FileNotFoundError:  # a commit removed what the one before had named
                if attempt + 1 == _OPEN_ATTEMPTS:
                    raise
                time.sleep(_OPEN_PAUSE_SECONDS)
                continue
            if self._searcher is not None:
                self._searcher.close()
            self._searcher, self._segments = searcher, segments
            self._generation = searcher.reader().generation()
            return

    def _read_segments(self, searcher: Any) -> dict[Any, WordSegment]:  # a searcher of Whoosh
        leaves = [searcher] if searcher.is_atomic() else [one for one, _ in searcher.leaf_searchers()]
        found = {}
        for reader in (one.reader() for one in leaves):
            if reader.segment() is not None:
                name = reader.segment().segment_id()
                found[name] = WordSegment(reader, self._segments.get(name))
        return found

    @contextmanager
    def writing(self, *, expected: int, replaces_all: bool = False) -> Iterator["Writer"]:
        """The one writer that there is, for about so many documents; committed at the end, or not at all.

        With `replaces_all` nothing is left of what was there before. Raises Unavailable where others write
        for too long.
        """
        writer = self._writer(compound=expected < _SMALL)
        try:
            yield Writer(self, writer)
        except BaseException:
            writer.cancel()
            raise
        if replaces_all:
            writer.commit(mergetype=CLEAR)
        else:
            # What was found is visible at once; segments are joined when there is time.
            writer.commit(merge=False)

    def _writer(self, **given: object) -> Any:  # of Whoosh
        self.segments()
        try:
            return self._index.writer(
                timeout=_WRITER_SECONDS, delay=_WRITER_PAUSE_SECONDS, limitmb=_MEGABYTES, **given
            )
        except stock.LockError as error:
            raise Unavailable(text("Others write to the index."), next_step=text("Try it again.")) from error

    def tidy(self) -> bool:
        """Joins segments where there are many of one size; returns whether there were."""
        self.segments()
        if not tiers_to_join(self._index._segments()):
            return False
        self._writer().commit(mergetype=join_tiers)
        return True

    def purge(self) -> bool:
        """Writes every segment anew that has deleted documents, whose words stand in it still."""
        self.segments()
        if not any(one.has_deletions() for one in self._index._segments()):
            return False
        self._writer().commit(mergetype=_write_anew)
        return True

    def close(self) -> None:
        """Lets go of every file."""
        if self._searcher is not None:
            self._searcher.close()
        if self._index is not None:
            self._index.close()
        self._segments = {}
        self._index, self._searcher, self._generation = None, None, _NONE


class Writer:
    """The writer while it is held."""

    def __init__(self, index: WordIndex, writer: Any) -> None:  # of Whoosh
        self._index, self._writer = index, writer

    def add(self, documents: Iterable[Indexable]) -> int:
        """Adds documents; returns how many there were."""
        count = 0
        for one in documents:
            self._writer.add_document(**one.fields())
            count += 1
        return count

    def drop(self, kind: DocumentKind, rows: Collection[int]) -> int:
        """Deletes the documents of that kind and these rows; returns how many there were."""
        wanted = np.fromiter(rows, np.uint64)
        dropped = base = 0
        for segment in self._index.segments():
            is_it = (segment.numbers("kind") == kind) & np.isin(segment.numbers("row"), wanted) & segment.live
            for place in np.nonzero(is_it)[0].tolist():
                self._writer.delete_document(base + place)
                dropped += 1
            base += segment.count
        return dropped


def _write_anew(writer: Any, segments: Sequence[Any]) -> list[Any]:  # a writer and segments of Whoosh
    kept = []
    for one in segments:
        if not one.has_deletions():
            kept.append(one)
        elif one.doc_count():
            reader = SegmentReader(writer.storage, writer.schema, one)
            writer.add_reader(reader)
            reader.close()
    return kept
