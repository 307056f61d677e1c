"""The column that holds the text of a segment's documents, one after the other, and the filter over it.

A document is its path, a line feed, its content. The text is cut into blocks of whole lines of about 4 KB;
sixty-four blocks make one machine word in each row of the filter. A match never leaves a line, and so never a
block, but for lines of more than two blocks: they are cut, and each cut block also covers the next LAP bytes.
"""

import mmap
import struct
from collections.abc import Iterator, Sequence
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray
from whoosh import columns

from hub.search.engine.grams import FOLD, ROW_BITS, ROWS, hash_grams, rows_of
from hub.search.engine.plans import AllOf, AnyOf, Plan

BLOCK: Final = 4096
LAP: Final = 128

Bits = NDArray[np.uint64]
Numbers = NDArray[np.int64]

_LINE: Final = 10
_PER_WORD: Final = 64
_FLUSHED_AT: Final = 512
# Of a long literal the rows that are set least often say nearly all.
_MOST_ROWS: Final = 16
_WORD: Final = np.dtype("<u8")
_BLOCK_BITS: Final = 6
_ROW_SHIFT: Final = np.uint32(32 - ROW_BITS - _BLOCK_BITS)
_ROW_MASK: Final = np.uint32(ROWS * _PER_WORD - _PER_WORD)
_FOOT: Final = struct.Struct("<8sIIQQQ")
_MAGIC: Final = b"HUBCODE1"
_SPARE: Final = b"\n\n\n"


class CodeColumn(columns.Column):  # type: ignore[misc]  # Whoosh has no types
    """Texts with their filter."""

    _default = b""

    def writer(self, file: IO[bytes]) -> "CodeWriter":
        """What Whoosh writes a segment's column with."""
        return CodeWriter(file)

    def reader(self, file: Any, base: int, length: int, count: int) -> "CodeReader":  # a StructFile of Whoosh
        """What Whoosh reads it with."""
        return CodeReader(file, base, length, count)

    def default_value(self, reverse: bool = False) -> bytes:
        """The text of a document that has none."""
        return b""


class _Scratch:
    """Room for the hashes of one word's blocks, made once for a writer."""

    def __init__(self) -> None:
        self.bits = np.empty(ROWS * _PER_WORD, np.bool_)
        self._grow(1 << 19)

    def _grow(self, size: int) -> None:
        self.hashes = np.empty((3, size), np.uint32)
        # numpy scatters twice as fast by native integers.
        self.indices = np.empty(size, np.intp)

    def for_text(self, size: int) -> None:
        """Makes sure that a text of that size fits."""
        if size > self.hashes.shape[1]:
            self._grow(size)


