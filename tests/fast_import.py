"""Histories written for `git fast-import`: names, modes, messages and dates that the porcelain refuses."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# 2024-01-01 00:00 UTC; commits without a date of their own come an hour apart from then on.
FIRST_AT = 1_704_067_200
PERSON = b"Test Person <test.person@example.org>"

FILE, PROGRAM, LINK, SUBMODULE = b"100644", b"100755", b"120000", b"160000"
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-")


@dataclass(frozen=True, slots=True)
class Entry:
    """What one path becomes: data and a mode; the data of a submodule is its commit's id."""

    data: bytes = b""
    mode: bytes = FILE


Files = Mapping[bytes, bytes | Entry]


def quoted(path: bytes) -> bytes:
    """A path as fast-import and git's own listings write it, whatever bytes it holds."""
    return b'"%s"' % b"".join(bytes([one]) if one in _PLAIN else b"\\%03o" % one for one in path)


@dataclass
class Stream:
    """What fast-import is to read; commits are known by the names they get here."""

    pieces: list[bytes] = field(default_factory=list)
    marks: dict[str, int] = field(default_factory=dict)
    _made: int = 0

    def commit(
        self,
        name: str,
        ref: bytes,
        files: Files | None = None,
        *,
        parents: Sequence[str] = (),
        message: bytes | None = None,
        author: bytes | None = None,
        committer: bytes | None = None,
        moves: Mapping[bytes, bytes] | None = None,
        removes: Sequence[bytes] = (),
    ) -> None:
        """Adds a commit to `ref`; without parents it is a root. Its message is its name if none is given.

        Parents are names given here before, or ids.
        """
        self._made += 1
        self.marks[name] = self._made
        who = b"%s %d +0000" % (PERSON, FIRST_AT + 3600 * self._made)
        head = b"reset %s\ncommit %s\nmark :%d\n" % (ref, ref, self._made)
        head += b"author %s\ncommitter %s\n" % (author or committer or who, committer or who)
        self.pieces.append(head + _data(b"%s\n" % name.encode() if message is None else message))
        for number, parent in enumerate(parents):
            known = f":{self.marks[parent]}" if parent in self.marks else parent
            self.pieces.append(b"%s %s\n" % (b"merge" if number else b"from", known.encode()))
        self.pieces += [b"D %s\n" % quoted(one) for one in removes]
        self.pieces += [b"R %s %s\n" % (quoted(old), quoted(new)) for old, new in (moves or {}).items()]
        self.pieces += [_file(path, entry) for path, entry in (files or {}).items()]
        self.pieces.append(b"\n")

    def run(self, directory: Path) -> dict[str, str]:
        """Feeds fast-import in that repository; returns the ids of the commits by their names."""
        marks = directory / "fast-import-marks"
        command = [
            "git",
            "-C",
            str(directory),
            "fast-import",
            "--quiet",
            "--force",
            f"--export-marks={marks}",
        ]
        command += ["--date-format=raw-permissive"]
        subprocess.run(command, input=b"".join(self.pieces), check=True)
        ids = dict(line.split(" ") for line in marks.read_text().splitlines())
        marks.unlink()
        return {name: ids[f":{mark}"] for name, mark in self.marks.items()}


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _file(path: bytes, entry: bytes | Entry) -> bytes:
    entry = Entry(entry) if isinstance(entry, bytes) else entry
    if entry.mode == SUBMODULE:
        return b"M %s %s %s\n" % (entry.mode, entry.data, quoted(path))
    return b"M %s inline %s\n%s" % (entry.mode, quoted(path), _data(entry.data))
