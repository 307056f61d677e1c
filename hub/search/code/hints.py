"""What somebody may try who found nothing, as queries that links lead to. Pure."""

from dataclasses import dataclass

from hub.errors import Text, text
from hub.search.code.queries import CodeQuery, Forks
from hub.search.syntax import with_filter, without


@dataclass(frozen=True, slots=True)
class Hint:
    """What to try, and the query that does."""

    said: Text
    query: str


def hints_for(written: str, query: CodeQuery) -> tuple[Hint, ...]:
    """What else may be tried, the likeliest first; the filters one by one stand beside it."""
    hints = []
    bare = without(written, query.filters)
    if query.filters and bare:
        hints.append(Hint(text("without its filters"), bare))
    terms = sorted((one for group in query.groups for one in group), key=lambda one: one.at)
    wanted = [written[one.at : one.end] for one in terms if not one.is_excluded]
    if len(query.groups) == 1 and len(wanted) > 1:
        kept = [written[one.at : one.end] for one in query.filters]
        either = " ".join([" OR ".join(wanted), *kept])
        hints.append(Hint(text("with any of the words instead of all of them"), either))
    if len(wanted) == 1 and " " in terms[0].text and len(terms) == 1:
        hints.append(Hint(text("with the words apart from each other"), terms[0].text))
    if query.forks is Forks.NO:
        hints.append(Hint(text("in forks as well"), with_filter(written, "fork", "yes")))
    return tuple(hints)
