"""`hub reindex` builds the search index again, and the doctor says when it has to."""

import shutil
from datetime import timedelta

import pytest
from sqlalchemy import update

from hub.app import Hub
from hub.clock import now
from hub.doctor import examine
from hub.repos.models import RefLogEntry
from hub.search.code import keeping_up
from hub.search.code.finding import CodeSearch
from hub.search.code.folders import index_folder, is_sound
from hub.search.code.indexing import indexing
from hub.search.code.watching import RefWatcher
from hub.search.models import CodeDocument
from tests.feature.cli.conftest import Run
from tests.feature.search.test_keeping_up import Watched


@pytest.fixture
def watched(hub: Hub) -> Watched:
    """A repository that is indexed."""
    with indexing(hub.config) as index:
        made = Watched(hub, index, RefWatcher(hub.database), CodeSearch(hub.config))
    one = made.make()
    made.push(one, {b"a": b"apple\n", b"b": b"pear\n"})
    made.watcher.look()
    return made


def _doctor_says(hub: Hub) -> str:
    found = {one.name: one for one in examine(hub.config)}["search index"]
    return found.found if found.fault is None else found.fault.as_text()


def test_all_is_built_again(watched: Watched, run: Run) -> None:
    shutil.rmtree(index_folder(watched.hub.config))
    said = run("reindex").output
    assert said.startswith("The index holds 2 files, which 1 branches and tags show.\n")
    assert "The index of words holds 2 texts" in said
    assert said.endswith("The index of commits holds 1 commits.\n")
    assert len(watched.paths()) == 1


def test_one_repository_is_looked_at_anew(watched: Watched, run: Run) -> None:
    path = watched.name(1)
    told = run("reindex", "--repository", path).output
    assert told == f"Looked anew at 1 branches and tags of {path}.\n"
    assert len(watched.paths()) == 1


def test_the_doctor_says_what_there_is(watched: Watched) -> None:
    assert _doctor_says(watched.hub) == "2 files of 1 branches, 0 MiB"


def test_the_doctor_sees_what_is_damaged(watched: Watched) -> None:
    hub = watched.hub
    next(index_folder(hub.config).glob("*.toc")).unlink()
    assert "is missing or damaged" in _doctor_says(hub)


def test_the_doctor_sees_that_nobody_indexes(watched: Watched) -> None:
    watched.push(1, {b"c": b"apple\n"})
    assert "2 files" in _doctor_says(watched.hub)
    with watched.hub.database.writing() as session:
        session.execute(update(RefLogEntry).values(at=now() - timedelta(hours=1)))
    assert _doctor_says(watched.hub).startswith("1 branches have waited")


def test_a_text_that_is_not_what_was_put_there_is_found_and_all_is_made_again(watched: Watched) -> None:
    hub = watched.hub
    with hub.database.writing() as session:
        session.execute(update(CodeDocument).where(CodeDocument.number == 1).values(key=b"x" * 16))
    assert "is missing or damaged" in _doctor_says(hub)
    assert keeping_up.check_part(hub.database, part=0, parts=2) == 0
    assert is_sound(hub.config)
    assert keeping_up.check_part(hub.database, part=1, parts=2) == 1
    assert not is_sound(hub.config)
    watched.watcher.look()
    assert is_sound(hub.config)


def test_a_bit_that_falls_over_in_text_or_filter_is_found(watched: Watched) -> None:
    folder = index_folder(watched.hub.config)
    segment = next(folder.glob("MAIN_*.seg"))
    data = bytearray(segment.read_bytes())
    at = data.index(b"apple")
    for place in (at, data.index(b"HUBCODE1") - 4096):
        data[place] ^= 4
        segment.write_bytes(data)
        assert "is missing or damaged" in _doctor_says(watched.hub)
        data[place] ^= 4
    segment.write_bytes(data)
    assert "2 files" in _doctor_says(watched.hub)
