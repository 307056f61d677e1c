"""Repositories that have a history: enough of it for the many kinds of clone, or what one copies in."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from hub.repos.pushing.reconcile import reconcile
from tests.git_client import GitClient
from tests.served import Served
from tests.wire.records import repository_id

COMMITS = 60
# 2023-01-01 00:00 UTC; one commit a day from then on.
FIRST_COMMIT_AT = 1672531200
_DAY = 86400


def make_history(git: GitClient, name: str = "history") -> Path:
    """A bare repository: main with 60 commits in three folders, a branch `topic` off the 30th, two tags."""
    git.run("init", "--quiet", "--bare", "--initial-branch", "main", name)
    stream = "".join((*_commits(), *_topic(), *_tags()))
    git.run("fast-import", "--quiet", cwd=git.folder / name, input=stream)
    return git.folder / name


def begin_with(served: Served, path: str, objects: Path, main: str) -> None:
    """Gives an empty repository of the hub these objects and this main, in a tenth of the time of a push."""
    directory = served.git_directory(path)
    shutil.copytree(objects, directory / "objects", dirs_exist_ok=True)
    (directory / "refs" / "heads" / "main").write_text(f"{main}\n")
    reconcile(served.hub.database, repository_id(served, path))


def _commits() -> Iterator[str]:
    for number in range(1, COMMITS + 1):
        parent = f"from :{number - 1}\n" if number > 1 else ""
        yield _commit("main", number, f"Commit {number}", number, parent)
        yield _file(f"src/part-{number % 7}.txt", f"part as of {number}\n" * 20)
        yield _file(f"docs/page-{number % 5}.md", f"# Page\n\nWritten on day {number}.\n")
        yield _file("README.md", f"Day {number}\n")


def _topic() -> Iterator[str]:
    for number in range(1, 4):
        parent = f"from :{99 + number}\n" if number > 1 else "from :30\n"
        yield _commit("topic", 99 + number + 1, f"Topic {number}", 30 + number, parent)
        yield _file("src/topic.txt", f"{number}\n")


def _tags() -> Iterator[str]:
    yield "reset refs/tags/light\nfrom :50\n\n"
    yield f"tag v1\nfrom :20\ntagger {_person(21)}\ndata 9\nVersion 1\n"


def _commit(branch: str, mark: int, message: str, day: int, parent: str) -> str:
    head = f"commit refs/heads/{branch}\nmark :{mark}\ncommitter {_person(day)}\n"
    return f"{head}data {len(message)}\n{message}\n{parent}"


def _file(path: str, content: str) -> str:
    return f"M 100644 inline {path}\ndata {len(content)}\n{content}\n"


def _person(day: int) -> str:
    return f"Test Person <test.person@example.org> {FIRST_COMMIT_AT + (day - 1) * _DAY} +0000"
