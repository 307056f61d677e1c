"""How the refs of a journal are called. Pure."""

import re
from typing import Final

PREFIX: Final = "refs/hub/"
# Moved last: the commit of the newest receipt.
AT: Final = "refs/hub/at"
# The repository's own topic.
REPOSITORY_REF: Final = "refs/hub/repo"
# Where what a hub did not sign is put aside.
BROKEN_PREFIX: Final = "refs/hub-broken/"

_FOLDERS: Final = {"change": "changes", "issue": "issues"}
_OTHERS: Final = "topics"
_SIGN_LENGTH: Final = 8
_TOPIC: Final = re.compile(r"refs/hub/(?:[a-z]+/)(?P<number>[0-9]+)(?:-[0-9a-f]{8})?")


def topic_ref(type: str, number: int, *, other_hub: str = "") -> str:  # noqa: A002  # the word of the format
    """The ref of a numbered topic.

    `other_hub` is the id of the hub that gave the number, where the home has given none yet.
    """
    name = f"{number}-{other_hub[:_SIGN_LENGTH]}" if other_hub else str(number)
    return f"{PREFIX}{_FOLDERS.get(type, _OTHERS)}/{name}"


def has_folder(type: str) -> bool:  # noqa: A002  # the word of the format
    """Whether topics of that type have a folder of their own among the refs."""
    return type in _FOLDERS


def is_topic_ref(name: str) -> bool:
    """Whether a ref can be that of a topic, the repository's own included."""
    return name == REPOSITORY_REF or _TOPIC.fullmatch(name) is not None


def broken_ref(name: str, mark: str) -> str:
    """Where the ref is put aside; `mark` tells several that bore one name apart."""
    return f"{BROKEN_PREFIX}{name.removeprefix(PREFIX)}/{mark}"
