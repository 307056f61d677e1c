"""The rest of an address as bytes: names in a repository need not be text."""

from urllib.parse import quote

from flask import Flask, request
from werkzeug.routing import PathConverter


class RawPath(PathConverter):
    """`<raw:rest>` in a rule: everything that is left, line feeds included.

    A view gets it decoded, and damaged where it is not UTF-8; `rest_of_path` has the bytes.
    """

    regex = r"[^/](?:.|\n)*?"

    def to_url(self, value: bytes | str) -> str:
        """The value as it stands in an address."""
        return quote(value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape"))


def install(app: Flask) -> None:
    """Makes the converter known to rules."""
    app.url_map.converters["raw"] = RawPath


def rest_of_path(*, after: int) -> bytes:
    """The bytes of the address behind its first `after` parts, without slashes at either end."""
    # WSGI has each byte of the path as one character of latin-1 (PEP 3333).
    path: str = request.environ["PATH_INFO"]
    return path.encode("latin-1").split(b"/", after + 1)[after + 1].strip(b"/")
