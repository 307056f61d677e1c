"""The languages of a repository as its home shows them: the largest, each with its share."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from hub.db import config_of
from hub.repos.git.languages import read_languages
from hub.repos.git.store import reading_folder
from hub.repos.models import Repository

_MOST_SHOWN: Final = 6
# Less than this is no bar that anybody could see.
_LEAST_TENTHS: Final = 1


@dataclass(frozen=True, slots=True)
class Share:
    """One language; `percent` has one decimal, and `before` is what all larger ones have together.

    The name is empty for all that are too small to be named.
    """

    name: str
    percent: float
    before: float


def shares_of(session: Session, repository: Repository) -> list[Share]:
    """The shares, the largest first; nothing while nobody has measured, or where there is no code."""
    known = read_languages(reading_folder(config_of(session), repository.id))
    if known is None or not known.size_bytes:
        return []
    tenths = [(one.name, round(1000 * one.size_bytes / known.size_bytes)) for one in known.languages]
    named = [one for one in tenths[:_MOST_SHOWN] if one[1] >= _LEAST_TENTHS]
    rest = 1000 - sum(count for _, count in named)
    if rest >= _LEAST_TENTHS and len(named) < len(tenths):
        named.append(("", rest))
    shares, before = [], 0
    for name, count in named:
        shares.append(Share(name, count / 10, before / 10))
        before += count
    return shares
