"""`python -m tests.bench.truth [COUNT]`: what the hub reads of a history against what git says: `make truth`.

Random commits and paths (200, unless another number is given) of the history that HISTORY names, or of a
generated one. Every answer of ours is compared with one that stock git gives to another command.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hub.repos.git import diff_records, diffs, history
from hub.repos.git.commits import read_commits
from hub.repos.git.trees import EntryKind, Trees
from tests.bench import histories

COUNT = 200
_MODES = {
    b"040000": EntryKind.FOLDER,
    b"100755": EntryKind.EXECUTABLE,
    b"120000": EntryKind.SYMLINK,
    b"160000": EntryKind.SUBMODULE,
}
_ALL = diff_records.Limits(10**6, 10**9, 10**9, 10**9, 10**9, 10**9)

# Pairs of what was asked and whether both said the same.
Answers = Iterator[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Spot:
    """A commit and the path of one of its files."""

    commit_id: str
    path: bytes

    @property
    def folder(self) -> bytes:
        """The folder of the file, empty for the root."""
        return self.path.rpartition(b"/")[0]


@dataclass(slots=True)
class Questions:
    """A repository and where in it to look."""

    directory: Path
    tip: str
    spots: list[Spot] = field(default_factory=list)

    def git(self, *arguments: str | bytes, stdin: bytes = b"") -> bytes:
        """What git says, with no settings but its own."""
        command = ["git", "-C", str(self.directory), *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout

    @property
    def commits(self) -> list[str]:
        """The commits of the spots."""
        return [one.commit_id for one in self.spots]


def ask(directory: Path, tip: str, count: int) -> Questions:
    """So many spots, the same in every run over the same history."""
    questions, source = Questions(directory, tip), random.Random(7)
    known = questions.git("rev-list", tip).decode().split()
    for commit_id in source.sample(known, min(count, len(known))):
        paths = questions.git("ls-tree", "-r", "-z", "--name-only", commit_id).split(b"\0")[:-1]
        if paths:
            questions.spots.append(Spot(commit_id, source.choice(paths)))
    return questions


def folders(questions: Questions) -> Answers:
    """The entries of each folder: kinds, names and ids."""
    trees = Trees(questions.directory)
    for spot in questions.spots:
        entry = trees.find(spot.commit_id, spot.folder)
        assert entry is not None
        ours = {(one.name, one.kind, one.object_id) for one in trees.read_folder(entry.object_id).entries}
        listed = questions.git("ls-tree", "-z", spot.commit_id.encode() + b":" + spot.folder)
        theirs = set()
        for line in listed.split(b"\0")[:-1]:
            (mode, _, object_id), name = line.partition(b"\t")[0].split(b" "), line.partition(b"\t")[2]
            theirs.add((name, _MODES.get(mode, EntryKind.FILE), object_id.decode()))
        yield f"{spot.commit_id} {spot.folder!r}", ours == theirs


def files(questions: Questions) -> Answers:
    """The content of each file."""
    trees = Trees(questions.directory)
    for spot in questions.spots:
        entry = trees.find(spot.commit_id, spot.path)
        assert entry is not None
        blob = trees.read_blob(entry.object_id, most_bytes=1 << 30) if entry.is_blob else None
        name = spot.commit_id.encode() + b":" + spot.path
        is_same = blob is None or blob.content == questions.git("cat-file", "blob", name)
        yield f"{spot.commit_id} {spot.path!r}", is_same


def commits(questions: Questions) -> Answers:
    """Each commit's subject, people and moments, parents and tree."""
    fields = "%H%x00%T%x00%P%x00%s%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI"
    for row in read_commits(questions.directory, questions.commits):
        shown = questions.git("show", "-s", f"--format={fields}", row.commit_id).decode("utf-8", "replace")
        ours = (
            row.commit_id, row.tree_id, " ".join(row.parent_ids), row.subject, row.author_name,
            row.author_email, _moment(row.authored_at.isoformat()), row.committer_name, row.committer_email,
            _moment(row.committed_at.isoformat()),
        )  # fmt: skip
        theirs = shown.rstrip("\n").split("\0")
        theirs[6], theirs[9] = _moment(theirs[6]), _moment(theirs[9])
        yield f"{ours} {theirs}", list(ours) == theirs


