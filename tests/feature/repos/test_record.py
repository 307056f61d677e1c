"""What is written down of a push, once, and what becomes of one that could not be."""

import dataclasses
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub import events
from hub.app import Hub
from hub.events import MovedRef, RefsUpdated
from hub.repos.git.store import read_head
from hub.repos.models import PushIntent, RefLogEntry, Repository
from hub.repos.pushes import Options, PushContext, RefUpdate
from hub.repos.pushing.namespaces import Grant, namespace
from hub.repos.pushing.push_policy import Cause, Refusal
from tests.feature.repos.pushing import ZERO, Pusher, reasons

MAIN = "refs/heads/main"


class Listener:
    """A subscriber to RefsUpdated that can be told to fail; registered once, as a feature is."""

    def __init__(self) -> None:
        self.fails = False
        self.heard: list[RefsUpdated] = []

    def hear(self, session: Session, event: RefsUpdated) -> None:
        if self.fails:
            raise OSError("no space left on device")
        self.heard.append(event)


_listener = Listener()
events.on(RefsUpdated)(_listener.hear)


@pytest.fixture
def listener() -> Iterator[Listener]:
    _listener.heard.clear()
    yield _listener
    _listener.fails = False


def rows(hub: Hub) -> tuple[int, list[PushIntent]]:
    """How many moves are logged, and the open intents."""
    with hub.database.reading() as session:
        logged = len(session.scalars(select(RefLogEntry)).all())
        return logged, list(session.scalars(select(PushIntent).where(PushIntent.done_at.is_(None))))


def test_a_record_is_written_once_and_heard_of_once(pusher: Pusher, hub: Hub, listener: Listener) -> None:
    commit = pusher.git.head(pusher.work)
    pusher.send()
    pusher.judge((ZERO, commit, MAIN), (ZERO, commit, "refs/tags/v1"))
    pusher.move((ZERO, commit, MAIN))
    assert pusher.record() == []
    assert pusher.record() == []
    assert rows(hub) == (1, [])
    assert [event.refs for event in listener.heard] == [(MovedRef(MAIN, ZERO, commit),)]


def test_a_push_of_which_nothing_moved_leaves_no_trace_in_the_log(
    pusher: Pusher, hub: Hub, listener: Listener
) -> None:
    pusher.send()
    pusher.judge((ZERO, pusher.git.head(pusher.work), MAIN))
    pusher.record()
    assert rows(hub) == (0, [])
    assert listener.heard == []


def test_a_failed_record_is_made_up_for_by_the_next_judgement(
    pusher: Pusher, hub: Hub, listener: Listener
) -> None:
    first = pusher.git.head(pusher.work)
    pusher.send()
    pusher.judge((ZERO, first, MAIN))
    pusher.move((ZERO, first, MAIN))
    listener.fails = True
    with pytest.raises(OSError, match="no space left"):
        pusher.record()
    assert [one.push_id for one in rows(hub)[1]] == [pusher.context.push_id]
    with pytest.raises(OSError, match="no space left"):
        pusher.judge((ZERO, first, "refs/heads/a"))

    listener.fails = False
    second = pusher.git.commit(pusher.work, "second")
    pusher.push((first, second, MAIN))
    with hub.database.reading() as session:
        chain = session.execute(select(RefLogEntry.old_id, RefLogEntry.new_id).order_by(RefLogEntry.id)).all()
    assert [tuple(row) for row in chain] == [(ZERO, first), (first, second)]
    assert rows(hub)[1] == []


@pytest.mark.parametrize(
    ("branches", "chosen"),
    [
        (["main"], "main"),
        (["trunk"], "trunk"),
        (["develop", "master"], "master"),
        (["b", "a"], "b"),
        (["x", "main"], "main"),
    ],
)
def test_what_is_pushed_first_becomes_the_default_branch(
    pusher: Pusher, hub: Hub, branches: list[str], chosen: str
) -> None:
    commit = pusher.git.head(pusher.work)
    pusher.push(*((ZERO, commit, f"refs/heads/{name}") for name in branches))
    pusher.push((ZERO, commit, "refs/heads/later"))
    with hub.database.reading() as session:
        row = session.get_one(Repository, pusher.repository_id)
        assert row.default_branch == chosen
        assert row.pushed_at is not None
    assert read_head(pusher.directory) == f"ref: refs/heads/{chosen}"


def test_tags_alone_choose_no_default_branch(pusher: Pusher) -> None:
    pusher.push((ZERO, pusher.git.head(pusher.work), "refs/tags/v1"))
    assert read_head(pusher.directory) == "ref: refs/heads/main"


