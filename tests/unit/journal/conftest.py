"""A journal with everything in it, and clones of it."""

import shutil
from pathlib import Path

import pytest

from hub import app
from hub.journal.verifying.verification import verify
from tests.journal_story import Story, tell
from tests.journal_writer import git

# Features register what their entries mean.
assert app


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Nothing may be changed in it."""
    return tell(tmp_path_factory.mktemp("story"))


@pytest.fixture(scope="session")
def mirror(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mirror clone that was verified, and remembers the newest receipt; nothing may be changed in it."""
    folder = tmp_path_factory.mktemp("mirror")
    git(folder, "clone", "-q", "--mirror", story.a.directory.as_uri(), "m.git")
    assert verify(folder / "m.git").report.faults == []
    return folder / "m.git"


@pytest.fixture
def clone(mirror: Path, tmp_path: Path) -> Path:
    """A copy of that clone, to be changed."""
    return shutil.copytree(mirror, tmp_path / "m.git")
