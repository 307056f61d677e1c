"""The rules for names of repositories and refs, and for descriptions. Pure: what they may be, and why not."""

import re
import unicodedata
from typing import Final

from hub.accounts.names import HIDDEN_FAULT, has_hidden, key_of
from hub.errors import Invalid, Text, text

MAX_NAME_LENGTH: Final = 100
MAX_DESCRIPTION_LENGTH: Final = 500
# A ref becomes a file name, with ".lock" added while git writes it.
MAX_REF_BYTES: Final = 400
MAX_COMPONENT_BYTES: Final = 240

BRANCHES: Final = "refs/heads/"
TAGS: Final = "refs/tags/"
NOTES: Final = "refs/notes/"
COUNTED: Final = (BRANCHES, TAGS, NOTES)
SHOWN: Final = (BRANCHES, TAGS)
# Refs of journals: no push moves them, and what they hold says what happened, so that the ref log does not.
UNLOGGED: Final = ("refs/hub/", "refs/hub-broken/", "refs/hub-from/")

# Addresses of pages that stand, or may come to stand, where a repository's name does.
_ADDRESSES: Final = """
activity branches edit follow followers following graph head issues keys members new organisations
packages people projects repositories search settings stars teams token topics
"""
RESERVED: Final = frozenset(_ADDRESSES.split())
_SUFFIXES: Final = (".git", ".lock", ".atom", ".rss", ".keys", ".wiki", ".bundle")
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9._-]+")
_PATH: Final = re.compile(r"/?([^/\s]+)/([^/\s]+?)(?:\.git)?/?")
_HEX_ID: Final = re.compile(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
_NOT_IN_REFS: Final = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")
# Format characters (bidi controls and what cannot be seen), private use, unassigned, separators.
_HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def split_path(path: str) -> tuple[str, str] | None:
    """Owner and name of `owner/name`, also with a slash before or `.git` behind; None for another shape."""
    match = _PATH.fullmatch(path)
    return (match[1], match[2]) if match else None


def check_repository_name(name: str) -> str:
    """The name, if a repository may bear it; raises Invalid with the fault of the field `name`."""
    fault = find_fault(name)
    if fault is not None:
        raise Invalid(text("A repository cannot have this name."), {"name": fault})
    return name


def find_fault(name: str) -> Text | None:
    """Why a repository may not have this name, or None."""
    if not name:
        return text("Enter a name.")
    if len(name) > MAX_NAME_LENGTH:
        return text("Use at most %(limit)s characters.", limit=MAX_NAME_LENGTH)
    if not _REPOSITORY.fullmatch(name):
        return text("Use letters (A to Z), digits, hyphens, underscores and dots only.")
    if name.startswith((".", "-")) or name.endswith("."):
        return text("Begin with a letter, a digit or an underscore, and do not end with a dot.")
    suffix = next((one for one in _SUFFIXES if key_of(name).endswith(one)), None)
    if suffix is not None:
        return text("A name cannot end with %(suffix)s.", suffix=suffix)
    if key_of(name) in RESERVED:
        return text("%(name)s is a word that the hub uses itself. Choose another name.", name=name)
    return None


def check_branch_name(name: str) -> str:
    """The name, if a branch may bear it; raises Invalid with the fault of the field `default_branch`."""
    ref = BRANCHES + name
    fault = None if is_ref_name(ref) else "git does not allow this name for a branch"
    fault = fault or find_ref_fault(ref)
    if fault is not None:
        raise Invalid(text("A branch cannot have this name."), {"default_branch": text("%(x)s.", x=fault)})
    return name


def is_ref_name(ref: str) -> bool:
    """Whether git takes this for the full name of a ref below `refs/` (git-check-ref-format(1)), in UTF-8."""
    try:
        ref.encode()
    except UnicodeEncodeError:  # bytes that are not UTF-8 arrive as lone surrogates
        return False
    if not ref.startswith("refs/") or _NOT_IN_REFS.search(ref) or ref.endswith((".", "/")):
        return False
    components = ref.split("/")
    return not any(not one or one.startswith(".") or one.endswith(".lock") for one in components)


def find_ref_fault(ref: str) -> str | None:
    """Why this well-formed ref would be hostile to those who fetch it, or None. English, for git's output."""
    if len(ref.encode()) > MAX_REF_BYTES:
        return f"a name of more than {MAX_REF_BYTES} bytes"
    for component in ref.split("/"):
        if component.startswith("-"):
            return "a part of a name must not begin with '-': commands would take it for an option"
        if len(component.encode()) > MAX_COMPONENT_BYTES:
            return f"a part of a name has more than {MAX_COMPONENT_BYTES} bytes"
    if has_hidden_characters(ref):
        return "a name must not hold invisible characters"
    name = short_name(ref)
    if name.upper() == "HEAD":
        return "HEAD is git's own name for what is checked out"
    if _HEX_ID.fullmatch(name):
        return "a name must not look like the id of a commit"
    return None


def has_hidden_characters(value: str) -> bool:
    """Whether a character is there that cannot be seen, or that turns the writing direction."""
    return not value.isascii() and any(
        unicodedata.category(one) in _HIDDEN_CATEGORIES or one in _BLANK_LETTERS for one in value
    )


def short_name(ref: str) -> str:
    """`main` for `refs/heads/main`, and so for tags and notes; other names stay as they are."""
    prefix = next((one for one in COUNTED if ref.startswith(one)), "")
    return ref[len(prefix) :]


def printable(value: str) -> str:
    """The text with everything written out that would steer a terminal or cannot be seen."""
    if value.isprintable():  # none of the categories above, and a page of a folder asks for a thousand names
        return value
    return "".join(
        one if one == " " or unicodedata.category(one) not in _HIDDEN_CATEGORIES else _escape(one)
        for one in value
    )


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def check_description(description: str) -> str:
    """The description as one line; raises Invalid."""
    line = " ".join(description.split())
    if len(line) > MAX_DESCRIPTION_LENGTH:
        raise Invalid(
            text("The description is too long."),
            {"description": text("Use at most %(limit)s characters.", limit=MAX_DESCRIPTION_LENGTH)},
        )
    if has_hidden(line):
        raise Invalid(text("The description cannot be used."), {"description": HIDDEN_FAULT})
    return line
