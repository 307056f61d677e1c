"""Which objects a fetch may have by their ids, and what git's answer to it depends on.

The refs that everybody wants and the journal's are asked one after the other: the journal moves with every
comment, which shall neither end what is kept for usual clones nor make anybody walk their history again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.repos.git.reachability import TooLargeToWalk, find_unreachable
from hub.repos.git.reachable_ids import leave_note
from hub.repos.git.refs import Snapshot, take_journal, take_snapshot
from hub.repos.pushes import WantsAnswer


@dataclass(frozen=True, slots=True)
class Places:
    """Where a repository is, and where the ids are kept that its refs and its journal reach."""

    directory: Path
    ids_file: Path
    journal_ids_file: Path


def check(
    places: Places, wants: Sequence[str], *, tips_only: bool = False, with_journal: bool = False
) -> WantsAnswer:
    """Which of the wanted objects no ref reaches, and a digest of the refs that the answer depends on.

    Every ref counts, also those that are not advertised: whoever may read the repository may read them. The
    journal's refs are in the digest only where something is wanted that no other ref has, or `with_journal`.
    Where telling takes too long, all that are no tips are refused, and the worker is left a note to find out.
    """
    shared = take_snapshot(places.directory)
    others = _without_tips(shared, wants)
    if not others and not with_journal:
        return WantsAnswer([], shared.state)
    journal = take_journal(places.directory)
    left = _without_tips(journal, others)
    is_said = with_journal or len(left) < len(others)
    if left and not tips_only:
        left = _find_refused(places.directory, shared, left, places.ids_file)
        if left and journal.refs:
            refused = _find_refused(places.directory, journal, left, places.journal_ids_file)
            is_said = is_said or len(refused) < len(left)
            left = refused
    return WantsAnswer(left, f"{shared.state} {journal.state}" if is_said else shared.state)


def _without_tips(snapshot: Snapshot, wants: Sequence[str]) -> list[str]:
    tips = set(snapshot.refs.values())
    return [one for one in wants if one not in tips]


def _find_refused(directory: Path, snapshot: Snapshot, wants: list[str], ids_file: Path) -> list[str]:
    try:
        refused = find_unreachable(directory, snapshot, wants, ids_file=ids_file)
    except TooLargeToWalk:
        leave_note(ids_file)
        return wants
    return [one for one in wants if one in refused]
