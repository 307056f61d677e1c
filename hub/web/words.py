"""Sentences in the reader's language: which language that is, and lazy texts made into words."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

import flask_babel
from babel import Locale, UnknownLocaleError, negotiate_locale
from babel.dates import format_date, format_datetime
from flask import Flask, current_app, has_request_context, request
from flask_babel import Babel, get_translations, ngettext

from hub.clock import now
from hub.errors import Text

DEFAULT_LOCALE: Final = "en"

# The first that fits names the unit: seconds from which on it is used, and its length.
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_MONTH, _YEAR = 30 * _DAY, 365 * _DAY
_UNITS: Final = (_YEAR, _MONTH, _DAY, _HOUR, _MINUTE)


def install(app: Flask, translations: Path) -> None:
    """Sets up gettext with the catalogues in that folder; English where there is none."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(translations)
    app.extensions["hub.locales"] = _list_locales(translations)
    Babel(app, default_locale=DEFAULT_LOCALE, locale_selector=_select_locale)


def _list_locales(translations: Path) -> list[str]:
    found = {path.parent.parent.name for path in translations.glob("*/LC_MESSAGES/messages.mo")}
    return sorted(found | {DEFAULT_LOCALE})


def _select_locale() -> str:
    if not has_request_context():
        return DEFAULT_LOCALE
    wanted = [one.replace("-", "_") for one in request.accept_languages.values()]
    try:
        return negotiate_locale(wanted, current_app.extensions["hub.locales"]) or DEFAULT_LOCALE
    except (ValueError, UnknownLocaleError):
        return DEFAULT_LOCALE


def locale() -> Locale:
    """The reader's language."""
    return flask_babel.get_locale() or Locale.parse(DEFAULT_LOCALE)


def translate(sentence: Text) -> str:
    """The sentence in the reader's language, with its values; those that are sentences too are translated."""
    message = str(get_translations().ugettext(sentence.message))
    values = {
        name: translate(value) if isinstance(value, Text) else value
        for name, value in sentence.values.items()
    }
    return message % values if values else message


def ago(at: datetime) -> str:
    """How long ago, or how long until, in the largest unit that fits."""
    passed = now() - at
    seconds = int(abs(passed).total_seconds())
    return _past(seconds, _language()) if passed > timedelta() or seconds < _MINUTE else _future(seconds)


def _language() -> tuple[str, ...]:
    """The reader's language as part of a key: a Locale takes longer to compare than a list's page has."""
    spoken = locale()
    return (spoken.language, spoken.territory or "", spoken.script or "")


def _past(seconds: int, language: tuple[str, ...]) -> str:
    unit = next((one for one in _UNITS if seconds >= one), 0)
    return _told(unit, seconds // unit if unit else 0, language)


# A page of a folder says the same few of these for each of hundreds of entries.
@lru_cache(maxsize=5_000)
def _told(unit: int, count: int, _: tuple[str, ...]) -> str:
    if unit == _YEAR:
        return str(ngettext("%(num)s year ago", "%(num)s years ago", count))
    if unit == _MONTH:
        return str(ngettext("%(num)s month ago", "%(num)s months ago", count))
    if unit == _DAY:
        return str(ngettext("%(num)s day ago", "%(num)s days ago", count))
    if unit == _HOUR:
        return str(ngettext("%(num)s hour ago", "%(num)s hours ago", count))
    if unit == _MINUTE:
        return str(ngettext("%(num)s minute ago", "%(num)s minutes ago", count))
    return str(flask_babel.gettext("just now"))


def _future(seconds: int) -> str:
    if seconds < _HOUR:
        return str(ngettext("in %(num)s minute", "in %(num)s minutes", seconds // _MINUTE))
    if seconds < _DAY:
        return str(ngettext("in %(num)s hour", "in %(num)s hours", seconds // _HOUR))
    # A limit that was set moments ago to thirty days is not twenty-nine away.
    days = round(seconds / _DAY)
    return str(ngettext("in %(num)s day", "in %(num)s days", days))


def full_time(at: datetime) -> str:
    """The moment with its weekday, in UTC."""
    return _full_time(at, _language())


# A folder's page tells the same hundreds of moments each time, and Babel takes longer than a page may.
@lru_cache(maxsize=20_000)
def _full_time(at: datetime, _: tuple[str, ...]) -> str:
    return format_datetime(at, "EEEE, d MMMM y, HH:mm 'UTC'", locale=locale())


def full_date(day: date) -> str:
    """The day with its weekday."""
    return format_date(day, "EEEE, d MMMM y", locale=locale())
