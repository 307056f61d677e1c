"""The list of a repository's changes: states and their counts, filters, orders, what a row says."""

from collections.abc import Callable
from functools import cache

import pytest
from flask import Flask
from sqlalchemy import event, select, update

from hub.access import Visibility
from hub.app import Hub
from hub.issues.models import Topic, TopicState
from hub.journal.replay import act
from hub.repos.models import Repository
from hub.reviews import actions, talking
from hub.reviews.changes import get_change, list_patch_sets
from hub.reviews.models import Side, VerdictValue
from tests.databases import Template
from tests.factories import SYSTEM
from tests.feature.repos.pushing import ZERO, Pusher
from tests.feature.reviews.ground import Ground, begin, pusher_of
from tests.feature.reviews.test_proposing import propose
from tests.git_client import GitClient
from tests.visitor import Visitor, words_of

pytestmark = pytest.mark.each_value

LIST = "/anna/demo/changes"


def numbers(page: str) -> list[int]:
    """The numbers of the changes on a page, in order."""
    return [
        int(one.partition('"')[0]) for one in page.split('class="item-name" href="/anna/demo/changes/')[1:]
    ]


def make_changes(hub: Hub, git: GitClient) -> None:
    """1 open, 2 a draft, 3 of anna's for `next`, 4 closed, 5 merged, 6 open; the others are bob's."""
    begin(hub, git)
    anna, bob = (pusher_of(hub, git, name) for name in ("anna", "bob"))
    base = anna.refs()["refs/heads/main"]
    anna.push((ZERO, base, "refs/heads/next"))
    for number, (pusher, title, ref, options) in enumerate(
        [
            (bob, "Fix typo in README", "refs/for/main", [("description", "It said TEH, 100% wrong.")]),
            (bob, "Über-Idee", "refs/for/main", [("draft", "")]),
            (anna, "Prepare the next one", "refs/for/next", [("reviewer", "bob")]),
            (bob, "Try", "refs/for/main", []),
            (bob, "Done", "refs/for/main", []),
            (bob, "Later work", "refs/for/main", [("reviewer", "anna")]),
        ],
        1,
    ):
        pusher.git.run("switch", "-qC", f"work-{number}", base, cwd=pusher.work)
        answer, _ = propose(pusher, pusher.git.commit(pusher.work, title, {f"{number}": "x\n"}), ref, options)
        assert answer == "ok"
    with hub.database.writing() as session:
        actions.close(session, anna.viewer, get_change(session, anna.viewer, "anna/demo", 4, locks=True))
        done = get_change(session, SYSTEM, "anna/demo", 5, locks=True)
        ps = list_patch_sets(session, done.topic.id)[0].entry_id
        d = {"commit": base, "strategy": "merge", "ps": ps}
        act(session, done.journal_topic, kind="merge", person=None, d=d)


@pytest.fixture(scope="session")
def _with_changes(
    tmp_path_factory: pytest.TempPathFactory, _templates: Callable[[str], Template]
) -> Callable[[str], Ground]:
    return cache(lambda kind: Ground.made(tmp_path_factory.mktemp("changes"), _templates(kind), make_changes))


@pytest.fixture
def ground(
    request: pytest.FixtureRequest,
    ground: Ground,
    database_kind: str,
    _with_changes: Callable[[str], Ground],
) -> Ground:
    """What the test begins with; where it asks for `changes`, they are there."""
    return _with_changes(database_kind) if "changes" in request.fixturenames else ground


@pytest.fixture
def changes(repository: Repository) -> None:
    """The changes of anna/demo are those of `make_changes`."""


def say(hub: Hub, pusher: Pusher, number: int, verdict: VerdictValue, words: str = "") -> None:
    with hub.database.writing() as session:
        opened = get_change(session, pusher.viewer, "anna/demo", number, locks=True)
        ps = list_patch_sets(session, opened.topic.id)[-1].entry_id
        if words:
            place = talking.Place(ps, Side.NEW, str(number), (1, 1))
            talking.save_draft(session, pusher.viewer, opened, words=words, place=place)
        talking.publish_review(session, pusher.viewer, opened, patch_set=ps, verdict=verdict)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [6, 3, 1]),
        ("?state=draft", [2]),
        ("?state=merged", [5]),
        ("?state=closed", [4]),
        ("?sort=oldest", [1, 3, 6]),
        ("?author=bob", [6, 1]),
        ("?author=@BOB", [6, 1]),
        ("?author=nobody", []),
        ("?reviewer=anna", [6]),
        ("?reviewer=bob", [3]),
        ("?q=typo", [1]),
        ("?q=teh+FIX", [1]),
        ("?q=100%25", [1]),
        ("?q=_", []),
        ("?q=%233", [3]),
        ("?q=6", [6]),
        ("?q=%2399999999999", []),
        ("?state=draft&q=ÜBER", [2]),
        ("?q=work&author=bob&reviewer=anna&sort=updated", [6]),
        ("?state=&q=&author=&reviewer=&sort=", [6, 3, 1]),
    ],
)
def test_the_list_filters_and_sorts(app: Flask, changes: None, query: str, expected: list[int]) -> None:
    assert numbers(Visitor(app).get(LIST + query).text) == expected


