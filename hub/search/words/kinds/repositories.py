"""Repositories by owner, name and description."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access import Viewer, Visibility
from hub.accounts.models import Principal
from hub.errors import text
from hub.repos.access import visible_to
from hub.repos.models import Repository
from hub.search.words.analysis import Atom
from hub.search.words.documents import Document, DocumentKind
from hub.search.words.kind import Kind, Name, Operator, Order, RowSet, shown_in_repositories
from hub.search.words.operators import IN_REPOSITORY, OF_OWNER, before, one_of, since
from hub.search.words.snippets import Piece, mark, snippet


class Repositories:
    """What is indexed of repositories, deleted ones as well: they may come back."""

    kinds: Sequence[DocumentKind] = (DocumentKind.REPOSITORY,)
    is_of_topics = False

    def stamps(self, session: Session, units: Collection[int] | None = None) -> dict[int, int]:
        """What each says, as a number."""
        return {one.unit: one.digest for one in self._read(session, units)}

    def documents(self, session: Session, stamps: Mapping[int, int]) -> Iterator[Document]:
        """One for each."""
        yield from self._read(session, stamps.keys(), stamps)

    def list_taken(self, session: Session, units: Collection[int]) -> set[int]:
        """None: nothing is taken away from what they say."""
        return set()

    def _read(
        self, session: Session, units: Collection[int] | None, stamps: Mapping[int, int] | None = None
    ) -> Iterator[Document]:
        query = select(
            Repository.id,
            Principal.name.label("owner"),
            Repository.name,
            Repository.description,
            Repository.created_at,
        ).join(Principal, Principal.id == Repository.owner_id)
        if units is not None:
            query = query.where(Repository.id.in_(units))
        for row in session.execute(query):
            yield Document(
                DocumentKind.REPOSITORY,
                row.id,
                unit=row.id,
                stamp=(stamps or {}).get(row.id, 0),
                repository=row.id,
                at=int(row.created_at.timestamp()),
                names=f"{row.owner}/{row.name}",
                body=row.description,
            )


@dataclass(frozen=True, slots=True)
class ShownRepository:
    """A repository as the page writes it."""

    path: tuple[Piece, ...]
    owner: str
    name: str
    description: tuple[Piece, ...]
    visibility: Visibility
    is_fork: bool
    is_archived: bool
    pushed_at: datetime | None


def _show(
    session: Session, viewer: Viewer, names: Sequence[Name], atoms: Sequence[Atom]
) -> list[ShownRepository]:
    ids = [row for _, row in names]
    query = select(Repository).where(Repository.id.in_(ids), visible_to(viewer))
    rows = {one.id: one for one in session.scalars(query)}
    return [
        ShownRepository(
            path=mark(one.path, atoms),
            owner=one.owner.name,
            name=one.name,
            description=snippet(one.description, atoms),
            visibility=one.visibility,
            is_fork=one.origin_id is not None,
            is_archived=one.archived_at is not None,
            pushed_at=one.pushed_at,
        )
        for one in (rows[row] for row in ids if row in rows)
    ]


_ROWS: Final = RowSet(
    DocumentKind.REPOSITORY,
    select(Repository.id),
    {
        "id": Repository.id.expression,
        "at": Repository.created_at.expression,
        "pushed_at": Repository.pushed_at.expression,
    },
)

_IS: Final[Mapping[str, Any]] = {
    "public": lambda _, __: Repository.visibility == Visibility.PUBLIC,
    "private": lambda _, __: Repository.visibility == Visibility.PRIVATE,
    "fork": lambda _, __: Repository.origin_id.is_not(None),
    "archived": lambda _, __: Repository.archived_at.is_not(None),
}

REPOSITORIES: Final = Kind(
    name="repositories",
    label=text("Repositories"),
    template="search/_repositories.html",
    rows=(_ROWS,),
    operators={
        "repo": IN_REPOSITORY,
        "owner": OF_OWNER,
        "is": Operator(text("public, private, fork or archived"), "is:fork", one_of(_IS), needs_all=True),
        "since": Operator(text("made since, by age or day"), "since:2w", since("at"), needs_all=True),
        "before": Operator(text("made before that"), "before:2026-01-31", before("at"), needs_all=True),
    },
    orders={
        "relevance": Order(text("Relevance"), None),
        "newest": Order(text("Newest"), "at"),
        "oldest": Order(text("Oldest"), "at", is_descending=False),
        "updated": Order(text("Last push"), "pushed_at"),
    },
    shown=shown_in_repositories,
    show=_show,
)
