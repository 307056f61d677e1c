"""Where the submodules of a commit come from, as its `.gitmodules` says."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from hub.repos.browsing.spots import Spot, as_text
from hub.repos.git.trees import Trees
from hub.repos.models import Repository

_MOST_BYTES: Final = 64 << 10
_SECTION: Final = re.compile(r'\s*\[submodule "(.*)"\]\s*(?:[#;].*)?')
_VALUE: Final = re.compile(r"\s*(path|url)\s*=\s*(.*?)\s*")
_ABSOLUTE: Final = re.compile(r"https?://[^\s\"'<>\\]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Submodule:
    """A commit of another repository; `url` is as it was written, `link` where a browser finds it."""

    commit_id: str
    url: str | None
    link: str | None


def find_submodule(trees: Trees, repository: Repository, spot: Spot, commit_id: str) -> Submodule:
    """The submodule at the spot, which stands at that commit."""
    entry = trees.find(spot.commit_id, b".gitmodules")
    blob = (
        None
        if entry is None or not entry.is_blob
        else trees.read_blob(entry.object_id, most_bytes=_MOST_BYTES)
    )
    content = b"" if blob is None else blob.content or b""
    url = read_urls(content.decode("utf-8", "surrogateescape")).get(spot.path)
    shown = None if url is None else as_text(url.encode("utf-8", "surrogateescape"))
    return Submodule(commit_id, shown, None if url is None else link_of(url, repository.path))


def read_urls(text: str) -> dict[bytes, str]:
    """The URL of each path of a `.gitmodules` (gitmodules(5)); what is not understood is left out."""
    urls: dict[bytes, str] = {}
    section: dict[str, str] = {}
    for line in text.splitlines():
        if _SECTION.fullmatch(line):
            section = {}
        match = _VALUE.fullmatch(line)
        if match is not None:
            section[match[1]] = _unquoted(match[2])
        if section.keys() == {"path", "url"}:
            urls[section["path"].encode("utf-8", "surrogateescape").strip(b"/")] = section["url"]
    return urls


def link_of(url: str, repository_path: str) -> str | None:
    """Where a browser finds what git clones from there: over HTTP, or on this hub where it is relative."""
    if _ABSOLUTE.fullmatch(url):
        return url
    if not url.startswith(("./", "../")):
        return None
    parts = repository_path.split("/")
    for part in url.removesuffix("/").split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in (".", ".."):
            parts.append(part)
    # A repository here is an owner and a name, and nothing else.
    if len(parts) != 2 or "" in parts:
        return None
    return "/" + quote("/".join(parts).removesuffix(".git"))


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value.startswith('"') and value.endswith('"'):
        return value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return value
