"""Archives as a worker without a front sends them: what they hold, what they are called, what is refused."""

import io
import random
import tarfile
import zipfile
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from hub.app import Hub
from hub.repos.models import Repository
from tests.factories import make_user
from tests.git_client import GitClient
from tests.odd_contents import BROKEN_HEADERS
from tests.odd_repository import OddRepository, git, host
from tests.visitor import Visitor

pytestmark = pytest.mark.reads

# libgit2 does not read commits whose people are written wrongly, and answers as if there were none.
NO_ARCHIVE = ("hidden", "deleted", "odd trees", *BROKEN_HEADERS)


def archive(visitor: Visitor, name: bytes | str, **headers: str) -> TestResponse:
    return visitor.get(f"/anna/odd/archive/{quote(name)}", **headers)


def test_tar_gz_holds_byte_for_byte_what_git_archive_says(stranger: Visitor, odd: OddRepository) -> None:
    chosen = [odd.tip, *random.Random(5).sample(sorted(odd.commits.values()), 25)]
    known = [one for one in chosen if one not in {odd.commits[name] for name in NO_ARCHIVE}]
    for commit_id in known:
        answer = archive(stranger, f"{commit_id}.tar.gz")
        command = ["-c", "tar.tar.gz.command=gzip -cn", "archive", "--format=tar.gz"]
        assert answer.data == git(odd.directory, *command, f"--prefix=odd-{commit_id}/", commit_id), commit_id
        assert answer.headers["Content-Type"] == "application/gzip"
    assert len(known) > 15


