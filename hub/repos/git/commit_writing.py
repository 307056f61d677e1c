"""Commits as bytes: made anew, or another one's put on other parents."""

import re
from collections.abc import Sequence
from typing import Final

from hub.repos.git.commits import find_encoding
from hub.repos.git.writing import Signature

# What git strips from both ends of a name (ident.c); angle brackets and line feeds end one.
_CRUD: Final = " .,:;<>\"\\'"
_CARRIED: Final = (b"change-id",)
_HEADER: Final = re.compile(rb"^([^ \n]+) (.*(?:\n .*)*)$", re.MULTILINE)


def compose_commit(
    tree_id: str, parent_ids: Sequence[str], *, author: Signature, committer: Signature, message: str
) -> bytes:
    """The content of a new commit; the message ends with one line feed and holds none of Windows."""
    lines = [f"tree {tree_id}", *(f"parent {one}" for one in parent_ids)]
    lines += [f"author {_header(author)}", f"committer {_header(committer)}"]
    clean = re.sub(r"[ \t]+$", "", message.replace("\r\n", "\n").replace("\0", ""), flags=re.MULTILINE)
    return "\n".join([*lines, "", clean.strip("\n") + "\n"]).encode("utf-8", "replace")


def compose_copy(data: bytes, tree_id: str, parent_ids: Sequence[str], *, committer: Signature) -> bytes:
    """The content of a commit like the one in `data`, as `git rebase` puts it elsewhere.

    Author, moment and message stay; signatures, which would not hold any more, go. Text in another encoding
    becomes UTF-8 where that can be told. Other than with git a `change-id` stays: it says whose change it is.
    """
    head, _, message = data.partition(b"\n\n")
    headers = dict(reversed(_HEADER.findall(head)))
    author, named = headers.get(b"author", b""), headers.get(b"encoding", b"")
    kept = [(name, headers[name]) for name in _CARRIED if name in headers]
    encoding = find_encoding(named)
    try:
        author, message = (one.decode(encoding).encode() for one in (author, message))
    except ValueError:  # it is not what it says
        kept += [(b"encoding", named)] if named else []
    lines = [f"tree {tree_id}", *(f"parent {one}" for one in parent_ids)]
    made = [
        *(one.encode() for one in lines),
        b"author " + author,
        b"committer " + _header(committer).encode(),
    ]
    return b"\n".join([*made, *(name + b" " + value for name, value in kept), b"", message])


def _header(one: Signature) -> str:
    name, email = (
        "".join(char for char in value if char.isprintable() and char not in "<>").strip(_CRUD)
        for value in (one.name, one.email)
    )
    offset = one.at.utcoffset()
    minutes = 0 if offset is None else round(offset.total_seconds() / 60)
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
    return f"{name or email or 'unknown'} <{email}> {int(one.at.timestamp())} {zone}"
