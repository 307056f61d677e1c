"""Rows about questions: the hub's page against every peer, in turns, p50 and p95 of twenty of a kind."""

import time
from math import ceil

from tests.bench.report import Row, at_least, middle
from tests.bench.search.ground import SearchGround, say
from tests.bench.search.questions import Kind, Question
from tests.bench.search.searchers import Searcher

ROUNDS = 3
# So many questions of a kind go to who takes a second for each.
_FEW, _SLOW = 3, ("git grep",)
# Who took so long is not asked the same a third time.
_LONG_MS = 200.0

# How many times less the hub takes at the median.
TARGETS = {
    "csearch": {
        Kind.RARE: 15, Kind.IDENTIFIER: 25, Kind.COMMON: 40, Kind.SEVERAL: 40, Kind.REGEX: 5, Kind.PATH: 2,
    },
    "ripgrep": dict.fromkeys(Kind, 40) | {Kind.PATH: 8},
    "pg_trgm": dict.fromkeys(Kind, 130) | {Kind.PATH: 2},
}  # fmt: skip
# The same of the slowest in twenty.
LAST_TARGETS = {"tantivy": dict.fromkeys((Kind.RARE, Kind.IDENTIFIER, Kind.SEVERAL), 10)}

# Milliseconds for each question, by who was asked.
Times = dict[str, list[float]]


def rows(ground: SearchGround) -> list[Row]:
    """All of them."""
    searchers = ground.searchers()
    found: list[Row] = []
    for kind in Kind:
        questions = [one for one in ground.questions if one.kind is kind]
        found += _rows_of(kind, measure(searchers, questions))
    return found + [Row(f"index: {name}", "", speed) for name, speed in ground.built.items()]


def measure(searchers: list[Searcher], questions: list[Question], rounds: int = ROUNDS) -> Times:
    """The best time of each question; everybody is asked one question before any is asked the next."""
    times: Times = {one.name: [] for one in searchers}
    counts = dict.fromkeys(times, 0)
    for at, question in enumerate(questions):
        asked = [one for one in searchers if one.name not in _SLOW or at < _FEW]
        asked = [one for one in asked if one.name != "tantivy" or not question.is_regex]
        best: dict[str, float] = {}
        for one in asked:
            # Each the same thrice, so that nobody pays for what another left in the processor's caches.
            for turn in range(rounds):
                if (turn and one.name in _SLOW) or (turn > 1 and best[one.name] > _LONG_MS):
                    continue
                began = time.perf_counter()
                count = one.find(question)
                taken = (time.perf_counter() - began) * 1000
                best[one.name] = min(taken, best.get(one.name, taken))
                counts[one.name] += count if not turn else 0
        for name, taken in best.items():
            times[name].append(taken)
    say(f"{questions[0].kind}: files found by " + ", ".join(f"{name} {of}" for name, of in counts.items()))
    return {name: taken for name, taken in times.items() if taken}


def last(times: list[float]) -> float:
    """The time of which one question in twenty takes more (p95)."""
    return sorted(times)[ceil(len(times) * 0.95) - 1]


def shown(times: list[float]) -> str:
    """p50 and p95."""
    return f"{middle(times):.3g} / {last(times):.3g} ms"


def _rows_of(kind: Kind, times: Times) -> list[Row]:
    found = []
    ours = times.pop("hub")
    for name, taken in times.items():
        found.append(compared(f"{kind}: {name}", ours, taken, TARGETS.get(name, {}).get(kind)))
        if target := LAST_TARGETS.get(name, {}).get(kind):
            found.append(
                at_least(f"{kind}: p95, {name}", hub=last(ours), peer=last(taken), target=target, unit="ms")
            )
    return found


def compared(name: str, ours: list[float], taken: list[float], target: float | None) -> Row:
    """A row of both, with how many times longer the peer takes at the median."""
    ratio = middle(taken) / middle(ours)
    if target is None:
        return Row(name, shown(ours), shown(taken), ratio)
    return Row(name, shown(ours), shown(taken), ratio, f">= {target:g}x", ratio >= target)
