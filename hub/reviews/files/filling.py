"""The files of a review: their rows with what is said at each line, and the unchanged lines it needs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from markupsafe import Markup

from hub.highlight import plain
from hub.journal.format.codec import path_text
from hub.kept import Kept
from hub.repos.browsing.diffs.diff_ink import ink
from hub.repos.browsing.diffs.diff_rows import draw
from hub.repos.browsing.diffs.shown_diffs import ShownFile, View
from hub.repos.git.commits import CommitRow, read_message
from hub.repos.git.diff_records import DiffLine, FileDiff, FileStatus, Hunk, LineKind
from hub.repos.names import printable
from hub.reviews.files.places import Contents, Placing, write_place
from hub.reviews.files.rows import (
    At,
    Between,
    Block,
    Left,
    Lines,
    Piece,
    around,
    bounds_of,
    ends_unchanged,
    fill_between,
    holds,
    list_between,
    merge,
    weave,
)
from hub.reviews.files.talk import Talk
from hub.reviews.files.versions import Compared, SideText
from hub.reviews.models import Side

# Unchanged lines are read of files up to this size, and so many of them are shown on one page.
_MOST_BYTES: Final = 2 << 20
_MOST_OPENED: Final = 600
_MOST_INKED: Final = 600
_TAB_WIDTH: Final = 8


@dataclass(frozen=True, slots=True)
class NewComment:
    """The form for a new comment at a line, or at the head of a file, with what stands in it."""

    side: str
    first_line: str
    last_line: str
    is_form: bool = True


Below = Talk | NewComment
Talks = Mapping[At, tuple[Below, ...]]


@dataclass(frozen=True, slots=True)
class Section:
    """A file or a commit message with all that is said in it.

    `key` begins the ids of its elements; `places` are those that new comments may be about. What is about all
    of it, or about lines that are not shown, stands `at_head`.
    """

    key: str
    blocks: tuple[Block[Below], ...]
    at_head: tuple[Below, ...]
    places: Mapping[str, str]
    count: int
    file: ShownFile | None = None
    commit: CommitRow | None = None

    @property
    def side(self) -> str:
        """The side that a new comment is about unless its author says something else."""
        return next((one for one in ("message", "new", "old") if one in self.places), "new")

    @property
    def path(self) -> str:
        """The path of the file on that side as the journal writes it, or the id of the commit."""
        return self.places.get(self.side, "::").split(":", 2)[2]


@dataclass(slots=True)
class Spots:
    """What stands at the lines and at the head of one section."""

    lines: dict[At, tuple[Below, ...]] = field(default_factory=dict)
    head: list[Below] = field(default_factory=list)

    def add(self, below: Below, at: At | None) -> None:
        """Puts it there."""
        if at is None:
            self.head.append(below)
        else:
            self.lines[at] = (*self.lines.get(at, ()), below)


@dataclass(frozen=True, slots=True)
class _Opened:
    """Lines of a file that are to be shown between two hunks, and all lines of it."""

    between: Between
    lines: Sequence[bytes]
    ranges: tuple[Lines, ...]

    @property
    def shown(self) -> list[Lines]:
        last = len(self.lines)
        if self.between.count is not None:
            last = min(last, self.between.new_first + self.between.count - 1)
        return merge(self.ranges, self.between.new_first, last)


def fill_messages(compared: Compared, spots: Mapping[int, Spots]) -> list[Section]:
    """The messages of the commits, each by its number from 1."""
    return [
        _fill_message(compared, number, commit, spots.get(number, Spots()))
        for number, commit in enumerate(compared.messages, 1)
    ]


def _fill_message(compared: Compared, number: int, commit: CommitRow, spots: Spots) -> Section:
    key = f"m{number}"
    rows = [
        f'<tr><td class="no"><a id="{key}n{line}" href="#{key}n{line}" tabindex="-1">{line}</a></td>'
        f'<td class="ln">{plain(printable(text.expandtabs(_TAB_WIDTH)))}</td></tr>'
        for line, text in enumerate(read_message(compared.directory, commit.commit_id).splitlines(), 1)
    ]
    pieces = weave(Markup("".join(rows)), spots.lines)  # noqa: S704  # its text was escaped above
    place = write_place(SideText(compared.shown, Side.MESSAGE), commit.commit_id)
    return _section(key, (Block(tuple(pieces)),), spots, {"message": place}, commit=commit)


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Draws lines that no hunk shows, and keeps them: reading and highlighting them takes a process."""

    kept: Kept
    contents: Contents
    view: View

    def draw(self, files: Sequence[FileDiff]) -> dict[int, list[list[str]]]:
        """The rows of each hunk of these files, by their numbers."""
        if not files:
            return {}
        key = [(one.number, one.entry.new_id, [_place(hunk) for hunk in one.hunks]) for one in files]
        packed = json.dumps(key).encode()
        known = self.kept.get("unchanged", *self.view.key, packed)
        if known is not None:
            return dict(json.loads(known))
        inked = ink(files, most_lines=_MOST_INKED)
        is_split, no_end = self.view.is_split, self.view.no_end
        drawn = {
            one.number: draw(one, is_split=is_split, no_end=no_end, inked=inked.get(one.number))
            for one in files
        }
        self.kept.put("unchanged", *self.view.key, packed, data=json.dumps(list(drawn.items())).encode())
        return drawn


def _place(hunk: Hunk) -> tuple[int, ...]:
    return (hunk.old_start, hunk.old_count, hunk.new_start, hunk.new_count)


