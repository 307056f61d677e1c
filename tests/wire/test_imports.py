"""Imports through a running hub: the form, the worker, the progress, and uploads larger than a page."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.databases import Template
from tests.git_client import GitClient
from tests.git_server import git_server
from tests.served import Person, Served
from tests.visitor import forms_of, words_of

# One worker starts the hub that these share.
pytestmark = pytest.mark.xdist_group("imports")

FORM = "/new/import"
MAX_PAGE_BYTES = 2 << 20


@pytest.fixture(scope="module")
def reaching(tmp_path_factory: pytest.TempPathFactory, template_database: Template) -> Iterator[Served]:
    """A hub that may fetch from this machine."""
    folder = tmp_path_factory.mktemp("reaching")
    (folder / "data").mkdir(mode=0o700)
    settings = {"allowed_networks": "127.0.0.0/8", "max_bundle_bytes": str(16 << 20)}
    served = Served(folder, template_database.copy_to(folder / "data"), settings)
    served.start()
    yield served
    served.close()


@pytest.fixture
def cara(reaching: Served) -> Person:
    """Somebody who imports."""
    return reaching.person()


@pytest.fixture
def source(git: GitClient) -> Path:
    """A repository with three megabytes that do not become smaller."""
    work = git.init()
    git.commit(work, "Large", {"large": os.urandom(3 << 20)})
    git.commit(work, "Small")
    return work


@pytest.fixture
def browser(reaching: Served, cara: Person) -> Iterator[httpx.Client]:
    """Cara's browser, signed in."""
    with httpx.Client(base_url=reaching.http, headers={"Accept": "text/html"}, timeout=120) as client:
        send(client, "/login", {"name": cara.name, "password": cara.password})
        yield client


def send(
    client: httpx.Client, path: str, values: dict[str, str], files: dict[str, Path] | None = None
) -> httpx.Response:
    """Fills in the form that stands at `path` and leads there."""
    page = client.get(path)
    (form,) = (one for one in forms_of(page.text) if (one.action or path) == path)
    sent = {**form.values, **values}
    uploads = {name: (file.name, file.read_bytes()) for name, file in (files or {}).items()}
    sent = {name: value for name, value in sent.items() if name not in {"bundle"}}
    return (
        client.post(path, data=sent, files=uploads or {"bundle": ("", b"")})
        if path == FORM
        else client.post(path, data=sent)
    )


def wait_for_end(client: httpx.Client, path: str) -> str:
    """What the repository's page says once nothing goes on any more."""
    for _ in range(600):
        page = client.get(path)
        assert page.status_code == 200, page.text
        if "Import under way" not in page.text:
            return words_of(page.text)
        assert '<meta http-equiv="refresh"' in page.text
        time.sleep(0.2)
    raise AssertionError(words_of(page.text))


def test_repository_is_imported_from_an_address(
    reaching: Served, browser: httpx.Client, cara: Person, git: GitClient, source: Path
) -> None:
    with git_server(source) as server:
        answer = send(browser, FORM, {"url": server.url, "name": "brought"})
        assert answer.status_code == 302, answer.text
        assert wait_for_end(browser, answer.headers["location"]).startswith(f"{cara.name}/brought Branch")
    git.clone(reaching.url(f"{cara.name}/brought", cara))
    assert git.head(git.folder / "clone") == git.head(source)


def test_import_that_breaks_off_is_tried_again_from_the_page(
    browser: httpx.Client, cara: Person, source: Path
) -> None:
    with git_server(source) as server:
        server.cut_after = 100_000
        answer = send(browser, FORM, {"url": server.url, "name": "broken"})
        path = answer.headers["location"]
        assert "The source broke off in the middle." in wait_for_end(browser, path)
        server.cut_after = None
        (form,) = (one for one in forms_of(browser.get(path).text) if one.action == f"{path}/import")
        assert browser.post(form.action, data=form.values).status_code == 302
        assert wait_for_end(browser, path).startswith(f"{cara.name}/broken Branch")


def test_bundle_larger_than_a_page_is_imported(
    browser: httpx.Client, cara: Person, git: GitClient, source: Path
) -> None:
    bundle = git.folder / "whole.bundle"
    git.run("bundle", "create", "--quiet", str(bundle), "--all", cwd=source)
    assert bundle.stat().st_size > MAX_PAGE_BYTES
    answer = send(browser, FORM, {"name": "bundled"}, {"bundle": bundle})
    assert answer.status_code == 302, answer.text
    assert wait_for_end(browser, answer.headers["location"]).startswith(f"{cara.name}/bundled Branch")


def test_upload_beyond_the_limit_is_refused_in_words(browser: httpx.Client, git: GitClient) -> None:
    large = git.folder / "large.bundle"
    large.write_bytes(bytes(20 << 20))
    answer = send(browser, FORM, {"name": "large"}, {"bundle": large})
    assert answer.status_code == 413
    assert "larger than" in answer.text


def test_upload_of_a_stranger_is_refused_before_it_is_taken(reaching: Served) -> None:
    """The attack: anybody fills the hub's disk through the one address that takes large bodies."""
    host, _, port = reaching.http.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=90) as connection:
        head = f"POST {FORM} HTTP/1.1\r\nhost: hub\r\naccept: text/html\r\ncontent-length: {16 << 20}\r\n\r\n"
        connection.sendall(head.encode())
        answer = connection.recv(65536)
    assert answer.split(b" ", 2)[1] in (b"302", b"401"), answer
    assert b"connection: close" in answer.lower()


def test_pages_elsewhere_take_no_large_bodies(browser: httpx.Client) -> None:
    answer = browser.post("/new", content=bytes(3 << 20))
    assert answer.status_code == 413
