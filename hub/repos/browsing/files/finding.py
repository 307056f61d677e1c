"""Finds files of a commit by some letters of their paths."""

import os
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from urllib.parse import quote

from sqlalchemy.orm import Session

from hub.db import config_of
from hub.errors import NotFound, text
from hub.kept import kept_in
from hub.repos.browsing.files.path_ranking import FoundPath, PathList
from hub.repos.browsing.spots import Spot, as_text
from hub.repos.git.all_paths import list_paths
from hub.repos.git.objects import Objects
from hub.repos.git.store import directory
from hub.repos.models import Repository

MOST_SHOWN: Final = 100

_KIND: Final = "paths"
_VERSION: Final = 1
_WHOLE: Final = b"+"
_PART: Final = b"-"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file: its path as git has it, and for people in pieces, each with whether it was asked for."""

    path: bytes
    pieces: tuple[tuple[str, bool], ...]

    @property
    def path_quoted(self) -> str:
        """The path as it stands in an address."""
        return quote(self.path)


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """The best files, how many there are besides, and of how many; `is_whole`: of all that there are."""

    spot: Spot
    wanted: str
    files: tuple[FoundFile, ...]
    total: int
    count: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class ListedFiles:
    """All paths of a commit, as they are kept: behind a mark, each behind a NUL, and a NUL at the end."""

    spot: Spot
    kept: bytes

    def find(self, wanted: str) -> FoundFiles:
        """Those that are meant by these letters; the first ones where there are none."""
        paths = PathList(os.fsdecode(self.kept[1:]))
        found, total = paths.find(wanted, most=MOST_SHOWN)
        files = tuple(FoundFile(os.fsencode(one.text), _pieces(one)) for one in found)
        return FoundFiles(self.spot, wanted, files, total, paths.count, self.kept[:1] == _WHOLE)


def find_kept(session: Session, repository: Repository, spot: Spot) -> ListedFiles | None:
    """The files of that commit, where somebody asked for them before."""
    kept = kept_in(config_of(session)).get(_KIND, _VERSION, _tree_of(session, repository, spot))
    return None if kept is None else ListedFiles(spot.at(b""), kept)


def list_files(session: Session, repository: Repository, spot: Spot) -> ListedFiles:
    """The files of that commit, by a walk over its folders: 20 ms for 5,000 of them."""
    tree_id = _tree_of(session, repository, spot)
    found = list_paths(directory(config_of(session), repository), tree_id)
    joined = b"".join(b"\0" + one for one in found.paths)
    data = (_WHOLE if found.is_whole else _PART) + joined + b"\0"
    kept_in(config_of(session)).put(_KIND, _VERSION, tree_id, data=data)
    return ListedFiles(spot.at(b""), data)


def _tree_of(session: Session, repository: Repository, spot: Spot) -> str:
    tree_id = Objects(directory(config_of(session), repository)).tree_of(spot.commit_id)
    if tree_id is None:
        raise NotFound(text("The files of this commit are missing."), text("The repository is damaged."))
    return tree_id


def _pieces(found: FoundPath) -> tuple[tuple[str, bool], ...]:
    places = frozenset(found.places)
    parts = groupby(enumerate(found.text), key=lambda one: one[0] in places)
    return tuple(
        (as_text(os.fsencode("".join(letter for _, letter in part))), is_found) for is_found, part in parts
    )
