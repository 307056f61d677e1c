"""Background work through Redis, as several machines would share it."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from hub.accounts.queries import get_user, list_tokens
from tests.databases import SqliteTemplate
from tests.served import Person, Served
from tests.wire.scripted_policy import wait_until

REDIS_URL = os.environ.get("HUB_REDIS_URL", "")


@pytest.fixture
def served_on_redis(tmp_path: Path) -> Iterator[Served]:
    """A running hub whose queue is in Redis."""
    if not REDIS_URL:
        pytest.skip("HUB_REDIS_URL names no server")
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "template").mkdir()
    SqliteTemplate.migrated(tmp_path / "template").copy_to(tmp_path / "data")
    served = Served(tmp_path, settings={"redis_url": REDIS_URL})
    served.start()
    yield served
    served.close()


def was_used(served: Served, person: Person) -> bool:
    with served.hub.database.reading() as session:
        (token,) = list_tokens(session, get_user(session, person.name))
        return token.last_used_at is not None


def test_job_enqueued_by_a_page_is_done_by_the_worker(served_on_redis: Served) -> None:
    person = served_on_redis.person()
    assert not was_used(served_on_redis, person)
    httpx.get(f"{served_on_redis.http}/settings/tokens", headers=person.headers, trust_env=False, timeout=60)
    assert wait_until(lambda: was_used(served_on_redis, person)), served_on_redis.log()
    assert not (served_on_redis.data / "jobs.sqlite").exists()
