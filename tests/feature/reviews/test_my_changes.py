"""Changes that concern somebody, over all repositories: to review, opened, reviewed."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import update

from hub.access import Role, Visibility
from hub.app import Hub
from hub.repos.models import Repository
from hub.reviews import talking
from hub.reviews.changes import get_change, list_patch_sets
from hub.reviews.models import VerdictValue
from tests.feature.repos.pushing import Pusher
from tests.feature.reviews.test_proposing import propose
from tests.visitor import Visitor, words_of

MINE = "/-/changes"
Signed = Callable[[str], Visitor]


@pytest.fixture
def signed(app: Flask) -> Signed:
    def enter(name: str) -> Visitor:
        visitor = Visitor(app)
        visitor.sign_in(name)
        visitor.get("/")
        return visitor

    return enter


@pytest.fixture
def change(anna: Pusher, bob: Pusher) -> None:
    """bob's change in anna/demo."""
    assert propose(bob, bob.git.commit(bob.work, "Fix typo", {"README": "the\n"}))[0] == "ok"


def review(hub: Hub, pusher: Pusher, verdict: VerdictValue) -> None:
    with hub.database.writing() as session:
        opened = get_change(session, pusher.viewer, "anna/demo", 1, locks=True)
        ps = list_patch_sets(session, opened.topic.id)[-1].entry_id
        talking.publish_review(session, pusher.viewer, opened, patch_set=ps, verdict=verdict, summary="Well.")


def shown(visitor: Visitor, show: str) -> bool:
    return 'href="/anna/demo/changes/1"' in visitor.get(f"{MINE}?show={show}").text


def test_a_change_waits_for_whoever_looks_after_the_repository(signed: Signed, change: None) -> None:
    anna, bob = signed("anna"), signed("bob")
    assert [shown(anna, one) for one in ("waiting", "opened", "reviewed")] == [True, False, False]
    assert [shown(bob, one) for one in ("waiting", "opened", "reviewed")] == [False, True, False]
    assert "Waiting for your review Fix typo" in words_of(anna.get("/").text)
    assert "Waiting for your review" not in words_of(bob.get("/").text)


@pytest.mark.parametrize(("verdict", "waits"), [(VerdictValue.APPROVE, False), (VerdictValue.COMMENT, True)])
def test_a_verdict_ends_the_waiting(
    signed: Signed, hub: Hub, anna: Pusher, change: None, verdict: VerdictValue, waits: bool
) -> None:
    review(hub, anna, verdict)
    visitor = signed("anna")
    assert (shown(visitor, "waiting"), shown(visitor, "reviewed")) == (waits, True)


def test_another_patch_set_waits_again(
    signed: Signed, hub: Hub, anna: Pusher, bob: Pusher, change: None
) -> None:
    review(hub, anna, VerdictValue.APPROVE)
    propose(bob, bob.git.commit(bob.work, "More", {"more": "x\n"}), options=[("change", "1")])
    assert shown(signed("anna"), "waiting")


def test_whoever_was_asked_is_waited_for(
    signed: Signed, pusher_as: Callable[..., Pusher], anna: Pusher, bob: Pusher
) -> None:
    pusher_as("carl", Role.WRITE)
    pusher_as("dora", Role.WRITE)
    propose(bob, bob.git.commit(bob.work, "Fix typo", {"README": "the\n"}), options=[("reviewer", "carl")])
    assert [shown(signed(name), "waiting") for name in ("carl", "dora")] == [True, False]


def test_a_draft_waits_for_nobody(signed: Signed, anna: Pusher, bob: Pusher) -> None:
    propose(bob, bob.git.commit(bob.work, "Fix typo"), options=[("draft", "")])
    assert not shown(signed("anna"), "waiting")
    assert shown(signed("bob"), "opened")


def test_what_the_viewer_may_not_see_any_more_is_not_listed(signed: Signed, hub: Hub, change: None) -> None:
    with hub.database.writing() as session:
        session.execute(update(Repository).values(visibility=Visibility.PRIVATE))
    assert not shown(signed("bob"), "opened")
    assert shown(signed("anna"), "waiting")


def test_strangers_sign_in_and_other_lists_are_refused(app: Flask, signed: Signed, change: None) -> None:
    assert Visitor(app).get(MINE).status_code == 302
    assert signed("anna").get(f"{MINE}?show=all").status_code == 400
