"""The names of branches or tags in the order of their lists, kept for as long as no ref moves."""

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.repos.browsing.ref_overview import by_numbers
from hub.repos.git.refs import take_snapshot
from hub.repos.git.tips import read_moments

_SECONDS: Final = 2.0
_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class OrderedRefs:
    """Full names, as bytes, with the ids they point at; `is_by_date` is false where that took too long."""

    refs: list[tuple[bytes, str]]
    is_by_date: bool


_kept: OrderedDict[tuple[Path, str, bytes], OrderedRefs] = OrderedDict()


def order_refs(directory: Path, prefix: bytes) -> OrderedRefs:
    """The refs below `prefix`, what was made last first; by name, numbers as numbers, where that is equal."""
    snapshot = take_snapshot(directory)
    key = (directory, snapshot.state, prefix)
    known = _kept.get(key)
    if known is None:
        refs = [(name, one) for name, one in snapshot.refs.items() if name.startswith(prefix)]
        known = _order(directory, refs)
        if known.is_by_date:
            _kept[key] = known
            while len(_kept) > _KEPT:
                _kept.popitem(last=False)
    return known


def _order(directory: Path, refs: list[tuple[bytes, str]]) -> OrderedRefs:
    refs.sort(key=lambda ref: by_numbers(ref[0].decode("utf-8", "surrogateescape")), reverse=True)
    moments = read_moments(directory, (one for _, one in refs), seconds=_SECONDS)
    if moments is None:
        return OrderedRefs(refs, is_by_date=False)
    return OrderedRefs(sorted(refs, key=lambda ref: -moments[ref[1]]), is_by_date=True)