def fill_files(
    files: Sequence[ShownFile],
    spots: Mapping[int, Spots],
    *,
    placing: Placing,
    unchanged: Unchanged,
    opened: Mapping[int, Sequence[Lines]],
) -> list[Section]:
    """The files of a diff with what is said in them, and with the lines between hunks that are wanted."""
    plans = [
        _plan(
            file, spots.get(file.diff.number, Spots()), unchanged.contents, opened.get(file.diff.number, ())
        )
        for file in files
    ]
    plans = _within_limit(plans)
    drawn = unchanged.draw([one.context for one in plans if one.opened])
    return [_fill(plan, placing, drawn.get(plan.file.diff.number, [])) for plan in plans]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A file, what stands where, what lies between its hunks, and which of these places are opened."""

    file: ShownFile
    spots: Spots
    between: Sequence[Between | None]
    opened: Mapping[int, _Opened]

    @property
    def context(self) -> FileDiff:
        """The lines that are opened as hunks of unchanged lines."""
        hunks = [_context(one, lines) for one in self.opened.values() for lines in one.shown]
        return replace(self.file.diff, hunks=tuple(hunks))


def _plan(file: ShownFile, spots: Spots, contents: Contents, wanted: Sequence[Lines]) -> _Plan:
    can_open = _can_open(file)
    hunks = file.hunks
    if not hunks and not can_open:
        return _Plan(file, spots, (), {})
    ends = not hunks or ends_unchanged(hunks[-1].html)
    between = list_between(hunks, is_whole=can_open and file.next_row is None and ends)
    if not can_open:
        return _Plan(file, spots, [None for _ in between], {})
    bounds = [one for one in map(bounds_of, hunks) if one is not None]
    lines_wanted = [at for at in spots.lines if not any(holds(one, at) for one in bounds)]
    opened: dict[int, _Opened] = {}
    for one in between:
        ranges = [] if one is None else _ranges_in(one, lines_wanted, wanted)
        lines = contents.lines(str(file.diff.entry.new_id), most_bytes=_MOST_BYTES) if ranges else None
        if one is not None and lines is not None:
            opened[one.key] = _Opened(one, lines, tuple(ranges))
    return _Plan(file, spots, between, opened)


def _can_open(file: ShownFile) -> bool:
    """Whether the file has unchanged lines that can be shown: it is text, and was there before."""
    diff = file.diff
    entry = diff.entry
    has_both = entry.old_id is not None and entry.new_id is not None
    is_plain = not (diff.is_binary or entry.is_submodule or entry.is_link)
    return has_both and is_plain and diff.limit is None and entry.status is not FileStatus.TYPE_CHANGED


def _ranges_in(between: Between, talked: Sequence[At], wanted: Sequence[Lines]) -> list[Lines]:
    numbers = [between.new_line(at) for at in talked]
    found = [around(one) for one in numbers if one is not None]
    last = None if between.count is None else between.new_first + between.count - 1
    return found + [
        one for one in wanted if one.last >= between.new_first and (last is None or one.first <= last)
    ]


def _within_limit(plans: Sequence[_Plan]) -> list[_Plan]:
    """The plans, without what is opened beyond what a page takes."""
    left, kept = _MOST_OPENED, []
    for plan in plans:
        opened = {}
        for key, one in plan.opened.items():
            left -= sum(lines.last - lines.first + 1 for lines in one.shown)
            if left >= 0:
                opened[key] = one
        kept.append(replace(plan, opened=opened))
    return kept


def _fill(plan: _Plan, placing: Placing, rows: list[list[str]]) -> Section:
    file, spots, drawn = plan.file, plan.spots, iter(rows)
    blocks: list[Block[Below]] = []
    for number, between in enumerate(plan.between):
        hunk = file.hunks[number] if number < len(file.hunks) else None
        if between is not None:
            blocks.append(_fill_between(plan, between, drawn, hunk.heading if hunk else ""))
        if hunk is not None:
            blocks.append(Block(tuple(weave(hunk.html, spots.lines))))
    # A file that was only renamed shows nothing of itself until somebody asks.
    if not file.hunks and not plan.opened:
        blocks = []
    texts = placing.texts_of(file)
    paths = {"new": file.diff.entry.new_path, "old": file.diff.entry.old_path}
    places = {side: write_place(text, path_text(paths[side])) for side, text in texts.items()}
    return _section(f"f{file.diff.number}", tuple(blocks), spots, places, file=file)


def _fill_between(plan: _Plan, between: Between, drawn: Iterator[list[str]], heading: str) -> Block[Below]:
    opened = plan.opened.get(between.key)
    if opened is None:
        last = None if between.count is None else between.new_first + between.count - 1
        left: Piece[Below] = Piece(left=Left(between.new_first, last), heading=heading)
        return Block((left,), between.key)
    return fill_between(
        between,
        opened.shown,
        total=len(opened.lines),
        heading=heading,
        draw=lambda _: Markup("".join(next(drawn))),  # noqa: S704  # `draw` made it safe
        talks=plan.spots.lines,
    )


def _context(opened: _Opened, lines: Lines) -> Hunk:
    between, count = opened.between, lines.last - lines.first + 1
    rows = tuple(
        DiffLine(LineKind.CONTEXT, between.old_line(number), number, opened.lines[number - 1])
        for number in range(lines.first, lines.last + 1)
    )
    return Hunk(between.old_line(lines.first), count, lines.first, count, b"", rows)


def _section(
    key: str,
    blocks: tuple[Block[Below], ...],
    spots: Spots,
    places: Mapping[str, str],
    *,
    file: ShownFile | None = None,
    commit: CommitRow | None = None,
) -> Section:
    shown = {id(one) for block in blocks for piece in block.pieces for one in piece.talks}
    every = [one for below in spots.lines.values() for one in below]
    head = (*spots.head, *(one for one in every if id(one) not in shown))
    talks = [one for one in (*spots.head, *every) if isinstance(one, Talk)]
    return Section(key, blocks, head, places, len(talks), file, commit)
