"""The hub's key is changed while the hub is served, and what was signed with either verifies."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete, select

from hub.app import Hub
from hub.journal.format import codec
from hub.journal.keys.hub_key import load_hub_key, next_file
from hub.journal.models import JournalReceipt
from hub.journal.refs.exporting import export, find_place
from hub.journal.rotating import Rotated, is_begun, rotate_key
from hub.journal.verifying.verification import Wanted, verify
from hub.repos.models import Repository
from hub.repos.settings.deletion import delete_repository
from tests.factories import SYSTEM, make_repository, unique
from tests.feature.cli.conftest import Run
from tests.feature.cli.conftest import _own_logging as _own_logging  # a fixture of `run`
from tests.feature.cli.conftest import run as run

STEPS = ("made", "introduced", "introduction exported", "changed", "tidied", "exported", "withdrawn")


def _make(hub: Hub, count: int = 1) -> list[int]:
    with hub.database.writing() as session:
        return [make_repository(session, name=unique("demo")).id for _ in range(count)]


def _rotate(hub: Hub, stop: Callable[[str], None] = lambda _: None) -> Rotated:
    return rotate_key(hub.database, export, stop=stop)


def _check_receipts(hub: Hub, repository_id: int) -> list[str]:
    """The keys that signed the receipts of a repository, whose journal verifies."""
    export(hub.database, repository_id)
    path = find_place(hub.database, repository_id)
    assert path is not None
    for is_quick in (False, True):
        assert verify(path, Wanted(is_quick=is_quick)).report.faults == []
    with hub.database.reading() as session:
        receipts = select(JournalReceipt.data).where(JournalReceipt.repository_id == repository_id)
        return [codec.decode(data)["key"] for data in session.scalars(receipts.order_by(JournalReceipt.seq))]


def test_every_journal_learns_the_next_key_and_then_that_the_old_one_is_withdrawn(hub: Hub) -> None:
    first, second = _make(hub, 2)
    old = load_hub_key(hub.config)
    done = _rotate(hub)
    new = load_hub_key(hub.config)
    assert (done.old, done.new, done.journals, done.went_on) == (old, new, 2, False)
    assert new.hub_id == old.hub_id
    for one in (first, second):
        assert _check_receipts(hub, one) == [old.fingerprint, new.fingerprint]
    [later] = _make(hub)
    assert _check_receipts(hub, later) == [new.fingerprint]
    _rotate(hub)
    assert set(_check_receipts(hub, later)) == {new.fingerprint, load_hub_key(hub.config).fingerprint}


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_step_is_gone_on_from(hub: Hub, step: str) -> None:
    ids = _make(hub, 2)
    old = load_hub_key(hub.config)

    def stop(here: str) -> None:
        if here == step:
            raise InterruptedError(step)

    with pytest.raises(InterruptedError):
        _rotate(hub, stop)
    assert is_begun(hub.database)
    ids += _make(hub)
    done = _rotate(hub)
    assert done.went_on
    assert not is_begun(hub.database)
    assert not next_file(hub.config).exists()
    assert done.new.fingerprint != old.fingerprint
    assert len(done.new.then) == 1
    for one in ids:
        assert _check_receipts(hub, one)[-1] == done.new.fingerprint


def test_what_happens_meanwhile_verifies(hub: Hub) -> None:
    """At each step a repository is made and everything exported, as by processes that know nothing of it."""
    ids = _make(hub, 2)

    def act(here: str) -> None:
        ids.extend(_make(hub) if len(ids) < 8 else [])
        for one in ids:
            export(hub.database, one)

    _rotate(hub, act)
    for one in ids:
        _check_receipts(hub, one)
    assert not is_begun(hub.database)


def test_a_repository_that_may_be_brought_back_learns_of_it_and_one_that_is_gone_is_skipped(hub: Hub) -> None:
    kept, gone = _make(hub, 2)
    with hub.database.writing() as session:
        delete_repository(session, SYSTEM, session.get_one(Repository, kept))

    def purge(here: str) -> None:
        if here == "made":
            with hub.database.writing() as session:
                session.execute(delete(Repository).where(Repository.id == gone))

    assert _rotate(hub, purge).journals == 1
    assert len(set(_check_receipts(hub, kept))) == 2


def test_the_key_is_changed_and_shown_by_command(run: Run, hub: Hub) -> None:
    run("init")
    old = load_hub_key(hub.config)
    said = run("journal", "show-key").stdout
    assert said.splitlines()[0] == f"hub          {old.hub_id}"
    assert said.splitlines()[-1] == "It is the first key of this hub, of which the hub's id is made."
    _make(hub)
    said = run("journal", "rotate-key").stdout
    new = load_hub_key(hub.config)
    assert f"The key of this hub is {new.fingerprint}." in said
    said = run("journal", "show-key").stdout
    assert said.splitlines()[0] == f"hub          {old.hub_id}"
    assert said.splitlines()[-1] == f"  {old.fingerprint}  {old.public}"
    assert '"earlier": [' in run("journal", "show-key", "--json").stdout


def test_doctor_says_that_a_change_of_the_key_did_not_end(run: Run, hub: Hub) -> None:
    run("init")
    _make(hub)

    def stop(here: str) -> None:
        if here == "changed":
            raise InterruptedError

    with pytest.raises(InterruptedError):
        _rotate(hub, stop)
    said = run("doctor", exit_code=1).stderr
    assert "The key of the hub began to be changed, and that did not end." in said
    assert run("journal", "rotate-key").stdout.startswith("Ended what an earlier command had begun.")
    run("doctor")
