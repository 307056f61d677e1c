"""What a commit's message says, taken apart: its text, and the trailers at its end. Pure."""

import re
from dataclasses import dataclass
from typing import Final

# As git-interpret-trailers(1) has them: a name, a colon, a value; lines that go on begin with a blank.
_TRAILER: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]{0,79})[ \t]*:[ \t]*(.*)")
_MOST_TRAILERS: Final = 200
_MOST_BODY: Final = 20_000


@dataclass(frozen=True, slots=True)
class Trailer:
    """One trailer; its name in lower case."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Message:
    """What stands below the subject. Trailers that name people are no part of the text: many say the same."""

    text: str
    trailers: tuple[Trailer, ...]


def read_message(body: str) -> Message:
    """The text and the trailers of what stands below the subject, cut where it is very long."""
    before, _, last = body.rstrip().rpartition("\n\n")
    trailers, others = _split(last)
    if not trailers or len(trailers) < len(others):
        return Message(body[:_MOST_BODY], ())
    kept = [line for name, line in trailers if not name.endswith("-by")]
    text = "\n".join([before, *others, *kept]).strip()
    named = tuple(Trailer(name, line.partition(":")[2].strip()) for name, line in trailers)
    return Message(text[:_MOST_BODY], named[:_MOST_TRAILERS])


def _split(paragraph: str) -> tuple[list[tuple[str, str]], list[str]]:
    """The trailers of a paragraph, each with its lines in one, and the lines that are none."""
    trailers: list[tuple[str, str]] = []
    others: list[str] = []
    is_inside = False
    for line in paragraph.split("\n"):
        found = _TRAILER.fullmatch(line)
        if found is not None and not found[2].startswith("//"):
            trailers.append((found[1].lower(), line))
            is_inside = True
        elif is_inside and line[:1] in (" ", "\t"):
            name, before = trailers[-1]
            trailers[-1] = (name, f"{before} {line.strip()}")
        else:
            others.append(line)
            is_inside = False
    return trailers, others
