"""Which ids that were written down long ago still lead to a page."""

import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from sqlalchemy.orm import Session

from hub.db import config_of
from hub.repos.git.objects import Objects
from hub.repos.git.reachability import TooLargeToWalk, reaches_commit
from hub.repos.git.refs import take_snapshot
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.repos.names import BRANCHES

_SECONDS: Final = 0.3


def list_reached(
    session: Session, repository: Repository, ids: Iterable[str], *, seconds: float = _SECONDS
) -> frozenset[str]:
    """Those of the ids that are commits of a branch or a tag; some are left out when time is up."""
    path, deadline = directory(config_of(session), repository), time.monotonic() + seconds
    objects, snapshot = Objects(path), take_snapshot(path)
    default = BRANCHES + repository.default_branch
    found = set()
    for one in dict.fromkeys(ids):
        if time.monotonic() > deadline:
            break
        with suppress(TooLargeToWalk):
            if objects.kind(one) == "commit" and reaches_commit(path, snapshot, one, first=default):
                found.add(one)
    return frozenset(found)
