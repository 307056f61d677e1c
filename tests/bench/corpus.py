"""The repositories that are measured: a small one of 10 MB, and a large history, real or generated."""

import os
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SMALL_COMMITS, SMALL_FILES = 4_000, 1_200
LARGE_COMMITS, LARGE_FILES = 20_000, 3_000


@dataclass(frozen=True, slots=True)
class Corpus:
    """A bare repository and what to call it in the tables."""

    directory: Path
    label: str

    @property
    def size_bytes(self) -> int:
        """The bytes of its packs."""
        return sum(one.stat().st_size for one in (self.directory / "objects/pack").glob("*.pack"))


def git(directory: Path, *arguments: str, stdin: bytes | None = None) -> str:
    """Runs git on one repository and returns what it printed."""
    done = subprocess.run(
        ["git", "-C", str(directory), *arguments], input=stdin, capture_output=True, check=True
    )
    return done.stdout.decode()


def small(folder: Path, history: str | None = os.environ.get("SMALL_HISTORY")) -> Corpus:
    """The clone named by SMALL_HISTORY, or a generated history of about 10 MB in one pack."""
    if history:
        return _copied(history, folder / "small.git")
    return Corpus(_import(folder / "small.git", _small_stream()), f"generated, {SMALL_COMMITS} commits")


def large(folder: Path, history: str | None = os.environ.get("HISTORY")) -> Corpus:
    """The branches and tags of the clone named by HISTORY, or a generated history."""
    directory = folder / "large.git"
    if not history:
        return Corpus(_import(directory, _large_stream()), f"generated, {LARGE_COMMITS} commits")
    return _copied(history, directory)


def _copied(history: str, directory: Path) -> Corpus:
    """The branches and tags of a clone, in one pack as a push of it all would have made it."""
    subprocess.run(["git", "clone", "-q", "--bare", "--no-local", history, str(directory)], check=True)
    git(directory, "pack-refs", "--all")
    count = git(directory, "rev-list", "--count", "HEAD").strip()
    return Corpus(directory, f"real, {count} commits")


def _import(directory: Path, stream: Iterator[bytes]) -> Path:
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(directory)], check=True)
    importer = subprocess.Popen(
        ["git", "-C", str(directory), "fast-import", "--quiet"], stdin=subprocess.PIPE
    )
    assert importer.stdin is not None
    for piece in stream:
        importer.stdin.write(piece)
    importer.stdin.close()
    assert importer.wait() == 0
    git(directory, "repack", "-adfq")
    git(directory, "pack-refs", "--all")
    return directory


def _file(path: str, data: bytes) -> bytes:
    return b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)


def _commit(number: int) -> bytes:
    when = 1_600_000_000 + number * 600
    text = f"change {number}\n".encode()
    return b"commit refs/heads/main\ncommitter Ada <ada@example.org> %d +0000\ndata %d\n%s" % (
        when, len(text), text,
    )  # fmt: skip


def _small_stream() -> Iterator[bytes]:
    return _history(random.Random(1), commits=SMALL_COMMITS, files=SMALL_FILES)


def _large_stream() -> Iterator[bytes]:
    return _history(random.Random(2), commits=LARGE_COMMITS, files=LARGE_FILES)


def _history(source: random.Random, *, commits: int, files: int) -> Iterator[bytes]:
    """Text files of which each commit changes some lines in three, as people do."""
    words = [f"{source.getrandbits(32):x}" for _ in range(5000)]
    contents = [[_line(source, words) for _ in range(80)] for _ in range(files)]
    for number in range(commits):
        yield _commit(number)
        for _ in range(3):
            name = source.randrange(files)
            for _ in range(6):
                contents[name][source.randrange(80)] = _line(source, words)
            yield _file(f"src/{name % 60}/{name}.txt", "\n".join(contents[name]).encode())


def _line(source: random.Random, words: list[str]) -> str:
    return " ".join(source.choices(words, k=8))
