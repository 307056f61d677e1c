"""The texts that are searched: trees that CORPUS names, or sources of what is installed here."""

import os
import subprocess
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hub.search.engine.documents import MAX_BYTES
from tests.bench.corpus import Corpus, git

SHORTER = int(os.environ.get("SHORTER", "1"))
# Of what is installed so much is taken.
MOST_BYTES = 112_000_000 // SHORTER
_INSTALLED = ("/usr/lib/python3", "/usr/share", "/usr/include")


@dataclass(frozen=True, slots=True)
class Text:
    """One file: its path within all of them, and what it holds."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Texts:
    """Many files, and where they come from."""

    files: list[Text]
    label: str

    @property
    def size_bytes(self) -> int:
        """The bytes of all of them."""
        return sum(len(one.content) for one in self.files)

    def first(self, most_bytes: int) -> "Texts":
        """Every so manieth of them, together about so many bytes."""
        step = max(1, self.size_bytes // most_bytes)
        return Texts(self.files[::step], self.label)


def gather() -> Texts:
    """The texts of CORPUS, trees with colons between them; else of what is installed, until enough."""
    named = [Path(one) for one in os.environ.get("CORPUS", "").split(":") if one]
    paths = sysconfig.get_paths()
    trees = named or [Path(one) for one in (paths["purelib"], paths["stdlib"], *_INSTALLED)]
    files: list[Text] = []
    used, size = [], 0
    for at, tree in enumerate(trees):
        if size >= MOST_BYTES and (SHORTER > 1 or not named):
            break
        used.append(str(tree))
        for one in _below(tree, f"{at}-{tree.name}"):
            files.append(one)
            size += len(one.content)
            if size >= MOST_BYTES and (SHORTER > 1 or not named):
                break
    return Texts(files, f"{len(files)} texts of {', '.join(used)}")


def _below(tree: Path, prefix: str) -> Iterator[Text]:
    for folder, folders, names in os.walk(tree):
        folders[:] = sorted(one for one in folders if one not in (".git", "__pycache__"))
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_BYTES:
                continue
            shown = f"{prefix}/{path.relative_to(tree)}"
            content = path.read_bytes()
            # What other searchers take for text, too.
            if b"\0" not in content and shown.isascii() and shown.isprintable() and '"' not in shown:
                yield Text(shown, content)


def write_tree(texts: Texts, folder: Path) -> Path:
    """The texts as files in a folder."""
    for one in texts.files:
        path = folder / one.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(one.content)
    return folder


def write_repository(texts: Texts, directory: Path) -> Corpus:
    """The texts as the one commit of a bare repository."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(directory)], check=True)
    command = ["git", "-C", str(directory), "fast-import", "--quiet"]
    importer = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert importer.stdin is not None
    importer.stdin.write(commit_of("every text"))
    for one in texts.files:
        importer.stdin.write(file_of(one))
    importer.stdin.close()
    assert importer.wait() == 0
    git(directory, "pack-refs", "--all")
    return Corpus(directory, texts.label)


def commit_of(message: str, when: int = 1_700_000_000, parent: str = "") -> bytes:
    """The beginning of a commit on main, as `git fast-import` reads it."""
    head = f"commit refs/heads/main\ncommitter Ada <ada@example.org> {when} +0000\n"
    after = f"from {parent}\n" if parent else ""
    return f"{head}data {len(message)}\n{message}\n{after}".encode()


def file_of(one: Text) -> bytes:
    """A file of a commit."""
    return b"M 100644 inline %s\ndata %d\n%s\n" % (one.path.encode(), len(one.content), one.content)
