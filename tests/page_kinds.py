"""One address of each kind of page, on a running hub with a row of everything and a repository of all that is
odd."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import update

from hub.accounts.models import SignIn
from hub.app import create_app
from hub.clock import now
from tests.odd_repository import OddRepository, host
from tests.sample import MORE_PAGES, NO_PAGES, KeptSample, Sample
from tests.served import Served

# Whoever is signed in is led on from these, or has no need of them.
_FOR_STRANGERS: Final = frozenset(
    ("accounts.sign_in", "accounts.second_step", "accounts.sign_up", "accounts.set_up", "pages.through")
)
_OF_STRANGERS: Final = ("/", "/explore", "/anna", "/anna/full", "/anna/empty", "/anna/odd", "/no/such")
# Pages of thousands of rows are left out: a look at one takes minutes, and finds the same in each row.
_ODD_FILES: Final = (
    b"README.md", b"contents/bidi.py", b"contents/one-line.js", b"contents/long-lines.txt",
    b"contents/empty", b"contents/huge.bin", b"contents/latin1.txt", b"images/picture.png", b"links/inside",
    b"links/dangling", b"names/line\nfeed", b"names/\xff\xfe", b"modules/library", b"src/app.c",
)  # fmt: skip
_ODD_PLACES: Final = (
    "/src/branch/main/names", "/src/branch/main/modules", "/src/branch/bomb", "/src/branch/main/docs",
    "/src/branch/no-such", "/src/branch/main/no-such", "/commits/branch/main",
    "/commits/branch/main/README.md", "/branches", "/tags", "/contributors", "/activity",
    "/compare/light...v1", "/compare/v1..light", "/blame/branch/main/README.md",
    "/blame/branch/main/src/app.c",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PageKind:
    """The address of a page, and who looks at it; None is a stranger."""

    path: str
    person: str | None

    @property
    def label(self) -> str:
        """The page in a table."""
        return f"{self.person or 'stranger'} {self.path}"


@contextmanager
def serve_page_kinds(folder: Path, kept: KeptSample, odd: OddRepository) -> Iterator[tuple[Served, Sample]]:
    """A running hub with the sample and with anna/odd."""
    config = kept.copy_to(folder / "data")
    served = Served(folder, config.database_url)
    host(served.hub, odd, "anna")
    served.start()
    try:
        yield served, kept.opened(served.hub, create_app(served.hub))
    finally:
        served.close()


def list_page_kinds(sample: Sample, odd: OddRepository) -> list[PageKind]:
    """A page of each endpoint, and those that look different where there is little, or where all is odd."""
    found = [PageKind(path, None) for path in _OF_STRANGERS]
    for rule in sample.rules("GET"):
        if rule.endpoint not in NO_PAGES:
            path = sample.address(rule)
            found.append(PageKind(path, None if rule.endpoint in _FOR_STRANGERS else _reader_of(path)))
    found += [PageKind(path, _reader_of(path)) for path in MORE_PAGES]
    commits = [f"/commit/{odd.commits[name]}" for name in ("edits", "octopus", "odd names")]
    files = [f"/src/branch/main/{quote(path)}" for path in _ODD_FILES]
    found += [PageKind(f"/anna/odd{path}", "anna") for path in (*_ODD_PLACES, *commits, *files)]
    return list(dict.fromkeys(found))


def _reader_of(path: str) -> str:
    return "root" if path.startswith("/admin") else "anna"


def keep_proofs(served: Served) -> None:
    """Has all who are signed in be taken as having proved who they are for a day: looking takes long."""
    with served.hub.database.writing() as session:
        session.execute(update(SignIn).values(proved_at=now() + timedelta(days=1)))
