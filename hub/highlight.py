"""Source code as lines of HTML with one of six inks on each word, by Pygments.

Pure. What it is given was written by strangers, and a lexer can be slow on purpose: whatever comes from a
repository is highlighted through `hub.confined`, which ends what takes too long.
"""

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from html import escape
from typing import Any, Final

from pygments.lexers import find_lexer_class, get_all_lexers
from pygments.token import Token

# Any: Pygments has no types. Where a token begins, its kind, and what it covers.
_TokenAt = tuple[int, Any, str]

# Part of the key of whatever is kept of this: a change of what is written here makes another number.
VERSION: Final = 1
MOST_BYTES: Final = 1 << 20
LONGEST_LINE: Final = 5_000
# A lexer that is slow, but not endless, leaves the rest of a file plain.
SLOW_SECONDS: Final = 0.8

# The six classes of the stylesheet, by kinds of tokens; what is not here or above looks like plain text.
_INKS: Final = {
    Token.Comment: "c",
    Token.Comment.Preproc: "k",
    Token.Comment.PreprocFile: "s",
    Token.Generic.Deleted: "n",
    Token.Generic.Heading: "t",
    Token.Generic.Inserted: "s",
    Token.Generic.Output: "c",
    Token.Generic.Prompt: "c",
    Token.Generic.Subheading: "f",
    Token.Keyword: "k",
    Token.Keyword.Type: "t",
    Token.Literal.Date: "n",
    Token.Literal.Number: "n",
    Token.Literal.String: "s",
    Token.Name.Attribute: "f",
    Token.Name.Builtin: "t",
    Token.Name.Class: "t",
    Token.Name.Constant: "n",
    Token.Name.Decorator: "f",
    Token.Name.Entity: "n",
    Token.Name.Exception: "t",
    Token.Name.Function: "f",
    Token.Name.Tag: "k",
    Token.Operator.Word: "k",
}

# Where several languages claim the end of a name, the one that most files of it are written in.
_CHOSEN: Final = {
    "*.as": "ActionScript 3", "*.asm": "NASM", "*.b": "Limbo", "*.bas": "VB.net", "*.cl": "Common Lisp",
    "*.cp": "C++", "*.def": "", "*.ecl": "Prolog", "*.feature": "Gherkin", "*.fs": "F#", "*.g": "",
    "*.gd": "GDScript", "*.h": "C", "*.hh": "C++", "*.i": "SWIG", "*.inc": "PHP", "*.inf": "INI",
    "*.lean": "Lean4", "*.m": "Objective-C", "*.mm": "Objective-C++", "*.n": "Nemerle", "*.p": "Pawn",
    "*.pl": "Perl", "*.pm": "Perl", "*.pro": "Prolog", "*.prolog": "Prolog", "*.s": "GAS", "*.S": "GAS",
    "*.sc": "SuperCollider", "*.sql": "SQL", "*.t": "Perl", "*.toc": "TeX", "*.ttl": "Turtle",
    "*.v": "verilog", "*.xsl": "XSLT", "*.xslt": "XSLT",
}  # fmt: skip
_MORE_NAMES: Final = {
    ".gitattributes": "", ".gitconfig": "INI", ".gitmodules": "INI", "Brewfile": "Ruby", "Cargo.lock": "TOML",
    "Jenkinsfile": "Groovy", "Podfile": "Ruby", "go.mod": "Go", "uv.lock": "TOML",
}  # fmt: skip
_INTERPRETERS: Final = {
    "ash": "sh", "dash": "sh", "deno": "typescript", "gmake": "make", "node": "javascript",
    "nodejs": "javascript", "osascript": "applescript", "pwsh": "powershell", "rscript": "splus",
    "runghc": "haskell", "tclsh": "tcl", "wish": "tcl",
}  # fmt: skip
_PLAIN: Final = frozenset({"Text only", "Text output", "Raw token data"})
_SHOWN: Final = {
    "GAS": "Assembly",
    "NASM": "Assembly",
    "S": "R",
    "verilog": "Verilog",
    "markdown": "Markdown",
}

_SHEBANG: Final = re.compile(
    r"#!\s*(?:\S*/)?(?:env\s+(?:-\S+\s+|\w+=\S*\s+)*(?:\S*/)?)?([\w+-]+?)[\d.]*(?:\s|$)"
)
_EMACS: Final = re.compile(r"-\*-\s*(?:.*?\bmode:\s*)?([\w+#-]+)\s*(?:;.*)?-\*-", re.IGNORECASE)
_VIM: Final = re.compile(r"\b(?:vim?|ex):.{0,200}?\b(?:ft|filetype|syn|syntax)=([\w+#-]+)")
_BEGINNINGS: Final = (("<?php", "PHP"), ("<?xml", "XML"), ("<!doctype html", "HTML"))

# What cannot be seen, or turns what follows around, is written out: code that is not what it seems to be
# would otherwise look harmless (CVE-2021-42574).
_PICTURES: Final = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"} | {0x7F: 0x2421}
_TURNS: Final = (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028, 0x2029)
_WRITTEN_OUT: Final[dict[int, int | str]] = {
    **_PICTURES,
    **{code: f"<mark>U+{code:04X}</mark>" for code in _TURNS},
}
_UNSEEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\u2028-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Language:
    """A language that can be highlighted; `key` is its name in Pygments."""

    key: str

    @property
    def name(self) -> str:
        """Its name for people."""
        return _SHOWN.get(self.key, self.key)


