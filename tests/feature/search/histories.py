"""Repositories with histories that are written for a test, indexed, and searched."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from hub.access import ANONYMOUS, Viewer, Visibility
from hub.accounts.queries import find_principal
from hub.app import Hub
from hub.clock import now
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.search.commits.finding import CommitSearch, FoundCommits
from hub.search.commits.indexing import Indexed, indexing, update_view
from hub.search.commits.queries import read_commit_query
from hub.search.models import CommitDocument
from tests.factories import make_repository, make_user
from tests.fast_import import FIRST_AT, Files, Stream

MAIN = "refs/heads/main"


@dataclass
class Histories:
    """A hub whose repositories are written to, indexed and searched."""

    hub: Hub
    search: CommitSearch = field(init=False)
    _made: int = 0

    def __post_init__(self) -> None:
        self.search = CommitSearch(self.hub.config)

    def make(self, path: str, *, visibility: Visibility = Visibility.PUBLIC) -> int:
        """An empty repository at that path, and its owner."""
        owner, _, name = path.partition("/")
        with self.hub.database.writing() as session:
            known = find_principal(session, owner) or make_user(session, owner)
            return make_repository(session, known, name, visibility=visibility).id

    def path(self, repository_id: int) -> Path:
        """Where it lies."""
        with self.hub.database.reading() as session:
            return directory(self.hub.config, session.get_one(Repository, repository_id))

    def commit(
        self,
        repository_id: int,
        message: str,
        *,
        who: str = "Anna Ek <anna@example.org>",
        by: str = "",
        files: Files | None = None,
        parents: Sequence[str] | None = None,
    ) -> str:
        """A commit an hour after the one before, on the default branch; returns its id."""
        self._made += 1
        path, stream = self.path(repository_id), Stream()
        before = [tip] if (tip := RefFiles(path).get(MAIN)) else []
        at = FIRST_AT + 3600 * self._made
        stream.commit(
            "one",
            MAIN.encode(),
            {b"file": b"%d\n" % self._made} if files is None else files,
            parents=before if parents is None else parents,
            message=message.encode(),
            author=f"{who} {at} +0000".encode(),
            committer=f"{by or who} {at} +0000".encode(),
        )
        return stream.run(path)["one"]

    def update(self, repository_id: int) -> Indexed:
        """Indexes its default branch."""
        with indexing(self.hub.database) as index:
            return update_view(self.hub.database, index, repository_id, MAIN)

    def find(
        self, written: str, *, viewer: Viewer = ANONYMOUS, order: str = "", page: int = 1
    ) -> FoundCommits:
        """What a query finds."""
        query = read_commit_query(written, now())
        with self.hub.database.reading() as session:
            return self.search.find(session, viewer, query, order=order, page=page)

    def ids(self, written: str, *, viewer: Viewer = ANONYMOUS, order: str = "") -> list[str]:
        """The ids of the commits that it finds."""
        return [one.commit_id for one in self.find(written, viewer=viewer, order=order).commits]

    def files(self) -> bytes:
        """Every byte of the index's files."""
        folder = self.hub.config.data / "index"
        return b"".join(one.read_bytes() for one in folder.rglob("*") if one.is_file())

    def count_rows(self) -> int:
        """How many commits the rows know."""
        with self.hub.database.reading() as session:
            return len(session.scalars(select(CommitDocument.number)).all())
