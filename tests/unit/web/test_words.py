"""Moments in words."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from hub.clock import now
from hub.errors import text
from hub.web import words


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    made = Flask("words")
    words.install(made, tmp_path_factory.mktemp("translations"))
    return made


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=0), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=61), "1 minute ago"),
        (timedelta(minutes=59, seconds=50), "59 minutes ago"),
        (timedelta(hours=1, seconds=1), "1 hour ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=1, seconds=1), "1 day ago"),
        (timedelta(days=29), "29 days ago"),
        (timedelta(days=31), "1 month ago"),
        (timedelta(days=366), "1 year ago"),
        (timedelta(days=3700), "10 years ago"),
        (-timedelta(seconds=30), "just now"),
        (-timedelta(minutes=5, seconds=1), "in 5 minutes"),
        (-timedelta(hours=2, seconds=1), "in 2 hours"),
        (-timedelta(days=30) + timedelta(seconds=5), "in 30 days"),
        (-timedelta(days=365), "in 365 days"),
    ],
)
def test_moment_is_told_in_the_largest_unit_that_fits(app: Flask, passed: timedelta, said: str) -> None:
    with app.test_request_context():
        assert words.ago(now() - passed) == said


def test_moment_is_told_in_full_in_utc(app: Flask) -> None:
    at = datetime(2026, 11, 23, 5, 40, tzinfo=UTC).astimezone()
    with app.test_request_context():
        assert words.full_time(at) == "Monday, 23 November 2026, 05:40 UTC"


def test_sentence_within_a_sentence_is_translated_too(app: Flask) -> None:
    inner = text("%(count)s keys", count=2)
    with app.test_request_context():
        assert (
            words.translate(text("There are %(what)s, 100%% of them.", what=inner))
            == "There are 2 keys, 100% of them."
        )
        assert words.translate(text("100% of them.")) == "100% of them."


@pytest.mark.parametrize(
    "wanted", ["en", "de, fr;q=0.5", "*", "", "x" * 300, "-", "en-GB,en;q=0.9", "a-b-c-d-e-f-g-h-i"]
)
def test_language_without_a_catalogue_is_english(app: Flask, wanted: str) -> None:
    with app.test_request_context(headers={"Accept-Language": wanted}):
        assert str(words.locale()) == "en"


def test_only_catalogues_that_exist_are_languages(tmp_path: Path) -> None:
    (tmp_path / "de" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "fr" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "fr" / "LC_MESSAGES" / "messages.mo").touch()
    app = Flask("words")
    words.install(app, tmp_path)
    assert app.extensions["hub.locales"] == ["en", "fr"]
