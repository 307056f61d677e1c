"""What a person or an organisation may be called. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from hub.errors import Invalid, Text, text

MAX_LENGTH: Final = 39

# The first part of an address is an owner's name, unless it is one of these. A route whose first part
# is missing here is refused at start. Names with a dot, such as robots.txt, cannot be taken over either.
_ADDRESSES: Final = """
about account accounts admin api app assets auth avatars billing blog branches changes checks
compare configuration contact dashboard docs download downloads events everyone explore
favicon.ico feed feeds files groups healthz help home hub images inbox info install
internal invitations invite issues join jobs journal keys language legal license login logout mail
manifest.json me merge messages metrics milestones new news notifications oauth
organisations organizations orgs people policy preferences privacy profile projects public pulls raw
readyz register reload repo repos repositories reset reviews robots.txt runners search
security session sessions settings setup sign-in sign-out sign-up signin signout signup
sitemap.xml ssh starred stars static status support system teams terms templates tokens topics trending
undefined upload uploads users verify watching webhooks wiki null none nobody
"""
RESERVED: Final = frozenset(_ADDRESSES.split())

# What other addresses of an owner end in, and what git would take off.
_RESERVED_ENDINGS: Final = (".git", ".atom", ".rss", ".keys", ".gpg", ".json", ".png", ".lock")

# What an account that was deleted is called in the columns that must not be empty.
_TOMBSTONE: Final = re.compile(r"deleted-\d+")

# Letters that are drawn as nothing, or as a space.
_BLANKS: Final = frozenset("\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u2800\u3164\uffa0")
# They join or part the letters of some scripts and the parts of some pictures.
_JOINERS: Final = frozenset("\u200c\u200d")
_HIDDEN: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})

# Read as one: o and 0, l and 1 and i; and signs between letters, which nobody remembers.
_LOOKS: Final = str.maketrans("01i", "oll", "-_.")

_ALLOWED: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def check_reserved(addresses: Iterable[str]) -> None:
    """Raises RuntimeError where an address of the hub begins with what could be a person's name."""
    first_parts = {address.split("/")[1] for address in addresses}
    missing = sorted(one for one in first_parts if one and "<" not in one and find_fault(one) is None)
    if missing:
        raise RuntimeError(f"These first parts of addresses are not reserved: {', '.join(missing)}")


def key_of(name: str) -> str:
    """The name as it is compared: two names with one key are the same name."""
    # PostgreSQL takes no NUL, not even to look for one; what replaces it stands in no name either.
    known = name.replace("\0", "\ufffd")
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", known).casefold())


def look_key_of(name: str) -> str:
    """What a name looks like at a glance: equal for two that a hurried reader takes for one."""
    letters = key_of(name).translate(_LOOKS)
    return letters.replace("rn", "m").replace("vv", "w").replace("cl", "d")


_RESERVED_LOOKS: Final = frozenset(look_key_of(one) for one in RESERVED)


def looks_reserved(name: str) -> bool:
    """Whether a hurried reader takes it for a name that is kept for an address, and so for the hub's own."""
    return look_key_of(name) in _RESERVED_LOOKS


def clean_line(value: str, *, field: str, limit: int) -> str:
    """One line of somebody's own words, in normal form; raises Invalid for what hides or turns letters."""
    cleaned = " ".join(unicodedata.normalize("NFC", value).split())
    fault: Text | None = None
    if len(cleaned) > limit:
        fault = text("At most %(limit)s characters.", limit=limit)
    elif has_hidden(cleaned):
        fault = HIDDEN_FAULT
    if fault is not None:
        raise Invalid(text("This text cannot be used."), {field: fault})
    return cleaned


HIDDEN_FAULT: Final = text(
    "There is an invisible character in it, or one that turns the direction of writing. "
    "Type it instead of pasting it."
)


def has_hidden(line: str) -> bool:
    """Whether the line holds what nobody sees, or what makes it read differently than it is written."""
    for before, one in zip(" " + line, line, strict=False):
        if one in _JOINERS and not before.isascii():
            continue
        if one in _BLANKS or unicodedata.category(one) in _HIDDEN:
            return True
    return False


def clean(name: str) -> str:
    """The name as it is kept; raises Invalid that says what is wrong with it."""
    cleaned = unicodedata.normalize("NFC", name.strip())
    fault = find_fault(cleaned)
    if fault is not None:
        raise Invalid(text("This name cannot be used."), {"name": fault})
    return cleaned


def find_fault(name: str) -> Text | None:
    """What is wrong with a name in its normal form, or None."""
    if not name:
        return text("Enter a name.")
    if len(name) > MAX_LENGTH:
        return text("A name has at most %(limit)s characters.", limit=MAX_LENGTH)
    if has_hidden(name):
        return text("The name holds an invisible character. Type it instead of pasting it.")
    if not _ALLOWED.fullmatch(name):
        return text(
            "A name has letters from A to Z, digits, hyphens, dots and underscores, "
            "and begins with a letter or a digit."
        )
    return _find_taken_by_addresses(name)


def _find_taken_by_addresses(name: str) -> Text | None:
    if key_of(name) in RESERVED:
        return text("“%(name)s” is kept for an address of the hub. Choose another name.", name=name)
    if _TOMBSTONE.fullmatch(key_of(name)):
        return text("“%(name)s” would stand for a deleted account. Choose another name.", name=name)
    if name.endswith(".") or ".." in name:
        return text("A name neither ends with a dot nor has two in a row.")
    for ending in _RESERVED_ENDINGS:
        if name.casefold().endswith(ending):
            return text("A name does not end with “%(ending)s”.", ending=ending)
    return None
