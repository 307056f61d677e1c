"""What is said of a text that is not as most are, each in a sentence. Pure."""

from typing import Final

from hub import highlight
from hub.errors import Text, text
from hub.repos.browsing.files.texts import Ends, FileText

_LFS: Final = "version https://git-lfs.github.com/spec/"
_MOST_POINTER: Final = 1_024
_ENDS: Final = {
    Ends.BOTH: text("Its lines end with CR and LF, as on Windows."),
    Ends.RETURN: text("Its lines end with CR, as on old systems."),
    Ends.MIXED: text("Some of its lines end with CR and LF, some with LF alone."),
}


def remarks_on(file: FileText, lines: list[str]) -> list[Text]:
    """The sentences about that text, whose lines these are."""
    said = [_ENDS[file.ends]] if file.ends in _ENDS else []
    if file.encoding == "LATIN-1":
        said.append(text("It is not UTF-8, and shown as Latin-1."))
    elif file.encoding != "UTF-8":
        said.append(text("It is written in %(encoding)s.", encoding=file.encoding))
    if not file.is_whole:
        said.append(text("Bytes that are no letters are shown as �."))
    if not file.has_last_feed:
        said.append(text("Its last line has no end."))
    is_long = len(file.text) > highlight.LONGEST_LINE
    if is_long and any(len(line) > highlight.LONGEST_LINE for line in lines):
        said.append(text("Lines of more than 5,000 characters have no colours."))
    if file.text.startswith(_LFS) and len(file.text) < _MOST_POINTER:
        said.append(text("The file itself is kept by Git LFS; this points to it."))
    return said
