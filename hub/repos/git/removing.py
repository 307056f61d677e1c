"""Takes single objects out of a repository for good; the only code here after which an object is gone.

What names them goes with them: commits and trees that no ref reaches. What a ref reaches stays, and so does
everything else, reached or not, because a fork may borrow it, or somebody may be pushing what builds on it.
Each step leaves a repository that is whole, and a further run goes on where one was stopped.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Set
from pathlib import Path
from typing import Final

import pygit2
from pygit2.enums import ObjectType

from hub.repos.git.loans import is_borrowing, note_that_objects_go
from hub.repos.git.objects import Unreadable, read_links
from hub.repos.git.packing import write_commit_graph
from hub.repos.git.process import lines, settings
from hub.repos.git.store import fsync

_SECONDS: Final = 3600.0
_SETTINGS: Final = settings({"core.fsync": "all", "pack.threads": "1"})
# gitformat-pack(5): version 2 of an index is a mark, 256 counts, then the ids in order.
_INDEX_MARK: Final = b"\xfftOc\x00\x00\x00\x02"
_COUNTS_END: Final = 8 + 256 * 4
_ID_BYTES: Final = 20
_TEXT: Final = re.compile(rb"100644 [0-9]+\.[0-9]+\x00(.{20})", re.DOTALL)
_MULTI_PACK: Final = "multi-pack-index"

Stop = Callable[[str], None]


def blob_id_of(content: bytes) -> str:
    """The id that git knows this content by."""
    return str(pygit2.hash(content))


def find_here(directory: Path, object_ids: Iterable[str]) -> set[str]:
    """Which of these objects lie in the repository itself, packed or loose, and not only with its lender."""
    wanted = set(object_ids)
    found = {one for one in wanted if _loose(directory, one).exists()}
    for index in _list_indexes(directory):
        found |= wanted.intersection(_list_packed(index))
    return found


def find_reached(
    directory: Path, object_ids: Set[str], *, only: str = "", beyond: Collection[str] = ()
) -> set[str]:
    """Which of these objects some ref of the repository reaches, or `only` that commit.

    `beyond` and what that reaches is left out.
    """
    asked = [only] if only else []
    given = "".join(f"{one}\n" for one in [*asked, *(f"^{one}" for one in sorted(set(beyond)))]).encode()
    options = ["--objects", "--no-object-names", "--stdin"]
    if not only:
        options.append("--all")
    if not is_borrowing(directory):
        options.append("--use-bitmap-index")
    with lines(directory, "rev-list", *options, stdin=given, timeout_seconds=_SECONDS) as printed:
        return {one for one in map(bytes.decode, printed) if one in object_ids}


def list_doomed(directory: Path, blob_ids: Set[str], is_alike: Callable[[bytes], bool]) -> set[str]:
    """These blobs, and the commits and trees that name them and that no ref reaches.

    `is_alike` says of the content of another file in such a commit whether it is to go as well: a push that
    was refused may have brought the same words before.
    """
    database = pygit2.Odb(str(directory / "objects"))
    children: dict[str, list[str]] = {}
    doomed, waiting = set(blob_ids), list[str]()
    for commit_id in _list_unreached_commits(directory):
        tree_id, parent_ids = read_links(_read(database, commit_id, ObjectType.COMMIT))
        for one in parent_ids:
            children.setdefault(one, []).append(commit_id)
        found = _texts_in(_read(database, tree_id, ObjectType.TREE)) if tree_id else []
        named = {one for one in found if one in blob_ids or is_alike(_read(database, one, ObjectType.BLOB))}
        if named:
            doomed |= {*named, tree_id}
            waiting.append(commit_id)
    # What was said after it stands in commits after it.
    while waiting:
        commit_id = waiting.pop()
        if commit_id not in doomed:
            doomed.add(commit_id)
            waiting += children.get(commit_id, ())
    return doomed


def remove(directory: Path, object_ids: Set[str], *, stop: Stop = lambda _: None) -> None:
    """Takes these objects, which no ref reaches, out of the packs and the loose files, durably.

    Only inside `loans.upkeep`. `stop` is called after each step with its name. Raises GitFailed, Unreadable.
    """
    note_that_objects_go(directory)
    # The shape of the history is written down without them first: git trusts it more than the objects.
    write_commit_graph(directory)
    stop("graph")
    old = [one for one in _list_indexes(directory) if not object_ids.isdisjoint(_list_packed(one))]
    rest = {one for index in old for one in _list_packed(index)} - object_ids
    if rest:
        _pack(directory, rest)
    stop("packed")
    packs = directory / "objects" / "pack"
    if old:
        # It lists packs that go; the next repack makes it anew.
        for path in packs.glob(f"{_MULTI_PACK}*"):
            path.unlink()
        fsync(packs)
    stop("unlisted")
    for index in old:
        # The content first: git passes over an index without its pack, not over a pack without its index.
        index.with_suffix(".pack").unlink()
        stop("emptied")
    _drop_lone_files(packs)
    stop("dropped")
    for one in sorted(object_ids):
        _loose(directory, one).unlink(missing_ok=True)
        stop("loose")
    _fsync_folders(directory, object_ids)


def _pack(directory: Path, object_ids: Iterable[str]) -> None:
    given = "".join(f"{one}\n" for one in sorted(object_ids)).encode()
    name = bytes(directory / "objects" / "pack" / "pack")
    command = ("pack-objects", "-q", "--delta-base-offset")
    with lines(
        directory, *command, paths=(name,), stdin=given, timeout_seconds=_SECONDS, additions=_SETTINGS
    ) as printed:
        list(printed)
    fsync(directory / "objects" / "pack")


def _drop_lone_files(packs: Path) -> None:
    """Removes what is left of packs whose content went, by this run or by one that was stopped."""
    for index in packs.glob("pack-*.idx"):
        if not index.with_suffix(".pack").exists():
            for path in packs.glob(f"{index.stem}.*"):
                path.unlink(missing_ok=True)
    fsync(packs)


def _fsync_folders(directory: Path, object_ids: Iterable[str]) -> None:
    for folder in sorted({_loose(directory, one).parent for one in object_ids}):
        if folder.exists():
            fsync(folder)


def _list_unreached_commits(directory: Path) -> list[str]:
    with lines(directory, "rev-list", "--all", timeout_seconds=_SECONDS) as printed:
        reached = set(printed)
    options = ("--batch-all-objects", "--unordered", "--batch-check=%(objecttype) %(objectname)")
    with lines(directory, "cat-file", *options, timeout_seconds=_SECONDS) as printed:
        commits = [one[7:] for one in printed if one.startswith(b"commit ")]
    return [one.decode() for one in commits if one not in reached]


def _texts_in(tree: bytes) -> list[str]:
    """The ids of the files in the content of a tree that are called as the journal calls texts."""
    return [found[1].hex() for found in _TEXT.finditer(tree)]


def _read(database: pygit2.Odb, object_id: str, kind: ObjectType) -> bytes:
    """The content of an object; of one that is not there, or is something else, nothing."""
    try:
        found, data = database.read(pygit2.Oid(hex=object_id))
    except (KeyError, ValueError, pygit2.GitError):
        return b""
    return bytes(data) if found == kind else b""


def _list_indexes(directory: Path) -> list[Path]:
    packs = (directory / "objects" / "pack").glob("pack-*.idx")
    return sorted(one for one in packs if one.with_suffix(".pack").exists())


def _list_packed(index: Path) -> Iterator[str]:
    data = index.read_bytes()
    if not data.startswith(_INDEX_MARK):
        raise Unreadable(f"{index.name} is an index of another kind")
    count = int.from_bytes(data[_COUNTS_END - 4 : _COUNTS_END], "big")
    for at in range(_COUNTS_END, _COUNTS_END + count * _ID_BYTES, _ID_BYTES):
        yield data[at : at + _ID_BYTES].hex()


def _loose(directory: Path, object_id: str) -> Path:
    return directory / "objects" / object_id[:2] / object_id[2:]
