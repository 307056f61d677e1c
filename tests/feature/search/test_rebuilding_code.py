"""An index that is lost, damaged or behind is made again, under the same numbers, while others search."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from hub.app import Hub
from hub.errors import Unavailable
from hub.search import jobs
from hub.search.code import folders
from hub.search.code.finding import CodeSearch
from hub.search.code.folders import index_folder
from hub.search.code.indexing import indexing
from hub.search.code.keeping_up import bring_up, drop_what_nobody_shows
from hub.search.code.rebuilding import rebuild
from hub.search.code.watching import RefWatcher
from hub.search.models import CodeDocument, CodeState, CodeView
from tests.feature.search.test_code_indexing import MAIN
from tests.feature.search.test_keeping_up import Watched

NEXT = "refs/heads/next"


@pytest.fixture
def watched(hub: Hub) -> Watched:
    """Two repositories that are indexed, in some segments."""
    with indexing(hub.config) as index:
        made = Watched(hub, index, RefWatcher(hub.database), CodeSearch(hub.config))
    one, other = made.make(), made.make()
    for at in range(3):
        made.push(one, {b"f%d" % at: b"def apple%d():\n    pass\n" % at})
        made.watcher.look()
    made.push(other, {b"f0": b"def apple0():\n    pass\n", b"own": b"apple\n"})
    made.watcher.look()
    assert len(made.paths()) == 5
    return made


def _numbers(hub: Hub) -> dict[bytes, int]:
    with hub.database.reading() as session:
        rows = session.execute(select(CodeDocument.key, CodeDocument.number))
        return {one.key: one.number for one in rows}


def _folders(hub: Hub) -> list[str]:
    return sorted(one.name for one in folders.root_of(hub.config).glob("code-*") if one.is_dir())


def _held(hub: Hub) -> list[int]:
    with indexing(hub.config, must_exist=True) as index:
        return sorted(number for one in index.segments() for number in one.live_numbers())


def test_an_index_that_is_made_again_holds_the_same_under_the_same_numbers(watched: Watched) -> None:
    hub, before, found = watched.hub, _numbers(watched.hub), watched.paths()
    folder, told = index_folder(hub.config), []
    made = rebuild(hub.database, lambda done, total: told.append((done, total)))
    assert (made.documents, made.views, made.lost) == (4, 2, 0)
    assert told == [(0, 2), (1, 2), (2, 2)]
    assert index_folder(hub.config) != folder
    assert not folder.exists()
    assert _numbers(hub) == before
    assert _held(hub) == sorted(before.values())
    assert watched.paths() == found


def test_others_index_and_search_while_it_is_made_again(watched: Watched) -> None:
    hub, seen = watched.hub, []

    def meanwhile(done: int, _: int) -> None:
        watched.push(1, {b"late%d" % done: b"apple\n"})
        watched.watcher.look()
        seen.append(len(watched.paths()))

    rebuild(hub.database, meanwhile)
    assert seen == [6, 7, 8]
    assert len(watched.paths()) == 8
    assert _held(hub) == sorted(_numbers(hub).values())


def test_one_that_is_interrupted_leaves_the_old_one_serving(watched: Watched) -> None:
    hub = watched.hub

    def interrupt(done: int, _: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(hub.database, interrupt)
    assert len(_folders(hub)) == 2
    assert len(watched.paths()) == 5
    rebuild(hub.database)
    assert len(_folders(hub)) == 1
    assert len(watched.paths()) == 5


def test_two_do_not_build_at_once(watched: Watched) -> None:
    with folders.building(watched.hub.config), pytest.raises(Unavailable, match="already"):
        rebuild(watched.hub.database)


def test_one_that_builds_waits_for_the_one_that_indexes(watched: Watched) -> None:
    with indexing(watched.hub.config), pytest.raises(Unavailable, match="being changed"):
        rebuild(watched.hub.database, wait_seconds=0)
    assert len(watched.paths()) == 5


def _remove_all(folder: Path) -> None:
    shutil.rmtree(folder.parent)


def _remove_folder(folder: Path) -> None:
    shutil.rmtree(folder)


def _remove_contents(folder: Path) -> None:
    next(folder.glob("*.toc")).unlink()


def _remove_segment(folder: Path) -> None:
    next(folder.glob("MAIN_*.*")).unlink()


def _write_as_another_version(folder: Path) -> None:
    about = json.loads((folder / "about.json").read_text())
    (folder / "about.json").write_text(json.dumps({**about, "version": 99}))


def _pickle_something(folder: Path) -> None:
    contents = next(folder.glob("*.toc"))
    data = contents.read_bytes()
    contents.write_bytes(data[:40] + b"\x80\x02cnowhere\nNothing\n." + data[60:])


def _cut(name: str, size: int) -> Callable[[Path], None]:
    def cut(folder: Path) -> None:
        path = next(folder.glob(name))
        path.write_bytes(path.read_bytes()[:size])

    cut.__name__ = f"cut {name} to {size}"
    return cut


HARM = [
    _remove_all,
    _remove_folder,
    _remove_contents,
    _remove_segment,
    _write_as_another_version,
    _pickle_something,
    _cut("*.toc", 20),
    _cut("*.toc", 0),
    _cut("MAIN_*.*", 0),
    _cut("MAIN_*.*", 100),
    _cut("about.json", 0),
]


@pytest.mark.parametrize("harm", HARM, ids=lambda one: one.__name__.strip("_"))
def test_an_index_that_cannot_be_read_says_so_and_comes_back(
    watched: Watched, client: FlaskClient, harm: Callable[[Path], None]
) -> None:
    found = watched.paths()
    harm(index_folder(watched.hub.config))
    page = client.get("/search?q=apple")
    assert page.status_code == 503
    assert "is being built again" in page.text
    assert client.get("/api/v1/search/code?q=apple").status_code == 503
    watched.watcher.look()
    assert watched.paths() == found
    assert "is being built again" not in client.get("/search?q=apple").text
    assert len(_folders(watched.hub)) == 1


def test_one_whose_folder_goes_while_somebody_indexes_comes_back(watched: Watched) -> None:
    shutil.rmtree(index_folder(watched.hub.config))
    assert bring_up(watched.hub.database, [(1, MAIN)])
    assert len(watched.paths()) == 5


def test_what_an_older_copy_of_the_index_lacks_is_added(watched: Watched, tmp_path: Path) -> None:
    hub, folder = watched.hub, index_folder(watched.hub.config)
    shutil.copytree(folder, tmp_path / "copy")
    watched.push(1, {b"later": b"apple\n"})
    watched.watcher.look()
    before, numbers = watched.paths(), _numbers(hub)
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "copy", folder)
    RefWatcher(hub.database).look()
    watched.search = CodeSearch(hub.config)
    assert watched.paths() == before
    assert _numbers(hub) == numbers


def test_an_index_of_another_database_is_made_again(watched: Watched) -> None:
    with watched.hub.database.writing() as session:
        session.execute(update(CodeState).values(index_id="another"))
    folder = index_folder(watched.hub.config)
    RefWatcher(watched.hub.database).look()
    assert index_folder(watched.hub.config) != folder
    assert len(watched.paths()) == 5


def test_no_number_is_given_twice_even_when_the_index_was_lost(watched: Watched) -> None:
    hub = watched.hub
    highest = max(_numbers(hub).values())
    watched.commit(2, {}, removes=[b"own"])
    jobs.index_moved.function(hub.database)
    assert [drop_what_nobody_shows(hub.database) for _ in range(2)] == [0, 1]
    assert max(_numbers(hub).values()) < highest
    shutil.rmtree(folders.root_of(hub.config))
    watched.push(2, {b"other": b"apple\n"})
    watched.watcher.look()
    assert max(_numbers(hub).values()) == highest + 1
    assert len(watched.paths()) == 5


def test_what_git_cannot_give_any_more_is_forgotten_and_the_rest_found(watched: Watched) -> None:
    hub = watched.hub
    with hub.database.writing() as session:
        session.get_one(CodeView, (1, MAIN)).tree_id = "1" * 40
    shutil.rmtree(index_folder(hub.config))
    watched.watcher.look()
    with hub.database.reading() as session:
        assert session.get_one(CodeView, (1, MAIN)).tree_id != "1" * 40
    assert len(watched.paths()) == 5
    assert _held(hub) == sorted(_numbers(hub).values())


def test_the_index_of_an_earlier_layout_serves_until_another_takes_its_place(watched: Watched) -> None:
    folder = index_folder(watched.hub.config)
    pointer = folder.with_name("code")
    pointer.unlink()
    folder.rename(pointer)
    assert len(watched.paths()) == 5
    rebuild(watched.hub.database)
    assert len(watched.paths()) == 5
    assert pointer.is_symlink()
    assert len(_folders(watched.hub)) == 1


def test_what_a_killed_process_left_is_removed(watched: Watched) -> None:
    folder = index_folder(watched.hub.config)
    (folder / "_MAIN_99.toc.1700000000.5").touch()
    (folder / "MAIN_0123456789abcdef.code.col").touch()
    (folder / "x1y2.ctmp").touch()
    (folder / "MAIN.tmp").mkdir()
    kept = {one.name for one in folder.iterdir()}
    with indexing(watched.hub.config):
        left = {one.name for one in folder.iterdir()}
    assert len(kept - left) == 4
    assert len(watched.paths()) == 5
