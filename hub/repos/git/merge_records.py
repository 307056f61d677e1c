"""What is asked and answered about joining two histories: plain values, without git."""

from dataclasses import dataclass
from enum import StrEnum

from hub.repos.git.writing import Signature


class StopReason(StrEnum):
    """Why two histories were not joined."""

    CONFLICTS = "conflicts"
    NOTHING_TO_MERGE = "nothing_to_merge"
    NOT_A_FAST_FORWARD = "not_a_fast_forward"
    UNRELATED = "unrelated"
    TOO_SLOW = "too_slow"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing that git could not decide: its kind ("contents", "modify/delete") and sentence are git's."""

    kind: str
    paths: tuple[bytes, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Conflicts:
    """The paths that git would leave unmerged, sorted, and what it says of them; of very many only some."""

    paths: tuple[bytes, ...]
    notes: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True)
class Clean:
    """The histories join without conflict; the tree is that of the result."""

    tree_id: str
    is_fast_forward: bool = False


@dataclass(frozen=True, slots=True)
class Stopped:
    """They were not joined; `at_commit` is the one that a rebase could not put on top of the others."""

    reason: StopReason
    conflicts: Conflicts | None = None
    at_commit: str | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    """What to join: the commit of the branch, the commit of the change, and the words for it.

    `author` is whose change it is, `merger` who merges it, with the moment of the merge.
    """

    target_id: str
    source_id: str
    message: str
    author: Signature
    merger: Signature


@dataclass(frozen=True, slots=True)
class Prepared:
    """The commit that the branch may be moved to; nothing reaches it yet.

    `rewritten` are the commits of the change and what became of each, oldest first, where a rebase made new
    ones; what it left out, because nothing of it was new, is not among them.
    """

    commit_id: str
    rewritten: tuple[tuple[str, str], ...] = ()
    pack: str | None = None