class CodeWriter(columns.ColumnWriter):  # type: ignore[misc]  # Whoosh has no types
    """Writes the texts as they come, and the filter word by word."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._position = 0
        self._filtered = 0
        self._blocks: list[int] = []
        self._first_blocks: list[int] = []
        self._lengths: list[int] = []
        self._waiting: list[bytes] = []
        self._words: list[Bits] = []
        self._scratch = _Scratch()

    def add(self, number: int, text: bytes) -> None:
        """Adds the text of a document; those that were left out have none."""
        self._fill(number)
        self._put(text)

    def finish(self, count: int) -> None:
        """Ends the column, which has so many documents."""
        self._fill(count)
        if len(self._blocks) > self._filtered:
            self._flush(is_last=True)
        self._write_rest()

    def _fill(self, number: int) -> None:
        while len(self._lengths) < number:
            self._put(b"")

    def _put(self, text: bytes) -> None:
        self._first_blocks.append(len(self._blocks))
        self._lengths.append(len(text))
        if not text:
            return
        if text[-1] != _LINE:
            text += b"\n"
        self._waiting.append(text)
        begin, size = 0, len(text)
        while begin < size:
            self._blocks.append(self._position + begin)
            end = text.find(b"\n", begin + BLOCK - 1, begin + 2 * BLOCK) + 1
            begin = end or min(size, begin + 2 * BLOCK)
        self._position += size
        if len(self._blocks) - self._filtered >= _FLUSHED_AT:
            self._flush(is_last=False)

    def _flush(self, *, is_last: bool) -> None:
        """Writes text and filter words of every complete group of blocks; of the rest too at the end."""
        data = b"".join(self._waiting)
        open_blocks = len(self._blocks) - self._filtered
        taken = open_blocks if is_last else open_blocks // _PER_WORD * _PER_WORD
        starts = np.array([*self._blocks[self._filtered :], self._position], np.int64)
        starts -= starts[0]
        cut = int(starts[taken])
        self._file.write(data[:cut])
        self._waiting = [data[cut:]] if cut < len(data) else []
        folded = np.frombuffer(data.translate(FOLD) + _SPARE, np.uint8)
        for begin in range(0, taken, _PER_WORD):
            self._words.append(self._filter(folded, starts[begin : min(begin + _PER_WORD, taken) + 1]))
        self._filtered += taken

    def _filter(self, folded: NDArray[np.uint8], starts: Numbers) -> Bits:
        """One bit for each block that begins at one of these, in each row."""
        first, last = int(starts[0]), int(starts[-1])
        size = last - first
        lapped = min(size + LAP, len(folded) - len(_SPARE) - first)
        self._scratch.for_text(lapped)
        threes, fours, other = (one[:lapped] for one in self._scratch.hashes)
        hash_grams(folded[first : first + lapped + len(_SPARE)], threes, fours, other)
        blocks = np.repeat(np.arange(len(starts) - 1, dtype=np.uint32), np.diff(starts))
        cuts = [at for at, end in enumerate((starts[1:] - 1).tolist()) if folded[end] != _LINE]
        bits, indices = self._scratch.bits, self._scratch.indices[:size]
        bits[:] = False
        for hashes in (threes, fours):
            # Row and block in one number: the row's bits stay above the six of the block.
            np.right_shift(hashes, _ROW_SHIFT, out=hashes)
            np.bitwise_and(hashes, _ROW_MASK, out=hashes)
            for at in cuts:
                end = int(starts[at + 1]) - first
                bits[hashes[end : end + LAP] | np.uint32(at)] = True
            own = hashes[:size]
            np.bitwise_or(own, blocks, out=own)
            np.copyto(indices, own)
            bits[indices] = True
        packed = np.packbits(bits.reshape(ROWS, _PER_WORD), axis=1, bitorder="little")
        return packed.view(_WORD)[:, 0]

    def _write_rest(self) -> None:
        bits = np.array(self._words, _WORD).reshape(-1, ROWS).T.copy()
        blocks, count = len(self._blocks), len(self._lengths)
        write = self._file.write
        write(bytes(-self._position % _PER_WORD))
        tables = (
            np.array([*self._blocks, self._position], "<u4"),
            np.array([*self._first_blocks, blocks], "<u4"),
            np.array(self._lengths, "<u4"),
            np.bitwise_count(bits).sum(axis=1, dtype="<u4"),
        )
        for table in tables:
            write(table.tobytes())
        write(bytes(-sum(one.nbytes for one in tables) % _PER_WORD))
        write(bits.tobytes())
        write(_FOOT.pack(_MAGIC, ROW_BITS, BLOCK, self._position, blocks, count))


class OtherVersion(ValueError):
    """A column that another version of the hub wrote: the index is to be made again."""


class CodeReader(columns.ColumnReader):  # type: ignore[misc]  # Whoosh has no types
    """Reads texts and filter where they lie, as views of the mapped file.

    `starts` are the offsets of blocks, `first_blocks` the first block of each document, `documents` the
    document of each block; each but the last has one more at its end.
    """

    def __init__(self, file: Any, base: int, length: int, count: int) -> None:  # a StructFile of Whoosh
        if file.is_real:
            self.buffer: Any = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        else:
            # Inside a compound file: small segments only, and so copied.
            self.buffer, base = bytes(file.get(base, length)), 0
        view = memoryview(self.buffer)
        foot = _FOOT.unpack(view[base + length - _FOOT.size : base + length])
        magic, row_bits, _, self.text_bytes, self.blocks_count, self.count = foot
        if (magic, row_bits) != (_MAGIC, ROW_BITS):
            raise OtherVersion("not a code column of this version")
        self.base = base
        self._doccount = count
        place = base + self.text_bytes + (-self.text_bytes % _PER_WORD)
        sizes = (self.blocks_count + 1, self.count + 1, self.count, ROWS)
        tables = []
        for size in sizes:
            tables.append(np.frombuffer(view, "<u4", size, place))
            place += tables[-1].nbytes
        self.starts, self.first_blocks, self.lengths, self._set_bits = tables
        place += -sum(one.nbytes for one in tables) % _PER_WORD
        words = -(-self.blocks_count // _PER_WORD)
        self._bits: Bits = np.frombuffer(view, _WORD, words * ROWS, place).reshape(ROWS, words)
        self.documents = np.repeat(np.arange(self.count, dtype=np.int32), np.diff(self.first_blocks))

    def __getitem__(self, number: int) -> bytes:
        begin = int(self.starts[self.first_blocks[number]]) + self.base
        text: bytes = self.buffer[begin : begin + int(self.lengths[number])]
        return text

    def __iter__(self) -> Iterator[bytes]:
        return (self[number] for number in range(self._doccount))

    def place_of(self, number: int) -> tuple[int, int]:
        """Where the text of a document begins and ends in the buffer, its last line feed included."""
        first, last = self.first_blocks[number], self.first_blocks[number + 1]
        return int(self.starts[first]) + self.base, int(self.starts[last]) + self.base

    def is_whole(self) -> bool:
        """Whether the filter has as many bits in each row as were put there."""
        counted = np.bitwise_count(self._bits).sum(axis=1, dtype="<u4")
        return bool((counted == self._set_bits).all())

    def words_for(self, plan: Plan) -> Bits | None:
        """One bit for each block that may satisfy the plan; None where nothing can be ruled out."""
        if plan is None:
            return None
        if isinstance(plan, bytes):
            rows = rows_of(plan)
            if len(rows) > _MOST_ROWS:
                rows = rows[np.argpartition(self._set_bits[rows], _MOST_ROWS - 1)[:_MOST_ROWS]]
            return _all_of(self._bits[rows])
        parts = [self.words_for(one) for one in plan.parts]
        known = [one for one in parts if one is not None]
        if isinstance(plan, AnyOf):
            return _any_of(known) if len(known) == len(parts) else None
        assert isinstance(plan, AllOf)
        return _all_of(known) if known else None

    def blocks_in(self, words: Bits | None) -> Numbers:
        """The numbers of the blocks whose bits are set; of all for None."""
        if words is None:
            return np.arange(self.blocks_count, dtype=np.int64)
        set_words = np.flatnonzero(words)
        spread = np.unpackbits(words[set_words].view(np.uint8), bitorder="little")
        # numpy finds what is true much faster in one row than in many.
        places = np.flatnonzero(spread.view(np.bool_))
        return np.asarray(set_words[places >> _BLOCK_BITS] * _PER_WORD + (places & (_PER_WORD - 1)), np.int64)

    def blocks_of(self, mask: NDArray[np.bool_]) -> Bits:
        """One bit for each block of the documents that are true in the mask."""
        bits = np.zeros(self._bits.shape[1] * _PER_WORD, np.bool_)
        bits[: self.blocks_count] = mask[self.documents]
        return np.packbits(bits, bitorder="little").view(_WORD)


def _all_of(words: "Sequence[Bits] | Bits") -> Bits:
    result: Bits = np.bitwise_and.reduce(words, axis=0)
    return result


def _any_of(words: Sequence[Bits]) -> Bits:
    result: Bits = np.bitwise_or.reduce(words, axis=0)
    return result
