"""What a push for review asks for: its ref, Gerrit's `%` form behind it, and push options. Pure."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from hub.repos.pushes import Options

_TRUE: Final = frozenset({"", "true", "yes", "1", "on"})
_FALSE: Final = frozenset({"false", "no", "0", "off"})
_NUMBER: Final = re.compile(r"#?(\d{1,9})")


class OptionFault(Exception):
    """An option says what cannot be; the words are for the pusher."""


@dataclass(slots=True)
class Wanted:
    """What was asked for; None and empty where nothing was said."""

    topic: str = ""
    title: str | None = None
    description: str | None = None
    is_draft: bool | None = None
    reviewers: list[str] = field(default_factory=list)
    number: int | None = None
    opens_another: bool = False
    creates: bool = False
    target: str | None = None


def split_percent(ref: str) -> tuple[str, list[tuple[str, str]]]:
    """The ref without Gerrit's `%topic=x,r=anna,wip`, and these as options."""
    name, _, written = ref.partition("%")
    pairs = (one.partition("=") for one in written.split(",") if one)
    # Gerrit has `%` and `+` stand for what a ref cannot hold.
    return name, [(key, unquote(value.replace("+", " "))) for key, _, value in pairs]


def read_options(options: Options) -> Wanted:
    """What these options ask for; those that are not ours are passed over. Raises OptionFault."""
    wanted = Wanted()
    for key, value in options:
        # GitLab's have the same names behind a prefix of its own.
        read = _OPTIONS.get(key.lower().rpartition(".")[2])
        if read is not None:
            read(wanted, value)
    return wanted


def _flag(key: str, value: str) -> bool:
    said = value.strip().lower()
    if said not in _TRUE | _FALSE:
        raise OptionFault(f"the option {key} is true or false, not '{value[:40]}'")
    return said in _TRUE


def _set_topic(wanted: Wanted, value: str) -> None:
    wanted.topic = value.strip()


def _set_title(wanted: Wanted, value: str) -> None:
    wanted.title = value.strip()


def _set_description(wanted: Wanted, value: str) -> None:
    # git sends an option as one line: a description with more is written with \n, as GitLab's is.
    wanted.description = value.replace("\\n", "\n").strip()


def _set_draft(wanted: Wanted, value: str) -> None:
    wanted.is_draft = _flag("draft", value)


def _set_ready(wanted: Wanted, value: str) -> None:
    wanted.is_draft = not _flag("ready", value)


def _add_reviewers(wanted: Wanted, value: str) -> None:
    wanted.reviewers += [one for one in re.split(r"[,\s]+", value.replace("@", "")) if one]


def _set_number(wanted: Wanted, value: str) -> None:
    found = _NUMBER.fullmatch(value.strip())
    if found is None:
        raise OptionFault(f"the option change takes a change's number, not '{value[:40]}'")
    wanted.number = int(found[1])


def _set_another(wanted: Wanted, value: str) -> None:
    wanted.opens_another = _flag("new", value)


def _set_creates(wanted: Wanted, value: str) -> None:
    wanted.creates = _flag("create", value)


def _set_target(wanted: Wanted, value: str) -> None:
    wanted.target = value.strip()


_OPTIONS: Final[dict[str, Callable[[Wanted, str], None]]] = {
    "topic": _set_topic,
    "title": _set_title,
    "description": _set_description,
    "draft": _set_draft,
    "wip": _set_draft,
    "ready": _set_ready,
    "reviewer": _add_reviewers,
    "reviewers": _add_reviewers,
    "assign": _add_reviewers,
    "r": _add_reviewers,
    "change": _set_number,
    "new": _set_another,
    "create": _set_creates,
    "target": _set_target,
}


def known_options() -> Iterable[str]:
    """The options there are, for the help."""
    return _OPTIONS
