"""git where a repository was renamed, given away, archived, deleted or brought back."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy.orm import Session

from hub.access import Permission, Role, Visibility
from hub.accounts.profile_actions import rename as rename_person
from hub.accounts.queries import get_user
from hub.repos.access import open_repository
from hub.repos.loans import settle
from hub.repos.models import Repository
from hub.repos.settings import deletion, handover, settings
from tests.factories import SYSTEM, unique
from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.http_requests import info_refs, receive_pack, request
from tests.wire.ways import Way

Act = Callable[[Session, Repository], None]


def change(served: Served, path: str, act: Act) -> str:
    """Does this to the repository, as an administrator; returns its path from then on."""

    def changed(session: Session) -> str:
        repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
        act(session, repository)
        return repository.path

    return settle(served.hub.database, changed)


def rename(served: Served, path: str) -> str:
    name = unique("renamed")
    return change(served, path, lambda session, one: handover.rename(session, SYSTEM, one, name=name))


def transfer(served: Served, path: str, person: Person) -> str:
    def act(session: Session, repository: Repository) -> None:
        handover.transfer(session, SYSTEM, repository, get_user(session, person.name))

    return change(served, path, act)


def delete(served: Served, path: str) -> int:
    with served.hub.database.reading() as session:
        number = open_repository(session, SYSTEM, path, need=Permission.SEE).id
    change(served, path, lambda session, one: deletion.delete_repository(session, SYSTEM, one))
    return number


def told_of_the_move(way: Way, err: str, path: str) -> bool:
    if way.name == "http":
        return f"redirecting to {way.served.http}/{path}.git/" in err
    address = way.served.ssh_url(path)
    return f"This repository has moved to {address}." in err and f"git remote set-url origin {address}" in err


def test_old_address_clones_fetches_and_pushes_and_git_says_where_it_is(
    way: Way, hers: GitClient, work: Path, path: str, anna: Person
) -> None:
    new_path = rename(way.served, path)
    second = hers.commit(work, "Two")

    pushed = hers.push(work, "origin", "main")
    cloned = hers.clone(way.url(path, anna))
    fetched = hers.fetch(work, "origin")

    assert told_of_the_move(way, pushed.err, new_path), pushed.err
    assert told_of_the_move(way, cloned.err, new_path), cloned.err
    assert told_of_the_move(way, fetched.err, new_path), fetched.err
    assert hers.head(hers.folder / "clone") == second
    assert hers.ls_remote(way.url(new_path, anna))["refs/heads/main"] == second


def test_new_address_says_nothing(way: Way, hers: GitClient, work: Path, path: str, anna: Person) -> None:
    new_path = rename(way.served, path)

    cloned = hers.clone(way.url(new_path, anna))

    assert "moved" not in cloned.err
    assert "redirecting" not in cloned.err


def test_what_was_given_away_is_found_by_its_new_owner_and_by_who_reads_it(
    way: Way, hers: GitClient, his: GitClient, work: Path, path: str, anna: Person, ben: Person
) -> None:
    new_path = transfer(way.served, path, ben)

    cloned = his.clone(way.url(path, ben))
    refused = hers.push(work, "origin", "HEAD:refs/heads/more", check=False)

    assert new_path.startswith(f"{ben.name}/")
    assert told_of_the_move(way, cloned.err, new_path)
    assert not refused.ok
    assert "no write access" in refused.err or "may not" in refused.err


def test_private_repository_that_moved_is_a_missing_one_for_strangers(
    way: Way, his: GitClient, anna: Person, ben: Person
) -> None:
    path = way.served.repository(anna, private=True)
    rename(way.served, path)

    moved = his.run("ls-remote", way.url(path, ben), check=False)
    missing = his.run("ls-remote", way.url(f"{anna.name}/never", ben), check=False)

    name = path.partition("/")[2]
    assert moved.exit == missing.exit == 128
    assert moved.err.replace(name, "never") == missing.err


def test_repository_of_a_renamed_person_is_found_under_both_names(
    way: Way, hers: GitClient, ben: Person
) -> None:
    owner = way.served.person()
    path = way.served.repository(owner)
    new_name = unique("renamed-person")
    with way.served.hub.database.writing() as session:
        rename_person(session, SYSTEM, get_user(session, owner.name), name=new_name)
    new_path = f"{new_name}/{path.partition('/')[2]}"
    twice = rename(way.served, new_path)

    for old in (path, new_path):
        cloned = hers.clone(way.url(old, ben), unique("clone"))
        assert told_of_the_move(way, cloned.err, twice), cloned.err


def test_post_to_the_old_address_is_served_there(served: Served, anna: Person) -> None:
    """Not every client follows a redirect of the first question with the second."""
    path = served.repository(anna)
    new_path = rename(served, path)
    asked = info_refs(served, path, "git-receive-pack", anna.headers)

    posted = receive_pack(served, path, b"0000", anna)

    assert asked.status == 301
    assert asked.headers["location"] == f"/{new_path}.git/info/refs?service=git-receive-pack"
    assert posted.status == 200


def test_service_of_a_redirect_holds_nothing_but_what_was_asked(served: Served, anna: Person) -> None:
    path = served.repository(anna)
    new_path = rename(served, path)

    answer = request(served, f"/{path}.git/info/refs?service=x%0d%0aSet-Cookie:%20a=b%26c")

    assert answer.status in (301, 403)
    assert "set-cookie" not in answer.headers
    assert answer.headers.get("location", f"/{new_path}.git/").startswith(f"/{new_path}.git/")


def test_archived_repository_is_cloned_and_refuses_pushes_in_words(
    way: Way, hers: GitClient, work: Path, path: str, anna: Person
) -> None:
    change(way.served, path, lambda session, one: settings.archive(session, SYSTEM, one))
    hers.commit(work, "Two")

    refused = hers.push(work, "origin", "main", check=False)
    cloned = hers.clone(way.url(path, anna))

    assert not refused.ok
    assert f"{path} is archived: it is read-only." in refused.err
    assert cloned.ok
    change(way.served, path, lambda session, one: settings.unarchive(session, SYSTEM, one))
    assert hers.push(work, "origin", "main").ok


def test_deleted_repository_is_a_missing_one_for_everybody_until_it_is_restored(
    way: Way, hers: GitClient, work: Path, path: str, anna: Person
) -> None:
    first = hers.head(work)
    number = delete(way.served, path)

    gone = hers.run("ls-remote", way.url(path, anna), check=False)
    missing = hers.run("ls-remote", way.url(f"{anna.name}/never", anna), check=False)

    assert gone.exit == 128
    assert gone.err.replace(path.partition("/")[2], "never") == missing.err
    restored = settle(
        way.served.hub.database,
        lambda session: deletion.restore_repository(session, SYSTEM, number).path,
    )
    assert restored == path
    assert hers.ls_remote(way.url(path, anna))["refs/heads/main"] == first
    hers.commit(work, "Two")
    assert hers.push(work, "origin", "main").ok


def test_name_of_a_deleted_repository_shows_nothing_of_it_to_the_next(
    way: Way, hers: GitClient, work: Path, path: str, anna: Person
) -> None:
    delete(way.served, path)
    way.served.repository(anna, path.partition("/")[2])

    assert hers.ls_remote(way.url(path, anna)) == {}


def test_repository_made_private_is_gone_for_who_has_no_role(
    way: Way, his: GitClient, work: Path, path: str, anna: Person, ben: Person
) -> None:
    his.clone(way.url(path, ben))
    change(
        way.served,
        path,
        lambda session, one: settings.set_visibility(session, SYSTEM, one, visibility=Visibility.PRIVATE),
    )

    refused = his.fetch(his.folder / "clone", "origin", check=False)
    way.served.grant(path, ben, Role.READ)

    assert not refused.ok
    assert his.fetch(his.folder / "clone", "origin").ok
