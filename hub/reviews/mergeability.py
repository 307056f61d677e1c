"""Whether a change merges into its target: known by the ids of two commits, and kept under them.

Once the target or the change has another commit the question is another one, so that no answer is ever out of
date. The worker asks ahead, after each push; a page asks for itself where that answer is not there yet.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from hub.config import Config
from hub.kept import kept_in
from hub.repos.git.merge_records import Clean, Conflict, Conflicts, Stopped, StopReason
from hub.repos.git.merging import check_merge
from hub.repos.git.process import GitFailed

_KIND: Final = "merge-1"
# How long a page waits for what the worker did not find out yet.
PAGE_SECONDS: Final = 2.0
_MOST_PATHS: Final = 500


def find_mergeability(
    config: Config, directory: Path, *, target_id: str, source_id: str, seconds: float = PAGE_SECONDS
) -> Clean | Stopped | None:
    """What merging the source into the target gives; None where that is not known in that time."""
    kept = kept_in(config)
    known = kept.get(_KIND, target_id, source_id)
    if known is not None:
        return _read(json.loads(known))
    try:
        found = check_merge(directory, target_id, source_id, seconds=seconds)
    except GitFailed:
        return None
    if isinstance(found, Stopped) and found.reason is StopReason.TOO_SLOW and seconds <= PAGE_SECONDS:
        return None
    kept.put(_KIND, target_id, source_id, data=json.dumps(_written(found)).encode())
    return found


def _written(found: Clean | Stopped) -> dict[str, Any]:  # JSON, which `_read` reads
    if isinstance(found, Clean):
        return asdict(found)
    conflicts = found.conflicts or Conflicts((), ())
    return {
        "reason": found.reason.value,
        "paths": [_as_text(one) for one in conflicts.paths[:_MOST_PATHS]],
        "notes": [
            [one.kind, [_as_text(path) for path in one.paths], one.sentence] for one in conflicts.notes
        ],
    }


def _read(written: dict[str, Any]) -> Clean | Stopped:  # JSON, as `_written` writes it
    if "reason" not in written:
        return Clean(**written)
    reason = StopReason(written["reason"])
    if reason is not StopReason.CONFLICTS:
        return Stopped(reason)
    notes = tuple(
        Conflict(kind, tuple(_as_bytes(path) for path in paths), sentence)
        for kind, paths, sentence in written["notes"]
    )
    return Stopped(reason, Conflicts(tuple(_as_bytes(one) for one in written["paths"]), notes))


def _as_text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def _as_bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
