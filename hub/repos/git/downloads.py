"""What is sent to a reader as it leaves git: archives, bundles and files, each one command made of ids.

Whoever may have it was decided before. A download is a small text on its way from the process that decided to
the one that holds the reader's connection; neither libgit2 nor Flask is needed to read it.
"""

import json
import re
import secrets
import shutil
from collections.abc import Generator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from hub.config import Config
from hub.repos.git import process
from hub.repos.git.store import lay_out, place
from hub.repos.names import BRANCHES, TAGS, is_ref_name

SECONDS: Final = 600.0

_ID: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_STORAGE: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_NOT_IN_FOLDERS: Final = re.compile(r"[^\w.+@-]+")
_FOLDER: Final = re.compile(r"(?![.-])[\w.+@-]{1,200}")
_LONGEST_FOLDER: Final = 200
# git would choose a compressor of its own, and versions of it differ. -n: no time and no name inside.
_SETTINGS: Final = {"tar.tar.gz.command": "gzip -cn", "pack.threads": "1"}
_NO_SUBSTITUTION: Final = "* -export-subst\n"


class Kind(StrEnum):
    """The forms in which something leaves."""

    TAR_GZ = "tar.gz"
    ZIP = "zip"
    BUNDLE = "bundle"
    BLOB = "blob"


ARCHIVES: Final = frozenset({Kind.TAR_GZ, Kind.ZIP})


@dataclass(frozen=True, slots=True)
class Download:
    """One thing of one repository: a commit's tree packed, what a ref reaches, or the content of a file.

    `object_id` is a commit's or a blob's; `name` the folder inside an archive, or the full name of the ref
    that is bundled.
    """

    kind: Kind
    storage: str
    repository_id: int
    object_id: str
    name: str = ""
    size_bytes: int | None = None

    def as_text(self) -> str:
        """The download on one line of ASCII."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class Command:
    """A git to be started: what follows `git`, and its whole environment."""

    arguments: list[str]
    environment: dict[str, str]


def read(line: str) -> Download:
    """What `as_text` wrote; raises ValueError for anything that this module would not have written."""
    try:
        values = json.loads(line)
        found = Download(**{**values, "kind": Kind(values["kind"])})
        is_whole = _is_whole(found)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not a download: {line[:200]!r}") from error
    if not is_whole:
        raise ValueError(f"not a download: {line[:200]!r}")
    return found


def _is_whole(found: Download) -> bool:
    if found.kind in ARCHIVES:
        has_name = _FOLDER.fullmatch(found.name) is not None
    elif found.kind is Kind.BUNDLE:
        has_name = found.name.startswith((BRANCHES, TAGS)) and is_ref_name(found.name)
    else:
        has_name = not found.name
    has_size = found.size_bytes is None or (type(found.size_bytes) is int and found.size_bytes >= 0)
    has_repository = type(found.repository_id) is int and _STORAGE.fullmatch(found.storage) is not None
    return has_name and has_size and has_repository and _ID.fullmatch(found.object_id) is not None


def folder_name(*parts: str) -> str:
    """These parts as the name of one folder or file that no system and no shell takes for something else."""
    name = _NOT_IN_FOLDERS.sub("-", "-".join(parts))[:_LONGEST_FOLDER]
    return name.lstrip(".-") or "archive"


def command(config: Config, download: Download) -> Command:
    """The git that prints it. Of what a person chose, only the folder and the ref's name are in it."""
    directory = place(config, download.storage, download.repository_id)
    if download.kind in ARCHIVES:
        return _archive(config, directory, download)
    if download.kind is Kind.BUNDLE:
        arguments = ["bundle", "create", "--quiet", "-", download.name]
    else:
        arguments = ["cat-file", "blob", download.object_id]
    return Command(["-C", str(directory), *arguments], _environment())


def _archive(config: Config, directory: Path, download: Download) -> Command:
    # Only the attributes of a repository's own directory stand above those in its commits, so git is given
    # one that borrows the objects and says that no file is to be filled with anything.
    variables = {**_environment(), "GIT_OBJECT_DIRECTORY": str(directory / "objects")}
    options = [f"--format={download.kind}", f"--prefix={download.name}/"]
    place_of_attributes = f"--git-dir={_attributes_directory(config)}"
    return Command([place_of_attributes, "archive", *options, download.object_id], variables)


def _environment() -> dict[str, str]:
    return process.environment(process.settings(_SETTINGS))


def _attributes_directory(config: Config) -> Path:
    made = config.data / "run" / "archives.git"
    if not (made / "info" / "attributes").exists():
        making = made.with_name(f"archives-{secrets.token_hex(4)}.git")
        lay_out(making, "main")
        (making / "info").mkdir()
        (making / "info" / "attributes").write_text(_NO_SUBSTITUTION)
        try:
            making.rename(made)
        except OSError:  # made by another process at the same moment
            shutil.rmtree(making)
    return made


def stream(config: Config, download: Download, *, most_bytes: int) -> Generator[bytes, None, None]:
    """What git prints, piece by piece; closing the iterator ends git.

    Raises GitFailed where it fails, takes longer than SECONDS or says more than `most_bytes`.
    """
    asked = command(config, download)
    count = 0
    with process.pieces(asked.arguments, asked.environment, timeout_seconds=SECONDS) as pieces:
        for piece in pieces:
            count += len(piece)
            if count > most_bytes:
                raise process.GitFailed(str(download.kind), f"more than {most_bytes} bytes")
            yield piece
