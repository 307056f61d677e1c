"""Moves refs: all of them or none, each only from the id it is expected to have."""

from collections.abc import Sequence
from pathlib import Path

from hub.repos.git.process import git
from hub.repos.pushes import RefUpdate


def move_refs(directory: Path, moves: Sequence[RefUpdate], *, holding: Sequence[int] = ()) -> None:
    """Moves the refs in one transaction of git; raises GitFailed and leaves them all where they are."""
    move_refs_in_turn(directory, [moves], holding=holding)


def move_refs_in_turn(
    directory: Path, turns: Sequence[Sequence[RefUpdate]], *, holding: Sequence[int] = ()
) -> None:
    """Moves the refs of each turn in a transaction of its own, the later after the earlier.

    Raises GitFailed; the refs of earlier turns have moved then.
    """
    # With -z names and ids end with NUL, so that no character of a name can begin another command.
    steps = [
        step for moves in turns for step in ("start", *(_step(one) for one in moves), "prepare", "commit")
    ]
    script = b"".join(step.encode() + b"\0" for step in steps)
    git(directory, "update-ref", "--stdin", "-z", stdin=script, holding=holding)


def _step(move: RefUpdate) -> str:
    if move.deletes:
        return f"delete {move.name}\0{move.old_id}"
    return f"update {move.name}\0{move.new_id}\0{move.old_id}"
