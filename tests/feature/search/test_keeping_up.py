"""What is pushed is found: a sweep compares what branches are with what the index saw of them."""

from hub.app import Hub
from hub.repos.models import Repository
from hub.search import jobs
from hub.search.code.indexing import indexing
from hub.search.code.keeping_up import index_moved
from hub.search.code.moved import list_moved
from hub.search.models import CodeView
from tests.feature.search.test_code_indexing import MAIN, Code


def _code(hub: Hub) -> Code:
    with indexing(hub.config) as index:
        return Code(hub, index)


def _moved(hub: Hub) -> int:
    with hub.database.reading() as session:
        return len(list_moved(session, hub.config))


def _shown(hub: Hub, repository_id: int, ref: str = MAIN) -> str | None:
    with hub.database.reading() as session:
        view = session.get(CodeView, (repository_id, ref))
        return None if view is None else view.commit_id


def test_a_push_of_the_default_branch_is_indexed_by_the_worker(hub: Hub) -> None:
    code = _code(hub)
    one = code.make()
    code.commit(one, {b"a": b"apple\n"})
    code.commit(one, {b"a": b"apple\n"}, ref="refs/heads/other")
    assert _moved(hub) == 1
    assert _moved(hub) == 1
    assert index_moved(hub.database) == 1
    tip = (code.path(one) / MAIN).read_text().strip()
    assert _shown(hub, one) == tip
    assert _shown(hub, one, "refs/heads/other") is None
    assert _moved(hub) == 0
    assert index_moved(hub.database) == 0


def test_a_branch_that_was_searched_before_is_looked_at_again(hub: Hub) -> None:
    code = _code(hub)
    one, ref = code.make(), "refs/heads/next"
    code.commit(one, {b"a": b"apple\n"}, ref=ref)
    assert _moved(hub) == 0
    code.update(one, ref)
    code.commit(one, {b"b": b"pear\n"}, ref=ref)
    assert _moved(hub) == 1
    assert index_moved(hub.database) == 1


def test_who_finds_the_index_held_leaves_it_to_who_holds_it(hub: Hub) -> None:
    code = _code(hub)
    one = code.make()
    code.commit(one, {b"a": b"apple\n"})
    assert _moved(hub) == 1
    with indexing(hub.config):
        assert index_moved(hub.database) == 0
    assert index_moved(hub.database) == 1


def test_the_sweep_finds_what_nobody_announced_and_what_came_back(hub: Hub) -> None:
    code = _code(hub)
    one, other = code.make(), code.make()
    code.commit(one, {b"a": b"apple\n"})
    jobs.index_moved.function(hub.database)
    assert _shown(hub, one) is not None
    assert _shown(hub, other) is None
    assert _moved(hub) == 0
    code.commit(one, {b"a": b"pear\n"})
    with hub.database.writing() as session:
        session.get_one(Repository, one).default_branch = "next"
    code.commit(one, {b"b": b"plum\n"}, ref="refs/heads/next")
    assert _moved(hub) == 2
    assert index_moved(hub.database) == 2
    (code.path(one) / MAIN).unlink()
    jobs.index_moved.function(hub.database)
    assert _shown(hub, one) is None
    jobs.drop_unused.function(hub.database)
