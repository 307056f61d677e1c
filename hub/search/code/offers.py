"""What is offered below the search box while somebody types: files, symbols and repositories they may see."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts.models import Principal
from hub.accounts.names import key_of
from hub.errors import Text, text
from hub.repos.access import visible_to
from hub.repos.models import Repository
from hub.repos.names import printable
from hub.search.code.finding import CodeSearch
from hub.search.code.queries import FILTERS, CodeQuery, read_code_query
from hub.search.code.shown import address_at
from hub.search.syntax import Filter, Kind, Misunderstood, Term, parse, with_filter

LEAST: Final = 2
LONGEST: Final = 64
MOST: Final = 8

_OF_EACH: Final = 3
_REPOSITORIES: Final = 2


@dataclass(frozen=True, slots=True)
class Offer:
    """A thing of that name, where it is, and the address that leads to it."""

    name: str
    where: str
    address: str


@dataclass(frozen=True, slots=True)
class Offers:
    """Things of one kind."""

    kind: Text
    icon: str
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class _Typed:
    """The word at the end of what was typed, of which kind it is by its filter, and what stands before it."""

    word: str
    kind: str
    before: str
    query: CodeQuery


def offers_for(session: Session, viewer: Viewer, search: CodeSearch, written: str) -> list[Offers]:
    """What begins like the last word; nothing for what is no word, or cannot be read."""
    typed = _read(written)
    if typed is None:
        return []
    found = []
    # Who said in which repository looks for none.
    if typed.kind == "repo" or not (typed.kind or typed.query.repositories):
        found.append(
            Offers(text("Repositories"), "repository", tuple(_repositories(session, viewer, typed.word)))
        )
    if typed.kind in ("", "sym"):
        found.append(Offers(text("Symbols"), "tag", tuple(_symbols(session, viewer, search, typed))))
    if typed.kind in ("", "file"):
        found.append(Offers(text("Files"), "file", tuple(_files(session, viewer, search, typed))))
    return [one for one in found if one.offers]


def _read(written: str) -> _Typed | None:
    try:
        parsed, query = parse(written, FILTERS.keys()), read_code_query(written)
    except Misunderstood:
        return None
    parts: list[Term | Filter] = [*parsed.filters, *(one for group in parsed.groups for one in group)]
    last = next((one for one in parts if one.end == len(written)), None)
    if last is None or last.is_excluded or last.kind is not Kind.WORD:
        return None
    word, kind = (last.value, last.name) if isinstance(last, Filter) else (last.text, "")
    if not LEAST <= len(word) <= LONGEST or kind not in ("", "sym", "file", "repo"):
        return None
    return _Typed(word, kind, written[: last.at].rstrip(), query)


def _repositories(session: Session, viewer: Viewer, word: str) -> Iterator[Offer]:
    owner, slash, name = word.rpartition("/")
    wanted = (
        select(Principal.name, Repository.name)
        .join(Principal, Principal.id == Repository.owner_id)
        .where(visible_to(viewer), Repository.name_key.startswith(key_of(name), autoescape=True))
        .order_by(Repository.name_key, Repository.id)
        .limit(_REPOSITORIES)
    )
    if slash:
        wanted = wanted.where(Principal.name_key == key_of(owner))
    for found_owner, found_name in session.execute(wanted):
        path = f"{found_owner}/{found_name}"
        yield Offer(path, "", f"/{quote(path)}")


def _symbols(session: Session, viewer: Viewer, search: CodeSearch, typed: _Typed) -> Iterator[Offer]:
    seen: set[bytes] = set()
    for one in search.names(session, viewer, typed.query, field="symbol", prefix=typed.word):
        if one.name.lower() not in seen and len(seen) < _OF_EACH:
            seen.add(one.name.lower())
            name = one.name.decode("utf-8", "replace")
            query = with_filter(typed.before, "sym", name).strip()
            yield Offer(name, _where(one.place.path, one.path), "/search?" + urlencode({"q": query}))


def _files(session: Session, viewer: Viewer, search: CodeSearch, typed: _Typed) -> Iterator[Offer]:
    seen: set[tuple[str, bytes]] = set()
    for one in search.names(session, viewer, typed.query, field="name", prefix=typed.word):
        if (one.place.path, one.path) not in seen and len(seen) < _OF_EACH:
            seen.add((one.place.path, one.path))
            folder, _, name = _shown(one.path).rpartition("/")
            yield Offer(name, f"{one.place.path} {folder}".strip(), address_at(one.place, one.path))


def _where(repository: str, path: bytes) -> str:
    return f"{repository} {_shown(path)}"


def _shown(path: bytes) -> str:
    return printable(os.fsdecode(path))
