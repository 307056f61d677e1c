"""Real git as a person has it: a clean home, an identity, no prompts."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Result:
    """How one git command ended."""

    command: tuple[str, ...]
    exit: int
    out: str
    err: str

    @property
    def ok(self) -> bool:
        return self.exit == 0

    @property
    def text(self) -> str:
        """Everything it printed, standard error first: that is where git talks to people."""
        return self.err + self.out


class GitFailed(AssertionError):
    """A git command that had to work did not."""

    def __init__(self, result: Result) -> None:
        super().__init__(f"{' '.join(result.command)} ended with {result.exit}:\n{result.text}")
        self.result = result


class GitClient:
    """Runs the installed git in `folder` with a home of its own.

    `clone`, `push` and the rest return a Result and raise GitFailed for an exit code other than 0,
    unless they are called with check=False.
    """

    def __init__(self, folder: Path, name: str = "Test Person", key: Path | None = None) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.home = folder / "home"
        self.home.mkdir(exist_ok=True)
        self.environment = _environment(self.home, name)
        self.use_key(key)

    def use_key(self, key: Path | None) -> None:
        """Offers this SSH key from now on; None offers none at all."""
        identity = f"-i {key}" if key else "-o PubkeyAuthentication=no"
        self.environment["GIT_SSH_COMMAND"] = (
            f"ssh -F /dev/null {identity} -o IdentitiesOnly=yes -o BatchMode=yes -o LogLevel=ERROR"
            f" -o StrictHostKeyChecking=no -o UserKnownHostsFile={self.home}/known_hosts"
        )

    def run(
        self,
        *arguments: str,
        cwd: Path | None = None,
        check: bool = True,
        input: str | bytes | None = None,  # noqa: A002  # the name subprocess gives it
        environment: Mapping[str, str] | None = None,
        timeout: float = 400,
    ) -> Result:
        """Runs `git ARGUMENTS` in `cwd` (the client's folder by default)."""
        done = subprocess.run(
            ("git", *arguments),
            cwd=cwd or self.folder,
            env={**self.environment, **(environment or {})},
            input=input.encode() if isinstance(input, str) else input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        result = Result(("git", *arguments), done.returncode, out, err)
        if check and not result.ok:
            raise GitFailed(result)
        return result

    def init(self, name: str = "work", branch: str = "main") -> Path:
        """A new repository in the client's folder."""
        self.run("init", "--quiet", "--initial-branch", branch, name)
        return self.folder / name

    def clone(self, url: str, name: str = "clone", *arguments: str, check: bool = True) -> Result:
        """`git clone ARGUMENTS url name`; the clone is at `folder / name`."""
        return self.run("clone", *arguments, url, name, check=check)

    def commit(
        self,
        work: Path,
        message: str = "A change",
        files: Mapping[str, str | bytes] | None = None,
    ) -> str:
        """Writes the files (one called `file` by default), commits them and returns the commit's id."""
        for path, content in (files or {"file": f"{message}\n"}).items():
            target = work / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        self.run("add", "--all", cwd=work)
        self.run("commit", "--quiet", "--allow-empty", "-m", message, cwd=work)
        return self.head(work)

    def push(self, work: Path, *arguments: str, check: bool = True) -> Result:
        """`git push ARGUMENTS` in `work`."""
        return self.run("push", *arguments, cwd=work, check=check)

    def fetch(self, work: Path, *arguments: str, check: bool = True) -> Result:
        """`git fetch ARGUMENTS` in `work`."""
        return self.run("fetch", *arguments, cwd=work, check=check)

    def head(self, work: Path, commitish: str = "HEAD") -> str:
        """The id that the commitish names in `work`."""
        return self.run("rev-parse", commitish, cwd=work).out.strip()

    def ls_remote(self, url: str, *patterns: str) -> dict[str, str]:
        """Ids by full ref name, as the other side shows them."""
        lines = self.run("ls-remote", url, *patterns).out.splitlines()
        return {name: commit_id for commit_id, name in (line.split("\t") for line in lines)}


def _environment(home: Path, name: str) -> dict[str, str]:
    email = f"{name.lower().replace(' ', '.')}@example.org"
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": email,
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": email,
        "GIT_ADVICE": "0",
    }
