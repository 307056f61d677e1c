"""Lines by keys of what they hold, and where those that were discussed stand in another text. Pure.

A text is its lines' keys one after the other, between two that stand for its ends: that of line `n`, counted
from 1, begins at `n * KEY_BYTES`. What was discussed is a piece of that: its lines, and one on either side.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hub.search.models import ToldBy

KEY_BYTES: Final = 8
# Of longer ranges the text alone is kept, by its id: nobody means each of so many lines.
MOST_LINES: Final = 1000

_END: Final = bytes(KEY_BYTES)
# A line of fewer letters than this, blanks aside, is like too many others: `}`, `else:`, `return 0`.
_TELLING: Final = 8
# Of lines that stand somewhere more often than this, those nearest to where they were are looked at.
_MOST_PLACES: Final = 500


@dataclass(frozen=True, slots=True)
class Discussed:
    """Lines as they were when somebody spoke of them: the first one's number, and their keys."""

    first_line: int
    told_by: ToldBy
    keys: bytes


def split_lines(content: bytes) -> list[bytes]:
    """The lines of a file as git counts them."""
    lines = content.split(b"\n")
    return lines if lines[-1] else lines[:-1]


def keys_of(lines: Sequence[bytes]) -> bytes:
    """The keys of a text's lines; blanks at their ends make no difference."""
    return b"".join([_END, *(_key(one) for one in lines), _END])


def cut(lines: Sequence[bytes], first: int, last: int) -> Discussed:
    """What is kept of these lines of a text, so that they are known again."""
    if not 1 <= first <= last <= len(lines) or last - first >= MOST_LINES:
        return Discussed(first, ToldBy.BLOB, b"")
    if _tells(lines[first - 1 : last]):
        told_by = ToldBy.LINES
    elif _tells(lines[max(0, first - 2) : last + 1]):
        told_by = ToldBy.NEIGHBOURS
    else:
        return Discussed(first, ToldBy.BLOB, b"")
    around = keys_of(lines[max(0, first - 2) : last + 1])
    begin = 0 if first == 1 else KEY_BYTES
    end = len(around) if last == len(lines) else -KEY_BYTES
    return Discussed(first, told_by, around[begin:end])


def find_again(keys: bytes, discussed: Discussed) -> int | None:
    """At which line of a text those that were discussed begin; None where they do not stand in it.

    Of several places it is the one with the same neighbours, then the one nearest to where they were.
    """
    if discussed.told_by is ToldBy.BLOB:
        return None
    before, inner, after = _parts(discussed.keys)
    needs_both = discussed.told_by is ToldBy.NEIGHBOURS
    found: list[tuple[int, int, int]] = []
    for line in _places(keys, inner, near=discussed.first_line):
        begin, end = line * KEY_BYTES, line * KEY_BYTES + len(inner)
        same = (keys[begin - KEY_BYTES : begin] == before) + (keys[end : end + KEY_BYTES] == after)
        if same == 2 or not needs_both:
            found.append((-same, abs(line - discussed.first_line), line))
    return min(found)[2] if found else None


def _key(line: bytes) -> bytes:
    return hashlib.blake2b(line.rstrip(), digest_size=KEY_BYTES).digest()


def _tells(lines: Sequence[bytes]) -> bool:
    return any(len(b"".join(one.split())) >= _TELLING for one in lines)


def _parts(keys: bytes) -> tuple[bytes, bytes, bytes]:
    return keys[:KEY_BYTES], keys[KEY_BYTES:-KEY_BYTES], keys[-KEY_BYTES:]


def _places(keys: bytes, wanted: bytes, *, near: int) -> Iterator[int]:
    """The lines at which these keys stand, from that line on downwards, then upwards."""
    begin = at = near * KEY_BYTES
    for _ in range(_MOST_PLACES):
        at = keys.find(wanted, at)
        if at < 0:
            break
        if at % KEY_BYTES == 0:
            yield at // KEY_BYTES
        at += 1
    at = begin
    for _ in range(_MOST_PLACES):
        at = keys.rfind(wanted, 0, at + len(wanted) - 1)
        if at < 0:
            break
        if at % KEY_BYTES == 0:
            yield at // KEY_BYTES
