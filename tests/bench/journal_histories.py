"""Rows about random histories of a journal: as many as the design's, and longer than those of the tests.

SHORTER divides how many there are by so much, for a short look.
"""

import os
from collections import Counter
from collections.abc import Callable
from typing import Final

from tests.bench.report import Row
from tests.journal_mishaps import crash, restore
from tests.journal_proof import Proof

_SHORTER: Final = int(os.environ.get("SHORTER", "1"))
_MOST_STEPS: Final = 60
CONVERGING, HONEST, CRASHING, RESTORED = 1000, 200, 300, 150


def rows() -> list[Row]:
    """All of them; every history that does not end as it should counts, and the first says why."""
    with Proof.begun() as three:
        agreed = _play(CONVERGING, lambda seed: three.converge(seed, most=_MOST_STEPS))
        honest = _play(HONEST, lambda seed: three.verify_honest(seed, most=_MOST_STEPS))
    with Proof.begun(hubs=1) as one:
        crashed = _play(CRASHING, lambda seed: Counter(crash(one, seed)))
        restored = _play(RESTORED, lambda seed: _restore(one, seed))
    return [
        _row("three hubs, random acts, partial exchanges: all agree, and the rebuild", agreed),
        _row(
            "untouched histories, keys changed and words taken away: no false alarm, full and quick", honest
        ),
        _row("exports that end anywhere: nothing doubled, no gap", crashed),
        _row("restored database, restored refs, foreign commit: nothing lost", restored),
    ]


def _restore(proof: Proof, seed: int) -> Counter[str]:
    restore(proof, seed)
    return Counter()


def _play(count: int, play: Callable[[int], Counter[str]]) -> Counter[str]:
    done: Counter[str] = Counter()
    for seed in range(max(1, count // _SHORTER)):
        done["played"] += 1
        try:
            done += play(seed)
            done["held"] += 1
        except AssertionError as error:
            if done["played"] - done["held"] == 1:
                print(f"history {seed}: {str(error)[:2000]}", flush=True)
    return done


def _row(name: str, done: Counter[str]) -> Row:
    played, held = done.pop("played"), done.pop("held", 0)
    done.pop("histories", None)
    told = ", ".join(f"{number:,} {what}" for what, number in done.items())
    return Row(
        f"journal: {name}", f"{held:,} of {played:,} histories", told, None, "all of them", held == played
    )
