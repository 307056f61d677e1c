"""What files define: by universal-ctags where it is installed, by the index's own pattern otherwise.

Kept by the id of what a file holds, so that of each content it is found out once.
"""

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha1
from typing import Final

from hub.config import Config
from hub.kept import kept_in
from hub.search.engine.symbols import definitions_in, is_source
from hub.search.symbols.ctags import Ctags, CtagsFailed, find_ctags, read_symbols
from hub.search.symbols.model import MOST_IN_FILE, Outline, Symbol

# For somebody who waits for a page; what takes longer is read by the pattern.
SECONDS: Final = 0.5
MOST_BYTES: Final = 1 << 20

# What only the program knows.
_ALSO: Final = frozenset(
    b"tcl awk m4 f f90 pas adb ads v sv vhd vhdl cu mm groovy ps1 raku coffee d asm s".split()
)
_KIND: Final = "outline"
_VERSION: Final = 1
_LEAST_SECONDS: Final = 0.05
_NOTHING: Final = Outline((), is_parsed=False)


@dataclass(frozen=True, slots=True)
class Source:
    """A file: the id of what it holds, its path, and what it holds."""

    blob_id: str
    path: bytes
    content: bytes


def source_of(path: bytes, content: bytes) -> Source:
    """The file with the id that git gives it, whatever the kind of ids of its repository."""
    # The name of a content, not a defence.
    name = sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)
    return Source(name.hexdigest(), path, content)


def has_symbols(path: bytes, first_line: bytes) -> bool:
    """Whether the file is of a language whose symbols are known to the program or to the pattern."""
    return is_source(path, first_line) or _ending(path) in _ALSO


def is_known(config: Config, source: Source) -> bool:
    """Whether it was found out before what the file defines."""
    return _read(config, find_ctags(), source) is not None


def outlines_of(config: Config, sources: Sequence[Source], *, seconds: float = SECONDS) -> list[Outline]:
    """What each of the files defines; those that were not looked at yet are, within the time."""
    kept, ctags, until = kept_in(config), find_ctags(), time.monotonic() + seconds
    found: list[Outline | None] = [_read(config, ctags, one) for one in sources]
    missing = [at for at, one in enumerate(found) if one is None]
    parsed: dict[int, Outline] = {}
    # One by one: the others are read when one of them takes all of the time.
    for at in missing:
        left = until - time.monotonic()
        if ctags is None or left < _LEAST_SECONDS:
            break
        with suppress(CtagsFailed):
            parsed[at] = _parse(ctags, sources[at], left)
    for at in missing:
        outline = parsed.get(at) or _by_pattern(sources[at])
        found[at] = outline
        # What there was no time for is parsed another time, unless it alone took all of it.
        if ctags is None or at in parsed or at == missing[0]:
            kept.put(_KIND, *_key(ctags, sources[at]), data=_packed(outline))
    return [one or _NOTHING for one in found]


def _parse(ctags: Ctags, source: Source, seconds: float) -> Outline:
    (symbols,) = read_symbols(ctags, [(source.path, source.content)], seconds=seconds)
    return Outline(tuple(symbols), is_parsed=True)


def _by_pattern(source: Source) -> Outline:
    found = definitions_in(source.path, source.content, most=MOST_IN_FILE)
    symbols = (Symbol(one.name.decode("utf-8", "replace"), one.line, one.kind) for one in found)
    return Outline(tuple(symbols), is_parsed=False)


def _read(config: Config, ctags: Ctags | None, source: Source) -> Outline | None:
    if len(source.content) > MOST_BYTES or not has_symbols(source.path, source.content):
        return _NOTHING
    data = kept_in(config).get(_KIND, *_key(ctags, source))
    if data is None:
        return None
    is_parsed, symbols = json.loads(data)
    return Outline(tuple(Symbol(*one) for one in symbols), is_parsed=is_parsed)


def _key(ctags: Ctags | None, source: Source) -> tuple[str | int | bytes, ...]:
    return _VERSION, "" if ctags is None else ctags.version, source.blob_id, _ending(source.path)


def _ending(path: bytes) -> bytes:
    """What tells the language."""
    name = path.rpartition(b"/")[2]
    return name.rpartition(b".")[2] if b"." in name else b""


def _packed(outline: Outline) -> bytes:
    rows = [(one.name, one.line, one.kind, one.scope) for one in outline.symbols]
    return json.dumps([outline.is_parsed, rows]).encode()
