"""What commits are as a patch set: the facts that git tells of them, alone or beside the patch set before."""

from pathlib import Path

from hub.repos.git.process import GitFailed
from hub.repos.git.series import Series, identify, measure, read_series
from hub.reviews.intake.identity import Known
from hub.reviews.intake.proposed import Facts, as_rebase, facts_of
from hub.reviews.proposing import MOST_COMMITS


def read_facts(path: Path, series: Series) -> Facts:
    """The facts of a series that has commits and a base; raises GitTooSlow and GitFailed."""
    assert series.base_id is not None, "histories that have nothing in common were refused"
    return facts_of(series, identify(path, series), measure(path, series.base_id, series.tip_id))


def find_version(path: Path, target_id: str, tip_id: str, known: Known | None) -> tuple[Series, Facts] | None:
    """What a branch is to a change that follows it, or to one that is to be opened from it (None).

    None where it adds nothing, and where git cannot tell in the time there is: the branch moves all the same.
    """
    try:
        series = read_series(path, target_id, tip_id, most=MOST_COMMITS)
        if series.base_id is None or not series.commits or series.is_cut:
            return None
        facts = read_facts(path, series)
    except GitFailed:
        return None
    is_rebase = known is not None and known.is_rebased_as(series.base_id, facts.patch_id)
    return series, as_rebase(facts, is_rebase=is_rebase)
