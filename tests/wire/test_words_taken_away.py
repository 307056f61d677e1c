"""A secret that was said on a change leaves a served hub, its mirrors and its forks; the rest stays."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from hub.access import Permission
from hub.accounts.queries import get_user
from hub.journal.models import JournalLeftover
from hub.journal.refs.exporting import export
from hub.repos.access import open_repository
from hub.repos.forks.forking import fork_repository
from tests.factories import PASSWORD, SYSTEM, unique
from tests.git_client import GitClient
from tests.left_words import find_words
from tests.served import Person, Served
from tests.wire.http_requests import fetch_v2
from tests.wire.records import repository_id
from tests.wire.scripted_policy import wait_until

SECRET = "hunter2-is-the-word"
WAIT_SECONDS = 240.0


@dataclass
class Browser:
    """Somebody signed in, in a browser without scripts."""

    client: httpx.Client

    def send(self, address: str, *, on: str | None = None, **values: object) -> None:
        """Sends a form of that page, or of the one `on` which it stands."""
        page = self.client.get(on or address)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert page.status_code == 200, page.text
        assert token is not None
        answer = self.client.post(address, data={"csrf_token": token[1], **values})
        assert answer.status_code in (200, 303, 302), answer.text


@contextmanager
def browser(served: Served, person: Person) -> Iterator[Browser]:
    with httpx.Client(base_url=served.http, timeout=WAIT_SECONDS) as client:
        opened = Browser(client)
        opened.send("/login", name=person.name, password=PASSWORD, next="")
        yield opened


@dataclass
class Said:
    """A change on which the secret stands in every place; `page` is its address."""

    served: Served
    path: str
    anna: Person
    git: GitClient
    fork: Path

    @property
    def page(self) -> str:
        return f"/{self.path}/changes/1"

    @property
    def directory(self) -> Path:
        return self.served.git_directory(self.path)

    def tip(self) -> str:
        return self.git.run("-C", str(self.directory), "rev-parse", "refs/hub/changes/1").out.strip()

    def left_here(self) -> list[str]:
        return find_words(self.served.data, SECRET.encode())

    def is_purged(self) -> bool:
        with self.served.hub.database.reading() as session:
            return session.scalars(select(JournalLeftover.id)).first() is None


@pytest.fixture
def said(fresh_served: Served, tmp_path: Path) -> Said:
    served = fresh_served
    anna = served.person("anna")
    path = served.repository(anna, "demo")
    git = GitClient(tmp_path / "git", "anna")
    work = git.init()
    git.commit(work, "One")
    url = served.url(path, anna)
    git.push(work, url, "HEAD:refs/heads/main")
    git.commit(work, "Fix typo", {"README": "the\n"})
    options = ("-o", f"title=Use {SECRET}", "-o", f"description=For **{SECRET}** is it.")
    git.push(work, *options, url, "HEAD:refs/for/main")
    return Said(served, path, anna, git, _fork(served, path, anna))


def _fork(served: Served, path: str, person: Person) -> Path:
    with served.hub.database.writing() as session:
        owner = get_user(session, person.name)
        source = open_repository(session, SYSTEM, path, need=Permission.SEE)
        made = fork_repository(session, owner.viewer(), source, owner=owner, name=unique("fork")).path
    return served.git_directory(made)


def _talk(said: Said, anna: Browser) -> None:
    """Has the secret be previewed, said, read, edited away, and written into a title once more."""
    page = said.page
    for do in ("preview", ""):
        values = {"summary": f"It is\n`{SECRET}`.\n\n", "verdict": "comment", "do": do}
        anna.send(f"{page}/review", on=page, **values)
    assert SECRET in anna.client.get(page).text
    for do in ("preview", ""):
        anna.send(f"{page}/comments/1/edit", text=f"It was {SECRET}, once." if do else "Never mind.", do=do)
    words = {"title": f"Use {SECRET} again", "description": "", "target": "main"}
    anna.send(f"{page}/edit", **words)
    for below in ("", "/files", "/commits"):
        assert anna.client.get(f"{page}{below}").status_code == 200
    assert SECRET in anna.client.get(f"/{said.path}/changes").text


def _take_all_away(said: Said, anna: Browser) -> None:
    address = f"{said.page}/comments/1/redact"
    names = re.findall(r'name="words" value="([^"]+)"', anna.client.get(address).text)
    assert len(names) == 2
    anna.send(address, words=names)
    listed = said.served.command("redact", said.path, "1", "--list", "--json").stdout
    texts = [row["text"] for row in json.loads(listed) if SECRET in row["begins"]]
    assert len(texts) == 2
    said.served.command("redact", said.path, "1", *texts)
    assert wait_until(said.is_purged, WAIT_SECONDS), said.served.log()


def _check_pages(said: Said, anna: Browser) -> None:
    for below in ("", "/files", "/commits", "/redact"):
        assert SECRET not in anna.client.get(f"{said.page}{below}").text
    assert SECRET not in anna.client.get(f"/{said.path}/changes").text


def test_words_leave_the_hub_its_mirrors_and_forks(said: Said) -> None:
    served, git, words = said.served, said.git, SECRET.encode()
    url, old, fresh = served.url(said.path, said.anna), git.folder / "old", git.folder / "fresh"
    with browser(served, said.anna) as anna:
        _talk(said, anna)
        export(served.hub.database, repository_id(served, said.path))
        git.run("clone", "-q", "--mirror", url, "old")
        old_tip = said.tip()
        assert said.left_here() != []
        assert find_words(old, words) != []

        _take_all_away(said, anna)

        _check_pages(said, anna)
    assert said.left_here() == []
    assert SECRET not in served.log()
    assert b"PACK" not in fetch_v2(served, said.path, [old_tip]).body
    git.run("clone", "-q", "--mirror", url, "fresh")
    assert find_words(fresh, words) == []
    git.run("fetch", "-q", "origin", cwd=old)
    git.run("gc", "-q", "--prune=now", cwd=old)
    assert find_words(old, words) == []
    for directory in (said.directory, said.fork, old, fresh):
        subprocess.run(("git", "-C", str(directory), "fsck", "--full", "--strict"), check=True)
    for directory in (said.directory, old, fresh):
        served.command("verify", "-C", str(directory))
