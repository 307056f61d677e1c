"""The history that reading is measured on: real, or generated with a wide root, a long file and merges."""

import os
import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.corpus import Corpus, git

LENGTHS = (1_000, 10_000, 80_000)
ROOT_FILES, FOLDERS, FOLDER_FILES = 440, 40, 25
LONG_FILE, LONG_LINES = "engine.c", 7_858
TOPIC_EVERY, WIDE_EVERY, WIDE_FILES = 10, 40, 9

_README = b"# Generated\n\n" + b"A paragraph with *words* and a [link](docs/part-1.md).\n\n" * 40
_FIRST_AT = 1_000_000_000


@dataclass(frozen=True, slots=True)
class History:
    """A bare repository, its branch, and what in it is looked at.

    `long_file` is the longest text of source code in the root, `commit` one that changed about nine files.
    """

    corpus: Corpus
    branch: str
    tip: str
    long_file: str
    commit: str
    commits: int


def reading(folder: Path, history: str | None = os.environ.get("HISTORY")) -> History:
    """The clone named by HISTORY, or a generated history of the longest length."""
    directory = folder / "reading.git"
    if history:
        subprocess.run(["git", "clone", "-q", "--bare", history, str(directory)], check=True)
        git(directory, "pack-refs", "--all")
    else:
        _generate(directory)
    git(directory, "commit-graph", "write", "--reachable")
    count = int(git(directory, "rev-list", "--count", "HEAD"))
    label = f"{'real' if history else 'generated'}, {count} commits"
    return _described(Corpus(directory, label), count)


def ancestors(history: History, folder: Path) -> list[History]:
    """The same history at the given lengths: its objects, and one branch that ends so many commits in."""
    source = history.corpus.directory
    line = git(source, "rev-list", "--first-parent", "HEAD").split()
    found = []
    for length in LENGTHS:
        tip, count = _tip_of_length(source, line, min(length, history.commits))
        directory = folder / f"reading-{length}.git"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(directory)], check=True)
        shutil.rmtree(directory / "objects")
        shutil.copytree(source / "objects", directory / "objects", copy_function=os.link)
        git(directory, "update-ref", "refs/heads/main", tip)
        git(directory, "pack-refs", "--all")
        found.append(_described(Corpus(directory, f"{count} commits"), count))
    return found


def _tip_of_length(source: Path, line: list[str], length: int) -> tuple[str, int]:
    """The commit on the first-parent line whose history is the longest of at most about that length."""
    low, high = 0, len(line) - 1
    while low < high:
        middle = (low + high) // 2
        if int(git(source, "rev-list", "--count", line[middle])) > length:
            low = middle + 1
        else:
            high = middle
    return line[low], int(git(source, "rev-list", "--count", line[low]))


def _described(corpus: Corpus, count: int) -> History:
    directory = corpus.directory
    branch = git(directory, "symbolic-ref", "--short", "HEAD").strip()
    tip = git(directory, "rev-parse", "HEAD").strip()
    return History(corpus, branch, tip, _long_file(directory), _wide_commit(directory), count)


def _long_file(directory: Path) -> str:
    """The text in the root whose size is nearest to that of 7,858 lines of C."""
    sizes = re.findall(
        r" blob \w+ +(\d+)\t([^/\n]+\.(?:c|py|js|java|go|rs|txt))\n", git(directory, "ls-tree", "-l", "HEAD")
    )
    return min(sizes, key=lambda one: abs(int(one[0]) - 222_000))[1]


def _wide_commit(directory: Path) -> str:
    """A commit, no merge, of the last thousand that changed about nine files and about 250 lines."""
    shown = git(directory, "log", "-1000", "--no-merges", "--format=%x00%H", "--shortstat", "HEAD").split(
        "\0"
    )[1:]

    def distance(entry: str) -> float:
        numbers = [int(one) for one in re.findall(r"(\d+) (?:files?|insertions?|deletions?)", entry[40:])]
        return abs((numbers or [0])[0] - WIDE_FILES) * 50 + abs(sum(numbers[1:]) - 250)

    return min(shown, key=distance)[:40]


def _generate(directory: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(directory)], check=True)
    importer = subprocess.Popen(
        ["git", "-C", str(directory), "fast-import", "--quiet"], stdin=subprocess.PIPE
    )
    assert importer.stdin is not None
    for piece in _stream(random.Random(3)):
        importer.stdin.write(piece)
    importer.stdin.close()
    assert importer.wait() == 0
    git(directory, "repack", "-adq")
    git(directory, "pack-refs", "--all")


def _stream(source: random.Random) -> Iterator[bytes]:
    """One line of commits, each tenth a merge of a commit beside it; each fortieth changes nine files."""
    names = [f"part-{one}.c" for one in range(ROOT_FILES)]
    names += [f"docs/part-{one}.md" for one in range(FOLDER_FILES)]
    names += [f"dir-{one}/part-{two}.c" for one in range(FOLDERS - 1) for two in range(FOLDER_FILES)]
    contents = {name: [_line(source) for _ in range(40)] for name in names}
    contents[LONG_FILE] = [_line(source) for _ in range(LONG_LINES)]
    yield _commit(1, [])
    yield _file("README.md", _README)
    yield from (_file(name, "\n".join(lines).encode()) for name, lines in contents.items())
    for number in range(2, LENGTHS[-1] + 1):
        is_merge, is_beside = number % TOPIC_EVERY == 0, number % TOPIC_EVERY == TOPIC_EVERY - 1
        after_beside = number - (2 if is_merge else 1)
        yield _commit(number, [after_beside, number - 1] if is_merge else [number - 1])
        if is_merge or is_beside or number % WIDE_EVERY:
            changed = [source.choice(names)]
        else:
            changed = source.sample(names, WIDE_FILES)
        if number % 500 == 1:
            changed.append(LONG_FILE)
        for name in changed:
            for _ in range(15 if len(changed) > 2 else 2):
                contents[name][source.randrange(len(contents[name]))] = _line(source)
            yield _file(name, "\n".join(contents[name]).encode())


def _commit(number: int, parents: list[int]) -> bytes:
    text = f"part {number % 97}: change {number} for a reason\n\nIt says why in a line.\n".encode()
    when = _FIRST_AT + number * 7_000
    head = b"commit refs/heads/main\nmark :%d\ncommitter Ada %d <ada%d@example.org> %d +0000\ndata %d\n%s" % (
        number, number % 300, number % 300, when, len(text), text,
    )  # fmt: skip
    lines = [b"%s :%d\n" % (b"merge" if at else b"from", one) for at, one in enumerate(parents)]
    return head + b"".join(lines)


def _file(path: str, data: bytes) -> bytes:
    return b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)


def _line(source: random.Random) -> str:
    word = f"value_{source.randrange(2000)}"
    return f'    {word} = compute({source.randrange(100)}, "{word}"); /* {source.randrange(999)} */'
