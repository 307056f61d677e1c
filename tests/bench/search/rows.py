"""The rows about search that a run prints; LARGE=1 adds those about a gigabyte."""

import os
from contextlib import ExitStack
from pathlib import Path

from tests.bench.report import Row
from tests.bench.search import building, hidden, kinds, large, pushes, through_http, truth
from tests.bench.search.ground import SearchGround, say


def search(folder: Path) -> list[Row]:
    """Questions against every peer, building, pushes, forks, what is hidden, the page over HTTP."""
    measures = [kinds.rows, building.rows, pushes.rows, hidden.rows, through_http.rows]
    if os.environ.get("LARGE"):
        measures.append(large.rows)
    found: list[Row] = []
    with ExitStack() as stack:
        ground = SearchGround(folder, stack)
        for one in measures:
            found += one(ground)
            say(f"search: {one.__module__.rpartition('.')[2]} measured")
    return found


def search_truth(folder: Path) -> list[Row]:
    """What is found, against reading every text."""
    with ExitStack() as stack:
        return truth.rows(SearchGround(folder, stack))
