"""What finds commits: words in any of their forms, people, moments, trailers, paths and ids."""

import random
import re
from collections.abc import Iterator

import pytest

from hub.access import ANONYMOUS, Role, Viewer, Visibility
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.repos.access import find_repository
from hub.repos.actions import grant
from hub.repos.models import Repository
from hub.search.syntax import Misunderstood
from tests.factories import SYSTEM
from tests.fast_import import Stream
from tests.feature.search.histories import MAIN, Histories

BO = "Bo Lind <BO@Example.net>"


@pytest.fixture
def histories(hub: Hub) -> Iterator[Histories]:
    """anna/one with three commits and a merge, numbered from the oldest on."""
    made = Histories(hub)
    one = made.make("anna/one")
    made.commit(one, "Parse commits lazily\n\nThe parser reads what it needs.\n\nReviewed-by: Bo Lind <bo@x>")
    base = made.commit(one, "docs: say how", who=BO, files={b"docs/how.txt": b"so\n"})
    side = made.commit(one, "Fix a typo in parse_commit", by=BO, files={b"typo": b"\n"})
    made.commit(one, "Merge the parser", parents=[side, base])
    made.update(one)
    yield made
    made.search.close()


def found(histories: Histories, written: str, viewer: Viewer = ANONYMOUS) -> list[int]:
    """The numbers of what is found, from the oldest on."""
    every = histories.ids("before:1h", order="oldest")
    return [every.index(one) + 1 for one in histories.ids(written, viewer=viewer, order="oldest")]


FOUND = {
    "parsing": [1, 3],
    "parser": [1, 4],
    "parse commit": [1, 3],
    '"parse commits"': [1, 3],
    "parse -typo": [1],
    "typo OR how": [2, 3],
    "pars*": [1, 3, 4],
    "anna": [1, 3, 4],
    "lind": [2, 3],
    "author:lind": [2],
    "author:example.net": [2],
    "author:LIND": [2],
    "-author:lind": [1, 3, 4],
    "author:lind author:ek": [1, 2, 3, 4],
    "committer:bo": [2, 3],
    "committer:bo -author:bo": [3],
    "author:%": [],
    "trailer:lind": [1],
    "trailer:reviewed-by=bo": [1],
    "trailer:reviewed-by=": [1],
    "trailer:acked-by=bo": [],
    "-trailer:bo": [2, 3, 4],
    "merge:only": [4],
    "merge:no parser": [1],
    "since:2024-01-01": [1, 2, 3, 4],
    "before:2024-01-01": [],
    "-since:2024-01-01": [],
    "since:9999y": [1, 2, 3, 4],
    "repo:anna/one typo": [3],
    "repo:two typo": [],
    "owner:anna typo": [3],
    "-owner:anna typo": [],
    "path:docs/ repo:anna/one": [2],
    "path:docs/how.txt": [2],
    "path:nowhere": [],
    "path:../x": [],
    "author:lind docs": [2],
}


def test_what_is_found(histories: Histories) -> None:
    assert {written: found(histories, written) for written in FOUND} == FOUND


FAULTS = {
    "author:me": "me is whoever is signed in",
    "merge:maybe": "merge: is one of no, yes, only",
    "since:soon": "since: takes an age",
    "hash:xyz": "hash: takes the first 4 or more digits",
    "author:/x/": "author: takes no regular expression",
    "lang:python x": "lang: does not work here",
    "path:*.c": "path: takes a file or a folder of one repository",
    "path:a path:b": "one path is looked for at a time",
    "trailer:#": "there is no word in it",
    "parse {}": "there is no word in it",
}


def test_what_cannot_be_answered_says_why(histories: Histories) -> None:
    for written, fault in FAULTS.items():
        with pytest.raises(Misunderstood, match=re.escape(fault)):
            histories.ids(written)


def test_a_path_is_of_one_repository(histories: Histories) -> None:
    two = histories.make("bo/two")
    histories.commit(two, "docs: other", files={b"docs/a": b"\n"})
    histories.update(two)
    with pytest.raises(Misunderstood, match="path: looks into one history, and this searches 2"):
        histories.ids("path:docs")
    assert len(histories.ids("path:docs repo:bo/two")) == 1


