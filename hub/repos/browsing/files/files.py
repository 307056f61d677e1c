"""What the page of a file shows: its text with inks, its picture, or in words why neither."""

from dataclasses import dataclass, replace
from enum import StrEnum

from markupsafe import Markup
from sqlalchemy.orm import Session

from hub import highlight
from hub.config import Config
from hub.db import config_of
from hub.errors import Text
from hub.highlight import Language
from hub.markup import is_markdown, join_path
from hub.repos.browsing.commit_lines import CommitLine
from hub.repos.browsing.files import pictures
from hub.repos.browsing.files.inked import CHUNK_LINES, Inked
from hub.repos.browsing.files.line_ranges import LineRange, Window, window_of
from hub.repos.browsing.files.prose import render_markdown
from hub.repos.browsing.files.remarks import remarks_on
from hub.repos.browsing.files.submodules import Submodule, find_submodule
from hub.repos.browsing.files.texts import FileText, read_text
from hub.repos.browsing.files.touching import find_touching
from hub.repos.browsing.spots import Spot, as_text
from hub.repos.git.store import directory
from hub.repos.git.trees import Entry, EntryKind, Trees
from hub.repos.models import Repository


class Shown(StrEnum):
    """How a page shows a file."""

    TEXT = "text"
    PROSE = "prose"
    PICTURE = "picture"
    EMPTY = "empty"
    BINARY = "binary"
    LARGE = "large"
    LINK = "link"
    SUBMODULE = "submodule"


@dataclass(frozen=True, slots=True)
class Code:
    """The lines that a page shows of a text, and everything that is to be said of it."""

    text: FileText
    language: Language | None
    window: Window
    before: Markup
    marked: Markup
    behind: Markup
    remarks: list[Text]


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """Where a symbolic link points: as it is written, and the spot where that lies in the same tree."""

    text: str
    spot: Spot | None


@dataclass(frozen=True, slots=True)
class FilePage:
    """A file; which of the last fields are set follows from `shown`.

    `has_source` says that there is both a picture, or prose, and the source of it.
    """

    spot: Spot
    entry: Entry
    size_bytes: int
    commit: CommitLine | None
    shown: Shown
    has_source: bool = False
    is_source: bool = False
    code: Code | None = None
    prose: Markup | None = None
    target: LinkTarget | None = None
    submodule: Submodule | None = None

    @property
    def has_picture(self) -> bool:
        """Whether the other form of what has a source is a picture, and not prose."""
        return self.has_source and not is_markdown(as_text(self.entry.name))


def read_file(
    session: Session,
    repository: Repository,
    spot: Spot,
    entry: Entry,
    *,
    lines: LineRange | None,
    is_source: bool,
) -> FilePage:
    """The file at the spot, which `entry` is; with `is_source` the text of pictures and prose, too."""
    config = config_of(session)
    trees = Trees(directory(config, repository))
    size_bytes = 0 if entry.kind is EntryKind.SUBMODULE else trees.size_of(entry.object_id) or 0
    commit = find_touching(config, repository, spot)
    page = FilePage(spot, entry, size_bytes, commit, Shown.EMPTY, is_source=is_source)
    if entry.kind is EntryKind.SUBMODULE:
        submodule = find_submodule(trees, repository, spot, entry.object_id)
        return replace(page, shown=Shown.SUBMODULE, submodule=submodule)
    if entry.kind is EntryKind.SYMLINK:
        target = _target(trees, spot, trees.target_of(entry) or b"")
        return replace(page, shown=Shown.LINK, target=target)
    blob = trees.read_blob(entry.object_id, most_bytes=pictures.MOST_BYTES)
    if blob is None or blob.content is None:
        return replace(page, shown=Shown.LARGE)
    if not blob.content:
        return page
    return _with_content(config, repository, page, blob.content, lines)


def _with_content(
    config: Config, repository: Repository, page: FilePage, content: bytes, lines: LineRange | None
) -> FilePage:
    picture = pictures.picture_type(page.entry.name, content[: pictures.SNIFFED_BYTES])
    wants_source = page.is_source or lines is not None
    if picture is not None and not (picture == pictures.SVG and wants_source):
        return replace(page, shown=Shown.PICTURE, has_source=picture == pictures.SVG, is_source=False)
    text = read_text(content)
    if text is None:
        return replace(page, shown=Shown.BINARY)
    if len(content) > highlight.MOST_BYTES:
        return replace(page, shown=Shown.LARGE)
    has_prose, prose = is_markdown(as_text(page.entry.name)), None
    if has_prose and not wants_source:
        prose = render_markdown(config, repository, page.spot, blob_id=page.entry.object_id, content=content)
    if prose is not None:
        return replace(page, shown=Shown.PROSE, has_source=True, prose=prose)
    return replace(
        page,
        shown=Shown.TEXT,
        has_source=picture is not None or has_prose,
        is_source=True,
        code=code_of(config, page.entry, text, lines),
    )


def code_of(config: Config, entry: Entry, text: FileText, asked: LineRange | None) -> Code:
    """The lines of the text that are asked for, or the first, with inks."""
    lines = highlight.split_lines(text.text)
    language = highlight.language_of(as_text(entry.name), lines[0] if lines else "")
    window = window_of(len(lines), asked, chunk_lines=CHUNK_LINES)
    inked, shown, marked = Inked(config, entry.object_id, language, text.text), window.shown, window.marked
    return Code(
        text=text,
        language=language,
        window=window,
        before=Markup() if marked is None else inked.html(shown.first, marked.first - 1),
        marked=Markup() if marked is None else inked.html(marked.first, marked.last),
        behind=inked.html(shown.first if marked is None else marked.last + 1, shown.last),
        remarks=remarks_on(text, lines),
    )


def _target(trees: Trees, spot: Spot, written: bytes) -> LinkTarget:
    folder = spot.path.rpartition(b"/")[0]
    # What a link says is a path and no address: nothing in it is quoted. An absolute one leaves the tree.
    path = None if not written or written.startswith(b"/") else join_path(folder, written)
    is_there = path is not None and trees.find(spot.commit_id, path) is not None
    return LinkTarget(as_text(written), spot.at(path) if is_there and path is not None else None)
