"""`python -m tests.bench.truth [COUNT]`: what the hub reads of a history against what git says: `make truth`.

Random commits and paths (200, unless another number is given) of the history that HISTORY names, or of a
generated one. Every answer of ours is compared with one that stock git gives to another command.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from hub.repos.git import diff_records, diffs
from hub.repos.git.commits import read_commits
from hub.repos.git.trees import EntryKind, Trees
from tests.bench import histories, truth_of_archives, truth_of_histories
from tests.bench.asked import Answers, Questions, ask
from tests.bench.corpus import git

COUNT = 200
_MODES = {
    b"040000": EntryKind.FOLDER,
    b"100755": EntryKind.EXECUTABLE,
    b"120000": EntryKind.SYMLINK,
    b"160000": EntryKind.SUBMODULE,
}
_ALL = diff_records.Limits(**dict.fromkeys((one.name for one in fields(diff_records.Limits)), 10**9))


def folders(questions: Questions) -> Answers:
    """The entries of each folder: kinds, names and ids."""
    trees = Trees(questions.directory)
    for spot in questions.spots:
        entry = trees.find(spot.commit_id, spot.folder)
        assert entry is not None
        ours = {
            (one.name, one.kind, one.object_id)
            for one in trees.read_folder(entry.object_id, most_entries=10**6).entries
        }
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
    "diffs: hunks, lines and headings (diff)": hunks,
    "history: a page of it (log)": truth_of_histories.pages,
    "history: a page of the branch, by its file (log)": truth_of_histories.pages_of_the_tip,
    "history: how many commits (rev-list)": truth_of_histories.counts,
    "history: ahead and behind (rev-list A..B)": truth_of_histories.distances,
    "history of a path (log -- path)": truth_of_histories.path_histories,
    "history of a file, over renames (log --follow)": truth_of_histories.followed_histories,
    "the last commit of each entry (log -1 -- path)": truth_of_histories.last_commits,
    "the same from nothing": truth_of_histories.last_commits_from_nothing,
    "blame: the commit and number of each line (blame -p)": truth_of_histories.blames,
    "people: the commits of each name (log)": truth_of_histories.contributors,
    "archives: every file, mode and content (ls-tree -r)": truth_of_archives.archives,
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
        print(f"{found.corpus.label}; {count} commits and paths\n", flush=True)
        # With what was changed where, git answers in a tenth of the time; we do not read it.
        git(found.corpus.directory, "commit-graph", "write", "--reachable", "--changed-paths")
        rows = compare(ask(found.corpus.directory, found.tip, count))
    print("\n".join(rows))
    if any(asked != same for _, _, asked, same, *_ in (row.split("|") for row in rows[2:])):
        raise SystemExit("The hub does not say what git says.")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
