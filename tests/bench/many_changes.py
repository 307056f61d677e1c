"""A repository with many ended changes: copies of real ones, with commits, refs and rows of their own.

The bytes of their entries are those of the originals; pages and pushes read the rows.
"""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Table, func, insert, select, update
from sqlalchemy.orm import Session

from hub.app import Hub
from hub.clock import now
from hub.db import Base
from hub.issues.models import Topic, TopicNumbers
from hub.journal.models import JournalBody, JournalEntry, JournalHead, JournalTopic
from hub.repos.models import ZERO_ID, RefLogEntry
from hub.reviews.models import Change, PatchSet, PatchSetCommit, PatchSetFacts
from tests.bench.corpus import git
from tests.fast_import import Stream

_AT_ONCE = 2000

# A row of a table, as a dict of its columns.
Values = dict[str, Any]


def add_copies(hub: Hub, repository_id: int, folder: Path, *, of: Sequence[int], until: int) -> None:
    """Copies these changes (their numbers), which are all there are, in turns up to the number `until`."""
    commits = _commit(folder, of, until)
    with hub.database.writing() as session:
        originals = [_Original(session, repository_id, number) for number in of]
        next_ids = {one.table: _next_id(session, one.table) for one in _TABLES if "id" in one.table.c}
        for begin in range(0, len(commits), _AT_ONCE):
            rows: dict[Table, list[Values]] = {}
            for number, commit_id in list(commits.items())[begin : begin + _AT_ONCE]:
                original = originals[number % len(originals)]
                for table, values in original.copy(number, commit_id, next_ids):
                    rows.setdefault(table, []).append(values)
            for table, many in rows.items():
                session.execute(insert(table), many)
        is_its_own = TopicNumbers.repository_id == repository_id
        session.execute(update(TopicNumbers).where(is_its_own).values(last=until))
        session.execute(insert(RefLogEntry), list(_log(repository_id, commits)))
        _write_refs(folder, commits)


class _Rows:
    """The rows of one table that belong to a change."""

    def __init__(self, model: type[Base], of_topic: Any) -> None:  # a condition on Topic and JournalTopic
        self.table = model.__table__
        self.of_topic = of_topic

    def read(self, session: Session, topic: Topic) -> list[Values]:
        """Those of this change."""
        assert isinstance(self.table, Table)
        return [dict(row._mapping) for row in session.execute(select(self.table).where(self.of_topic(topic)))]


def _in_entries(topic: Topic) -> Any:
    return JournalBody.entry_id.in_(select(JournalEntry.id).where(JournalEntry.topic_id == topic.journal_id))


def _in_patch_sets(model: type[PatchSetFacts] | type[PatchSetCommit]) -> Any:
    return lambda topic: model.patch_set_id.in_(select(PatchSet.id).where(PatchSet.topic_id == topic.id))


# In the order in which they refer to each other.
_TABLES = (
    _Rows(JournalTopic, lambda topic: JournalTopic.id == topic.journal_id),
    _Rows(JournalEntry, lambda topic: JournalEntry.topic_id == topic.journal_id),
    _Rows(JournalHead, lambda topic: JournalHead.topic_id == topic.journal_id),
    _Rows(JournalBody, _in_entries),
    _Rows(Topic, lambda topic: Topic.id == topic.id),
    _Rows(Change, lambda topic: Change.topic_id == topic.id),
    _Rows(PatchSet, lambda topic: PatchSet.topic_id == topic.id),
    _Rows(PatchSetFacts, _in_patch_sets(PatchSetFacts)),
    _Rows(PatchSetCommit, _in_patch_sets(PatchSetCommit)),
)


class _Original:
    """The rows of one change, to be copied under other numbers."""

    def __init__(self, session: Session, repository_id: int, number: int) -> None:
        is_it = (Topic.repository_id == repository_id) & (Topic.number == number)
        topic = session.scalars(select(Topic).where(is_it)).one()
        self._rows = [(one.table, values) for one in _TABLES for values in one.read(session, topic)]
        self._title = topic.title
        self._entries = [v["entry_id"] for table, v in self._rows if table is JournalEntry.__table__]
        self._commit = next(v["commit_id"] for table, v in self._rows if table is Change.__table__)

    def copy(self, number: int, commit_id: str, next_ids: dict[Any, int]) -> Iterator[tuple[Any, Values]]:
        """The rows of its copy."""
        texts = {one: hashlib.sha256(f"{number} {one}".encode()).hexdigest() for one in self._entries}
        texts |= {self._commit: commit_id, self._title or "": f"Add note {number}"}
        ids: dict[tuple[str, int], int] = {}
        for table, values in self._rows:
            if "id" in values:
                ids[table.name, values["id"]] = next_ids[table]
                next_ids[table] += 1
        for table, values in self._rows:
            copied = {name: _replaced(table.c[name], value, ids, texts) for name, value in values.items()}
            if table is Topic.__table__:
                copied["number"] = number
            yield table, copied


def _replaced(column: Any, value: Any, ids: dict[tuple[str, int], int], texts: dict[str, str]) -> Any:
    if column.name == "id":
        return ids[column.table.name, value]
    for key in column.foreign_keys:
        return ids.get((key.column.table.name, value), value)
    return texts.get(value, value) if isinstance(value, str) else value


def _next_id(session: Session, table: Any) -> int:
    return 1 + (session.scalar(select(func.max(table.c.id))) or 0)


def _commit(folder: Path, of: Sequence[int], until: int) -> dict[int, str]:
    """A commit on the default branch for each copy, by its number."""
    base_id = git(folder, "rev-parse", "HEAD").strip()
    stream = Stream()
    numbers = range(max(of) + 1, until + 1)
    for number in numbers:
        files = {b"notes/%d/%d.txt" % (number % 100, number): b"This is note %d.\n" % number}
        stream.commit(f"Add note {number}", b"refs/bench", files, parents=[base_id])
    ids = stream.run(folder)
    git(folder, "update-ref", "-d", "refs/bench")
    return {number: ids[f"Add note {number}"] for number in numbers}


def _refs(number: int) -> tuple[str, str]:
    return f"refs/changes/{number}/1", f"refs/pull/{number}/head"


def _log(repository_id: int, commits: dict[int, str]) -> Iterator[Values]:
    at = now()
    for number, commit_id in commits.items():
        for ref in _refs(number):
            yield {
                "repository_id": repository_id,
                "ref": ref,
                "old_id": ZERO_ID,
                "new_id": commit_id,
                "push_id": f"copy-{number}",
                "at": at,
            }


def _write_refs(folder: Path, commits: dict[int, str]) -> None:
    """Adds the refs of the copies to those that are packed: git would write a file for each of them first."""
    git(folder, "pack-refs", "--all")
    packed = folder / "packed-refs"
    head, *lines = packed.read_text().splitlines()
    listed: dict[str, str] = {}
    name = ""
    for line in lines:
        # A line about what a tag points to belongs to the line before it.
        name = name if line.startswith("^") else line.split(" ", 1)[1]
        listed[name] = f"{listed[name]}\n{line}" if line.startswith("^") else line
    listed |= {ref: f"{commit_id} {ref}" for number, commit_id in commits.items() for ref in _refs(number)}
    packed.write_text("\n".join([head, *(listed[ref] for ref in sorted(listed))]) + "\n")
