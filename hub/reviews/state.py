"""What the entries of a change add up to: plain records, without a session and without a clock."""

from dataclasses import dataclass, field

from hub.issues.state import TopicState


@dataclass(slots=True)
class PatchSetState:
    """One version of a change, by its entry id."""

    number: int
    label: str
    commit_id: str
    base_id: str
    author: str
    at: int


@dataclass(frozen=True, slots=True)
class AnchorState:
    """The place a thread is about; `lines` are the first and the last, None for all of it."""

    patch_set: str
    side: str
    path: str
    lines: tuple[int, int] | None = None


@dataclass(slots=True)
class ReviewState:
    """One review, by its entry id; `patch_set` is an entry id, empty where it is about none."""

    patch_set: str
    verdict: str
    text: str | None
    author: str
    at: int
    is_dismissed: bool = False


@dataclass(frozen=True, slots=True)
class VerdictState:
    """What somebody said last about a patch set, and in which review."""

    value: str
    review: str


@dataclass(slots=True)
class ChangeState:
    """A change: its topic and what only changes have. Verdicts are by person and patch set."""

    topic: TopicState = field(default_factory=TopicState)
    target: str = ""
    name: str = ""
    merged_commit_id: str = ""
    merged_strategy: str = ""
    merged_patch_set: str = ""
    patch_sets: dict[str, PatchSetState] = field(default_factory=dict)
    anchors: dict[str, AnchorState] = field(default_factory=dict)
    reviews: dict[str, ReviewState] = field(default_factory=dict)
    verdicts: dict[tuple[str, str], VerdictState] = field(default_factory=dict)
    reviewers: set[str] = field(default_factory=set)

    @property
    def newest(self) -> PatchSetState | None:
        """The patch set that was added last."""
        return next(reversed(self.patch_sets.values()), None)
