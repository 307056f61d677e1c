"""Rows about the page on which a change is read: one that somebody reads at a sitting, and a very large one.

ada proposes both, and has said what is said about them. The one who asks is signed in, on a new connection
for every request, and takes gzip.
"""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub import app
from hub.accounts.queries import get_user
from hub.config import from_values
from hub.reviews import talking
from hub.reviews.changes import get_change, list_patch_sets
from hub.reviews.models import Side, VerdictValue
from tests.bench.corpus import Corpus, git
from tests.bench.hub_server import HubServer, hub_server
from tests.bench.reading import Answer, Target, assets_of, get, p50, p99
from tests.bench.report import Row
from tests.fast_import import Stream

MOST_REQUESTS: Final = 4
SECONDS, LEAST, MOST = 10.0, 8, 100


@dataclass(frozen=True, slots=True)
class Size:
    """A change of so many files, in each of which so many lines became others, with so many comments."""

    label: str
    files: int
    changed_lines: int
    comments: int
    target: Target

    @property
    def name(self) -> str:
        """Its repository."""
        return f"changed-{self.files}"


SIZES: Final = (
    Size("20 files, 50 comments", 20, 12, 50, Target(60, 40, 150)),
    Size("300 files, 20,000 lines", 300, 33, 0, Target(120, 120, 400)),
)


def rows(folder: Path) -> list[Row]:
    """All of them, over one hub that holds both."""
    folder.mkdir()
    corpora = {size.name: _corpus(folder, size) for size in SIZES}
    with hub_server(folder / "hub", dict(corpora)) as hub:
        found = []
        for size in SIZES:
            _propose(hub, size, folder)
            _say(hub, size)
            found += _measure(hub, size)
    return found


def _corpus(folder: Path, size: Size) -> Corpus:
    """What the hub holds before the change is proposed; that is the branch `topic` of ada's."""
    place, held = folder / f"{size.name}.git", folder / f"held-{size.name}.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(place)], check=True)
    stream = Stream()
    stream.commit("before", b"refs/heads/main", {path: _text(number, 0) for number, path in _paths(size)})
    after = {path: _text(number, size.changed_lines) for number, path in _paths(size)}
    stream.commit("Measure again", b"refs/heads/topic", after, parents=["before"])
    stream.run(place)
    clone = ["git", "clone", "-q", "--bare", "--no-local", "--single-branch", "-b", "main"]
    subprocess.run([*clone, str(place), str(held)], check=True)
    git(held, "pack-refs", "--all")
    return Corpus(held, size.label)


def _paths(size: Size) -> list[tuple[int, bytes]]:
    return [(number, b"src/part%d/module%d.py" % (number % 7, number)) for number in range(size.files)]


def _text(number: int, changed: int) -> bytes:
    """A module of 200 lines, of which so many, in three places, are not what they were."""
    lines = [
        f"    total_{line} = measure({number}, step={line})  # of part {line % 9}" for line in range(199)
    ]
    for at in range(changed):
        line = (10, 90, 170)[at % 3] + at // 3
        lines[line] = lines[line].replace("measure", "measure_again").replace("total", "sum")
    return "\n".join([f"def work_{number}() -> None:", *lines, ""]).encode()


def _propose(hub: HubServer, size: Size, folder: Path) -> None:
    pushed = subprocess.run(
        ["git", "-C", str(folder / f"{size.name}.git"), "push", hub.push_url(size.name),
         "topic:refs/for/main"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if pushed.returncode:
        raise RuntimeError(pushed.stderr)


def _say(hub: HubServer, size: Size) -> None:
    if not size.comments:
        return
    loaded = app.load(from_values({"data": str(hub.data)}))
    with loaded.database.writing() as session:
        ada = get_user(session, "ada").viewer()
        opened = get_change(session, ada, f"ada/{size.name}", 1, locks=True)
        patch_set = list_patch_sets(session, opened.topic.id)[-1].entry_id
        paths = [path.decode() for _, path in _paths(size)]
        for number in range(size.comments):
            line = (12, 92, 172)[number // len(paths) % 3]
            place = talking.Place(patch_set, Side.NEW, paths[number % len(paths)], (line, line))
            words = f"Is `step` meant to be **{number}** here? It was another one in the last release."
            talking.save_draft(session, ada, opened, words=words, place=place)
        talking.publish_review(session, ada, opened, patch_set=patch_set, verdict=VerdictValue.COMMENT)
    loaded.database.dispose()


def _measure(hub: HubServer, size: Size) -> list[Row]:
    url = f"{hub.http}/ada/{size.name}/changes/1"
    found = []
    for page, address in (("files", f"{url}/files"), ("conversation", url)):
        answers = _again_and_again(address, hub.token)
        found += _rows_of(f"review, {size.label}, {page}", address, answers, size.target)
    return found


def _again_and_again(url: str, token: str) -> list[Answer]:
    """Answers one after the other; the first, which makes what is kept of a diff, is not counted."""
    get(url, token)
    answers: list[Answer] = []
    limit = time.monotonic() + SECONDS
    while len(answers) < LEAST or (len(answers) < MOST and time.monotonic() < limit):
        answers.append(get(url, token))
    return answers


def _rows_of(name: str, url: str, answers: list[Answer], target: Target) -> list[Row]:
    kib, plain = answers[-1].size_bytes / 1024, answers[-1].plain_bytes / 1024
    requests = len(assets_of(url, answers[-1].text)) + 1
    is_fast = p50(answers) <= target.p50_ms and p99(answers) <= target.p99_ms
    return [
        Row(f"{name}: p50, p99", f"{p50(answers):.1f}, {p99(answers):.0f} ms", "", None,
            f"<= {target.p50_ms:g}, {target.p99_ms:g} ms", is_fast),
        Row(f"{name}: KiB on the wire (plain {plain:.0f})", f"{kib:.1f} KiB", "", None,
            f"<= {target.kib:g} KiB", kib <= target.kib),
        Row(f"{name}: requests of a first visit", f"{requests}", "", None, f"<= {MOST_REQUESTS}",
            requests <= MOST_REQUESTS),
    ]  # fmt: skip
