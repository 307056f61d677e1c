"""Real content for the demo's repositories: our own history, or files of the installed package."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hub.accounts.models import User
from hub.clock import now
from hub.repos.git import store
from hub.repos.git.process import GitFailed, git

_SECONDS: Final = 300.0
_LEFT_OUT: Final = frozenset({"__pycache__"})


def find_checkout(package: Path) -> Path | None:
    """The top of our own checkout with its whole history, if this package stands in one."""
    try:
        top = Path(os.fsdecode(git(package, "rev-parse", "--show-toplevel")).rstrip("\n"))
        is_shallow = git(package, "rev-parse", "--is-shallow-repository").strip() == b"true"
        has_history = bool(_heads(top))
    except GitFailed:
        return None
    is_ours = (top / "setup.cfg").is_file() and (top / "hub").is_dir() and (top / "hub").samefile(package)
    return top if is_ours and has_history and not is_shallow else None


def copy_history(checkout: Path, directory: Path, branch: str) -> Mapping[str, str]:
    """Copies the history of HEAD and of the tags into a repository; returns the ids for its refs."""
    heads = _heads(checkout)
    wanted = "".join(f"{ref_id}\n" for ref_id in heads.values()).encode()
    pack = git(checkout, "pack-objects", "--revs", "--stdout", "-q", stdin=wanted, timeout_seconds=_SECONDS)
    said = git(directory, "index-pack", "--stdin", "--strict", stdin=pack, timeout_seconds=_SECONDS)
    name = said.decode().split()[-1]
    refs = {f"refs/heads/{branch}" if ref == "HEAD" else ref: ref_id for ref, ref_id in heads.items()}
    store.harden(directory, refs, [f"pack-{name}"])
    return refs


def _heads(checkout: Path) -> dict[str, str]:
    lines = os.fsdecode(git(checkout, "show-ref", "--head", "--tags")).splitlines()
    return {ref: ref_id for ref_id, _, ref in (line.partition(" ") for line in lines)}


def commit_files(folder: Path, directory: Path, author: User, message: str) -> str:
    """Writes the files of a folder into a repository, as one commit; returns its id."""
    return _write_commit(directory, _write_tree(folder, directory), [], author, message)


def commit_on(directory: Path, parent_id: str, files: Mapping[str, str], author: User, message: str) -> str:
    """Writes a commit that adds these files to what its parent holds, or changes them; returns its id."""
    tree_id = parent_id  # which names its tree as well
    for path, content in files.items():
        blob_id = _id(git(directory, "hash-object", "-w", "--stdin", stdin=content.encode()))
        tree_id = _put(directory, tree_id, path, blob_id)
    return _write_commit(directory, tree_id, [parent_id], author, message)


def _write_commit(directory: Path, tree_id: str, parent_ids: list[str], author: User, message: str) -> str:
    signature = f"{author.name} <{author.email}> {int(now().timestamp())} +0000"
    parents = "".join(f"parent {one}\n" for one in parent_ids)
    content = f"tree {tree_id}\n{parents}author {signature}\ncommitter {signature}\n\n{message}\n"
    return _id(git(directory, "hash-object", "-tcommit", "-w", "--stdin", stdin=content.encode()))


def _put(directory: Path, tree_id: str | None, path: str, blob_id: str) -> str:
    """The tree with that blob at the path, in folders that are made where they are missing."""
    name, _, below = path.partition("/")
    listed = "" if tree_id is None else os.fsdecode(git(directory, "ls-tree", "-z", operands=(tree_id,)))
    entries = {entry.partition("\t")[2]: entry for entry in listed.split("\0") if entry}
    if below:
        folder = entries.get(name)
        folder_id = _put(directory, None if folder is None else folder.split()[2], below, blob_id)
        entries[name] = f"040000 tree {folder_id}\t{name}"
    else:
        entries[name] = f"100644 blob {blob_id}\t{name}"
    return _id(
        git(directory, "mktree", "-z", stdin=os.fsencode("".join(f"{one}\0" for one in entries.values())))
    )


def _write_tree(folder: Path, directory: Path) -> str:
    entries = sorted(path for path in folder.iterdir() if path.name not in _LEFT_OUT)
    files = [path for path in entries if path.is_file()]
    paths = "".join(f"{path}\n" for path in files).encode()
    ids = git(directory, "hash-object", "-w", "--no-filters", "--stdin-paths", stdin=paths).decode().split()
    lines = [f"100644 blob {blob_id}\t{path.name}" for path, blob_id in zip(files, ids, strict=True)]
    lines += [f"040000 tree {_write_tree(path, directory)}\t{path.name}" for path in entries if path.is_dir()]
    return _id(git(directory, "mktree", "-z", stdin="".join(f"{line}\0" for line in lines).encode()))


def _id(said: bytes) -> str:
    return said.decode("ascii").strip()
