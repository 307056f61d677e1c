"""What people write about changes, as HTML: Markdown, its links leading to the files of the target branch."""

import hashlib
import re
from functools import partial
from typing import Final

from markupsafe import Markup, escape

from hub import markup
from hub.config import Config
from hub.repos.browsing.addresses import Pathed, address_of
from hub.repos.browsing.files.prose import prepare_markdown
from hub.repos.browsing.spots import Spot, SpotKind

# Headings would have ids that another text on the same page has as well.
_TAG: Final = re.compile(r'<[a-z][a-z0-9]*(?: [^\s"=<>/]+="[^"]*")*>')
_OWN_ID: Final = re.compile(rf'( (?:id|aria-labelledby)="|href="#){markup.PREFIX}')


def render_words(
    config: Config, repository: Pathed, words: str, *, branch: str, mark: str, keeps: bool = True
) -> Markup:
    """The HTML of a description or a comment that stands beside others; what is no Markdown stays as it is.

    `mark` tells the ids in it from those of other texts on the page. What is not published yet is not kept:
    nobody would know of it when the words are to be taken away.
    """
    content = words.encode()
    blob_id = hashlib.sha256(content).hexdigest()
    html = prepare_markdown(config, blob_id=blob_id, content=content, keeps=keeps)
    if html is None:
        return Markup('<p class="own-words">{}</p>').format(escape(words))
    spot = Spot(SpotKind.BRANCH, branch, "")
    place = markup.Place(
        folder=b"",
        page=lambda path: address_of("src", repository, spot, path=path),
        raw=lambda path: address_of("raw", repository, spot, path=path),
    )
    return markup.with_links(_TAG.sub(partial(_mark_ids, mark=mark), html), place)


def _mark_ids(tag: re.Match[str], *, mark: str) -> str:
    return _OWN_ID.sub(rf"\g<1>{markup.PREFIX}{mark}-", tag[0])
