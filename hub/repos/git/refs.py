"""The refs of a repository, read from its files as gitrepository-layout(5) describes them.

Of 20,000 loose refs libgit2 lists the names in 515 ms, and a git process costs 3 ms each time; names are
bytes here, because a repository may hold any.
"""

import os
import time
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Final

from hub.repos.git.process import GitFailed
from hub.repos.names import UNLOGGED

_SYMBOLIC: Final = b"ref: "
_LONGEST_CHAIN: Final = 5
_HEX_LENGTHS: Final = (40, 64)
_NO_REF: Final = (b"", b"#", b"^")
_SEARCHES: Final = 30
# A directory changed twice within one tick of the kernel's clock keeps one time of change.
_RACY_NANOSECONDS: Final = 100_000_000
_KEPT_STATES: Final = 128
_KEPT_REFS: Final = 200_000

# What the hub alone writes; the first of them is the journal, which moves with every act.
_OWN: Final = tuple(os.fsencode(name) for name in UNLOGGED)
_JOURNAL: Final = _OWN[0]


class RefsDamaged(GitFailed):
    """A file of refs does not hold what it should."""


class RefFiles:
    """The refs of one repository at this moment; `packed-refs` is read once, when first needed."""

    def __init__(self, directory: Path) -> None:
        self._directory = os.fsencode(directory)
        self._lookups = 0

    def get(self, ref: str | bytes) -> str | None:
        """The id at which the ref points (a tag object's own), or None where there is no such ref."""
        name = os.fsencode(ref)
        for _ in range(_LONGEST_CHAIN):
            # Loose before packed: packing writes the packed one first and removes the loose one then.
            content = self._read_loose(name)
            if content is None:
                return self._get_packed(name)
            if not content.startswith(_SYMBOLIC):
                return _checked_id(content, name)
            name = content[len(_SYMBOLIC) :].strip()
        return None

    def find_below(self, ref: str | bytes) -> bytes | None:
        """Some ref whose name begins with this one and a slash, or None."""
        prefix = os.fsencode(ref) + b"/"
        loose = next(self._walk_loose(prefix[:-1]), None)
        if loose is not None:
            return loose
        if self._is_worth_parsing():
            at = bisect_left(self._packed_names, prefix)
            found = self._packed_names[at] if at < len(self._packed_names) else b""
            return found if found.startswith(prefix) else None
        at = self._content.find(b" " + prefix)
        return None if at < 0 else self._content[at + 1 : self._content.index(b"\n", at)]

    def list_names(self, prefix: bytes) -> list[bytes]:
        """The full names of all refs below `prefix`, which ends with a slash, in the order of their bytes."""
        loose = set(self._walk_loose(prefix[:-1]))
        first, end = (bisect_left(self._packed_names, one) for one in (prefix, prefix[:-1] + b"0"))
        return sorted(loose.union(self._packed_names[first:end]))

    def read_all(self) -> dict[bytes, str]:
        """The id of every ref, by its full name."""
        return self.read_below(b"refs/")

    def read_shared(self) -> dict[bytes, str]:
        """The id of every ref but those that the hub alone writes and no log of pushes names."""
        return self.read_below(b"refs/", _OWN)

    def read_below(self, prefix: bytes, without: tuple[bytes, ...] = ()) -> dict[bytes, str]:
        """The id of every ref below `prefix`, which ends with a slash, leaving out those of `without`."""
        loose = [(name, self.get(name)) for name in self._walk_loose(prefix[:-1], without)]
        found = {name: ref_id for name, ref_id in loose if ref_id is not None}
        packed = {
            name: ref_id
            for name, ref_id in self._packed.items()
            if name.startswith(prefix) and not name.startswith(without)
        }
        return {**packed, **found}

    def shared_folders(self) -> Iterator[bytes]:
        """The directories of the refs of `read_shared`."""
        return self.folders(b"refs", _OWN)

    def folders(self, root: bytes = b"refs", without: tuple[bytes, ...] = ()) -> Iterator[bytes]:
        """Every directory from `root` that may hold a loose ref, as a path inside the repository."""
        waiting = [root]
        while waiting:
            folder = waiting.pop()
            yield folder
            found = [name for name, is_folder in self._scan(folder) if is_folder]
            waiting += [name for name in found if name + b"/" not in without]

    def _get_packed(self, name: bytes) -> str | None:
        if self._is_worth_parsing():
            return self._packed.get(name)
        at = self._content.find(b" " + name + b"\n")
        return None if at < 0 else self._content[self._content.rfind(b"\n", 0, at) + 1 : at].decode()

    def _is_worth_parsing(self) -> bool:
        # Searching 20,000 names in one text takes 0.2 ms, making a table of them 10.
        self._lookups += 1
        return self._lookups > _SEARCHES or "_packed" in self.__dict__

    @cached_property
    def _content(self) -> bytes:
        try:
            with open(os.path.join(self._directory, b"packed-refs"), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return b""

    @cached_property
    def _packed(self) -> dict[bytes, str]:
        # A line is an id and a name, or begins with "#" (what the file is) or "^" (a tag's commit).
        # All ids of a repository are of one length; a list for each line would keep the collector busy.
        rows = [line for line in self._content.split(b"\n") if line[:1] not in _NO_REF]
        end = rows[0].index(b" ") if rows else 0
        return {line[end + 1 :]: line[:end].decode() for line in rows}

    @cached_property
    def _packed_names(self) -> list[bytes]:
        return sorted(self._packed)

    def _read_loose(self, name: bytes) -> bytes | None:
        try:
            with open(os.path.join(self._directory, name), "rb") as file:
                return file.read(4096)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None
        except OSError as error:  # a name that no file system takes is no ref either
            raise RefsDamaged("refs", f"{os.fsdecode(name)!r} cannot be read: {error.strerror}") from error

    def _walk_loose(self, folder: bytes, without: tuple[bytes, ...] = ()) -> Iterator[bytes]:
        for name, is_folder in self._scan(folder):
            if not is_folder:
                yield name
            elif name + b"/" not in without:
                yield from self._walk_loose(name, without)

    def _scan(self, folder: bytes) -> list[tuple[bytes, bool]]:
        try:
            with os.scandir(os.path.join(self._directory, folder)) as entries:
                return [
                    (folder + b"/" + entry.name, entry.is_dir(follow_symlinks=False))
                    for entry in entries
                    if not entry.name.startswith(b".") and not entry.name.endswith(b".lock")
                ]
        except (FileNotFoundError, NotADirectoryError):
            return []


def _checked_id(content: bytes, name: bytes) -> str:
    ref_id = content.strip().decode("ascii", "replace")
    if len(ref_id) not in _HEX_LENGTHS or not ref_id.isalnum():
        raise RefsDamaged("refs", f"{os.fsdecode(name)!r} holds no id")
    return ref_id


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Refs at one moment, and a digest of them and of HEAD."""

    refs: dict[bytes, str]
    head: bytes
    state: str


@dataclass(frozen=True, slots=True)
class _Part:
    """Refs that are read and kept together: those below `prefix`, leaving out some."""

    prefix: bytes
    without: tuple[bytes, ...] = ()


# Two parts, so that what is known of branches, tags and changes outlasts what is said about them.
_SHARED: Final = _Part(b"refs/", _OWN)
_SAID: Final = _Part(_JOURNAL)


@dataclass(frozen=True, slots=True)
class _Kept:
    signature: tuple[object, ...]
    folders: list[bytes]
    snapshot: Snapshot


_kept: OrderedDict[tuple[Path, _Part], _Kept] = OrderedDict()


def take_snapshot(directory: Path) -> Snapshot:
    """All refs of the repository as they are now, without the journal's and what the hub keeps for itself.

    Read again only when a directory below `refs/`, `packed-refs` or HEAD changed: git renames files into
    place, which changes the time of their directory.
    """
    return _take(directory, _SHARED)


def take_journal(directory: Path) -> Snapshot:
    """The journal's refs as they are now; read again as `take_snapshot` does."""
    return _take(directory, _SAID)


def _take(directory: Path, part: _Part) -> Snapshot:
    kept = _kept.get((directory, part))
    if kept is not None and _sign(directory, kept.folders) == kept.signature:
        _kept.move_to_end((directory, part))
        return kept.snapshot
    started_at = time.time_ns()
    files = RefFiles(directory)
    folders = list(files.folders(part.prefix[:-1], part.without))
    signature = _sign(directory, folders)
    snapshot = _read(files, directory, part)
    if _is_settled(signature, started_at):
        _keep((directory, part), _Kept(signature, folders, snapshot))
    return snapshot


def _read(files: RefFiles, directory: Path, part: _Part) -> Snapshot:
    refs, head = files.read_below(part.prefix, part.without), (directory / "HEAD").read_bytes().strip()
    digest = sha256(head if part is _SHARED else part.prefix + head)
    for name in sorted(refs):
        digest.update(b"\n%b %b" % (refs[name].encode(), name))
    return Snapshot(refs, head, digest.hexdigest())


def _sign(directory: Path, folders: list[bytes]) -> tuple[tuple[int, int, int], ...]:
    root = os.fsencode(directory)
    return tuple(_stat(os.path.join(root, name)) for name in (*folders, b"packed-refs", b"HEAD"))


def _stat(path: bytes) -> tuple[int, int, int]:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_ino, found.st_size)


def _is_settled(signature: tuple[tuple[int, int, int], ...], now: int) -> bool:
    return max(changed_at for changed_at, _, _ in signature) < now - _RACY_NANOSECONDS


def _keep(key: tuple[Path, _Part], kept: _Kept) -> None:
    _kept[key] = kept
    _kept.move_to_end(key)
    while len(_kept) > _KEPT_STATES or sum(len(one.snapshot.refs) for one in _kept.values()) > _KEPT_REFS:
        _kept.popitem(last=False)
