"""Numbers of topics: one sequence per repository, whoever asks at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from hub.app import Hub
from hub.issues.numbers import next_number
from tests.factories import make_repository


def test_first_numbers_that_many_want_at_once_are_all_different(hub: Hub) -> None:
    with hub.database.writing() as session:
        repository_id, other_id = make_repository(session).id, make_repository(session).id
    together = Barrier(4)

    def take(_: int) -> int:
        together.wait()
        with hub.database.writing() as writing:
            return next_number(writing, repository_id)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(take, range(4))) == [1, 2, 3, 4]
    with hub.database.writing() as session:
        assert next_number(session, other_id) == 1