def _look_demo(
    session: Session, push: PushContext, repository: Repository, update: RefUpdate, options: Options
) -> RefUpdate | Refusal:
    if update.name.endswith("/no"):
        return Refusal(Cause.NAMESPACE, "not here", "Push elsewhere.")
    return update


def _judge_demo(
    session: Session, push: PushContext, repository: Repository, update: RefUpdate
) -> Grant | Refusal:
    if update.name.endswith("/late"):
        repository.description = "written by a refusal"
        session.flush()
        return Refusal(Cause.NAMESPACE, "too late", "Come earlier.")
    if update.name.endswith("/word"):
        repository.description = "written by a grant"
        session.flush()
        return Grant((), lines=("Noted.",))
    moved = RefUpdate(f"refs/demoed/{len(update.name)}/1", ZERO, update.new_id)
    return Grant((moved,), (f"refname {moved.name}", f"new-oid {moved.new_id}"))


def _record_demo(session: Session, event: RefsUpdated) -> list[str]:
    return [one.name for one in event.refs if one.name.startswith("refs/demoed/")]


namespace("refs/demo/", _look_demo, _judge_demo, _record_demo)


def test_a_registered_namespace_moves_its_own_refs_and_tells_the_pusher(pusher: Pusher, hub: Hub) -> None:
    commit = pusher.git.head(pusher.work)
    pusher.push((ZERO, commit, MAIN))
    judgement = pusher.judge((ZERO, commit, "refs/demo/yes"), (ZERO, commit, "refs/demo/no"))
    assert judgement.answers == [
        ("refs/demo/yes", "ok", ["refname refs/demoed/13/1", f"new-oid {commit}"]),
        ("refs/demo/no", "ng", "not here"),
    ]
    assert judgement.lines == ["Push elsewhere."]
    assert pusher.refs() == {MAIN: commit, "refs/demoed/13/1": commit}
    assert pusher.record() == ["refs/demoed/13/1"]
    assert rows(hub) == (2, [])


def test_a_namespace_that_moves_no_ref_does_its_part_when_it_judges(pusher: Pusher, hub: Hub) -> None:
    commit = pusher.git.head(pusher.work)
    pusher.push((ZERO, commit, MAIN))
    judgement = pusher.judge((ZERO, commit, "refs/demo/late"))
    assert (reasons(judgement), judgement.lines) == ({"refs/demo/late": "too late"}, ["Come earlier."])
    assert not judgement.intent
    judgement = pusher.judge((ZERO, commit, "refs/demo/word"), (ZERO, commit, "refs/demo/late"))
    assert judgement.answers == [("refs/demo/word", "ok", []), ("refs/demo/late", "ng", "too late")]
    assert (judgement.lines, judgement.intent) == (["Come earlier.", "Noted."], False)
    assert pusher.refs() == {MAIN: commit}
    assert rows(hub) == (1, [])
    with hub.database.reading() as session:
        assert session.get_one(Repository, pusher.repository_id).description == "written by a grant"


def test_an_atomic_push_to_a_namespace_and_a_branch_is_refused(pusher: Pusher) -> None:
    commit = pusher.git.head(pusher.work)
    pusher.push((ZERO, commit, MAIN))
    judgement = pusher.judge((ZERO, commit, "refs/demo/yes"), (ZERO, commit, "refs/heads/a"), atomic=True)
    assert set(reasons(judgement).values()) == {"atomic push: propose one change at a time, and nothing else"}
    assert pusher.refs() == {MAIN: commit}


def test_a_namespace_whose_ref_cannot_move_says_so(pusher: Pusher, hub: Hub) -> None:
    commit = pusher.git.head(pusher.work)
    pusher.push((ZERO, commit, MAIN))
    pusher.run(pusher.directory, "update-ref", "refs/demoed/13/1", commit)
    judgement = pusher.judge((ZERO, commit, "refs/demo/yes"))
    assert (reasons(judgement), judgement.intent) == ({"refs/demo/yes": "not stored; push again"}, True)


def test_a_push_of_somebody_whose_account_is_gone_fails_closed(pusher: Pusher, hub: Hub) -> None:
    from hub.errors import NotFound

    pusher.viewer = dataclasses.replace(pusher.viewer, user_id=None, is_admin=True)
    pusher.repository_id = 4711
    with pytest.raises(NotFound):
        pusher.judge((ZERO, pusher.git.head(pusher.work), MAIN))
