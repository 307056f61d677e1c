"""What a person reads on the page after something they did."""

from dataclasses import dataclass
from typing import Literal

import flask

from hub.errors import Text
from hub.web.words import translate

State = Literal["ok", "bad", "wait"]


@dataclass(frozen=True, slots=True)
class Notice:
    """What happened, why, and where to go next."""

    state: State
    what: str
    why: str | None
    next_url: str | None


def add(state: State, what: Text, why: Text | None = None, *, next_url: str | None = None) -> None:
    """Keeps a notice for the next page that this browser reads."""
    why_text = None if why is None else translate(why)
    flask.flash([state, translate(what), why_text, next_url], "notice")  # type: ignore[arg-type]  # any JSON


def take() -> list[Notice]:
    """The notices that wait for this browser; each is given once."""
    return [Notice(*message) for message in flask.get_flashed_messages()]


def forget() -> None:
    """Drops what was to be said about something that did not happen after all."""
    flask.session.pop("_flashes", None)
