"""Where the index lies on disk, and when its segments become one: what Whoosh leaves to whoever uses it."""

import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from whoosh.filedb.filestore import FileStorage
from whoosh.reading import SegmentReader

# Segments of a size class that are joined when there are so many of them.
FACTOR: Final = 8
# Larger ones are left alone.
LARGEST: Final = 60_000
_CLASS_BITS: Final = 3
# A table of contents before it has its name, what is written beside a segment, and the segments.
_LEFTOVER: Final = re.compile(r"_MAIN_\d+\.toc\.[\d.]+|\w+\.c?tmp|MAIN\.tmp|\.about\.json\.\d+")
_OF_SEGMENT: Final = re.compile(r"(MAIN_[0-9a-z]+)\.[\w.]+")

# Any: writers and segments of Whoosh, which has no types.
MergePolicy = Callable[[Any, Sequence[Any]], list[Any]]


class SafeStorage(FileStorage):  # type: ignore[misc]  # Whoosh has no types
    """Files that are on the disk before the table of contents that names them is."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self._fresh: set[str] = set()
        self._opened: list[Any] | None = None

    def create_file(self, name: str, **given: Any) -> Any:  # as Whoosh calls it
        """A file of the segment that is being written."""
        self._fresh.add(name)
        return super().create_file(name, **given)

    def open_file(self, name: str, **given: Any) -> Any:  # as Whoosh calls it
        """A file that is there."""
        opened = super().open_file(name, **given)
        if self._opened is not None:
            self._opened.append(opened)
        return opened

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Closes what was opened inside the block, where it fails: Whoosh leaves it open."""
        self._opened = []
        try:
            yield
        except BaseException:
            for one in (one for one in self._opened if not one.is_closed):
                with suppress(BufferError, OSError, ValueError):
                    one.close()
            raise
        finally:
            self._opened = None

    def rename_file(self, old: str, new: str, safe: bool = False) -> None:
        """Puts the new table of contents in place, once all that it names is on the disk."""
        for name in self._fresh:
            with suppress(FileNotFoundError):
                _sync(os.path.join(self.folder, name))
        self._fresh.clear()
        super().rename_file(old, new, safe)
        _sync(self.folder)


def sweep_folder(folder: Path, segments: Collection[str]) -> list[str]:
    """Removes files that no commit will ever name, given the segments that the last one names."""
    removed = []
    for path in folder.iterdir():
        of_segment = _OF_SEGMENT.fullmatch(path.name)
        is_orphan = of_segment is not None and of_segment[1] not in segments
        if is_orphan or _LEFTOVER.fullmatch(path.name):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            removed.append(path.name)
    return sorted(removed)


def tiers_to_join(segments: Sequence[Any]) -> list[Any]:  # segments of Whoosh
    """The segments of every size class that has enough of them."""
    tiers: dict[int, list[Any]] = {}
    for one in segments:
        size = _live(one)
        if 0 < size < LARGEST:
            tiers.setdefault(size.bit_length() // _CLASS_BITS, []).append(one)
    return [one for tier in tiers.values() if len(tier) >= FACTOR for one in tier]


def join_tiers(writer: Any, segments: Sequence[Any]) -> list[Any]:  # a writer and segments of Whoosh
    """Whoosh's policy of merging: joins what `tiers_to_join` names, drops what is empty, keeps the rest."""
    joined = tiers_to_join(segments)
    for one in joined:
        reader = SegmentReader(writer.storage, writer.schema, one)
        writer.add_reader(reader)
        reader.close()
    dropped = [*joined, *(one for one in segments if not _live(one))]
    return [one for one in segments if one not in dropped]


def _live(segment: Any) -> int:
    count: int = segment.doc_count_all() - segment.deleted_count()
    return count


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
