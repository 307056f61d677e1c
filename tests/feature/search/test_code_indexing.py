"""The index holds what branches hold, each file once, and shows of it what each branch does."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select

from hub.app import Hub
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.search.code import indexing as code_indexing
from hub.search.code.indexing import Indexed, drop_unused, index_folder, indexing, update_view
from hub.search.code.queries import read_code_query
from hub.search.engine.index import CodeIndex
from hub.search.engine.numbers import Shown, unpack
from hub.search.engine.pages import every_document
from hub.search.models import CodeDocument, CodeView
from tests.factories import make_repository
from tests.fast_import import LINK, PROGRAM, SUBMODULE, Entry, Files, Stream

MAIN = "refs/heads/main"


@dataclass
class Code:
    """A hub whose repositories are written to and indexed."""

    hub: Hub
    index: CodeIndex

    def make(self) -> int:
        """An empty repository."""
        with self.hub.database.writing() as session:
            return make_repository(session).id

    def path(self, repository_id: int) -> Path:
        """Where it lies."""
        with self.hub.database.reading() as session:
            return directory(self.hub.config, session.get_one(Repository, repository_id))

    def commit(
        self, repository_id: int, files: Files, *, removes: list[bytes] | None = None, ref: str = MAIN
    ) -> None:
        """A commit after the one that the branch is at."""
        stream, path = Stream(), self.path(repository_id)
        known = path / ref
        parents = [known.read_text().strip()] if known.exists() else []
        stream.commit("a commit", ref.encode(), files, parents=parents, removes=removes or [])
        stream.run(path)

    def update(self, repository_id: int, ref: str = MAIN) -> Indexed:
        """Indexes the branch."""
        return update_view(self.hub.database, self.index, repository_id, ref)

    def found(self, query: str, *places: tuple[int, str]) -> set[str]:
        """The paths that the query finds where these branches are shown."""
        with self.hub.database.reading() as session:
            views = [session.get(CodeView, place) for place in places]
        shown = Shown(unpack(one.documents) for one in views if one is not None)
        alternatives = read_code_query(query).alternatives
        every = every_document(self.index.segments(), alternatives, shown)
        texts = (segment.code[document] for segment, document in every if segment.code is not None)
        return {one.split(b"\n")[0].decode("utf-8", "replace") for one in texts}

    def held(self) -> tuple[int, int]:
        """How many documents the index holds, and the rows know."""
        with self.hub.database.reading() as session:
            rows = session.scalar(select(func.count()).select_from(CodeDocument)) or 0
        return sum(len(one.live_numbers()) for one in self.index.segments()), rows


@pytest.fixture
def code(hub: Hub) -> Iterator[Code]:
    with indexing(hub.config) as index:
        yield Code(hub, index)


def test_files_that_are_text_are_found(code: Code) -> None:
    one = code.make()
    files = {
        b"a.py": b"import apple\n",
        b"run": Entry(b"#!/bin/sh\napple\n", PROGRAM),
        b"deep/er/caf\xe9.txt": b"apple\n",
        b"link": Entry(b"apple", LINK),
        b"module": Entry(b"1" * 40, SUBMODULE),
        b"binary": b"apple\0",
        b"huge": b"apple " * 400_000,
    }
    code.commit(one, files)
    assert code.update(one) == Indexed(3, 3)
    assert code.found("apple", (one, MAIN)) == {"a.py", "run", "deep/er/caf\ufffd.txt"}
    assert code.found("apple") == set()


def test_a_push_changes_what_it_touched(code: Code) -> None:
    one = code.make()
    code.commit(one, {b"kept": b"apple\n", b"changed": b"apple\n", b"gone": b"apple\n"})
    code.update(one)
    code.commit(one, {b"changed": b"pear\n", b"new": b"apple\n"}, removes=[b"gone"])
    assert code.update(one) == Indexed(2, 3)
    assert code.found("apple", (one, MAIN)) == {"kept", "new"}
    assert code.found("pear", (one, MAIN)) == {"changed"}
    assert code.update(one) == Indexed(0, 3)


def test_a_file_is_held_once_however_many_hold_it(code: Code) -> None:
    one, other = code.make(), code.make()
    for repository_id in (one, other):
        code.commit(repository_id, {b"a": b"apple\n", b"b": b"of %d\n" % repository_id})
    code.commit(one, {b"c": b"apple\n"}, ref="refs/heads/next")
    assert code.update(one) == Indexed(2, 2)
    assert code.update(other) == Indexed(1, 2)
    assert code.update(one, "refs/heads/next") == Indexed(1, 1)
    assert code.held() == (4, 4)
    assert code.found("of", (other, MAIN)) == {"b"}
    assert code.found("apple", (one, MAIN), (one, "refs/heads/next")) == {"a", "c"}


def test_the_same_tree_elsewhere_is_a_row_and_no_document(code: Code) -> None:
    one, other = code.make(), code.make()
    for repository_id in (one, other):
        code.commit(repository_id, {b"a": b"apple\n", b"b": b"pear\n"})
    code.update(one)
    assert code.update(other) == Indexed(0, 2)
    assert code.held() == (2, 2)
    assert code.found("pear", (other, MAIN)) == {"b"}


def test_a_branch_that_is_gone_shows_nothing(code: Code) -> None:
    one = code.make()
    code.commit(one, {b"a": b"apple\n"})
    code.update(one)
    (code.path(one) / MAIN).unlink()
    assert code.update(one) == Indexed(0, 0)
    assert code.found("apple", (one, MAIN)) == set()
    assert drop_unused(code.hub.database, code.index) == 1
    assert code.held() == (0, 0)
    assert drop_unused(code.hub.database, code.index) == 0


def test_what_a_branch_shows_again_is_made_again_once_it_was_dropped(code: Code) -> None:
    one = code.make()
    code.commit(one, {b"a": b"apple\n", b"b": b"pear\n"})
    code.update(one)
    code.commit(one, {}, removes=[b"b"])
    code.update(one)
    assert drop_unused(code.hub.database, code.index) == 1
    code.commit(one, {b"b": b"pear\n"})
    assert code.update(one) == Indexed(1, 2)
    assert code.found("pear", (one, MAIN)) == {"b"}


def test_a_history_that_was_written_anew_is_indexed_anew(code: Code) -> None:
    one = code.make()
    code.commit(one, {b"a": b"apple\n"})
    code.update(one)
    path = code.path(one)
    (path / MAIN).unlink()
    code.commit(one, {b"b": b"pear\n"})
    with code.hub.database.writing() as session:
        session.get_one(CodeView, (one, MAIN)).tree_id = "1" * 40
    assert code.update(one) == Indexed(1, 1)
    assert code.found("apple", (one, MAIN)) == set()


def test_a_crash_between_index_and_rows_leaves_what_nobody_is_shown(code: Code) -> None:
    one = code.make()
    code.commit(one, {b"a": b"apple\n"})
    with code.index.writing(expected=1) as writer:
        writer.add([code_indexing.Document(writer.next_number(), b"a", b"apple\n")])
    assert code.update(one) == Indexed(1, 1)
    assert code.held() == (2, 1)
    assert drop_unused(code.hub.database, code.index) == 1
    assert code.held() == (1, 1)
    assert code.found("apple", (one, MAIN)) == {"a"}


def test_nobody_else_can_enter_the_folder(code: Code) -> None:
    assert index_folder(code.hub.config).stat().st_mode & 0o077 == 0


def test_a_repository_that_is_gone_has_nothing(code: Code) -> None:
    assert code.update(99) == Indexed(0, 0)