def test_a_commit_is_found_by_the_beginning_of_its_id(histories: Histories) -> None:
    commit_id = histories.ids("typo")[0]
    for written in (commit_id, commit_id[:7], commit_id[:8].upper(), f"hash:{commit_id[:5]}"):
        assert histories.ids(written) == [commit_id]
    assert histories.ids(f"{commit_id[:9]} repo:no") == []
    assert histories.ids(f"hash:{commit_id[:9]} author:lind") == []
    assert histories.ids("0123456789") == []


def test_me_is_who_has_the_address(histories: Histories) -> None:
    two = histories.make("cleo/two")
    with histories.hub.database.writing() as session:
        cleo = get_user(session, "cleo")
        cleo.email = "bo@example.net"
        viewer = cleo.viewer()
    own = histories.commit(two, "By a form", who="Cleo <cleo@noreply.hub.example>")
    histories.update(two)
    assert found(histories, "author:me", viewer) == [2, 5]
    assert own in histories.ids("author:@me", viewer=viewer)


def test_results_are_sorted_and_paged(histories: Histories) -> None:
    two = histories.make("bo/two")
    made = [histories.commit(two, f"Plum number {number}") for number in range(25)]
    histories.update(two)
    first, second = (histories.find("plum", order="newest", page=page) for page in (1, 2))
    ids = [one.commit_id for page in (first, second) for one in page.commits]
    assert ids == made[::-1]
    assert (first.total, first.has_more, second.has_more) == (25, True, False)
    assert histories.ids("plum", order="oldest") == made[:20]
    assert histories.ids("plum number", order="relevance") == made[:-21:-1]


@pytest.mark.parametrize(("visibility", "role"), [(v, r) for v in Visibility for r in (None, Role.READ)])
def test_nobody_finds_or_counts_what_they_may_not_see(
    histories: Histories, visibility: Visibility, role: Role | None
) -> None:
    two = histories.make("bo/two", visibility=visibility)
    hidden = histories.commit(two, "Parse a secret\n\nReviewed-by: Bo", who="Spy <spy@example.org>")
    histories.update(two)
    with histories.hub.database.writing() as session:
        eve = get_user(session, "anna")
        if role is not None:
            grant(session, SYSTEM, session.get_one(Repository, two), eve, role=role)
        viewer = eve.viewer()
    may_see = visibility is Visibility.PUBLIC or role is not None
    for written in ("secret", "author:spy", "trailer:bo merge:no", hidden[:10], f"hash:{hidden[:7]}", "spy"):
        for who, sees in ((viewer, may_see), (ANONYMOUS, visibility is Visibility.PUBLIC)):
            result = histories.find(written, viewer=who)
            assert (hidden in [one.commit_id for one in result.commits]) is sees
            assert result.total == (written.startswith("trailer") + sees)
            assert result.places == 1 + sees


def test_for_any_grants_everybody_finds_and_counts_what_they_may_see(histories: Histories) -> None:
    chance = random.Random(4)
    names = ["kim", "lou", "max"]
    ids = [
        histories.make(f"{chance.choice(names)}/number-{number}", visibility=chance.choice(list(Visibility)))
        for number in range(8)
    ]
    viewers = [ANONYMOUS]
    with histories.hub.database.writing() as session:
        people = [get_user(session, name) for name in names]
        viewers += [one.viewer() for one in people]
        for one in ids:
            repository, person = session.get_one(Repository, one), chance.choice(people)
            if person.id != repository.owner_id:
                grant(session, SYSTEM, repository, person, role=Role.READ)
    for one in ids:
        # The first commit is the same everywhere.
        stream = Stream()
        stream.commit("plums", MAIN.encode(), message=b"Pick plums")
        stream.run(histories.path(one))
        histories.commit(one, f"Pick plums of {one}", who=f"Picker{one} <p@example.org>")
        histories.update(one)
    for viewer in viewers:
        with histories.hub.database.reading() as session:
            seen = {one for one in ids if find_repository(session, viewer, one) is not None}
        found = histories.find("plums", viewer=viewer)
        places = [(one.place, *one.elsewhere) for one in found.commits]
        assert found.total == len(places) == len(seen) + bool(seen)
        assert {place.repository_id for some in places for place in some} == seen
        assert sorted(len(some) for some in places) == [1] * len(seen) + [len(seen)] * bool(seen)
        for one in ids:
            assert histories.find(f"author:picker{one}", viewer=viewer).total == (one in seen)
