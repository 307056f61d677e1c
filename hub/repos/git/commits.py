"""Commits as records, read from their raw bytes as git reads them: old tools left headers of every kind.

libgit2 refuses a commit without a date or with a broken name; git shows it, and so do we.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

import pygit2
from pygit2.enums import ObjectType, RepositoryOpenFlag

# A message may be as large as a push; what is longer than these is cut.
_MOST_SUBJECT: Final = 1000
_MOST_NAME: Final = 300
_MOST_BODY: Final = 100_000

_PERSON: Final = re.compile(rb"([^<]*)<([^>]*)>")
_MOMENT: Final = re.compile(rb"\s*(\d{1,12})(?:\s+([+-])(\d\d)(\d\d))?\s*")
# Encodings of text that people write in; Python knows others that cost much or are none.
_ENCODING: Final = re.compile(
    r"utf-?8|us-?ascii|latin-?\d{1,2}|iso[-_]?8859[-_]\d{1,2}|iso-2022-jp|(?:cp|windows-?)\d{3,4}"
    r"|koi8-[rtu]|euc[-_]?(?:jp|kr)|shift[-_]?jis|sjis|gbk|gb2312|gb18030|big5|mac[-_]?roman",
    re.IGNORECASE,
)
_EPOCH: Final = datetime.fromtimestamp(0, UTC)

# A root folder shows some hundred commits, the same ones until the next push; each takes 40 microseconds.
_KEPT_ROWS: Final = 5000
_MOST_KEPT_BODY: Final = 2000


@dataclass(frozen=True, slots=True)
class CommitRow:
    """A commit as lists and pages show it; moments are in the zones of those who wrote them.

    What a broken header does not say is empty, and its moment is the beginning of 1970, as in git.
    """

    commit_id: str
    tree_id: str
    parent_ids: tuple[str, ...]
    subject: str
    body: str
    author_name: str
    author_email: str
    authored_at: datetime
    committer_name: str
    committer_email: str
    committed_at: datetime

    @property
    def is_merge(self) -> bool:
        """Whether it joins histories."""
        return len(self.parent_ids) > 1


_rows: OrderedDict[tuple[Path, str], CommitRow] = OrderedDict()


def read_commits(directory: Path, commit_ids: Iterable[str]) -> list[CommitRow]:
    """The commits of these ids, in that order; what is not there, or is no commit, is left out."""
    git_repo = pygit2.Repository(str(directory), RepositoryOpenFlag.NO_SEARCH | RepositoryOpenFlag.BARE)
    found = (_read_commit(git_repo.odb, directory, one) for one in commit_ids)
    return [one for one in found if one is not None]


def read_message(directory: Path, commit_id: str) -> str:
    """The message of a commit as it was written, cut where it is very long; empty for what is no commit."""
    git_repo = pygit2.Repository(str(directory), RepositoryOpenFlag.NO_SEARCH | RepositoryOpenFlag.BARE)
    try:
        _, data = git_repo.odb.read(pygit2.Oid(hex=commit_id))
    except (KeyError, ValueError, pygit2.GitError):
        return ""
    head, _, message = bytes(data).partition(b"\n\n")
    headers = dict(line.partition(b" ")[::2] for line in reversed(head.split(b"\n")))
    encoding = find_encoding(headers.get(b"encoding", b""))
    return message[: _MOST_BODY * 4].decode(encoding, "replace")[:_MOST_BODY]


def _read_commit(database: pygit2.Odb, directory: Path, commit_id: str) -> CommitRow | None:
    row = _rows.get((directory, commit_id))
    if row is not None:
        return row
    try:
        kind, data = database.read(pygit2.Oid(hex=commit_id))
    except (KeyError, ValueError, pygit2.GitError):
        return None
    if kind != ObjectType.COMMIT:
        return None
    row = parse_commit(commit_id, bytes(data))
    if len(row.body) <= _MOST_KEPT_BODY:
        _rows[directory, commit_id] = row
    if len(_rows) > _KEPT_ROWS:
        with suppress(KeyError):  # another thread was faster
            _rows.popitem(last=False)
    return row


def parse_commit(commit_id: str, data: bytes) -> CommitRow:
    """The record of a commit object's content."""
    head, _, message = data.partition(b"\n\n")
    if data.startswith(b"\n"):  # no header at all
        head, message = b"", data
    headers: dict[bytes, bytes] = {}
    parents = []
    for line in head.split(b"\n"):
        name, _, value = line.partition(b" ")
        if name == b"parent":
            parents.append(value.decode("ascii", "replace"))
        else:  # a line that goes on begins with a space, and so has an empty name
            headers.setdefault(name, value)
    encoding = find_encoding(headers.get(b"encoding", b""))
    subject, body = split_message(message)
    author = parse_person(headers.get(b"author", b""), encoding)
    committer = parse_person(headers.get(b"committer", b""), encoding)
    return CommitRow(
        commit_id,
        headers.get(b"tree", b"").decode("ascii", "replace"),
        tuple(parents),
        subject[: _MOST_SUBJECT * 4].decode(encoding, "replace")[:_MOST_SUBJECT],
        body[: _MOST_BODY * 4].decode(encoding, "replace")[:_MOST_BODY],
        *author,
        *committer,
    )


def split_message(message: bytes) -> tuple[bytes, bytes]:
    """Subject and body as git tells them apart: the first paragraph in one line, and the rest."""
    lines = message.split(b"\n")
    start = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    end = next((number for number in range(start, len(lines)) if not lines[number].strip()), len(lines))
    subject = b" ".join(line.rstrip() for line in lines[start:end])
    return subject.strip(), b"\n".join(lines[end:]).strip(b"\r\n").rstrip()


def find_encoding(name: bytes) -> str:
    """The encoding that a commit's header names, of those that people write in; UTF-8 for any other."""
    text = name.decode("ascii", "replace").strip()
    return text if _ENCODING.fullmatch(text) else "utf-8"


def parse_person(header: bytes, encoding: str) -> tuple[str, str, datetime]:
    """Name, address and moment that an author's, committer's or tagger's header says."""
    found = _PERSON.match(header)
    name, email = (header, b"") if found is None else found.groups()
    at = _EPOCH if found is None else _moment(header.rpartition(b">")[2])
    shown = [one.strip()[: _MOST_NAME * 4].decode(encoding, "replace")[:_MOST_NAME] for one in (name, email)]
    return shown[0], shown[1], at


def _moment(written: bytes) -> datetime:
    found = _MOMENT.fullmatch(written)
    if found is None:
        return _EPOCH
    sign = -1 if found[2] == b"-" else 1
    offset = sign * timedelta(hours=int(found[3] or 0), minutes=int(found[4] or 0))
    # A zone that nobody lives in tells nothing; a moment after the year 9999 neither.
    zone = timezone(offset) if abs(offset) < timedelta(days=1) else UTC
    try:
        return datetime.fromtimestamp(int(found[1]), UTC).astimezone(zone)
    except (ValueError, OverflowError, OSError):
        return _EPOCH
