"""What a regular expression needs: literals that occur in everything it matches. Pure.

After Russ Cox, "Regular Expression Matching with a Trigram Index". The index folds the case of ASCII letters,
so case never matters here. Nothing is planned from what RE2 and Python's parser read differently, nor from
letters that are not ASCII: then the text itself is read.
"""

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from re import _constants as ops  # type: ignore[attr-defined]  # the parser of the standard library
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, Final, Union

from hub.search.engine.grams import FOLD, SHORTEST

_ASCII: Final = 128
_MOST: Final = 24
_MOST_IN_CLASS: Final = 8
_MOST_TIMES: Final = 100
_REPEATS: Final = frozenset({ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT})
# `[[:alpha:]]` and `\p{L}` mean something else to the parser, or nothing.
_OTHERWISE: Final = re.compile(r"\[\[:|\[\^?\[|\\[pPCQEzX]|\(\?[^:)]*[^:imsUP<)]")


@dataclass(frozen=True, slots=True)
class AllOf:
    """Each of the parts has to hold."""

    parts: tuple["Plan", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of the parts has to hold."""

    parts: tuple["Plan", ...]


# A literal that has to occur, what has to hold together, or nothing that could be said.
Plan = Union[bytes, AllOf, AnyOf, None]  # noqa: UP007  # names itself
_Strings = frozenset[bytes]
_ONLY_EMPTY: Final = frozenset({b""})


def plan_literal(text: str) -> Plan:
    """What a literal needs: the runs of ASCII in it that are long enough."""
    runs = re.findall(r"[\x00-\x7f]+", text)
    return _both(*(run.encode().translate(FOLD) for run in runs if len(run) >= SHORTEST))


def plan_regex(pattern: str) -> Plan:
    """What everything that the pattern matches holds; None where that is anything."""
    if not pattern.isascii() or _OTHERWISE.search(pattern):
        return None
    try:
        with warnings.catch_warnings():
            # What may mean something else in a later Python is RE2's to read.
            warnings.simplefilter("ignore")
            found = _sequence(parser.parse(pattern))
    except (re.error, RecursionError, OverflowError, ValueError):
        return None
    return _both(found.needed, _one_of(found.strings))


@dataclass(frozen=True, slots=True)
class _Found:
    """What a part of a pattern matches: one of the strings, after a gap if `is_open`, and what it needs."""

    strings: _Strings = _ONLY_EMPTY
    needed: Plan = None
    is_open: bool = False

    @property
    def is_exact(self) -> bool:
        return not self.is_open and self.needed is None


_ANYTHING: Final = _Found(_ONLY_EMPTY, None, is_open=True)


def _both(*plans: Plan) -> Plan:
    parts = tuple(one for one in plans if one is not None)
    if len(parts) < 2:
        return parts[0] if parts else None
    return AllOf(parts)


def _one_of(strings: Iterable[bytes]) -> Plan:
    known = sorted(strings)
    if not known or any(len(one) < SHORTEST for one in known):
        return None
    return known[0] if len(known) == 1 else AnyOf(tuple(known))


def _sequence(items: Iterable[tuple[Any, Any]]) -> _Found:  # what the parser makes
    """The strings since the last gap, what came before it, and whether there was one."""
    needed: Plan = None
    strings, is_open = _ONLY_EMPTY, False
    for op, value in items:
        one = _item(op, value)
        needed = _both(needed, one.needed)
        if not one.is_open and len(strings) * len(one.strings) <= _MOST:
            strings = frozenset(a + b for a in strings for b in one.strings)
            continue
        needed = _both(needed, _one_of(strings))
        strings, is_open = one.strings, True
    return _Found(strings, needed, is_open)


def _item(op: Any, value: Any) -> _Found:  # constants of the parser
    if op is ops.LITERAL and value < _ASCII:
        return _Found(frozenset({chr(value).lower().encode()}))
    if op is ops.AT:
        return _Found()
    if op is ops.SUBPATTERN:
        return _closed(_sequence(value[-1]))
    if op is ops.IN:
        return _char_class(value)
    if op is ops.BRANCH:
        return _branches(value[1])
    if op in _REPEATS:
        return _repeat(*value)
    return _ANYTHING


def _closed(found: _Found) -> _Found:
    """As a part of something larger: what stands before its last strings is behind a gap, too."""
    if not found.is_open:
        return found
    return _Found(_ONLY_EMPTY, _both(found.needed, _one_of(found.strings)), is_open=True)


def _char_class(members: Sequence[tuple[Any, Any]]) -> _Found:
    found: set[bytes] = set()
    for op, value in members:
        if op is ops.LITERAL and value < _ASCII:
            found.add(chr(value).lower().encode())
        elif op is ops.RANGE and value[1] < _ASCII and value[1] - value[0] < _MOST_IN_CLASS:
            found |= {chr(one).lower().encode() for one in range(value[0], value[1] + 1)}
        else:
            return _ANYTHING
    return _Found(frozenset(found)) if len(found) <= _MOST_IN_CLASS else _ANYTHING


def _branches(alternatives: Iterable[Iterable[tuple[Any, Any]]]) -> _Found:
    found = [_sequence(one) for one in alternatives]
    strings = frozenset(string for one in found for string in one.strings)
    if all(one.is_exact for one in found) and len(strings) <= _MOST:
        return _Found(strings)
    plans = [_both(one.needed, _one_of(one.strings)) for one in found]
    needed = None if any(one is None for one in plans) else AnyOf(tuple(plans))
    return _Found(_ONLY_EMPTY, needed, is_open=True)


def _repeat(least: int, most: int, items: Iterable[tuple[Any, Any]]) -> _Found:
    found = _sequence(items)
    if least == 0:
        # Optional: it may be there, or nothing.
        is_short = most == 1 and found.is_exact and len(found.strings) < _MOST_IN_CLASS
        return _Found(found.strings | _ONLY_EMPTY) if is_short else _ANYTHING
    if found.is_open:
        return _closed(found)
    repeated = _times(found.strings, least)
    if found.needed is None and least == most and repeated is not None:
        return _Found(repeated)
    return _Found(
        _ONLY_EMPTY, _both(found.needed, _one_of(_times_at_most(found.strings, least))), is_open=True
    )


def _times(strings: _Strings, count: int) -> _Strings | None:
    """The strings so many times over; None where those are too many."""
    if count > _MOST_TIMES or len(strings) ** count > _MOST:
        return None
    result = _ONLY_EMPTY
    for _ in range(count):
        result = frozenset(a + b for a in result for b in strings)
    return result


def _times_at_most(strings: _Strings, count: int) -> _Strings:
    for some in (3, 2, 1):
        if some <= count and (found := _times(strings, some)) is not None:
            return found
    return strings
