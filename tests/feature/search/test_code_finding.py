"""Somebody finds what they may see, all of it and nothing else."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from hub.access import ANONYMOUS, Role, Viewer, Visibility
from hub.accounts.models import User
from hub.app import Hub
from hub.clock import now
from hub.repos.access import find_repository
from hub.repos.models import Collaborator, Repository
from hub.search.code.finding import CodeSearch, FoundFiles, FoundLine
from hub.search.code.indexing import indexing
from hub.search.code.queries import read_code_query
from tests.factories import make_repository, make_user
from tests.feature.search.test_code_indexing import Code


@dataclass
class Ground(Code):
    """The same, searched."""

    search: CodeSearch

    def files(self, query: str, viewer: Viewer = ANONYMOUS, page: int = 1) -> FoundFiles:
        with self.hub.database.reading() as session:
            return self.search.files(session, viewer, read_code_query(query), page=page)

    def paths(self, query: str, viewer: Viewer = ANONYMOUS) -> set[tuple[int, str]]:
        return {
            (place.repository_id, one.path.decode())
            for one in self.files(query, viewer).files
            for place in (one.place, *one.elsewhere)
        }

    def lines(self, query: str, viewer: Viewer = ANONYMOUS, most: int = 3) -> list[FoundLine]:
        found: list[FoundLine] = []
        cursor: str | None = ""
        while cursor is not None:
            with self.hub.database.reading() as session:
                some = self.search.lines(session, viewer, read_code_query(query), most=most, after=cursor)
            assert len(some.lines) <= most
            found += some.lines
            cursor = some.cursor
        return found


@pytest.fixture
def ground(hub: Hub) -> Iterator[Ground]:
    with indexing(hub.config) as index:
        yield Ground(hub, index, CodeSearch(hub.config))


def test_what_may_not_be_seen_is_neither_found_nor_counted(ground: Ground) -> None:
    chance = random.Random(3)
    viewers = [ANONYMOUS]
    ids = []
    with ground.hub.database.writing() as session:
        people = [make_user(session) for _ in range(4)]
        viewers += [one.viewer() for one in people]
        for _ in range(12):
            visibility = chance.choice(list(Visibility))
            repository = make_repository(session, owner=chance.choice(people), visibility=visibility)
            ids.append(repository.id)
            for one in chance.sample(people, chance.randint(0, 2)):
                if one.id != repository.owner_id:
                    row = Collaborator(repository_id=repository.id, user_id=one.id, role=Role.READ)
                    row.created_at = now()
                    session.add(row)
    for one in ids:
        ground.commit(one, {b"same.txt": b"apple\n", b"own.txt": b"apple %d\n" % one})
        ground.update(one)
    for viewer in viewers:
        with ground.hub.database.reading() as session:
            seen = {one for one in ids if find_repository(session, viewer, one) is not None}
        found = ground.files("apple", viewer)
        assert found.total == len(seen) + bool(seen)
        assert found.places == len(seen)
        # Each shows two of them; the commonest eight are named.
        assert [count for _, count in found.counts.repositories] == [2] * min(len(seen), 8)
        assert found.counts.languages == (((".txt", found.total),) if seen else ())
        assert ground.paths("apple", viewer) == {
            (one, name) for one in seen for name in ("same.txt", "own.txt")
        }
        assert len(ground.lines("apple", viewer)) == 2 * len(seen)


def test_rights_and_names_that_change_hold_at_once(ground: Ground) -> None:
    one = ground.make()
    ground.commit(one, {b"a": b"apple\n"})
    ground.update(one)
    assert ground.paths("apple") == {(one, "a")}
    with ground.hub.database.writing() as session:
        repository = session.get_one(Repository, one)
        repository.visibility = Visibility.PRIVATE
        owner = session.get_one(User, repository.owner_id).viewer()
    assert ground.paths("apple") == set()
    assert ground.paths("apple", owner) == {(one, "a")}


def test_repositories_owners_branches_and_forks_are_chosen(ground: Ground) -> None:
    with ground.hub.database.writing() as session:
        anna = make_user(session, "anna")
        one = make_repository(session, owner=anna, name="Demo-Web").id
        other = make_repository(session, name="other").id
        fork = make_repository(session, name="fork")
        fork.origin_id = one
        fork_id = fork.id
    for number, repository_id in enumerate((one, other, fork_id)):
        ground.commit(repository_id, {b"a": b"apple %d\n" % number})
        ground.update(repository_id)
    ground.commit(one, {b"b": b"apple on next\n"}, ref="refs/heads/next")
    ground.update(one, "refs/heads/next")
    expected = {
        "apple": {(one, "a"), (other, "a")},
        "apple fork:yes": {(one, "a"), (other, "a"), (fork_id, "a")},
        "apple fork:only": {(fork_id, "a")},
        "apple repo:demo": {(one, "a")},
        "apple repo:anna/*": {(one, "a")},
        "apple repo:*-web": {(one, "a")},
        "apple -repo:demo": {(other, "a")},
        "apple owner:anna": {(one, "a")},
        "apple owner:ann": set(),
        "apple -owner:anna": {(other, "a")},
        "apple branch:next": {(one, "b")},
        "apple branch:nowhere": set(),
    }
    assert {query: ground.paths(query) for query in expected} == expected


def test_every_line_is_found_once_whatever_the_size_of_a_page(ground: Ground) -> None:
    one, other = ground.make(), ground.make()
    text = b"\n".join(b"apple" if at % 3 else b"pear" for at in range(50))
    for repository_id in (one, other):
        ground.commit(repository_id, {b"long": text, b"own": b"apple %d\n" % repository_id})
        ground.update(repository_id)
    expected = {
        *((repository_id, b"long", at + 1) for repository_id in (one, other) for at in range(50) if at % 3),
        *((repository_id, b"own", 1) for repository_id in (one, other)),
    }
    for most in (1, 7, 1000):
        found = [
            (one.place.repository_id, one.path, one.line.number) for one in ground.lines("apple", most=most)
        ]
        assert len(found) == len(set(found))
        assert set(found) == expected


def test_pages_follow_each_other_and_end(ground: Ground) -> None:
    one = ground.make()
    ground.commit(one, {b"f%d" % at: b"apple %d\n" % at for at in range(45)})
    ground.update(one)
    pages = [ground.files("apple", page=page) for page in (1, 2, 3, 4)]
    assert [len(page.files) for page in pages] == [20, 20, 5, 0]
    assert [page.has_more for page in pages] == [True, True, False, False]
    assert len({file.path for page in pages for file in page.files}) == 45
    assert pages[2].total == 45


def test_what_is_committed_while_somebody_searches_is_found_next(ground: Ground) -> None:
    one = ground.make()
    assert ground.paths("apple") == set()
    for at in range(12):
        ground.commit(one, {b"f%d" % at: b"apple %d\n" % at})
        ground.update(one)
        ground.index.tidy()
        assert len(ground.paths("apple")) == at + 1


@pytest.mark.parametrize("cursor", ["x", "1.2", "1.2.x", "1.2.3.4"])
def test_a_cursor_that_is_none_is_refused(ground: Ground, cursor: str) -> None:
    with ground.hub.database.reading() as session, pytest.raises(ValueError, match=r"."):
        ground.search.lines(session, ANONYMOUS, read_code_query("x"), most=1, after=cursor)
