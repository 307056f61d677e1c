"""Paths that somebody wants to know something about, as a tree of folders that can be split and joined."""

from collections.abc import Iterable, Iterator


class WantedPaths:
    """The wanted entries of one folder, by name, and the wanted ones below it; `path` is the folder's own."""

    __slots__ = ("folders", "names", "path")

    def __init__(self, path: bytes = b"") -> None:
        self.path = path
        self.names: set[bytes] = set()
        self.folders: dict[bytes, WantedPaths] = {}

    def __bool__(self) -> bool:
        return bool(self.names or self.folders)

    def add(self, folder: bytes, names: Iterable[bytes]) -> None:
        """Wants these entries of a folder somewhere below this one, which is the root."""
        here = self
        for name in folder.split(b"/") if folder else ():
            here = here.folder(name)
        here.names.update(names)

    def folder(self, name: bytes) -> "WantedPaths":
        """What is wanted in the folder of that name, for more to be added."""
        found = self.folders.get(name)
        if found is None:
            found = self.folders[name] = WantedPaths(below(self.path, name))
        return found

    def join(self, other: "WantedPaths") -> None:
        """Wants everything that the other wants as well, which must not be used afterwards."""
        self.names |= other.names
        for name, theirs in other.folders.items():
            ours = self.folders.get(name)
            if ours is None:
                self.folders[name] = theirs
            else:
                ours.join(theirs)

    def take_common(self, other: "WantedPaths") -> Iterator[tuple[bytes, set[bytes]]]:
        """Removes from both what both want; gives folders and names."""
        common = self.names & other.names
        if common:
            self.names -= common
            other.names -= common
            yield self.path, common
        for name in self.folders.keys() & other.folders.keys():
            ours, theirs = self.folders[name], other.folders[name]
            yield from ours.take_common(theirs)
            if not ours:
                del self.folders[name]
            if not theirs:
                del other.folders[name]

    def each(self) -> Iterator[tuple[bytes, set[bytes]]]:
        """Every folder with wanted entries, and their names."""
        if self.names:
            yield self.path, self.names
        for folder in self.folders.values():
            yield from folder.each()


def below(folder: bytes, name: bytes) -> bytes:
    """The path of an entry of a folder."""
    return folder + b"/" + name if folder else name
