"""What the entries of a numbered topic add up to: plain records, without a session and without a clock.

People are named `<handle>@<hub>`, moments are whole seconds, a text is None once it is withheld.
What only a replay of all entries knows, and no row keeps, takes no part in comparisons.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TopicWords:
    """What a topic's title and description were until an entry changed them."""

    entry_id: str
    editor: str
    at: int
    title: str | None
    description: str | None


@dataclass(frozen=True, slots=True)
class CommentWords:
    """What a comment said until an entry changed it."""

    entry_id: str
    at: int
    text: str | None


@dataclass(slots=True)
class CommentState:
    """One comment; `reply_to` is the global id of the comment answered, empty for the first of a thread."""

    thread: str
    reply_to: str
    author: str
    text: str | None
    at: int
    is_deleted: bool = False
    edits: list[CommentWords] = field(default_factory=list)


@dataclass(slots=True)
class ThreadState:
    """Whether a discussion is settled, and who settled it when."""

    is_resolved: bool = False
    resolved_by: str = ""
    resolved_at: int = 0


@dataclass(slots=True)
class TopicState:
    """A topic and its conversation; comments stand in the order in which they count.

    `number` is the one that the home gave, 0 before: a topic that was opened at another hub waits for it.
    `hubs_of_texts` are the hubs where texts were written, by digest: a replay's, `load` leaves it empty.
    """

    id: str = ""
    type: str = ""
    number: int = 0
    author: str = ""
    title: str | None = ""
    description: str | None = ""
    state: str = ""
    is_draft: bool = False
    opened_at: int = 0
    updated_at: int = 0
    ended_at: int = 0
    ended_by: str = ""
    edits: list[TopicWords] = field(default_factory=list)
    comments: dict[str, CommentState] = field(default_factory=dict)
    threads: dict[str, ThreadState] = field(default_factory=dict)
    hubs_of_texts: dict[str, str] = field(default_factory=dict, compare=False)

    @property
    def hub(self) -> str:
        """The hub at which it was opened."""
        return self.author.partition("@")[2]

    def end(self, state: str, *, by: str, at: int) -> None:
        """Puts it into a state from which only reopening leads back, if anything does."""
        self.state, self.ended_by, self.ended_at = state, by, at
