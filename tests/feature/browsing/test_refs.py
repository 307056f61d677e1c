"""The lists of branches and tags: what they show of odd refs, and what may be deleted from them."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from hub.access import Permission, Role
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.repos.access import open_repository
from hub.repos.actions import grant
from hub.repos.browsing.refs.distances import find_distances
from hub.repos.git.history import Distance
from hub.repos.git.store import directory
from hub.repos.jobs import count_distances
from hub.repos.models import RefLogEntry
from tests.factories import SYSTEM, make_repository, make_user
from tests.git_client import GitClient
from tests.odd_repository import HOSTILE_BRANCHES, ODD_BRANCHES, OddRepository, git
from tests.visitor import Visitor, forms_of, words_of


def signed_in(app: Flask, name: str) -> Visitor:
    visitor = Visitor(app)
    visitor.sign_in(name)
    return visitor


def ask_deletion(visitor: Visitor, kind: str, ref: str) -> TestResponse:
    """Sends what the button of the list sends, whether it is there or not."""
    forms = forms_of(visitor.get("/settings/profile").text)
    token = next(one.values["csrf_token"] for one in forms if "csrf_token" in one.values)
    return visitor.post(f"/anna/odd/{kind}/delete", {"csrf_token": token, "ref": quote(ref)})


def test_default_branch_comes_first_and_then_what_moved_last(stranger: Visitor) -> None:
    page = stranger.get("/anna/odd/branches").text
    names = re.findall(r"<b>([^<]*)</b></bdi></a>", page)
    assert names[0] == "main"
    assert names[1] == "odd/dates"  # of the year 30 million, as far as it says
    assert len(names) == len(HOSTILE_BRANCHES) + len(ODD_BRANCHES) + 11


def test_every_branch_leads_to_itself(stranger: Visitor) -> None:
    page = stranger.get("/anna/odd/branches").text
    for name in (*HOSTILE_BRANCHES, *ODD_BRANCHES):
        address = quote(f"/anna/odd/src/branch/{name}")
        assert f'href="{address}"' in page, name
        assert stranger.get(address).status_code == 200, name
    assert 'href="/anna/odd/src/branch/latin-%E4"' in page
    assert "<img\u00a0src=x>" not in page


def test_distance_from_the_default_branch_is_what_git_counts(stranger: Visitor, odd: OddRepository) -> None:
    for name in ("release-1.0", "unrelated", "2024"):
        counted = git(odd.directory, "rev-list", "--count", "--left-right", f"refs/heads/{name}...main")
        ahead, behind = counted.decode().split()
        words = words_of(stranger.get(f"/anna/odd/branches?q={name}").text)
        assert re.search(rf"{ahead} commits? ahead, {behind} behind", words), name


def test_what_a_page_has_no_time_to_count_the_worker_counts(hub: Hub, own_odd: OddRepository) -> None:
    tips = [own_odd.refs["refs/heads/release-1.0"], own_odd.refs["refs/heads/unrelated"]]

    def find() -> dict[str, Distance]:
        with hub.database.reading() as session:
            repository = open_repository(session, SYSTEM, "anna/odd", need=Permission.SEE)
            return find_distances(session, repository, tips, seconds=0)

    assert find() == {}
    count_distances.function(hub.database)
    assert find()[tips[0]] == Distance(1, 20)
    assert len(find()) == 2


def test_filter_finds_parts_of_names_in_any_case_or_says_that_there_is_none(stranger: Visitor) -> None:
    assert "No branch has this in its name." in words_of(stranger.get("/anna/odd/branches?q=nowhere").text)
    assert "feature/a" in words_of(stranger.get("/anna/odd/branches?q=FEATURE/A").text)


def test_tags_say_what_they_are(stranger: Visitor, odd: OddRepository) -> None:
    answer = stranger.get("/anna/odd/tags")
    words = words_of(answer.text)
    assert "Version 1 Notes v1 With <b>words</b>, & more." in words
    assert "names a folder, and no commit: fetch it with git" in words
    assert "names a file, and no commit: fetch it with git" in words
    for form in ("tar.gz", "zip", "bundle"):
        assert f'href="/anna/odd/archive/release/2024/01.{form}"' in answer.text
    assert 'href="/anna/odd/archive/of-a-tree.zip"' not in answer.text


def test_releases_are_the_tags(stranger: Visitor) -> None:
    answer = stranger.get("/anna/odd/releases")
    assert (answer.status_code, answer.location) == (302, "/anna/odd/tags")


@pytest.mark.parametrize(("page", "empty"), [("branches", "No branch yet"), ("tags", "No tag yet")])
def test_empty_repository_says_what_would_be_here(
    hub: Hub, own_stranger: Visitor, page: str, empty: str
) -> None:
    with hub.database.writing() as session:
        make_repository(session, get_user(session, "anna"), "empty")
    assert empty in words_of(own_stranger.get(f"/anna/empty/{page}").text)


def test_branch_is_deleted_like_by_a_push_and_its_id_is_told(
    app: Flask, hub: Hub, own_odd: OddRepository
) -> None:
    anna = signed_in(app, "anna")
    answer = ask_deletion(anna, "branches", "release-1.0")

    assert (answer.status_code, answer.location) == (302, "/anna/odd/branches")
    words = words_of(anna.get("/anna/odd/branches").text)
    old_id = own_odd.refs["refs/heads/release-1.0"]
    assert f"git push origin {old_id}:refs/heads/release-1.0" in words
    with hub.database.reading() as session:
        entry = session.query(RefLogEntry).order_by(RefLogEntry.id.desc()).first()
        assert entry is not None
        assert (entry.ref, entry.old_id, entry.new_id) == ("refs/heads/release-1.0", old_id, "0" * 40)
    assert anna.get(f"/anna/odd/archive/{old_id}.zip").status_code == 404


@pytest.mark.parametrize(
    ("who", "kind", "ref", "status"),
    [
        ("anna", "branches", "feature/b/d", 302),
        ("anna", "branches", "--output=PWN", 302),
        ("anna", "branches", "main", 403),
        ("anna", "branches", "none", 404),
        ("anna", "branches", "../tags/v1", 404),
        ("anna", "branches", "../../config", 404),
        ("anna", "tags", "v1", 302),
        ("bo", "tags", "release/2024/01", 302),
        ("cleo", "tags", "v2", 403),
        ("eve", "branches", "feature/a", 403),
    ],
)
def test_who_may_push_that_may_delete(
    app: Flask, hub: Hub, own_odd: OddRepository, who: str, kind: str, ref: str, status: int
) -> None:
    with hub.database.writing() as session:
        repository = open_repository(session, SYSTEM, "anna/odd", need=Permission.SEE)
        for name, role in (("bo", Role.WRITE), ("cleo", Role.READ), ("eve", None)):
            user = make_user(session, name)
            if role is not None:
                grant(session, SYSTEM, repository, user, role=role)
    visitor = signed_in(app, who)

    assert ask_deletion(visitor, kind, ref).status_code == status

    is_offered = f'value="{quote(ref)}"' in visitor.get(f"/anna/odd/{kind}").text
    assert is_offered is False


def test_button_stands_where_deletion_is_allowed(app: Flask, own_odd: OddRepository) -> None:
    page = signed_in(app, "anna").get("/anna/odd/branches").text
    assert 'name="ref" value="feature/a"' in page
    assert 'name="ref" value="main"' not in page
    assert 'name="ref" value="latin-%E4"' not in page
    assert 'name="ref"' not in Visitor(app).get("/anna/odd/branches").text


def test_many_branches_are_paged_with_their_last_commits(
    hub: Hub, own_stranger: Visitor, tmp_path: Path
) -> None:
    with hub.database.writing() as session:
        folder = directory(hub.config, make_repository(session, get_user(session, "anna"), "many"))
    client = GitClient(tmp_path / "git")
    work = client.init()
    tip = client.commit(work, "A subject\n\nand a body")
    client.run("push", "--quiet", str(folder), "main", cwd=work)
    refs = [f"{tip} refs/heads/b{number:03}" for number in range(60)]
    folder.joinpath("packed-refs").write_text("# pack-refs with: sorted \n" + "\n".join(refs) + "\n")

    page, last = (own_stranger.get(f"/anna/many/branches{query}").text for query in ("", "?page=2"))
    first, rest = (re.findall(r"<b>([^<]*)</b></bdi></a>", one) for one in (page, last))
    assert (first[0], len(first), len(rest)) == ("main", 50, 11)
    assert sorted(first[1:] + rest) == [f"b{number:03}" for number in range(60)]
    assert words_of(last).count("A subject") == 11


def test_thousands_of_tags_cost_a_page_of_them(hub: Hub, own_stranger: Visitor, tmp_path: Path) -> None:
    with hub.database.writing() as session:
        folder = directory(hub.config, make_repository(session, get_user(session, "anna"), "many"))
    client = GitClient(tmp_path / "git")
    work = client.init()
    tip = client.commit(work)
    client.run("push", "--quiet", str(folder), "main", cwd=work)
    refs = [f"{tip} refs/tags/v1.{number}" for number in range(3000)]
    folder.joinpath("packed-refs").write_text("# pack-refs with: sorted \n" + "\n".join(sorted(refs)) + "\n")

    page = own_stranger.get("/anna/many/tags").text
    names = re.findall(r"<b>(v[^<]*)</b></bdi></a>", page)
    assert names[:3] == ["v1.2999", "v1.2998", "v1.2997"]
    assert len(names) == 50
    last = own_stranger.get("/anna/many/tags?page=60").text
    assert re.findall(r"<b>(v[^<]*)</b></bdi></a>", last)[-1] == "v1.0"
