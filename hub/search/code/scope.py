"""What is searched from a repository's page: that repository, unless the query says where. Pure."""

from hub.repos.names import split_path
from hub.search.code.queries import FILTERS
from hub.search.syntax import Misunderstood, parse


def within_repository(written: str, repository: str) -> str:
    """The query with a filter for the repository before it; as it is where it names one, or none is given."""
    parts = split_path(repository)
    if parts is None:
        return written
    try:
        if any(one.name == "repo" for one in parse(written, FILTERS.keys()).filters):
            return written
    except Misunderstood:
        pass  # The page says what is wrong with it.
    return f"repo:{'/'.join(parts)} {written}"
