"""What was found, as a page writes it: addresses, and lines as pieces that are marked or not. Pure."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from hub.repos.names import printable
from hub.search.code.finding import FoundFile
from hub.search.code.places import Place
from hub.search.engine.lines import Line
from hub.search.memory.talks import Talk

_ID_BYTES: Final = 6
_AROUND: Final = 60
_CUT: Final = "\u2026"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line, and whether it is what was looked for."""

    text: str
    is_found: bool


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line in its pieces, the address of the line at its commit, and discussions to be told beside it."""

    number: int
    address: str
    pieces: tuple[Piece, ...]
    talks: tuple[Talk, ...]


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file in which something was found; `elsewhere` are other addresses of the same.

    `part` is the id of the file's part of a page; `more_address` leads to the `more` lines that follow, of
    which there are at least so many unless they are counted.
    """

    part: str
    repository: str
    repository_address: str
    path: str
    address: str
    passages: tuple[tuple[ShownLine, ...], ...]
    elsewhere: tuple[tuple[str, str], ...]
    more: int
    is_counted: bool
    more_address: str


def show_file(
    found: FoundFile, written: str, *, is_alone: bool = False, talks: Sequence[Talk] = ()
) -> ShownFile:
    """The file as a page of this query writes it; one that `is_alone` there goes on after its last line.

    `talks` are discussions of its lines.
    """
    address = address_at(found.place, found.path)
    within = f"{found.place.path}/".encode() + found.path
    numbers = [one.number for passage in found.lines.passages for one in passage]
    following = {"after": numbers[-1]} if is_alone and numbers else {}
    return ShownFile(
        part=f"hit-{hashlib.blake2b(within, digest_size=_ID_BYTES).hexdigest()}",
        repository=found.place.path,
        repository_address=f"/{quote(found.place.path)}",
        path=printable(os.fsdecode(found.path)),
        address=address,
        passages=tuple(
            tuple(_line(one, address, passage[0].number, talks) for one in passage)
            for passage in found.lines.passages
        ),
        elsewhere=tuple((one.path, address_at(one, found.path)) for one in found.elsewhere),
        more=found.lines.more,
        is_counted=found.lines.is_counted,
        more_address="?" + urlencode({"q": written, "in": within, **following}),
    )


def file_named(query_string: bytes) -> tuple[str, bytes] | None:
    """The repository and the path that `in` names in an address, where it names some.

    Paths are bytes, so the address is read as it was sent.
    """
    given = dict(parse_qsl(query_string.decode("ascii", "replace"), errors="surrogateescape"))
    owner, _, rest = given.get("in", "").partition("/")
    name, _, path = rest.partition("/")
    return (f"{owner}/{name}", path.encode("utf-8", "surrogateescape")) if owner and name and path else None


def around(written: str, at: int) -> tuple[str, str, str]:
    """What stands before a place of a query, at it, and after it; long queries are cut."""
    end = next((one for one in range(at + 1, len(written)) if written[one].isspace()), len(written))
    before, here, after = written[:at], written[at:end], written[end:]
    return (
        _visible((_CUT if len(before) > _AROUND else "") + before[-_AROUND:]),
        _visible(here[:_AROUND] + (_CUT if len(here) > _AROUND or not here else "")),
        _visible(after[:_AROUND] + (_CUT if len(after) > _AROUND else "")),
    )


def address_at(place: Place, path: bytes) -> str:
    """The address of a file at the commit that was indexed."""
    return f"/{quote(place.path)}/src/commit/{place.commit_id}/{quote(path)}"


def _line(line: Line, address: str, first_shown: int, talks: Sequence[Talk]) -> ShownLine:
    # Each is told once in a passage, where it begins there, and of a change the first.
    told: dict[int, Talk] = {}
    for one in talks:
        if one.last_line >= line.number and line.number == max(one.first_line, first_shown):
            told.setdefault(one.number, one)
    pieces = tuple(pieces_of_line(line))
    return ShownLine(line.number, f"{address}#L{line.number}", pieces, tuple(told.values()))


def pieces_of_line(line: Line) -> Iterator[Piece]:
    """The line in pieces, each marked or not."""
    here = 0
    for begin, end in line.marks:
        if here < begin:
            yield Piece(_visible(line.text[here:begin]), is_found=False)
        yield Piece(_visible(line.text[begin:end]), is_found=True)
        here = end
    if here < len(line.text):
        yield Piece(_visible(line.text[here:]), is_found=False)


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    # Tabs are spaces of a kind; what turns text around, or cannot be seen, is written out.
    return "\t".join(printable(one) for one in text.split("\t"))
