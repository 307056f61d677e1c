"""The help page on what travels with a clone is followed to the letter: each command on it must work."""

import html
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from hub.journal.refs.exporting import export
from hub.journal.showing import find_repository_id
from tests import prestarted
from tests.databases import Template
from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.http_requests import request
from tests.wire.records import repository_id
from tests.wire.ways import Way

_BLOCK = re.compile(r'<code tabindex="0" role="group"[^>]*>(.*?)</code>', re.DOTALL)
_COMMAND_SECONDS = 240


class Reader:
    """Somebody who reads the page in a folder of their own, and types what it says."""

    def __init__(self, git: GitClient, key: Path, elsewhere: Served) -> None:
        self._git = git
        self._elsewhere = elsewhere
        self._here = git.folder
        (git.home / ".ssh").mkdir(mode=0o700)
        shutil.copy(key, git.home / ".ssh" / "id_ed25519")
        public = subprocess.run(("ssh-keygen", "-y", "-f", key), capture_output=True, text=True, check=True)
        (git.home / ".ssh" / "id_ed25519.pub").write_text(public.stdout)

    def type(self, line: str) -> None:
        """One line; what follows `hub` is run by the tests' own, in the same folder."""
        words = shlex.split(line)
        if words[0] == "cd":
            self._here /= words[1]
        elif words[0] == "git":
            self._git.run(*words[1:], cwd=self._here)
        else:
            assert words[0] == "hub"
            self._run_hub(words[1:])

    def _run_hub(self, words: list[str]) -> None:
        wanted, _, file = " ".join(map(shlex.quote, words)).partition(" '>' ")
        is_about_a_hub = words[0] in ("rebuild", "user", "redact")
        environment = {**os.environ, **self._git.environment, "PYTHONPATH": self._elsewhere.python_path}
        done = prestarted.run(
            shlex.split(wanted),
            environment=self._elsewhere.environment if is_about_a_hub else environment,
            folder=self._here,
            given="",
            timeout=_COMMAND_SECONDS,
        )
        assert done.returncode == 0, f"hub {wanted}\n{done.stdout}{done.stderr}"
        if file:
            (self._here / file).write_text(done.stdout)


@pytest.fixture
def elsewhere(tmp_path: Path, template_database: Template) -> Served:
    """Another hub, with nobody but its owners of repositories."""
    data = tmp_path / "elsewhere" / "data"
    data.mkdir(mode=0o700, parents=True)
    return Served(data.parent, template_database.copy_to(data))


def commands_of(page: str) -> list[str]:
    """What the page shows as commands, line by line."""
    return [line for block in _BLOCK.findall(page) for line in html.unescape(block).splitlines()]


def test_every_command_of_the_page_works(
    served: Served, anna: Person, ben: Person, tmp_path: Path, elsewhere: Served
) -> None:
    way = Way("http", served)
    hers, path = way.client(tmp_path / "anna", anna), served.repository(anna, "demo")
    work = hers.init()
    hers.commit(work, "One")
    hers.push(work, served.url(path, anna), "main")
    hers.commit(work, "Fix typo", {"README": "the\n"})
    hers.push(work, served.url(path, anna), "HEAD:refs/for/main")
    export(served.hub.database, repository_id(served, path))
    owner = elsewhere.person().name
    with served.hub.database.reading() as session:
        its_id = find_repository_id(session, repository_id(served, path)) or ""
    placed = {
        "mei mei": f"{anna.name} {owner}",
        "https://hub.example.org/anna/demo.git": served.url(path, ben),
        "REPOSITORY_ID": its_id,
        "changes/7": "changes/1",
        " 7": " 1",
        "anna/demo": f"{owner}/demo",
    }

    reader = Reader(way.client(tmp_path / "ben", ben), ben.key, elsewhere)
    lines = commands_of(request(served, "/help/travels").text)
    for line in lines:
        reader.type(re.sub("|".join(placed), lambda found: placed[found[0]], line))

    # What the pages of a repository and of a change have to be pasted, in the clone where the reader is now.
    pasted = commands_of(request(served, f"/{path}").text)[-2:]
    pasted += [one for one in commands_of(request(served, f"/{path}/changes/1").text) if "refs/hub" in one]
    for line in (*pasted, "hub verify changes/1"):
        reader.type(line)

    assert len(lines) > 12
    assert pasted[1] == f"hub verify --expect {its_id}"
    elsewhere.hub.database.dispose()