def _moment(shown: str) -> str:
    return shown.replace("Z", "+00:00")


def histories_of_tips(questions: Questions) -> Answers:
    """A page, the first or any other, of the history of each commit."""
    source = random.Random(8)
    for commit_id in questions.commits:
        page = source.choice((1, 2, source.randrange(1, 100)))
        ours = history.list_commits(questions.directory, commit_id, page=page)
        wanted = ("-n", str(history.PAGE_COMMITS), "--skip", str((page - 1) * history.PAGE_COMMITS))
        theirs = questions.git("log", "--format=%H", *wanted, commit_id).decode().split()
        yield f"{commit_id} page {page}", [one.commit_id for one in ours.commits] == theirs


def hunks(questions: Questions) -> Answers:
    """Every line of the diff of each commit to its first parent, renames included."""
    for row in read_commits(questions.directory, questions.commits):
        if not row.parent_ids:
            continue
        (parent,) = read_commits(questions.directory, row.parent_ids[:1])
        pair = diffs.TreePair(questions.directory, parent.tree_id, row.tree_id)
        read = diffs.read_diff(pair, diff_records.DiffOptions(), _ALL)
        shown = questions.git("diff", "-M", "--no-color", "--no-ext-diff", parent.commit_id, row.commit_id)
        yield f"{parent.commit_id}..{row.commit_id}", _as_text(read) == _hunks_of(shown)


def _as_text(diff: diff_records.Diff) -> list[bytes]:
    written: list[bytes] = []
    for file in diff.files:
        for hunk in file.hunks:
            spans = _span(hunk.old_start, hunk.old_count), _span(hunk.new_start, hunk.new_count)
            heading = b" " + hunk.heading if hunk.heading else b""
            written.append(b"@@ -%s +%s @@%s" % (*spans, heading))
            for line in hunk.lines:
                written.append(line.kind.value.encode() + line.text)
                if not line.has_end:
                    written.append(b"\\ No newline at end of file")
    return written


def _span(start: int, count: int) -> bytes:
    return b"%d" % start if count == 1 else b"%d,%d" % (start, count)


def _hunks_of(shown: bytes) -> list[bytes]:
    """The lines of a diff that belong to hunks."""
    found, is_inside = [], False
    for line in shown.split(b"\n"):
        if line.startswith(b"diff --git "):
            is_inside = False
        elif line.startswith(b"@@ "):
            is_inside = True
        if is_inside and line:
            found.append(line)
    return found


CHECKS: dict[str, Callable[[Questions], Answers]] = {
    "folders: names, kinds and ids (ls-tree)": folders,
    "files: contents (cat-file)": files,
    "commits: people, moments, messages (show)": commits,
    "history: a page of it (log)": histories_of_tips,
    "diffs: hunks, lines and headings (diff)": hunks,
}


def compare(questions: Questions) -> list[str]:
    """The table, a line for each check; what differs is printed as it is found."""
    rows = ["| what | asked | the same | seconds |", "|---|---|---|---|"]
    for name, check in CHECKS.items():
        began, asked, same = time.monotonic(), 0, 0
        for what, is_same in check(questions):
            asked, same = asked + 1, same + is_same
            if not is_same:
                print(f"differs: {name}: {what}", file=sys.stderr)
        rows.append(f"| {name} | {asked} | {same} | {time.monotonic() - began:.1f} |")
    return rows


def main(count: int) -> None:
    """Compares, prints the table, and fails when anything differs."""
    with tempfile.TemporaryDirectory(prefix="hub-truth-") as folder:
        found = histories.reading(Path(folder))
        print(f"{found.corpus.label}; {count} commits and paths\n")
        rows = compare(ask(found.corpus.directory, found.tip, count))
    print("\n".join(rows))
    if any(asked != same for _, _, asked, same, *_ in (row.split("|") for row in rows[2:])):
        raise SystemExit("The hub does not say what git says.")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
