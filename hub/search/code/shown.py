"""What was found, as a page writes it: addresses, and lines as pieces that are marked or not. Pure."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from hub.repos.names import printable
from hub.search.code.finding import FoundFile
from hub.search.code.places import Place
from hub.search.engine.lines import Line


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line, and whether it is what was looked for."""

    text: str
    is_found: bool


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line in its pieces, and the address of the line at its commit."""

    number: int
    address: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file in which something was found; `elsewhere` are other addresses of the same."""

    repository: str
    path: str
    address: str
    passages: tuple[tuple[ShownLine, ...], ...]
    elsewhere: tuple[tuple[str, str], ...]


def show_file(found: FoundFile) -> ShownFile:
    """The file as a page writes it."""
    address = address_at(found.place, found.path)
    return ShownFile(
        repository=found.place.path,
        path=printable(os.fsdecode(found.path)),
        address=address,
        passages=tuple(
            tuple(ShownLine(one.number, f"{address}#L{one.number}", tuple(_pieces(one))) for one in passage)
            for passage in found.passages
        ),
        elsewhere=tuple((one.path, address_at(one, found.path)) for one in found.elsewhere),
    )


def address_at(place: Place, path: bytes) -> str:
    """The address of a file at the commit that was indexed."""
    return f"/{quote(place.path)}/src/commit/{place.commit_id}/{quote(path)}"


def _pieces(line: Line) -> Iterator[Piece]:
    here = 0
    for begin, end in line.marks:
        if here < begin:
            yield Piece(_visible(line.text[here:begin]), is_found=False)
        yield Piece(_visible(line.text[begin:end]), is_found=True)
        here = end
    if here < len(line.text):
        yield Piece(_visible(line.text[here:]), is_found=False)


def _visible(text: str) -> str:
    # Tabs are spaces of a kind; what turns text around, or cannot be seen, is written out.
    return "\t".join(printable(one) for one in text.split("\t"))
