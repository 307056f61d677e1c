"""The page of a change's files: what it compares, the part that is shown, and what is said in it."""

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.db import config_of
from hub.errors import Text, text
from hub.kept import kept_in
from hub.repos.browsing.diffs.diff_pages import Asked, find_diff, view_of, with_query
from hub.repos.browsing.diffs.shown_diffs import ShownDiff
from hub.reviews.addresses import change_address
from hub.reviews.changes import OpenedChange
from hub.reviews.files.asked import AskedFiles, write_opened
from hub.reviews.files.filling import NewComment, Section, Spots, Unchanged, fill_files, fill_messages
from hub.reviews.files.places import Contents, Placing, Stand
from hub.reviews.files.rows import STEP, Left, Lines
from hub.reviews.files.talk import Conversation, Talk, find_conversation
from hub.reviews.files.versions import Compared, compare
from hub.reviews.shell import ChangeHead

# A page of 12,000 elements is the most; what is said takes some of them, and so do the lines that it opens.
_MOST_ELEMENTS: Final = 9_000
_LEAST_ELEMENTS: Final = 3_000
_PER_TALK: Final = 40


@dataclass(frozen=True, slots=True)
class FilesPage:
    """What a page of files shows; `diff` has its files without their lines, which are in `sections`.

    `elsewhere` is said in files that are not on this page. `address` is that of the patch set by its label.
    """

    address: str
    compared: Compared
    wanted: AskedFiles
    diff: ShownDiff | None
    fault: Text | None
    messages: list[Section]
    sections: list[Section]
    elsewhere: list[Talk]
    drafts_count: int
    text_address: str | None = None

    @property
    def asked(self) -> Asked:
        """The part of the diff that is asked for."""
        return self.wanted.diff

    def at(self, **changes: str | int | None) -> str:
        """The address of another part, shown in the same way."""
        return with_query(self.address, {**self.wanted.query, **changes})

    def here(self, **changes: str | int | None) -> str:
        """The address of this part, shown in another way; None leaves something out."""
        asked = self.asked
        part = {
            "file": asked.file,
            "row": asked.row or None,
            "from": asked.first if asked.first > 1 else None,
        }
        return with_query(self.address, {**self.wanted.query, **part, **changes})

    def opening(self, section: Section, left: Left, *, from_end: bool = False) -> str:
        """What `lines` of an address says to show more of the lines that are left out."""
        assert section.file is not None
        first, last = left.first, left.first + STEP - 1
        if left.last is not None:
            first = max(left.first, left.last - STEP + 1) if from_end else left.first
            last = min(left.last, first + STEP - 1)
        return write_opened(self.wanted.opened, section.file.diff.number, Lines(first, last))

    @property
    def step(self) -> int:
        """How many lines one press shows."""
        return STEP


def read_files_page(
    session: Session,
    viewer: Viewer,
    opened: OpenedChange,
    head: ChangeHead,
    *,
    label: str | None,
    asked: AskedFiles,
    no_end: str,
) -> FilesPage:
    """The page; raises NotFound for patch sets, commits and files that are not there.

    `no_end` is NO_END in the reader's language.
    """
    compared = compare(session, opened, head, label=label, against=asked.against, commit=asked.single)
    conversation = find_conversation(session, viewer, opened)
    room = max(_MOST_ELEMENTS - _PER_TALK * len(conversation.talks), _LEAST_ELEMENTS)
    # Not another one for each thread: diffs are kept by it.
    view = view_of(asked.diff, no_end=no_end, most_elements=room // 1000 * 1000)
    kept, diff, fault = kept_in(config_of(session)), None, None
    if compared.pair is None:
        fault = text("git cannot compare this: an object is missing or damaged.")
    else:
        diff, fault = find_diff(kept, compared.pair, asked.diff, view)
    contents, files = Contents(compared), () if diff is None else diff.files
    has_messages = asked.diff.file is None and asked.diff.first == 1
    placing = Placing(compared, contents, files, has_messages=has_messages)
    spots = _spread(placing, conversation, asked)
    return FilesPage(
        address=change_address(opened.repository, opened.topic.number, f"files/{compared.shown.label}"),
        compared=compared,
        wanted=asked,
        diff=diff,
        fault=fault,
        messages=fill_messages(compared, spots.messages) if has_messages else [],
        sections=fill_files(
            files,
            spots.files,
            placing=placing,
            unchanged=Unchanged(kept, contents, view),
            opened=asked.opened,
        ),
        elsewhere=spots.elsewhere,
        drafts_count=conversation.drafts_count,
    )


@dataclass(slots=True)
class _Spread:
    """What stands in which file and in which message, by their numbers, and what stands in none."""

    files: dict[int, Spots] = field(default_factory=dict)
    messages: dict[int, Spots] = field(default_factory=dict)
    elsewhere: list[Talk] = field(default_factory=list)

    def put(self, below: Talk | NewComment, stand: Stand) -> bool:
        """Puts it there; false where that is not on this page."""
        if stand.file is not None:
            self.files.setdefault(stand.file, Spots()).add(below, stand.at)
        elif stand.message is not None:
            self.messages.setdefault(stand.message, Spots()).add(below, stand.at)
        return not (stand.file is None and stand.message is None)


def _spread(placing: Placing, conversation: Conversation, asked: AskedFiles) -> _Spread:
    spread = _Spread()
    for talk in conversation.talks:
        stand = placing.stand(talk.anchor)
        talk.label, talk.file = stand.label, stand.file
        if not spread.put(talk, stand):
            spread.elsewhere.append(talk)
    wanted = asked.comment
    if wanted is not None:
        form = NewComment(wanted.side, wanted.first_line, wanted.last_line)
        spread.put(form, placing.stand_for(wanted.side, wanted.path, wanted.line))
    return spread
