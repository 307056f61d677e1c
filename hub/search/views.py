"""The page of search, which leads to what is searched; adds to files what was said about their lines."""

from collections.abc import Callable, Mapping
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.errors import BadRequest, text
from hub.repos.slots import Slot, fill
from hub.search.blueprint import blueprint
from hub.search.code import page as code
from hub.search.code.scope import within_repository
from hub.search.commits import page as commits
from hub.search.memory.in_file import show_talks
from hub.search.words import page as words
from hub.search.words.registry import KINDS
from hub.web.forms import page_number
from hub.web.scopes import Costly, needs

# What shows the results of each type: given what was written, and the number of the page.
_PAGES: Final[Mapping[str, Callable[[str, int], ResponseReturnValue]]] = {
    "code": code.show,
    **{name: words.show_kind(name) for name in KINDS},
    commits.KIND: commits.show,
}


def _list_tabs(written: str) -> list[words.Tab]:
    tabs = words.list_tabs(written)
    # After code, changes and comments; people and repositories end the row.
    tabs.insert(3, commits.tab_of(written))
    return tabs


blueprint.add_app_template_global(_list_tabs, "list_search_tabs")
blueprint.add_app_template_global(words.list_kinds, "search_kinds")


@blueprint.get("/search")
@needs(Scope.REPOSITORY_READ, costly=Costly.SOMETIMES)
def search() -> ResponseReturnValue:
    """What is found of one type, among what the viewer may see."""
    show = _PAGES.get(request.args.get("type") or "code")
    if show is None:
        raise BadRequest(
            text("There is no such type of search."),
            next_step=text("The types are: %(types)s.", types=", ".join(_PAGES)),
        )
    written = within_repository(request.args.get("q", ""), request.args.get("repo", ""))
    return show(written.strip(), page_number())


for _slot in (Slot.FILE, Slot.LINES):
    fill(_slot, show_talks)
