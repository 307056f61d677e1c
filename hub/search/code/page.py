"""The results of a search of code, as a page."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from hub.config import Config
from hub.search.code.facets import facets_of, in_use
from hub.search.code.finding import CodeSearch, FoundFile, Mark
from hub.search.code.hints import hints_for
from hub.search.code.queries import FILTERS, CodeQuery, read_code_query
from hub.search.code.shown import ShownFile, around, file_named, show_file
from hub.search.code.unindexed import list_unindexed, list_unnoted, note_search
from hub.search.memory.in_hits import Hit, find_talks
from hub.search.syntax import Misunderstood, without
from hub.web import gate
from hub.web import request as web
from hub.web.forms import number_of
from hub.web.render import render
from hub.web.sealed import seal, unseal

_MARK: Final = "a place in results"


def show(written: str, number: int) -> ResponseReturnValue:
    """The files in which something was found, the best first; how to ask where nothing was asked."""
    if not written:
        return _page(written)
    try:
        query = read_code_query(written)
    except Misunderstood as error:
        return _page(written, error=error, fault=around(written, error.at)), error.status
    if query.is_empty:
        return _page(written, is_empty=True)
    gate.admit()
    within = file_named(request.query_string)
    if within is not None:
        return _file_page(written, query, within)
    note_searched(query)
    search = search_of(web.config())
    found = search.files(web.session(), web.viewer(), query, page=number, mark=_read_mark())
    return _page(
        written,
        found=found,
        files=_shown(written, found.files),
        number=number,
        before=_address(written, number - 1, Mark(found.mark.newest)),
        after=_address(written, number + 1, found.mark),
        facets=facets_of(written, query.filters, found.counts),
        used=in_use(written, query.filters),
        everywhere=without(written, [one for one in query.filters if one.name == "repo"]),
        hints=hints_for(written, query),
        unindexed=list_unindexed(web.session(), web.viewer(), query),
    )


def note_searched(query: CodeQuery) -> None:
    """Has the worker write down which of the branches that somebody asked for are searched."""
    for repository_id, ref in list_unnoted(web.session(), web.viewer(), query):
        web.ask_worker(note_search, repository_id, ref)


@lru_cache(4)
def search_of(config: Config) -> CodeSearch:
    """The search of this process, which keeps what it opened."""
    return CodeSearch(config)


def _file_page(written: str, query: CodeQuery, within: tuple[str, bytes]) -> str:
    after = number_of("after", usual=0)
    found = search_of(web.config()).file(web.session(), web.viewer(), query, within=within, after=after)
    file = None if found is None else _shown(written, [found], is_alone=True)[0]
    return render("search/code_file.html", query=written, kind="code", error=None, file=file, after=after)


def _shown(written: str, found: Sequence[FoundFile], *, is_alone: bool = False) -> list[ShownFile]:
    hits = [Hit(one.place.repository_id, one.place.commit_id, one.path) for one in found]
    talks = find_talks(web.session(), web.viewer(), hits)
    pairs = zip(found, hits, strict=True)
    return [show_file(one, written, is_alone=is_alone, talks=talks.get(hit, ())) for one, hit in pairs]


def _page(written: str, **known: object) -> str:
    given = {"found": None, "files": (), "error": None, "is_empty": False, "number": 1, **known}
    return render("search/code.html", query=written, kind="code", filters=FILTERS, **given)


def _address(written: str, number: int, mark: Mark) -> dict[str, str | int]:
    """What the address of another page of these results says."""
    last = "" if mark.last is None else mark.last
    return {"q": written, "page": number, "mark": seal(f"{mark.newest}.{last}", purpose=_MARK)}


def _read_mark() -> Mark | None:
    words = unseal(request.args.get("mark", ""), purpose=_MARK)
    if words is None:
        # From a hub that has another key by now: the page is shown as if it was asked for by number.
        return None
    newest, _, last = words.partition(".")
    return Mark(int(newest), int(last) if last else None)
