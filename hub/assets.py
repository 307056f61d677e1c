"""Finds templates/ and static/, and makes one stylesheet and one script of the files there."""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# The order in which they stand in the one stylesheet: a later file wins.
STYLESHEETS = ("tokens", "base", "layout", "components", "code", "diff", "talk")

_EXPORT = re.compile(r"^export function attach\(", re.MULTILINE)
_IMPORT = re.compile(r"^\s*import\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Asset:
    """One response that never changes under its name: the name carries a hash of the body."""

    name: str
    body: bytes
    content_type: str


def templates_directory() -> Path:
    """The folder of the templates; raises FileNotFoundError."""
    return find_directory("templates", Path(__file__).parent)


def static_directory() -> Path:
    """The folder of stylesheets, scripts and pictures; raises FileNotFoundError."""
    return find_directory("static", Path(__file__).parent)


def find_directory(name: str, package: Path) -> Path:
    """Where `name` is: inside the package (a wheel) or beside it (a checkout, an editable install).

    Raises FileNotFoundError that says where it was looked for.
    """
    places = (package / name, package.parent / name)
    for place in places:
        if place.is_dir():
            return place
    raise FileNotFoundError(
        f"The folder {name}/ is missing: it is neither at {places[0]} nor at {places[1]}. "
        "Install the hub again, or start it from a whole checkout."
    )


@cache
def stylesheet() -> Asset:
    """All of css/ as one stylesheet."""
    return _asset("hub.css", join_styles(static_directory() / "css"), "text/css; charset=utf-8")


@cache
def script() -> Asset:
    """All of js/ as one script."""
    return _asset("hub.js", join_scripts(static_directory() / "js"), "text/javascript; charset=utf-8")


@cache
def favicon() -> Asset:
    """The picture for browsers that ask for one by themselves; pages carry it inline."""
    return _asset("favicon.svg", (static_directory() / "img/favicon.svg").read_text("utf-8"), "image/svg+xml")


def join_styles(directory: Path) -> str:
    """The text of every stylesheet, in their order; raises FileNotFoundError for one that is missing."""
    return "\n".join((directory / f"{name}.css").read_text("utf-8") for name in STYLESHEETS)


def join_scripts(directory: Path) -> str:
    """Every module in a block of its own, then main.js, which attaches them by name.

    A module has no import and exports one function, `attach(element)`; raises ValueError for others.
    """
    modules = sorted(path for path in directory.glob("*.js") if path.stem != "main")
    blocks = [_as_block(path.stem, path.read_text("utf-8")) for path in modules]
    main = (directory / "main.js").read_text("utf-8")
    return "\n".join(["const modules = new Map();", *blocks, main])


def _as_block(name: str, source: str) -> str:
    body, count = _EXPORT.subn("function attach(", source)
    if count != 1 or "export" in body or _IMPORT.search(source):
        raise ValueError(f"{name}.js must export one function, attach(element), and import nothing.")
    # Functions declared in a block stay in it: a script of type "module" is strict.
    return f'{{\n{body}\nmodules.set("{name}", attach);\n}}'


def _asset(name: str, text: str, content_type: str) -> Asset:
    body = text.encode()
    stem, dot, suffix = name.rpartition(".")
    digest = hashlib.sha256(body).hexdigest()[:12]
    return Asset(f"{stem}-{digest}{dot}{suffix}", body, content_type)
