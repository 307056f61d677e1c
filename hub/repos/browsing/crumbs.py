"""The way to a path, folder by folder."""

from dataclasses import dataclass

from hub.repos.browsing.spots import as_text


@dataclass(frozen=True, slots=True)
class Crumb:
    """One folder on the way to a path; `path` is its address in the repository."""

    text: str
    path: bytes


def crumbs_of(path: bytes) -> list[Crumb]:
    """Each folder on the way to the path, and the path itself last; nothing for the root."""
    parts = path.split(b"/") if path else []
    return [Crumb(as_text(part), b"/".join(parts[: count + 1])) for count, part in enumerate(parts)]