@pytest.mark.parametrize(
    ("ref", "called"),
    [
        ("main", "odd-main"),
        ("v1", "odd-v1"),
        ("release/2024/01", "odd-release-2024-01"),
        ("a.b", "odd-a.b"),
        ("--output=PWN", "odd---output-PWN"),
        ("$(id)", "odd--id-"),
        ("refs/tags/v2", "odd-v2"),
    ],
)
def test_zip_of_a_name_unpacks_into_one_folder(stranger: Visitor, ref: str, called: str) -> None:
    answer = archive(stranger, f"{ref}.zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        assert {name.split("/")[0] for name in packed.namelist()} == {called}
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{called}.zip"'


def test_letters_of_other_alphabets_stay(stranger: Visitor) -> None:
    answer = archive(stranger, "ä.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(answer.data)) as packed:
        assert packed.getnames()[0] == "odd-ä"
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"odd--.tar.gz\"; filename*=UTF-8''odd-%C3%A4.tar.gz"
    )


def test_name_that_is_no_text_is_packed_too(stranger: Visitor) -> None:
    def ask(form: bytes) -> TestResponse:
        # werkzeug's client replaces what is no UTF-8; servers do not (PEP 3333).
        path = (b"/anna/odd/archive/latin-\xe4." + form).decode("latin-1")
        return stranger.client.get("/", environ_overrides={"PATH_INFO": path})

    answer, refused = ask(b"zip"), ask(b"bundle")
    assert (answer.status_code, answer.data[:2]) == (200, b"PK")
    assert refused.status_code == 404
    assert "There is no bundle of this" in refused.text


def test_id_stands_before_a_branch_that_is_named_so(stranger: Visitor, odd: OddRepository) -> None:
    answer = archive(stranger, f"{odd.commits['root']}.zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        assert packed.comment.decode() == odd.commits["root"]


def test_beginning_of_an_id_leads_to_the_whole(stranger: Visitor, odd: OddRepository) -> None:
    answer = archive(stranger, f"{odd.commits['root'][:9]}.zip")
    assert answer.status_code == 302
    assert answer.location == f"/anna/odd/archive/{odd.commits['root']}.zip"


def test_bundle_has_the_one_ref_and_its_history(
    stranger: Visitor, odd: OddRepository, git: GitClient
) -> None:
    bundle = git.folder / "one.bundle"
    bundle.write_bytes(archive(stranger, "v1.bundle").data)
    git.clone(str(bundle), "copy", "--mirror")
    listed = git.run("for-each-ref", "--format=%(objectname) %(refname)", cwd=git.folder / "copy").out
    assert listed == f"{odd.refs['refs/tags/v1']} refs/tags/v1\n"
    assert archive(stranger, f"{odd.tip}.bundle").status_code == 404


def test_nothing_is_filled_in(
    hub: Hub, own_odd: OddRepository, own_stranger: Visitor, git: GitClient
) -> None:
    """export-subst let a commit run git's formatter on whoever packed it (CVE-2022-41903)."""
    work = git.init()
    asks = "f export-subst\n[attr]sneaky export-subst\ng sneaky\nleft-out export-ignore\n"
    git.commit(
        work, "One", {".gitattributes": asks, "f": "$Format:%H$\n", "g": "$Format:%an$\n", "left-out": "x"}
    )
    (folder,) = hub.config.data.glob("repositories/main/*.git")
    git.run("push", "--quiet", str(folder), "HEAD:refs/heads/subst", cwd=work)

    with tarfile.open(fileobj=io.BytesIO(archive(own_stranger, "subst.tar.gz").data)) as packed:
        contents = {
            one.name: (packed.extractfile(one) or io.BytesIO()).read() for one in packed if one.isfile()
        }

    assert contents["odd-subst/f"] == b"$Format:%H$\n"
    assert contents["odd-subst/g"] == b"$Format:%an$\n"
    assert "odd-subst/left-out" not in contents


def test_bomb_is_refused_at_once_and_in_words(stranger: Visitor) -> None:
    answer = archive(stranger, "bomb.tar.gz")
    assert answer.status_code == 422
    assert "This is too large to be packed into one file" in answer.text


def test_names_that_lead_elsewhere_are_not_packed(stranger: Visitor, odd: OddRepository) -> None:
    answer = archive(stranger, f"{odd.commits['odd trees']}.zip")
    assert answer.status_code == 422
    assert "This cannot be packed into one file" in answer.text


@pytest.mark.parametrize("form", ["tar.gz", "zip", "bundle"])
def test_too_many_bytes_are_refused(app: Flask, hub: Hub, own_stranger: Visitor, form: str) -> None:
    object.__setattr__(hub.config, "max_archive_bytes", 1000)
    with hub.database.writing() as session:
        session.execute(update(Repository).values(size_bytes=1001))
    assert archive(own_stranger, f"main.{form}").status_code == 422


def test_who_has_it_already_is_told_so(stranger: Visitor, odd: OddRepository) -> None:
    first = archive(stranger, f"{odd.tip}.zip")
    again = archive(stranger, f"{odd.tip}.zip", If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert archive(stranger, "main.zip").headers["Cache-Control"] == "private, no-cache"


def test_unknown_hidden_and_deleted_ids_answer_alike(stranger: Visitor, odd: OddRepository) -> None:
    ids = (odd.commits["hidden"], odd.commits["deleted"], "1" * 40)
    for form in ("tar.gz", "zip", "bundle"):
        texts = {
            archive(stranger, f"{one}.{form}", Accept="text/plain").text.replace(one, "ID") for one in ids
        }
        assert len({text.partition("Request")[0] for text in texts}) == 1


@pytest.mark.parametrize(
    "name", ["main.rar", "main", ".zip", "none.zip", "of-a-tree.zip", "../x.zip", "feature.zip"]
)
def test_what_there_is_not_is_not_found(stranger: Visitor, name: str) -> None:
    assert archive(stranger, name).status_code == 404


def test_private_archives_are_for_those_who_see_the_repository(
    hub: Hub, app: Flask, odd_repository: OddRepository
) -> None:
    with hub.database.writing() as session:
        make_user(session, "anna")
    host(hub, odd_repository, "anna", is_private=True)
    anna = Visitor(app)
    anna.sign_in("anna")

    assert archive(Visitor(app), f"{odd_repository.tip}.zip").status_code == 404
    answer = archive(anna, f"{odd_repository.tip}.zip")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, no-cache")


def test_only_the_front_is_told_what_to_send(app: Flask, own_stranger: Visitor) -> None:
    asked = {"X_Hub_Handover": "1"}
    near = Visitor(app, address="")

    assert "X-Hub-Handover" not in archive(own_stranger, "main.zip", **asked).headers
    assert "X-Hub-Handover" not in archive(near, "main.zip").headers
    told = archive(near, "main.zip", **asked)
    assert '"kind": "zip"' in told.headers["X-Hub-Handover"]
    assert told.data == b""


def test_head_says_what_get_would(stranger: Visitor) -> None:
    answer = stranger.client.head("/anna/odd/archive/main.zip")
    assert (answer.status_code, answer.data) == (200, b"")
    assert "Content-Length" not in answer.headers
