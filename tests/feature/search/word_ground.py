"""A hub whose words are indexed and searched in this process."""

from dataclasses import dataclass, field

from hub.access import ANONYMOUS, Viewer
from hub.app import Hub
from hub.clock import now
from hub.search.words import keeping_up
from hub.search.words.finding import FoundPage, WordSearch
from hub.search.words.kind import Asked
from hub.search.words.queries import read_word_query
from hub.search.words.registry import KINDS


@dataclass
class Words:
    """What is found there."""

    hub: Hub
    search: WordSearch = field(init=False)

    def __post_init__(self) -> None:
        self.search = WordSearch(self.hub.config)

    def catch_up(self) -> None:
        """What the worker does each minute."""
        keeping_up.catch_up(self.hub.database)

    def find(
        self, kind: str, query: str, viewer: Viewer = ANONYMOUS, *, order: str = "", page: int = 1
    ) -> FoundPage:
        """A page of results."""
        asked = Asked(viewer, now())
        with self.hub.database.reading() as session:
            read = read_word_query(query, KINDS[kind], KINDS)
            return self.search.find(session, asked, KINDS[kind], read, order=order, page=page)

    def rows(self, kind: str, query: str, viewer: Viewer = ANONYMOUS, *, order: str = "") -> list[int]:
        """The rows that are found, in order; each is shown, and as many as are counted."""
        found = self.find(kind, query, viewer, order=order)
        assert found.total == len(found.names)
        with self.hub.database.reading() as session:
            shown = KINDS[kind].show(session, viewer, found.names, [])
        assert len(shown) == len(found.names)
        return [row for _, row in found.names]
