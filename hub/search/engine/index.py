"""The index of one hub: documents come in, what was committed is seen, segments are joined in between."""

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from whoosh.index import LockError
from whoosh.reading import SegmentReader

from hub.errors import Unavailable, text
from hub.search.engine import damage
from hub.search.engine.damage import IndexDamaged
from hub.search.engine.documents import Document
from hub.search.engine.postings import CODEC
from hub.search.engine.schema import SCHEMA
from hub.search.engine.segments import Segment
from hub.search.engine.storage import SafeStorage, join_tiers, sweep_folder, tiers_to_join

_WRITER_SECONDS: Final = 60.0
_WRITER_PAUSE_SECONDS: Final = 0.01
_OPEN_ATTEMPTS: Final = 50
_OPEN_PAUSE_SECONDS: Final = 0.005
# A file that is missing so often while nothing is committed was not removed by a commit.
_MISSING_TIMES: Final = 4
# Of small segments one file is put on the disk; of others the text is mapped as it lies.
_SMALL: Final = 500
_NONE: Final = -1
_SETTLED_NANOSECONDS: Final = 100_000_000


class CodeIndex:
    """The index in a folder that only the hub's own user can enter: Whoosh unpickles what it finds there.

    It is made where there is none, unless it `must_exist`. Raises IndexDamaged, here and wherever it is read.
    """

    def __init__(
        self, folder: Path, *, writer_seconds: float = _WRITER_SECONDS, must_exist: bool = False
    ) -> None:
        self.folder = folder
        self._given = {"codec": CODEC, "timeout": writer_seconds, "delay": _WRITER_PAUSE_SECONDS}
        if not must_exist and not (folder.is_dir() and any(folder.iterdir())):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            SafeStorage(str(folder)).create_index(SCHEMA)
            damage.write_about(folder)
        if damage.id_of(folder) is None:
            raise IndexDamaged
        self._storage = SafeStorage(str(folder))
        with damage.reading(), self._storage.closing():
            self._index = self._storage.open_index()
        self._generation = _NONE
        self._looked_at = _NONE
        self._segments: dict[Any, Segment] = {}  # by Whoosh's own ids

    def segments(self) -> Sequence[Segment]:
        """The segments as they were committed last."""
        # Never refresh(): later distributions of Whoosh keep what was merged away and hide deletions.
        if not self._is_untouched() and self._latest() != self._generation:
            self._open()
        return list(self._segments.values())

    def _is_untouched(self) -> bool:
        """Whether the folder is as it was when it was looked through, which takes longer than to ask this."""
        try:
            changed_at = self.folder.stat().st_mtime_ns
        except FileNotFoundError as error:
            raise IndexDamaged from error
        if changed_at == self._looked_at:
            return True
        # What happens within the same tick of the clock leaves no trace: only later ones count.
        is_settled = time.time_ns() - changed_at > _SETTLED_NANOSECONDS
        self._looked_at = changed_at if is_settled else _NONE
        return False

    def _latest(self) -> int:
        try:
            generation: int = self._index.latest_generation()
        except FileNotFoundError as error:  # the folder is gone
            raise IndexDamaged from error
        return generation

    def _open(self) -> None:
        missing: list[int] = []
        for _ in range(_OPEN_ATTEMPTS):
            generation = self._latest()
            try:
                with damage.reading(), self._storage.closing():
                    self._generation, self._segments = self._read_segments()
            except FileNotFoundError as error:  # a commit removed what the one before had named
                missing.append(generation)
                if missing.count(generation) >= _MISSING_TIMES:
                    raise IndexDamaged from error
                time.sleep(_OPEN_PAUSE_SECONDS)
                continue
            return
        raise Unavailable(text("The search index is changing too fast."), next_step=text("Try it again."))

    def _read_segments(self) -> tuple[int, dict[Any, Segment]]:
        """The generation and its segments, of which only those are opened that are new."""
        contents = self._index._read_toc()
        found = {}
        for one in contents.segments:
            known = self._segments.get(one.segment_id())
            segment = Segment(SegmentReader(self._storage, SCHEMA, one)) if known is None else known
            found[one.segment_id()] = segment.without(set(one.deleted_docs()))
        return contents.generation, found

    def next_number(self, at_least: int = 0) -> int:
        """One more than the largest number of any document; asked while the writer is held.

        `at_least` is what whoever keeps the documents knows of numbers that were given: an index that is
        lost, or joins its segments, forgets some.
        """
        highest = [int(one.numbers.max()) for one in self.segments() if len(one.numbers)]
        return max(max(highest, default=_NONE) + 1, at_least)

    @contextmanager
    def writing(self, *, expected: int) -> Iterator["Writer"]:
        """The one writer that there is, for about so many documents; committed at the end, or not at all.

        Raises Unavailable where others write for too long.
        """
        try:
            writer = self._index.writer(compound=expected < _SMALL, **self._given)
        except LockError as error:
            raise Unavailable(text("Others write to the index."), next_step=text("Try it again.")) from error
        try:
            yield Writer(self, writer)
        except BaseException:
            writer.cancel()
            raise
        # What was found is visible at once; segments are joined when there is time.
        writer.commit(merge=False)

    def tidy(self) -> bool:
        """Joins segments where there are many of one size; returns whether there were."""
        if not tiers_to_join(self._index._segments()):
            return False
        writer = self._index.writer(**self._given)
        writer.commit(mergetype=join_tiers)
        return True

    def sweep(self) -> list[str]:
        """Removes what a process that was killed left; only while nobody else writes. Returns the names."""
        with damage.reading(), self._storage.closing():
            segments = {one.segment_id() for one in self._index._segments()}
        return sweep_folder(self.folder, segments)

    def close(self) -> None:
        """Lets go of every file."""
        self._segments, self._generation = {}, _NONE
        self._index.close()


class Writer:
    """The writer while it is held."""

    def __init__(self, index: CodeIndex, writer: Any) -> None:  # of Whoosh
        self._index, self._writer = index, writer

    def next_number(self, at_least: int = 0) -> int:
        """The number that the next new document gets."""
        return self._index.next_number(at_least)

    def add(self, documents: Iterable[Document]) -> None:
        """Adds documents."""
        for one in documents:
            self._writer.add_document(**one.fields())

    def drop(self, numbers: Collection[int]) -> int:
        """Deletes the documents with these numbers; returns how many there were."""
        dropped = base = 0
        for segment in self._index.segments():
            for place, number in enumerate(segment.numbers.tolist()):
                if number in numbers and not self._writer.is_deleted(base + place):
                    self._writer.delete_document(base + place)
                    dropped += 1
            base += len(segment.numbers)
        return dropped
