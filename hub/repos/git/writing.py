"""Writes objects of the hub's own making, with libgit2 and durably; they are reached once a ref is moved."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pygit2
from pygit2.enums import FileMode, RepositoryOpenFlag

from hub.repos.git.store import fsync


@dataclass(frozen=True, slots=True)
class Signature:
    """Whose commit it is, and when it was made."""

    name: str
    email: str
    at: datetime


def write_commit(directory: Path, files: Mapping[str, bytes], *, message: str, author: Signature) -> str:
    """Writes a commit without parents that holds these files and nothing else; returns its id."""
    git_repo = pygit2.Repository(str(directory), RepositoryOpenFlag.NO_SEARCH | RepositoryOpenFlag.BARE)
    builder = git_repo.TreeBuilder()
    blobs = {name: git_repo.create_blob(content) for name, content in files.items()}
    for name, blob_id in blobs.items():
        builder.insert(name, blob_id, FileMode.BLOB)
    tree_id = builder.write()
    # Angle brackets end a name in a commit.
    name = "".join(one for one in author.name if one.isprintable() and one not in "<>").strip()
    signed = pygit2.Signature(name, author.email, int(author.at.timestamp()), 0, "utf-8")
    commit_id = git_repo.create_commit(None, signed, signed, f"{message}\n", tree_id, [])
    _put_on_disk(directory / "objects", [str(one) for one in (*blobs.values(), tree_id, commit_id)])
    return str(commit_id)


def _put_on_disk(objects: Path, object_ids: list[str]) -> None:
    for object_id in object_ids:
        fsync(objects / object_id[:2] / object_id[2:])
    for folder in sorted({object_id[:2] for object_id in object_ids}):
        fsync(objects / folder)
    fsync(objects)
