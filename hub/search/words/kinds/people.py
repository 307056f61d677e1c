"""People and organisations by the name that they bear, the name shown, and what they say of themselves."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.accounts.models import Principal, PrincipalKind, User
from hub.errors import text
from hub.search.words.analysis import Atom
from hub.search.words.documents import Document, DocumentKind
from hub.search.words.kind import Kind, Name, Operator, Order, RowSet, shown_to_all
from hub.search.words.operators import before, since
from hub.search.words.snippets import Piece, mark, snippet


class People:
    """What is indexed of people: what their pages show to everybody."""

    kinds: Sequence[DocumentKind] = (DocumentKind.PERSON,)
    is_of_topics = False

    def stamps(self, session: Session, units: Collection[int] | None = None) -> dict[int, int]:
        """What each page says, as a number."""
        return {one.unit: one.digest for one in self._read(session, units, {})}

    def documents(self, session: Session, stamps: Mapping[int, int]) -> Iterator[Document]:
        """One for each."""
        yield from self._read(session, stamps.keys(), stamps)

    def list_taken(self, session: Session, units: Collection[int]) -> set[int]:
        """None: who is deleted has no document at all any more."""
        return set()

    def _read(
        self, session: Session, units: Collection[int] | None, stamps: Mapping[int, int]
    ) -> Iterator[Document]:
        query = _ROWS.base.with_only_columns(Principal, User.about, _is_shown().label("is_shown"))
        if units is not None:
            query = query.where(Principal.id.in_(units))
        for principal, about, is_shown in session.execute(query.where(User.deleted_at.is_(None))):
            yield Document(
                DocumentKind.PERSON,
                principal.id,
                unit=principal.id,
                stamp=stamps.get(principal.id, 0),
                at=int(principal.created_at.timestamp()),
                names=f"{principal.name}\n{principal.display_name}" if is_shown else principal.name,
                body=(about or "") if is_shown else "",
            )


@dataclass(frozen=True, slots=True)
class ShownPerson:
    """Somebody as the page writes them."""

    name: str
    marked_name: tuple[Piece, ...]
    display_name: tuple[Piece, ...]
    about: tuple[Piece, ...]
    is_organisation: bool
    created_at: datetime


def _is_shown() -> ColumnElement[bool]:
    """Whether their own words are shown: not of somebody who is suspended or not let in yet."""
    return or_(User.id.is_(None), User.is_suspended.is_(False) & User.is_pending.is_(False))


def _is_visible(viewer: Viewer) -> ColumnElement[bool]:
    if viewer.administers:
        return User.deleted_at.is_(None)
    return or_(User.id.is_(None), User.deleted_at.is_(None) & User.is_pending.is_(False))


def _show(
    session: Session, viewer: Viewer, names: Sequence[Name], atoms: Sequence[Atom]
) -> list[ShownPerson]:
    ids = [row for _, row in names]
    query = _ROWS.base.with_only_columns(Principal, User.about, _is_shown().label("is_shown"))
    found = session.execute(query.where(Principal.id.in_(ids), _is_visible(viewer)))
    rows = {row[0].id: _shown(row[0], row[1] or "", atoms, is_shown=row[2]) for row in found}
    return [rows[one] for one in ids if one in rows]


def _shown(principal: Principal, about: str, atoms: Sequence[Atom], *, is_shown: bool) -> ShownPerson:
    return ShownPerson(
        name=principal.name,
        marked_name=mark(principal.name, atoms),
        display_name=mark(principal.display_name, atoms) if is_shown else (),
        about=snippet(about, atoms) if is_shown else (),
        is_organisation=principal.kind is PrincipalKind.ORGANISATION,
        created_at=principal.created_at,
    )


_ROWS: Final = RowSet(
    DocumentKind.PERSON,
    select(Principal.id).outerjoin(User.__table__, User.__table__.c.id == Principal.id),
    {"id": Principal.id.expression, "at": Principal.created_at.expression},
)

PEOPLE: Final = Kind(
    name="people",
    label=text("People"),
    template="search/_people.html",
    rows=(_ROWS,),
    operators={
        "since": Operator(text("here for no longer than that"), "since:2w", since("at"), needs_all=True),
        "before": Operator(text("here before that"), "before:2026-01-31", before("at"), needs_all=True),
    },
    orders={
        "relevance": Order(text("Relevance"), None),
        "newest": Order(text("Newest"), "at"),
        "oldest": Order(text("Oldest"), "at", is_descending=False),
    },
    shown=shown_to_all,
    show=_show,
    is_visible=_is_visible,
)