def language_of(file_name: str, first_line: str = "") -> Language | None:
    """The language of a file, by its name, else by the mark in its first line; None for plain text."""
    key = _by_name(file_name)
    if key is None:
        key = _by_mark(first_line[:500])
    return Language(key) if key and key not in _PLAIN else None


def language_named(word: str) -> Language | None:
    """The language that somebody calls so, as behind the fence of a code block; None for an unknown one."""
    key = _by_alias().get(word.lower())
    return Language(key) if key is not None and key not in _PLAIN else None


def _by_name(file_name: str) -> str | None:
    exact, endings, patterns = _names()
    if file_name in exact:
        return exact[file_name]
    # The longest end first: `page.html.j2` is more than a `.j2`.
    parts = file_name.split(".")
    for count in range(1, len(parts)):
        ending = "." + ".".join(parts[count:])
        key = endings.get(ending, endings.get(ending.lower()))
        if key is not None:
            return key
    return next((key for pattern, key in patterns if fnmatchcase(file_name, pattern)), None)


@cache
def _names() -> tuple[dict[str, str], dict[str, str], list[tuple[str, str]]]:
    """Lexers by the whole name of a file, by its end, and by what patterns are left."""
    exact, patterns = dict(_MORE_NAMES), []
    endings: dict[str, str] = {}
    for key, _, names, _ in get_all_lexers(plugins=False):
        for pattern in names:
            if not re.search(r"[*?\[]", pattern):
                exact.setdefault(pattern, key)
            elif pattern.startswith("*.") and not re.search(r"[*?\[]", pattern[1:]):
                endings.setdefault(pattern[1:], _CHOSEN.get(pattern, key))
            else:
                patterns.append((pattern, key))
    return exact, endings, patterns


@cache
def _by_alias() -> dict[str, str]:
    found: dict[str, str] = {}
    for key, aliases, _, _ in get_all_lexers(plugins=False):
        for alias in (*aliases, key):
            found.setdefault(alias.lower(), key)
    return found


def _by_mark(line: str) -> str | None:
    for pattern in (_SHEBANG, _EMACS, _VIM):
        match = pattern.match(line) if pattern is _SHEBANG else pattern.search(line)
        if match is not None:
            word = match[1].lower()
            return _by_alias().get(_INTERPRETERS.get(word, word))
    return next((key for start, key in _BEGINNINGS if line.lower().startswith(start)), None)


def split_lines(text: str) -> list[str]:
    """The lines of a text without their ends, which are line feeds alone; a feed at the end begins none."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return lines


def plain(line: str) -> str:
    """A line as HTML without any ink."""
    return _escaped(line)


def highlight(
    text: str, language: Language | None, *, last: int | None = None, seconds: float = SLOW_SECONDS
) -> list[str]:
    """The lines of the text as HTML, or those up to line `last`.

    Lines longer than LONGEST_LINE stay plain, and so does what a slow lexer does not reach in `seconds` of
    processor time.
    """
    lines = split_lines(text)[:last]
    if language is None or seconds <= 0:
        return [plain(line) for line in lines]
    # A line of a megabyte is data that somebody wrote in a language.
    read = "\n".join(line if len(line) <= LONGEST_LINE else "" for line in lines) + "\n"
    inked = _in_lines(_in_spans(_tokens(language, read, seconds), read))
    return [
        plain(line) if len(line) > LONGEST_LINE else html for line, html in zip(lines, inked, strict=False)
    ]


def _tokens(language: Language, text: str, seconds: float) -> Iterator[_TokenAt]:
    lexer = find_lexer_class(language.key)()
    ends_at = time.process_time() + seconds
    for number, token in enumerate(lexer.get_tokens_unprocessed(text)):
        yield token
        if number % 16 == 0 and time.process_time() > ends_at:
            return


def _in_spans(tokens: Iterable[_TokenAt], text: str) -> Iterator[tuple[str, str]]:
    """The whole text in pieces, each with its ink; whatever a lexer says, not a letter is lost or moved."""
    ink, start, position = "", 0, 0
    for index, kind, value in tokens:
        begins, ends = max(index, position), index + len(value)
        if ends <= begins:
            continue
        next_ink = _ink_of(kind)
        if begins > position or next_ink != ink:
            yield ink, text[start:position]
            if begins > position:
                yield "", text[position:begins]
            ink, start = next_ink, begins
        position = ends
    yield ink, text[start:position]
    yield "", text[position:]


@cache
def _ink_of(kind: Any) -> str:
    while kind is not None:
        if kind in _INKS:
            return _INKS[kind]
        kind = kind.parent
    return ""


def _in_lines(spans: Iterable[tuple[str, str]]) -> list[str]:
    """The HTML of each line: what spans several lines is closed at the end of each and opened again."""
    done: list[str] = []
    line: list[str] = []
    for ink, piece in spans:
        first, *others = piece.split("\n")
        line.append(_inked(ink, first))
        for other in others:
            done.append("".join(line))
            line = [_inked(ink, other)]
    done.append("".join(line))
    return done


def _inked(ink: str, piece: str) -> str:
    if not ink or not piece or piece.isspace():
        return _escaped(piece)
    return f'<span class="{ink}">{_escaped(piece)}</span>'


def _escaped(piece: str) -> str:
    html = escape(piece, quote=False)
    return html.translate(_WRITTEN_OUT) if _UNSEEN.search(html) else html
