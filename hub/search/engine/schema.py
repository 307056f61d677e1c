"""The fields of the index: the code column, numbers, and stock postings for symbols and names."""

from collections.abc import Iterable, Iterator
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray
from whoosh import columns, fields, formats

from hub.search.engine.column import CodeColumn

# One more whenever other bytes are written, or other words are made of a file: an index of another version is
# made again.
VERSION: Final = 1


class _Plain(fields.FieldType):  # type: ignore[misc]  # Whoosh has no types
    """A field that is a column and nothing else."""

    analyzer = format = vector = sortable = None
    indexed = scorable = stored = unique = spelling = False
    multitoken_query = "default"

    def __init__(self, column: columns.Column) -> None:
        self.column_type = column

    def to_column_value(self, value: Any) -> Any:  # as the column takes it
        """The value itself."""
        return value

    def from_column_value(self, value: Any) -> Any:  # as the column gives it
        """The value itself."""
        return value


class _Numbers(columns.Column):  # type: ignore[misc]  # Whoosh has no types
    """Whole numbers, read back as one array."""

    _default = 0

    def writer(self, file: IO[bytes]) -> "_NumbersWriter":
        return _NumbersWriter(file)

    def reader(self, file: Any, base: int, length: int, count: int) -> "NumbersReader":
        return NumbersReader(file, base, length, count)


class _NumbersWriter(columns.ColumnWriter):  # type: ignore[misc]  # Whoosh has no types
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._numbers: list[int] = []

    def add(self, number: int, value: int) -> None:
        self._fill(number)
        self._numbers.append(value)

    def finish(self, count: int) -> None:
        self._fill(count)
        self._file.write(np.array(self._numbers, "<u4").tobytes())

    def _fill(self, count: int) -> None:
        self._numbers.extend([0] * (count - len(self._numbers)))


class NumbersReader(columns.ColumnReader):  # type: ignore[misc]  # Whoosh has no types
    """The numbers of a segment's documents as `array`."""

    def __init__(self, file: Any, base: int, length: int, count: int) -> None:  # a StructFile of Whoosh
        self.array: NDArray[np.uint32] = np.frombuffer(bytes(file.get(base, length)), "<u4")
        self._doccount = count

    def __getitem__(self, number: int) -> int:
        return int(self.array[number])


class _Terms(fields.FieldType):  # type: ignore[misc]  # Whoosh has no types
    """Terms that are ready made, and no more known of them than in which documents they are."""

    analyzer = vector = sortable = column_type = None
    indexed = True
    scorable = stored = unique = spelling = False
    multitoken_query = "default"

    def __init__(self) -> None:
        self.format = formats.Existence()

    def index(self, terms: Iterable[bytes], **_: object) -> Iterator[tuple[bytes, int, float, bytes]]:
        return iter([(one, 1, 1.0, b"") for one in sorted(terms)])

    def to_bytes(self, term: str | bytes) -> bytes:
        return term.encode() if isinstance(term, str) else term

    def from_bytes(self, term: bytes) -> str:
        return term.decode("utf-8", "replace")


SCHEMA: Final = fields.Schema(
    code=_Plain(CodeColumn()),
    number=_Plain(_Numbers()),
    prior=_Plain(_Numbers()),
    symbol=_Terms(),
    name=_Terms(),
    language=_Terms(),
)
