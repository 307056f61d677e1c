"""The hub's key is changed while people push: whoever clones then finds a journal that verifies."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub.journal.keys.hub_key import load_hub_key
from hub.journal.refs.exporting import export
from hub.journal.verifying.verification import verify
from tests.databases import Template
from tests.git_client import GitClient
from tests.served import Served
from tests.wire.records import repository_id

pytestmark = pytest.mark.wire_writes


@pytest.fixture
def own(tmp_path: Path, template_database: Template) -> Iterator[Served]:
    """A hub whose key is nobody else's business."""
    folder = tmp_path / "own"
    (folder / "data").mkdir(mode=0o700, parents=True)
    served = Served(folder, template_database.copy_to(folder / "data"))
    served.start()
    yield served
    served.close()


def test_pushes_go_on_while_the_key_is_changed(own: Served, tmp_path: Path) -> None:
    anna = own.person()
    git = GitClient(tmp_path / "anna")
    work = git.init()
    git.commit(work, "One")
    paths = [own.repository(anna) for _ in range(2)]
    for path in paths:
        git.push(work, own.url(path, anna), "main")
    old = load_hub_key(own.config)
    git.commit(work, "Two")

    with ThreadPoolExecutor(1) as pool:
        rotation = pool.submit(own.command, "journal", "rotate-key")
        number = 0
        while number < 2 or not rotation.done():
            for path in (*paths, own.repository(anna)):
                git.run("commit", "-q", "--amend", "-m", f"Try {number}", cwd=work)
                git.push(
                    work, own.url(path, anna), "HEAD~1:refs/heads/main", "HEAD:refs/for/main", check=False
                )
            number += 1

    said = rotation.result().stdout
    new = load_hub_key(own.config)
    assert f"The key of this hub is {new.fingerprint}." in said
    assert (new.hub_id, new.fingerprint != old.fingerprint) == (old.hub_id, True)
    for path in paths:
        export(own.hub.database, repository_id(own, path))
        git.clone(own.url(path, anna), path.replace("/", "-"), "--mirror")
        report = verify(git.folder / path.replace("/", "-")).report
        assert report.faults == []
        assert report.entries > 6
