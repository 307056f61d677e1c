"""What stock git makes of a merge or a rebase in a work tree: what ours is compared with."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_SETTINGS = ("user.name=Mel Merger", "user.email=mel@example.org", "rerere.enabled=false", "gc.auto=0")


@dataclass(frozen=True, slots=True)
class Joined:
    """How it ended: a tree, or the paths that are left unmerged and the commit at which a rebase stopped.

    `commits` are authors, moments and messages on top of the target, oldest first.
    """

    tree_id: str | None
    paths: tuple[bytes, ...] = ()
    stopped_at: str | None = None
    commits: tuple[bytes, ...] = ()


class WorkTree:
    """A clone that shares the objects of a bare repository, with files to merge in."""

    def __init__(self, directory: Path, folder: Path) -> None:
        subprocess.run(
            ["git", "clone", "-q", "--shared", "--no-checkout", str(directory), str(folder)], check=True
        )
        self._folder = folder

    def check_out(self, commit_id: str) -> None:
        """Puts the files of a commit there, whatever an earlier merge left."""
        for command in ("merge", "rebase"):
            self._run(command, "--abort")
        self._git("checkout", "-q", "-f", "--detach", commit_id)
        self._git("clean", "-q", "-ffdx")

    def merge(self, source_id: str, *options: str) -> Joined:
        """Merges into what is checked out."""
        exit_code, _ = self._run("merge", "-q", "-m", "joined", *options, source_id)
        if exit_code:
            return Joined(None, self._unmerged())
        return Joined(self._git("write-tree").decode().strip())

    def rebase(self, target_id: str) -> Joined:
        """Puts what is checked out on top of the target."""
        exit_code, _ = self._run("rebase", "-q", target_id)
        if exit_code:
            stopped_at = self._run("rev-parse", "REBASE_HEAD")[1].decode().strip()
            return Joined(None, self._unmerged(), stopped_at)
        return Joined(self._git("write-tree").decode().strip(), commits=self.describe(target_id, "HEAD"))

    def describe(self, base_id: str, tip: str) -> tuple[bytes, ...]:
        """Author, moment and message of each commit between, oldest first."""
        options = ("--reverse", "--topo-order", "-z", "--format=%an <%ae> %ad%n%B", "--date=raw")
        return tuple(self._git("log", *options, f"{base_id}..{tip}").split(b"\0"))

    def _unmerged(self) -> tuple[bytes, ...]:
        rows = self._git("ls-files", "-u", "-z").split(b"\0")[:-1]
        return tuple(sorted({row.partition(b"\t")[2] for row in rows}))

    def _git(self, *arguments: str) -> bytes:
        exit_code, printed = self._run(*arguments)
        assert exit_code == 0, (arguments, printed)
        return printed

    def _run(self, *arguments: str) -> tuple[int, bytes]:
        settings = [part for one in _SETTINGS for part in ("-c", one)]
        done = subprocess.run(
            ["git", *settings, *arguments], cwd=self._folder, capture_output=True, check=False
        )
        return done.returncode, done.stdout
