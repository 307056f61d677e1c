"""Has the files that a push changed be ready for readers: highlighted, and their Markdown rendered."""

import time
from pathlib import Path
from typing import Final

from hub import highlight
from hub.config import Config
from hub.markup import is_markdown
from hub.repos.browsing.files.inked import Inked
from hub.repos.browsing.files.prose import prepare_markdown
from hub.repos.browsing.files.texts import read_text
from hub.repos.browsing.spots import as_text
from hub.repos.git.objects import Objects
from hub.repos.git.tree_survey import survey
from hub.repos.git.trees import Trees

# What nobody prepared is made when somebody looks at it: an import is not worth an hour of processors.
_MOST_PATHS: Final = 1_000
_SECONDS: Final = 60.0


def prepare_files(config: Config, directory: Path, *, old_commit: str | None, new_commit: str) -> int:
    """Prepares the files that the new commit has differently, as far as time goes; how many it looked at.

    What is there already is not made again.
    """
    objects, trees = Objects(directory), Trees(directory)
    old_tree = None if old_commit is None else objects.tree_of(old_commit)
    new_tree = objects.tree_of(new_commit)
    ends_at, count = time.monotonic() + _SECONDS, 0
    found = survey(directory, old_tree, new_tree, most=_MOST_PATHS)
    for entry in found.entries:
        if time.monotonic() > ends_at:
            break
        if entry.new_id is not None and not entry.is_submodule and not entry.is_link:
            _prepare(config, trees, as_text(entry.new_path.rpartition(b"/")[2]), entry.new_id)
            count += 1
    return count


def _prepare(config: Config, trees: Trees, name: str, blob_id: str) -> None:
    blob = trees.read_blob(blob_id, most_bytes=highlight.MOST_BYTES)
    content = None if blob is None else blob.content
    text = read_text(content) if content else None
    if content is None or text is None:
        return
    if is_markdown(name):
        prepare_markdown(config, blob_id=blob_id, content=content)
        return
    language = highlight.language_of(name, text.text.partition("\n")[0])
    Inked(config, blob_id, language, text.text).make_all()
