"""Who made the commits: counted by the worker, told as not counted until then, and no address in it."""

import pytest

from hub.app import Hub
from hub.repos.browsing.files.preparing import prepare_reading
from tests.odd_repository import OddRepository, git
from tests.visitor import Visitor, words_of

pytestmark = pytest.mark.reads


def test_page_says_that_nobody_has_counted_until_the_worker_has(
    hub: Hub, own_stranger: Visitor, own_odd: OddRepository
) -> None:
    assert "Not counted yet" in words_of(own_stranger.get("/anna/odd/contributors").text)

    prepare_reading.function(hub.database, 1)

    answer = own_stranger.get("/anna/odd/contributors")
    counted = git(own_odd.directory, "shortlog", "-sn", "main").decode("utf-8", "replace").splitlines()
    number, _, name = counted[0].strip().partition("\t")
    assert f"{name} {number} commits" in words_of(answer.text)
    assert f"Contributors {len(counted)}" in words_of(answer.text)
    assert "test.person@example.org" not in answer.text
    assert "The last pushes are not counted yet." not in words_of(answer.text)


def test_what_is_new_since_then_is_said(hub: Hub, own_stranger: Visitor, own_odd: OddRepository) -> None:
    prepare_reading.function(hub.database, 1)
    (folder,) = hub.config.data.glob("repositories/main/*.git")
    git(folder, "update-ref", "refs/heads/main", own_odd.commits["dates"])
    assert "The last pushes are not counted yet." in words_of(own_stranger.get("/anna/odd/contributors").text)
