"""Which branches are searched besides the default one: those an owner chose, and those somebody asked for."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from hub import jobs as all_jobs
from hub.access import Role, Visibility
from hub.app import Hub
from hub.clock import now
from hub.errors import TooMany
from hub.repos.actions import give_role
from hub.repos.git.refs import RefFiles
from hub.repos.models import Repository
from hub.search.code import choosing
from hub.search.code.finding import CodeSearch
from hub.search.code.indexing import indexing
from hub.search.code.watching import RefWatcher
from hub.search.models import CodeRequest, CodeView
from tests.factories import SYSTEM, make_repository, make_user
from tests.feature.search.test_keeping_up import Watched
from tests.visitor import Visitor, forms_of, words_of

NEXT = "refs/heads/next"
SETTINGS = "/anna/demo/settings/search"


@pytest.fixture
def watched(hub: Hub) -> Watched:
    """anna/demo, with code on main, next and some releases."""
    with indexing(hub.config) as index:
        made = Watched(hub, index, RefWatcher(hub.database), CodeSearch(hub.config))
    with hub.database.writing() as session:
        repository = make_repository(session, owner=make_user(session, "anna"), name="demo")
        give_role(session, repository, make_user(session, "reader"), role=Role.READ)
        make_user(session, "bo")
    made.push(1, {b"a": b"apple\n"})
    made.push(1, {b"b": b"apple\n"}, ref=NEXT)
    for number in (9, 10):
        made.push(1, {b"c": b"apple %d\n" % number}, ref=f"refs/heads/release/{number}")
    made.push(1, {b"d": b"apple\n"}, ref="refs/tags/v1")
    made.watcher.look()
    return made


def _as(app: Flask, name: str) -> Visitor:
    visitor = Visitor(app)
    assert visitor.sign_in(name).status_code == 302
    return visitor


def _ask(visitor: Visitor, values: dict[str, object]) -> int:
    form = next(one for one in forms_of(visitor.get("/settings/searches").text) if "csrf_token" in one.values)
    return visitor.post("/anna/demo/searched", {**form.values, **values}).status_code


def _work(hub: Hub) -> list[str]:
    """Does the jobs of search that wait; returns their names."""
    done = []
    while (task := hub.queue.huey.dequeue()) is not None:
        name, given = task.args
        if name.startswith("search."):
            all_jobs.run(hub.database, name, tuple(given))
            done.append(name)
    return done


def _refs(hub: Hub) -> set[str]:
    with hub.database.reading() as session:
        return set(session.scalars(select(CodeView.ref)))


def test_an_owner_chooses_by_patterns(app: Flask, watched: Watched) -> None:
    anna = _as(app, "anna")
    assert "default branch" in words_of(anna.get(SETTINGS).text)
    answer = anna.submit(SETTINGS, patterns="release/*\nv1\nrelease/*")
    assert answer.headers["Location"] == SETTINGS
    assert "Waits to be indexed" not in anna.get(SETTINGS).text
    assert "search.index_repository" in _work(watched.hub)
    assert _refs(watched.hub) == {
        "refs/heads/main", "refs/heads/release/9", "refs/heads/release/10", "refs/tags/v1"
    }  # fmt: skip
    page = words_of(anna.get(SETTINGS).text)
    assert "release/10" in page
    assert "chose which branches of anna/demo are searched: release/*, v1" in words_of(
        anna.get("/anna/demo/settings/log").text
    )
    watched.push(1, {b"late": b"apple\n"}, ref="refs/heads/release/11")
    watched.watcher.look()
    assert watched.paths("apple branch:release/11") == {"anna/demo:late"}


def test_what_is_not_chosen_any_more_is_left_out_by_the_sweep(app: Flask, watched: Watched) -> None:
    anna = _as(app, "anna")
    for patterns in ("next", ""):
        anna.submit(SETTINGS, patterns=patterns)
        _work(watched.hub)
    assert NEXT in _refs(watched.hub)
    with watched.hub.database.writing() as session:
        assert choosing.drop_unwanted(session, watched.hub.config, at=now()) == 1
    assert _refs(watched.hub) == {"refs/heads/main"}


@pytest.mark.parametrize(
    ("patterns", "said"),
    [
        ("a?", "only * and ** are known"),
        ("refs/heads/x", "without refs/heads/"),
        ("\n".join("abcdefghijk"), "at most 10"),
    ],
)
def test_patterns_that_are_none_are_refused(app: Flask, watched: Watched, patterns: str, said: str) -> None:
    answer = _as(app, "anna").submit(SETTINGS, patterns=patterns)
    assert answer.status_code == 422
    assert said in words_of(answer.text)


@pytest.mark.parametrize(("name", "status"), [("anna", 200), ("reader", 403), ("bo", 403)])
def test_who_may_choose(app: Flask, watched: Watched, name: str, status: int) -> None:
    assert _as(app, name).get(SETTINGS).status_code == status


def test_of_many_the_highest_numbers_are_searched(watched: Watched) -> None:
    path = watched.path(1)
    tip = (path / "refs/heads/main").read_text()
    for number in range(1, 31):
        (path / f"refs/tags/r{number}").write_text(tip)
    found = choosing.find_chosen(RefFiles(path), ["r*"])
    assert found == [f"refs/tags/r{number}" for number in range(30, 10, -1)]


def test_a_branch_that_is_not_indexed_is_said_and_asked_for(app: Flask, watched: Watched) -> None:
    bo, address = _as(app, "bo"), "/search?q=apple+repo:anna/demo+branch:next"
    page = bo.get(address).text
    assert "next is not indexed in anna/demo" in words_of(page)
    answer = bo.submit(address, action="/anna/demo/searched")
    assert answer.headers["Location"] == "/search?q=apple+repo:anna/demo+branch:next"
    assert "is being indexed" in words_of(bo.get(address).text)
    assert _work(watched.hub) == ["search.index_repository"]
    page = bo.get(address).text
    assert "is not indexed" not in page
    assert "/anna/demo/src/commit/" in page
    assert "asked for" in words_of(_as(app, "anna").get(SETTINGS).text)


def test_a_stranger_is_told_and_not_offered_it(app: Flask, watched: Watched) -> None:
    stranger = Visitor(app)
    page = stranger.get("/search?q=apple+repo:anna/demo+branch:next").text
    assert "next is not indexed in anna/demo" in words_of(page)
    assert "/anna/demo/searched" not in page


@pytest.mark.parametrize(
    "query", ["branch:next", "repo:anna/demo branch:gone", "-repo:x branch:next", "repo:zoo branch:next"]
)
def test_nothing_is_said_of_other_branches_and_repositories(app: Flask, watched: Watched, query: str) -> None:
    page = _as(app, "bo").get("/search", query_string={"q": f"apple {query}"}).text
    assert "is not indexed in" not in words_of(page)


def test_what_may_not_be_seen_is_not_told_and_not_asked_for(app: Flask, watched: Watched) -> None:
    with watched.hub.database.writing() as session:
        session.get_one(Repository, 1).visibility = Visibility.PRIVATE
    bo = _as(app, "bo")
    assert "not indexed in" not in bo.get("/search?q=apple+repo:anna/demo+branch:next").text
    bo.get("/search")
    assert _ask(bo, {"ref": NEXT, "q": "x"}) == 404
    assert _ask(_as(app, "reader"), {"ref": NEXT, "q": "x"}) == 403


def test_who_asks_for_many_waits(app: Flask, watched: Watched) -> None:
    anna = _as(app, "anna")
    answers = [_ask(anna, {"ref": NEXT, "q": "x"}) for _ in range(7)]
    assert answers == [302] * 6 + [429]
    assert _ask(anna, {"ref": "refs/heads/../../x", "q": ""}) == 429


def test_a_branch_that_is_not_there_is_not_asked_for(app: Flask, watched: Watched) -> None:
    anna = _as(app, "anna")
    for ref in ("refs/heads/gone", "next", "../../HEAD", "refs/heads/../../HEAD"):
        assert _ask(anna, {"ref": ref, "q": ""}) == 404


def test_so_many_are_asked_for_and_no_more(watched: Watched) -> None:
    path = watched.path(1)
    tip = (path / "refs/heads/main").read_text()
    with watched.hub.database.writing() as session:
        for number in range(choosing.MOST_ASKED):
            (path / f"refs/heads/n{number}").write_text(tip)
            choosing.ask_for(session, SYSTEM, "anna/demo", ref=f"refs/heads/n{number}")
        with pytest.raises(TooMany, match="searched already"):
            choosing.ask_for(session, SYSTEM, "anna/demo", ref=NEXT)


def test_that_it_is_searched_is_noted_once_a_day(app: Flask, watched: Watched) -> None:
    hub = watched.hub
    with hub.database.writing() as session:
        choosing.ask_for(session, SYSTEM, "anna/demo", ref=NEXT)
    _work(hub)
    stranger = Visitor(app)
    stranger.get("/search?q=apple+branch:next")
    assert _work(hub) == []
    with hub.database.writing() as session:
        session.execute(update(CodeRequest).values(used_at=now() - timedelta(days=3)))
    stranger.get("/search?q=apple+branch:next")
    assert _work(hub) == ["search.code.unindexed.note_search"]
    with hub.database.reading() as session:
        assert session.scalars(select(CodeRequest.used_at)).one() > now() - timedelta(hours=1)
