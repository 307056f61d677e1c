"""Answers whose bodies are large: the front sends them, and where there is none, this process does."""

from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote

from flask import Response, request

from hub.web.front import takes_over
from hub.web.hop import HANDOVER


def hand_over(what: str, stream: Callable[[], Iterator[bytes]], headers: Mapping[str, str]) -> Response:
    """A 200 with these headers whose body the front makes of `what`, or else this process by `stream`.

    A worker that sends a large body itself is lost to everybody else for as long as its reader takes.
    """
    if takes_over() and request.method == "GET":
        return Response(headers={**headers, HANDOVER: what})
    # A streamed answer says nothing of its length, which for HEAD nobody knows either.
    return Response(iter(()) if request.method == "HEAD" else stream(), headers=dict(headers))


def attachment(file_name: str) -> str:
    """The Content-Disposition by which a browser saves the answer under this name."""
    plain = "".join(one if one.isascii() and (one.isalnum() or one in "._-+") else "-" for one in file_name)
    if plain == file_name:
        return f'attachment; filename="{plain}"'
    # RFC 6266: those who know no `filename*` take the other.
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
