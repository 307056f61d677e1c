"""What the filters of the templates make of sentences."""

import pytest

from hub.web.render import mark_commands


@pytest.mark.parametrize(
    ("sentence", "markup"),
    [
        ("Nothing to run.", "Nothing to run."),
        ("`hub init` prints one.", "<code>hub init</code> prints one."),
        ("Not `<b>`.", "Not <code>&lt;b&gt;</code>."),
        ("A lone ` stays, and <b> is text.", "A lone ` stays, and &lt;b&gt; is text."),
    ],
)
def test_what_stands_in_backticks_is_code(sentence: str, markup: str) -> None:
    assert mark_commands(sentence) == markup
