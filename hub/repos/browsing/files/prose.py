"""Markdown of a repository as HTML: rendered once for each blob, its links leading where it is read."""

from contextlib import suppress
from functools import partial
from typing import Final

from markupsafe import Markup

from hub import highlight, markup
from hub.config import Config
from hub.confined import Lost, confined
from hub.kept import kept_in
from hub.markup_limits import TooIntricate
from hub.repos.browsing.addresses import Pathed, address_of
from hub.repos.browsing.spots import Spot

# What a long text with much code takes; what takes longer is shown as it was written.
_CPU_SECONDS: Final = 1.0
_LOST: Final = b"-"
_KIND: Final = "markdown"


def render_markdown(
    config: Config, repository: Pathed, spot: Spot, *, blob_id: str, content: bytes
) -> Markup | None:
    """The HTML of the Markdown at the spot, which is that blob; None for one too long or too intricate."""
    html = prepare_markdown(config, blob_id=blob_id, content=content)
    if html is None:
        return None
    place = markup.Place(
        folder=spot.path.rpartition(b"/")[0],
        page=lambda path: address_of("src", repository, spot, path=path),
        raw=lambda path: address_of("raw", repository, spot, path=path),
    )
    return markup.with_links(html, place)


def prepare_markdown(config: Config, *, blob_id: str, content: bytes, keeps: bool = True) -> str | None:
    """The HTML of that Markdown before its links lead anywhere, from what is kept, or made and kept.

    Without `keeps` it is made and nothing of it is left.
    """
    if len(content) > markup.MOST_BYTES:
        return None
    kept, key = kept_in(config), (markup.VERSION, highlight.VERSION, blob_id)
    known = kept.get(_KIND, *key)
    if known is None:
        known = _render(content)
        if keeps:
            kept.put(_KIND, *key, data=known)
    return None if known == _LOST else known[1:].decode()


def forget_markdown(config: Config, blob_id: str) -> None:
    """Removes what is kept of that Markdown, by this version or an earlier one."""
    kept = kept_in(config)
    for version in range(1, markup.VERSION + 1):
        for inks in range(1, highlight.VERSION + 1):
            kept.drop(_KIND, version, inks, blob_id)


def _render(content: bytes) -> bytes:
    """A plus sign and the HTML, or a minus sign where there is none: not tried again."""
    text = content.decode("utf-8", "replace")

    def work(has_inks: bool) -> bytes:
        try:
            return b"+" + markup.to_html(text, has_inks=has_inks).encode()
        except TooIntricate:
            return _LOST

    # What takes too long is mostly code, or what a lexer makes of it.
    for has_inks in (True, False):
        with suppress(Lost):
            return confined(partial(work, has_inks), cpu_seconds=_CPU_SECONDS)
    return _LOST
