"""The paths of all files in a tree, found in this process and no further than a limit."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.repos.git.trees import EntryKind, TooLarge, Trees

MOST_PATHS: Final = 100_000
# A few small trees can unfold to paths that are as long as they are many.
_MOST_BYTES: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class AllPaths:
    """The paths of files and symbolic links, folder by folder; `is_whole` where there are no others."""

    paths: list[bytes]
    is_whole: bool


def list_paths(directory: Path, tree_id: str, *, most: int = MOST_PATHS) -> AllPaths:
    """What git ls-tree -r would list but for submodules, which are no files of this repository.

    Folders count as well, so that a tree of empty folders has an end, too.
    """
    trees, paths, is_whole = Trees(directory), list[bytes](), True
    waiting = [(b"", tree_id)]
    seen = size_bytes = 0
    while waiting:
        before, folder_id = waiting.pop()
        try:
            folder = trees.read_folder(folder_id, most_entries=most - seen)
        except (TooLarge, KeyError):  # a folder that no page shows either, or one that is missing
            is_whole = False
            continue
        seen += len(folder.entries)
        is_whole = is_whole and not folder.more
        below = []
        for one in folder.entries:
            path = before + one.name
            size_bytes += len(path)
            if one.kind is EntryKind.FOLDER:
                below.append((path + b"/", one.object_id))
            elif one.is_blob:
                paths.append(path)
        waiting += reversed(below)
        if seen >= most or size_bytes > _MOST_BYTES:
            return AllPaths(paths, is_whole=is_whole and not waiting)
    return AllPaths(paths, is_whole)
