"""The name that a commit keeps through rewrites, where a tool gave it one: a trailer, or jj's header."""

import re
from pathlib import Path
from typing import Final

import pygit2
from pygit2.enums import ObjectType, RepositoryOpenFlag

# The last one counts, as in Gerrit; it stands in the last paragraph, among other trailers.
_TRAILER: Final = re.compile(rb"^change-id:[ \t]*(I[0-9a-f]{8,64})[ \t]*$", re.IGNORECASE | re.MULTILINE)
# Reverse hexadecimal: the letters z to k.
_HEADER: Final = re.compile(rb"^change-id ([k-z]{8,64})$", re.MULTILINE)


def find_change_key(directory: Path, commit_id: str) -> str:
    """The Change-Id trailer of a commit, else its change-id header; empty where it has neither."""
    git_repo = pygit2.Repository(str(directory), RepositoryOpenFlag.NO_SEARCH | RepositoryOpenFlag.BARE)
    try:
        kind, data = git_repo.odb.read(pygit2.Oid(hex=commit_id))
    except (KeyError, ValueError, pygit2.GitError):
        return ""
    return key_in(bytes(data)) if kind == ObjectType.COMMIT else ""


def key_in(data: bytes) -> str:
    """The same of a commit object's content."""
    head, _, message = data.partition(b"\n\n")
    paragraphs = message.replace(b"\r\n", b"\n").strip().split(b"\n\n")
    trailers = _TRAILER.findall(paragraphs[-1]) if len(paragraphs) > 1 else []
    if trailers:
        return bytes(trailers[-1]).decode()
    header = _HEADER.search(head)
    return header[1].decode() if header else ""
