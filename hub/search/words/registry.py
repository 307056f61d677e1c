"""The kinds of search by words, and what is indexed for them."""

from collections.abc import Mapping, Sequence
from typing import Final

from hub.search.words.kind import Kind, Source
from hub.search.words.kinds.changes import CHANGES
from hub.search.words.kinds.comments import COMMENTS
from hub.search.words.kinds.people import PEOPLE, People
from hub.search.words.kinds.repositories import REPOSITORIES, Repositories
from hub.search.words.kinds.topics import Topics

# In the order of the tabs.
KINDS: Final[Mapping[str, Kind]] = {one.name: one for one in (CHANGES, COMMENTS, PEOPLE, REPOSITORIES)}

SOURCES: Final[Sequence[Source]] = (Topics(), People(), Repositories())
