"""A token for one repository: what it reaches there and elsewhere, by page, by git and in the account."""

import dataclasses
from pathlib import Path

import httpx
import pytest

from hub.access import Scope
from hub.accounts.queries import get_user
from hub.accounts.token_actions import create_token
from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.records import repository_id


def limited(served: Served, person: Person, *paths: str, scope: Scope = Scope.REPOSITORY_WRITE) -> Person:
    """The person with a token for these repositories and nothing else.

    No form gives such a token the scope `all`; where a test does, it shows that the limit alone is enough.
    """
    only = [repository_id(served, path) for path in paths]
    with served.hub.database.writing() as session:
        user = get_user(session, person.name)
        row, token = create_token(
            session,
            user.viewer(),
            user,
            label="limited",
            scopes=frozenset({Scope.REPOSITORY_READ}),
            expires_at=None,
            repositories=only,
        )
        row.scopes = scope.value
    return dataclasses.replace(person, token=token)


@pytest.fixture
def places(served: Served, anna: Person, tmp_path: Path) -> dict[str, str]:
    """Repositories of Anna's, each with a commit: her token is for the one called `it`."""
    git = GitClient(tmp_path / "filler")
    work = git.init()
    git.commit(work, "One")
    made = {
        "it": served.repository(anna, private=True),
        "other private": served.repository(anna, private=True),
        "other public": served.repository(anna),
    }
    for path in made.values():
        git.push(work, served.url(path, anna), "main")
    return made


def page(served: Served, path: str, person: Person | None, method: str = "GET") -> int:
    headers = {"Accept": "text/html", **(person.headers if person else {})}
    return httpx.request(method, f"{served.http}{path}", headers=headers, timeout=60).status_code


def fetches(served: Served, path: str, person: Person, git: GitClient) -> bool:
    return git.run("ls-remote", served.url(path, person), check=False).ok


def pushes(served: Served, path: str, person: Person, git: GitClient, branch: str) -> bool:
    target = f"HEAD:refs/heads/{branch}"
    return git.push(git.folder / "work", served.url(path, person), target, check=False).ok


@pytest.mark.parametrize("scope", [Scope.REPOSITORY_WRITE, Scope.ALL])
@pytest.mark.parametrize(
    ("place", "reached"),
    [
        ("it", (200, 200, True, True)),
        ("other private", (404, 404, False, False)),
        ("other public", (200, 403, True, False)),
    ],
)
def test_what_a_limited_token_reaches(
    served: Served,
    anna: Person,
    places: dict[str, str],
    tmp_path: Path,
    place: str,
    reached: tuple[int, int, bool, bool],
    scope: Scope,
) -> None:
    """Its page, its settings, a fetch and a push."""
    path = places[place]
    git = GitClient(tmp_path / "hers")
    git.commit(git.init(), "Two")

    def found(person: Person, branch: str) -> tuple[int, int, bool, bool]:
        shown, settings = page(served, f"/{path}", person), page(served, f"/{path}/settings", person)
        return shown, settings, fetches(served, path, person, git), pushes(served, path, person, git, branch)

    assert found(limited(served, anna, places["it"], scope=scope), "limited") == reached
    assert found(anna, "whole") == (200, 200, True, True), "only the limit makes the difference"


def test_a_limited_token_lists_what_it_reaches_and_what_is_public(
    served: Served, anna: Person, places: dict[str, str]
) -> None:
    token = limited(served, anna, places["it"])
    headers = {"Accept": "text/html", **token.headers}
    shown = httpx.get(f"{served.http}/{anna.name}", headers=headers, timeout=60).text
    names = {place: path.partition("/")[2] in shown for place, path in places.items()}
    assert names == {"it": True, "other private": False, "other public": True}


def test_a_limited_token_reaches_no_account_and_makes_nothing(served: Served, places: dict[str, str]) -> None:
    """An administrator's, too: it administers nothing, not even its own repository as if it owned it."""
    root = served.person(is_admin=True)
    mine = served.repository(root)
    token = limited(served, root, mine, places["it"], scope=Scope.ALL)
    for path in ("/settings/keys", "/settings/tokens", "/settings/profile", "/new", "/admin/people"):
        assert (path, page(served, path, root)) == (path, 200)
        assert (path, page(served, path, token)) == (path, 403)
    assert page(served, "/new", token, "POST") == 403
    assert page(served, f"/{mine}/settings/rules", token) == 200
    assert page(served, f"/{places['it']}", token) == 404
    assert page(served, f"/{places['it']}", root) == 200


def test_a_limited_token_that_only_reads_pushes_nowhere(
    served: Served, anna: Person, places: dict[str, str], tmp_path: Path
) -> None:
    token = limited(served, anna, places["it"], scope=Scope.REPOSITORY_READ)
    git = GitClient(tmp_path / "hers")
    git.commit(git.init(), "Two")
    assert fetches(served, places["it"], token, git)
    assert not pushes(served, places["it"], token, git, "topic")
    assert page(served, f"/{places['it']}/settings/rules", token) == 403


def test_a_pushed_repository_is_judged_by_the_limit_as_well(
    served: Served, anna: Person, places: dict[str, str], tmp_path: Path
) -> None:
    """The limit reaches the policy processes: in the one repository it pushes as its owner."""
    token = limited(served, anna, places["it"])
    git = GitClient(tmp_path / "hers")
    git.clone(served.url(places["it"], token))
    git.commit(git.folder / "clone", "As the owner")
    git.push(git.folder / "clone", "origin", "main")
