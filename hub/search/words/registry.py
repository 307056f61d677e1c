"""The kinds of search by words, and what is indexed for them."""

from collections.abc import Mapping, Sequence
from typing import Final

from hub.search.words.kind import Kind, Source
from hub.search.words.kinds.repositories import REPOSITORIES, Repositories

# In the order of the tabs.
KINDS: Final[Mapping[str, Kind]] = {one.name: one for one in (REPOSITORIES,)}

SOURCES: Final[Sequence[Source]] = (Repositories(),)
