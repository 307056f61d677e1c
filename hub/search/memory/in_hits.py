"""What was said about lines of files in which a search found something."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.db import config_of
from hub.repos.git.store import place
from hub.repos.git.trees import TooLarge, Trees
from hub.repos.models import Repository
from hub.search.memory.places import MOST_BYTES, Kept, Stand, list_kept_in, stands_in
from hub.search.memory.talks import Talk, list_talks


class Hit(NamedTuple):
    """A file as of a commit, in a repository that the viewer may see."""

    repository_id: int
    commit_id: str
    path: bytes


def find_talks(session: Session, viewer: Viewer, hits: Iterable[Hit]) -> Mapping[Hit, Sequence[Talk]]:
    """The discussions of lines of these files in their own repositories; one question where there is none."""
    by_file = {(one.repository_id, one.path): one for one in hits}
    kept = list_kept_in(session, by_file.keys())
    if not kept:
        return {}
    stands = _stands(session, {by_file[file]: some for file, some in kept.items()})
    every = [stand for some in stands.values() for stand in some]
    talks = {one.thread_id: one for one in list_talks(session, viewer, every)}
    return {
        hit: [talks[one.thread_id] for one in some if one.thread_id in talks] for hit, some in stands.items()
    }


def _stands(session: Session, kept: Mapping[Hit, Sequence[Kept]]) -> dict[Hit, list[Stand]]:
    wanted = {one.repository_id for one in kept}
    storages = session.execute(select(Repository.id, Repository.storage).where(Repository.id.in_(wanted)))
    config = config_of(session)
    paths = {number: place(config, storage, number) for number, storage in storages}
    # What is found is in the index: it is shown, whatever became of the repository on the disk.
    trees = {number: Trees(path) for number, path in paths.items() if path.is_dir()}
    return {
        hit: _stands_in(trees[hit.repository_id], hit, some)
        for hit, some in kept.items()
        if hit.repository_id in trees
    }


def _stands_in(trees: Trees, hit: Hit, kept: Sequence[Kept]) -> list[Stand]:
    try:
        entry = trees.find(hit.commit_id, hit.path)
    except TooLarge:
        return []
    if entry is None or not entry.is_blob:
        return []
    blob_id = entry.object_id

    def read() -> bytes | None:
        blob = trees.read_blob(blob_id, most_bytes=MOST_BYTES)
        return None if blob is None else blob.content

    return stands_in(kept, blob_id, read)
