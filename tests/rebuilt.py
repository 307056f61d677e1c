"""Rebuilds repositories in an empty database of another hub, from what their refs hold, and compares rows."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sqlalchemy import select

from hub.access import Viewer, Visibility
from hub.app import load
from hub.config import Config, from_values
from hub.db import Database
from hub.journal.keys.hub_key import load_hub_key
from hub.journal.models import JournalTopic
from hub.journal.recording import REPOSITORY
from hub.journal.refs.exporting import export, find_place
from hub.journal.refs.rebuilding import Target, fetched, rebuild
from tests.databases import FILE, SqliteTemplate
from tests.factories import make_user
from tests.journal_rows import check_equal, rows_of

_SYSTEM = Viewer(is_admin=True)


@dataclass(frozen=True, slots=True)
class OtherHub:
    """A hub with a key of its own, whose database is empty each time but for one person."""

    config: Config
    empty: Path
    owner_id: int

    @classmethod
    def made(cls, folder: Path, template: SqliteTemplate) -> Self:
        """Makes it in that folder."""
        data = folder / "data"
        data.mkdir()
        template.copy_to(data)
        config = from_values({"data": str(data)})
        load_hub_key(config)
        database = load(config).database
        with database.writing() as session:
            owner_id = make_user(session, "rebuilder", password=None).id
        database.dispose()
        return cls(config, Path(shutil.copy(data / FILE, folder)), owner_id)

    def check_all(self, database: Database) -> None:
        """Raises AssertionError unless each repository with changes is rebuilt as it is."""
        wanted = select(JournalTopic.repository_id).where(JournalTopic.type != REPOSITORY).distinct()
        with database.reading() as session:
            ids = session.scalars(wanted.order_by(JournalTopic.repository_id)).all()
        if ids:
            shutil.copy(self.empty, self.config.data / FILE)
            elsewhere = Database(self.config)
            try:
                for repository_id in ids:
                    self._check(database, repository_id, elsewhere)
            finally:
                elsewhere.dispose()
                shutil.rmtree(self.config.data / "repositories", ignore_errors=True)

    def _check(self, database: Database, repository_id: int, elsewhere: Database) -> None:
        export(database, repository_id)
        path = find_place(database, repository_id)
        if path is None:  # the test took it away
            return
        target = Target(self.owner_id, f"again-{repository_id}", Visibility.PRIVATE)
        with fetched(self.config, str(path)) as (aside, heads):
            again = rebuild(elsewhere, _SYSTEM, aside, heads, target).repository_id
        with database.reading() as here, elsewhere.reading() as there:
            check_equal(rows_of(here, repository_id), rows_of(there, again))
