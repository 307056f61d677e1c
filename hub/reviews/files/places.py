"""Where comments stand: from the text they were made on to a line of a diff, and back for new ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from hub.db import config_of
from hub.errors import Invalid, NotFound, Text, text
from hub.journal.format.codec import path_bytes, path_text
from hub.repos.browsing.diffs.shown_diffs import ShownFile
from hub.repos.git.commits import read_message
from hub.repos.git.store import directory
from hub.repos.git.trees import TooLarge, Trees
from hub.reviews.changes import OpenedChange, get_patch_set
from hub.reviews.files.rows import At
from hub.reviews.files.versions import Compared, SideText, commit_of, commits_of
from hub.reviews.models import Anchor, PatchSet, Side
from hub.reviews.talking import Place

# A file that is longer is not read to see how many lines it has.
_MOST_BYTES: Final = 16 << 20


class Contents:
    """Which blob stands at a path of a side of a patch set; each is looked for once."""

    def __init__(self, compared: Compared) -> None:
        self._trees = Trees(compared.directory)
        self._versions = {one.entry_id: one for one in compared.versions}
        self._found: dict[tuple[str, str], str | None] = {}

    def blob_id(self, patch_set: str, side: Side, path: str) -> str | None:
        """Its id, None where there is nothing; `patch_set` is an entry id, `path` is as in the journal."""
        version = self._versions.get(patch_set)
        if version is None or side is Side.MESSAGE:
            return None
        key = (commit_of(version, side), path)
        if key not in self._found:
            self._found[key] = _find_blob(self._trees, *key)
        return self._found[key]

    def label(self, patch_set: str) -> str:
        """What people call the patch set of that entry id."""
        version = self._versions.get(patch_set)
        return "" if version is None else version.label

    def lines(self, blob_id: str, *, most_bytes: int) -> list[bytes] | None:
        """The lines of a file, without their ends; None for one that is too large, or no text."""
        blob = self._trees.read_blob(blob_id, most_bytes=most_bytes)
        if blob is None or blob.content is None or blob.is_binary:
            return None
        return split_lines(blob.content)


def split_lines(content: bytes) -> list[bytes]:
    """The lines as git counts them."""
    lines = content.split(b"\n")
    return lines if lines[-1] else lines[:-1]


def _find_blob(trees: Trees, commit_id: str, path: str) -> str | None:
    try:
        entry = trees.find(commit_id, path_bytes(path))
    except TooLarge:
        return None
    return None if entry is None else entry.object_id


def write_place(text_side: SideText, path: str) -> str:
    """A side of a patch set and a path, as the field of a form has them; `get_place` reads it."""
    return f"{text_side.version.label}:{text_side.side}:{path}"


def get_place(
    session: Session, opened: OpenedChange, written: str, *, first_line: str, last_line: str
) -> Place:
    """The place that a form means; raises Invalid where there is no such line, and NotFound."""
    label, _, rest = written.partition(":")
    side_name, _, path = rest.partition(":")
    version = get_patch_set(session, opened.topic.id, label)
    try:
        side = Side(side_name)
    except ValueError as error:
        raise NotFound(text("There is no such side of a diff.")) from error
    lines = _read_lines(first_line, last_line)
    total = _count_lines(session, opened, version, side, path)
    if lines is not None and lines[1] > total:
        raise _no_lines(
            text("There is no line %(line)s. The last one is %(total)s.", line=lines[1], total=total)
        )
    return Place(version.entry_id, side, path, lines)


def _read_lines(*written: str) -> tuple[int, int] | None:
    given = [one.strip() for one in written]
    if not any(given):
        return None
    first, last = given[0] or given[1], given[1] or given[0]
    if not all(one.isascii() and one.isdigit() and len(one) < 9 for one in (first, last)):
        raise _no_lines(text("Lines are numbers, counted from 1."))
    numbers = (int(first), int(last))
    if not 1 <= numbers[0] <= numbers[1]:
        raise _no_lines(text("The first line comes before the last one."))
    return numbers


def _no_lines(fault: Text) -> Invalid:
    return Invalid(text("The comment was not kept."), {"lines": fault})


def _count_lines(session: Session, opened: OpenedChange, version: PatchSet, side: Side, path: str) -> int:
    folder = directory(config_of(session), opened.repository)
    if side is Side.MESSAGE:
        ids = {one.commit_id for one in commits_of(session, folder, opened.topic.id, version.entry_id)}
        total = len(read_message(folder, path).splitlines()) if path in ids else None
    else:
        trees = Trees(folder)
        blob_id = _find_blob(trees, commit_of(version, side), path)
        blob = None if blob_id is None else trees.read_blob(blob_id, most_bytes=_MOST_BYTES)
        # A submodule has no lines, and those of a file that is too large are not counted.
        total = None if blob_id is None else len(split_lines(blob.content or b"")) if blob else 0
    if total is None:
        raise NotFound(
            text("There is no such file in patch set %(label)s.", label=version.label),
            next_step=text("Choose one of the files that it changes."),
        )
    return total


@dataclass(frozen=True, slots=True)
class Stand:
    """Where something said stands on a page: at a line, or with None at the head of file or message.

    `file` is the number of a file, `message` that of a commit message, both None where the page has neither.
    `label` names the patch set that it is from, where its text is another one than what is shown.
    """

    file: int | None = None
    message: int | None = None
    at: At | None = None
    label: str = ""


class Placing:
    """Finds where anchors stand among the files of a page, by the content of their files."""

    def __init__(
        self, compared: Compared, contents: Contents, files: Sequence[ShownFile], *, has_messages: bool
    ) -> None:
        self._compared = compared
        self._contents = contents
        entries = [(one.diff.number, one.diff.entry) for one in files]
        self._by_new = {path_text(one.new_path): (number, one.new_id) for number, one in entries}
        self._by_old = {path_text(one.old_path): (number, one.old_id) for number, one in entries}
        self._messages: dict[str, int] = {}
        if has_messages:
            self._messages = {one.commit_id: number for number, one in enumerate(compared.messages, 1)}

    def stand(self, anchor: Anchor) -> Stand:
        """Where it stands."""
        if anchor.side is Side.MESSAGE:
            at = None if anchor.last_line is None else At(False, anchor.last_line)
            return Stand(message=self._messages.get(anchor.path), at=at)
        is_old = anchor.side is Side.OLD
        blob_id = self._contents.blob_id(anchor.patch_set, anchor.side, anchor.path)
        for old in (is_old, not is_old):
            number, shown_id = (self._by_old if old else self._by_new).get(anchor.path, (None, None))
            if number is not None and blob_id is not None and shown_id == blob_id:
                at = None if anchor.last_line is None else At(old, anchor.last_line)
                return Stand(file=number, at=at)
        number = (self._by_new.get(anchor.path) or self._by_old.get(anchor.path) or (None,))[0]
        return Stand(file=number, label=self._contents.label(anchor.patch_set))

    def stand_for(self, side: str, path: str, line: int | None) -> Stand:
        """Where the form for a new comment stands, on the side of the page that it names."""
        if side == Side.MESSAGE:
            return Stand(message=self._messages.get(path), at=None if line is None else At(False, line))
        found = (self._by_old if side == Side.OLD else self._by_new).get(path)
        if found is None:
            return Stand()
        return Stand(file=found[0], at=None if line is None else At(side == Side.OLD, line))

    def texts_of(self, file: ShownFile) -> Mapping[str, SideText]:
        """The texts that new comments on the sides `old` and `new` of a file are about, where they may be."""
        entry, compared = file.diff.entry, self._compared
        sides = {"old": (compared.old, entry.old_path, entry.old_id)}
        sides["new"] = (compared.new, entry.new_path, entry.new_id)
        found = {name: one[0] for name, one in sides.items() if one[2] is not None}
        if compared.single is None:
            return found
        # In the middle of a patch set a file may be what it is in none of its sides.
        return {name: text for name, text in found.items() if self._is_same(text, *sides[name][1:])}

    def _is_same(self, text: SideText, path: bytes, blob_id: str | None) -> bool:
        return self._contents.blob_id(text.version.entry_id, text.side, path_text(path)) == blob_id