def test_recently_updated_and_most_commented_come_first(
    app: Flask, hub: Hub, changes: None, anna: Pusher
) -> None:
    say(hub, anna, 1, VerdictValue.COMMENT, "Why?")
    assert numbers(Visitor(app).get(f"{LIST}?sort=commented").text) == [1, 6, 3]
    with hub.database.reading() as session:
        is_open = (Topic.state == TopicState.OPEN, Topic.is_draft.is_(False))
        moments = session.execute(select(Topic.updated_at, Topic.number).where(*is_open)).all()
    expected = [number for _, number in sorted(moments, reverse=True)]
    assert numbers(Visitor(app).get(f"{LIST}?sort=updated").text) == expected


def test_each_state_says_how_many_there_are_whatever_the_filter(app: Flask, changes: None) -> None:
    for query in ("", "?q=nothing", "?state=merged"):
        assert "Open 3 Drafts 1 Merged 1 Closed 1" in words_of(Visitor(app).get(LIST + query).text)


def test_a_filter_is_kept_where_another_state_is_chosen(app: Flask, changes: None) -> None:
    page = Visitor(app).get(f"{LIST}?q=work&author=bob&sort=oldest").text
    assert 'href="?state=merged&amp;q=work&amp;author=bob&amp;sort=oldest"' in page


@pytest.mark.parametrize("query", ["?state=gone", "?sort=best", "?page=0"])
def test_what_there_is_no_list_of_is_refused(app: Flask, changes: None, query: str) -> None:
    assert Visitor(app).get(LIST + query).status_code == 400


def test_a_row_says_what_was_said_of_its_change(app: Flask, hub: Hub, changes: None, anna: Pusher) -> None:
    say(hub, anna, 1, VerdictValue.APPROVE, "One question.")
    page = words_of(Visitor(app).get(f"{LIST}?q=typo").text)
    assert "Fix typo in README #1 opened" in page
    assert "by bob 1 approval 1 unresolved thread 1 comments" in page
    assert "+1 −0" in page
    say(hub, anna, 1, VerdictValue.REQUEST_CHANGES)
    assert "Changes requested" in words_of(Visitor(app).get(f"{LIST}?q=typo").text)


def test_an_approval_is_for_its_patch_set_alone(
    app: Flask, hub: Hub, changes: None, anna: Pusher, bob: Pusher
) -> None:
    say(hub, anna, 1, VerdictValue.APPROVE)
    bob.git.run("switch", "-q", "work-1", cwd=bob.work)
    propose(bob, bob.git.commit(bob.work, "More", {"more": "x\n"}), options=[("change", "1")])
    page = words_of(Visitor(app).get(f"{LIST}?q=typo").text)
    assert "approval" not in page
    assert "2 patch sets" in page


def test_a_row_names_the_target_where_it_is_not_the_default_branch(app: Flask, changes: None) -> None:
    assert "for next" in words_of(Visitor(app).get(f"{LIST}?q=next").text)
    assert "for main" not in words_of(Visitor(app).get(f"{LIST}?q=typo").text)


def test_an_empty_list_shows_the_command(app: Flask, anna: Pusher) -> None:
    page = words_of(Visitor(app).get(LIST).text)
    assert "No open change" in page
    assert "git push origin HEAD:refs/for/main" in page


def test_other_forges_address_leads_to_the_list(app: Flask, anna: Pusher) -> None:
    assert Visitor(app).get("/anna/demo/pulls").headers["Location"] == LIST


def test_a_private_repository_shows_its_changes_to_nobody_else(app: Flask, hub: Hub, changes: None) -> None:
    with hub.database.writing() as session:
        session.execute(update(Repository).values(visibility=Visibility.PRIVATE))
    stranger, bob, anna = Visitor(app), Visitor(app), Visitor(app)
    bob.sign_in("bob")
    anna.sign_in("anna")
    assert [one.get(LIST).status_code for one in (stranger, bob, anna)] == [404, 404, 200]


def test_the_list_asks_the_database_the_same_however_long_it_is(app: Flask, hub: Hub, changes: None) -> None:
    statements: list[str] = []
    note: Callable[..., None] = lambda *given: statements.append(given[2])  # noqa: E731
    event.listen(hub.database.engine, "before_cursor_execute", note)
    Visitor(app).get(f"{LIST}?q=o&author=bob")
    event.remove(hub.database.engine, "before_cursor_execute", note)
    assert len([one for one in statements if one.startswith("SELECT")]) == 8
