"""Files with the commit that last touched each entry of folders at one tip; a page reads one folder's part.

A header, the ids of the commits, an index of the folders by a digest of their paths, and a record for each
folder with its check sum: path, names, and the number of each one's commit. They are written at once and
renamed into place. A damaged file is no file.
"""

import mmap
import struct
import zlib
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from hub.repos.git.prepared_files import replacing

_MAGIC: Final = b"hub touched 1\n"
# The magic, the length of an id, the numbers of commits and of folders, a check sum of ids and index.
_HEADER: Final = struct.Struct(">14sHIII")
_DIGEST_BYTES: Final = 16
# A digest, where the record is, how long it is, and its check sum.
_INDEX: Final = struct.Struct(f">{_DIGEST_BYTES}sQII")
# The lengths of the path and of the names, and how many names there are.
_RECORD: Final = struct.Struct(">III")


@dataclass(frozen=True, slots=True)
class AnswersFile:
    """The opened file of one tip; `get` reads a few pages of it."""

    content: mmap.mmap
    id_bytes: int
    index_at: int
    folders: int

    def get(self, folder: bytes) -> dict[bytes, bytes] | None:
        """The binary id of the commit of each entry of a folder, by name; None where it is not in the file.

        Raises ValueError for a damaged record.
        """
        digest = digest_of(folder)
        at = bisect_left(range(self.folders), digest, key=lambda number: self._index(number)[0])
        if at == self.folders or self._index(at)[0] != digest:
            return None
        path, answers = self._read(at)
        return answers if path == folder else None

    def items(self) -> Iterator[tuple[bytes, dict[bytes, bytes]]]:
        """Every folder in the file; raises ValueError for one that is damaged."""
        return map(self._read, range(self.folders))

    def _index(self, number: int) -> tuple[bytes, int, int, int]:
        digest, start, length, check_sum = _INDEX.unpack_from(
            self.content, self.index_at + number * _INDEX.size
        )
        return digest, start, length, check_sum

    def _read(self, number: int) -> tuple[bytes, dict[bytes, bytes]]:
        _, start, length, check_sum = self._index(number)
        record = self.content[start : start + length]
        if len(record) != length or zlib.crc32(record) != check_sum:
            raise ValueError("a damaged record")
        path_bytes, name_bytes, count = _RECORD.unpack_from(record)
        names_at = _RECORD.size + path_bytes
        # No name holds a NUL, and none is empty.
        names = record[names_at : names_at + name_bytes].split(b"\0") if count else []
        numbers = struct.unpack_from(f">{count}I", record, names_at + name_bytes)
        commits = {one: self._commit_id(one) for one in set(numbers)}
        return record[_RECORD.size : names_at], dict(
            zip(names, map(commits.__getitem__, numbers), strict=True)
        )

    def _commit_id(self, number: int) -> bytes:
        start = _HEADER.size + number * self.id_bytes
        return self.content[start : start + self.id_bytes]


def digest_of(folder: bytes) -> bytes:
    """What stands for a folder's path in indexes and in names of files."""
    return sha256(folder).digest()[:_DIGEST_BYTES]


def open_answers(path: Path) -> AnswersFile | None:
    """The file at that path; None where there is none, or a damaged one, which is removed."""
    try:
        with path.open("rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        magic, id_bytes, commits, folders, check_sum = _HEADER.unpack_from(content)
        index_at = _HEADER.size + commits * id_bytes
        front = content[_HEADER.size : index_at + folders * _INDEX.size]
        if magic == _MAGIC and zlib.crc32(front) == check_sum:
            return AnswersFile(content, id_bytes, index_at, folders)
    except FileNotFoundError:
        return None
    except (ValueError, struct.error):  # an empty file cannot be mapped
        pass
    path.unlink(missing_ok=True)
    return None


def write_answers(path: Path, answers: Mapping[bytes, Mapping[bytes, bytes]], *, id_bytes: int) -> None:
    """Makes the file, whole and at once."""
    commit_ids = sorted({one for names in answers.values() for one in names.values()})
    numbers = {one: number for number, one in enumerate(commit_ids)}
    by_digest = sorted((digest_of(folder), folder) for folder in answers)
    records = [_record(folder, answers[folder], numbers) for _, folder in by_digest]
    start = _HEADER.size + len(commit_ids) * id_bytes + len(records) * _INDEX.size
    index = []
    for (digest, _), record in zip(by_digest, records, strict=True):
        index.append(_INDEX.pack(digest, start, len(record), zlib.crc32(record)))
        start += len(record)
    front = b"".join(commit_ids) + b"".join(index)
    header = _HEADER.pack(_MAGIC, id_bytes, len(commit_ids), len(records), zlib.crc32(front))
    with replacing(path) as file:
        file.writelines((header, front, *records))


def _record(folder: bytes, names: Mapping[bytes, bytes], numbers: Mapping[bytes, int]) -> bytes:
    joined = b"\0".join(names)
    head = _RECORD.pack(len(folder), len(joined), len(names))
    return head + folder + joined + struct.pack(f">{len(names)}I", *(numbers[one] for one in names.values()))
