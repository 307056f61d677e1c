"""The table that a run prints: what the hub took, what the peer took, the ratio and the target."""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Row:
    """One measured line. `ratio` and `target` are None where a figure stands alone."""

    name: str
    hub: str
    peer: str
    ratio: float | None = None
    target: str = ""
    met: bool | None = None


def at_least(name: str, *, hub: float, peer: float, target: float, unit: str = "s") -> Row:
    """A row in which the peer's figure must be at least `target` times the hub's."""
    ratio = peer / hub if hub else float("inf")
    return Row(name, f"{hub:.3g} {unit}", f"{peer:.3g} {unit}", ratio, f">= {target:g}x", ratio >= target)


def at_most(name: str, *, hub: float, peer: float, target: float, unit: str = "ms") -> Row:
    """A row in which the hub's figure may be at most `target` times the other."""
    ratio = hub / peer
    return Row(name, f"{hub:.4g} {unit}", f"{peer:.4g} {unit}", ratio, f"<= {target:g}x", ratio <= target)


def middle(values: list[float]) -> float:
    """The median."""
    return median(values)


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| measured | hub | peer | ratio | target | met |", "|---|---|---|---|---|---|"]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        met = {None: "", True: "yes", False: "**no**"}[row.met]
        lines.append(f"| {row.name} | {row.hub} | {row.peer} | {ratio} | {row.target} | {met} |")
    return "\n".join(lines)
