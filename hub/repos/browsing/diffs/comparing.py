"""Two sides compared: the commits that one has and the other lacks, and the trees of the diff."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.db import config_of
from hub.errors import Text, text
from hub.repos.browsing.addresses import compare_address
from hub.repos.browsing.commit_lines import CommitLine
from hub.repos.browsing.diffs.compared_sides import ComparedSide, get_side, split_spec
from hub.repos.browsing.spots import Spot, SpotKind
from hub.repos.git.commits import CommitRow, read_commits
from hub.repos.git.diffs import TreePair
from hub.repos.git.divergence import find_merge_base, list_between
from hub.repos.git.process import GitFailed, GitTooSlow
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.repos.names import BRANCHES, TAGS, printable

MOST_COMMITS: Final = 100
_MOST_NAMES: Final = 200
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides, and what the head has that the base lacks.

    `is_direct` compares both as they are (`a..b`), else the head with the commit at which both parted
    (`a...b`). `pair` is None where there is nothing to compare, and `fault` says so if git failed.
    """

    base: ComparedSide
    head: ComparedSide
    is_direct: bool
    merge_base_id: str | None = None
    commits: tuple[CommitLine, ...] = ()
    has_more_commits: bool = False
    pair: TreePair | None = None
    fault: Text | None = None

    @property
    def is_same(self) -> bool:
        """Whether both sides are one commit."""
        return self.base.spot.commit_id == self.head.spot.commit_id

    @property
    def has_nothing_new(self) -> bool:
        """Whether the base has all commits of the head."""
        return self.merge_base_id == self.head.spot.commit_id

    @property
    def old_spot(self) -> Spot:
        """Where the files of the old side are found."""
        if self.is_direct or self.merge_base_id is None:
            return self.base.spot
        return Spot(SpotKind.COMMIT, self.merge_base_id, self.merge_base_id)

    def address(self, repository: Repository, *, is_direct: bool | None = None) -> str:
        """The address of this comparison by the names of its sides."""
        return _address(
            repository, self.base.typed, self.head.typed, self.is_direct if is_direct is None else is_direct
        )

    def fixed_address(self, repository: Repository) -> str:
        """The address by ids, which names the same when branches move."""
        return _address(repository, self.base.fixed, self.head.fixed, self.is_direct)

    def swapped_address(self, repository: Repository) -> str:
        """The address of the comparison the other way round."""
        return _address(repository, self.head.typed, self.base.typed, self.is_direct)


def _address(repository: Repository, base: str, head: str, is_direct: bool) -> str:
    return compare_address(repository, base, head, dots=".." if is_direct else "...")


def get_comparison(session: Session, viewer: Viewer, repository: Repository, spec: bytes) -> Comparison:
    """What `spec`, such as `main...topic` or `main..bo:topic`, compares; raises NotFound in words."""
    base_typed, is_direct, head_typed = split_spec(spec)
    base = get_side(session, viewer, repository, base_typed)
    head = get_side(session, viewer, repository, head_typed)
    here, there = (directory(config_of(session), one.repository) for one in (head, base))
    try:
        return _compare(here, there, base, head, is_direct=is_direct)
    except GitTooSlow:
        fault = text("git took too long to find what they have in common. Compare them in a clone.")
    except GitFailed:
        fault = text("git cannot compare them: an object is missing or damaged.")
    return Comparison(base, head, is_direct, fault=fault)


def list_names(session: Session, repository: Repository) -> list[str]:
    """Branches and then tags to choose from: some, where there are many, and those that a form can hold."""
    files = RefFiles(directory(config_of(session), repository))
    names = [
        ref.removeprefix(prefix)
        for prefix in (BRANCHES.encode(), TAGS.encode())
        for ref in files.list_names(prefix)[:_MOST_NAMES]
    ]
    return [name.decode() for name in dict.fromkeys(names) if _is_text(name)]


def _is_text(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


def _compare(
    here: Path, there: Path, base: ComparedSide, head: ComparedSide, *, is_direct: bool
) -> Comparison:
    beside = None if here == there else there
    ids = (base.spot.commit_id, head.spot.commit_id)
    merge_base = find_merge_base(here, *ids, beside=beside)
    commit_ids, has_more = list_between(here, *ids, most=MOST_COMMITS, beside=beside)
    old_id = base.spot.commit_id if is_direct else merge_base
    trees = [_tree_of(there, old_id), _tree_of(here, head.spot.commit_id)]
    pair = TreePair(here, trees[0], trees[1], beside) if trees[0] and trees[1] else None
    lines = tuple(_line_of(commit) for commit in read_commits(here, commit_ids))
    return Comparison(base, head, is_direct, merge_base, lines, has_more, pair)


def _tree_of(folder: Path, commit_id: str | None) -> str | None:
    found = [] if commit_id is None else read_commits(folder, (commit_id,))
    return found[0].tree_id if found else None


def _line_of(commit: CommitRow) -> CommitLine:
    return CommitLine(
        commit.commit_id,
        printable(commit.subject)[:_LONGEST],
        printable(commit.author_name)[:_LONGEST],
        commit.committed_at,
    )
