"""What a file defines, and what its name is made of: words by which ranking knows that it is meant. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import re2

from hub.repos.git.language_names import has_ending, language_of, language_of_program

LONGEST: Final = 64

_FIRST_BYTES: Final = 256

_SOURCES: Final = frozenset(
    b"c h cc cpp cxx hpp py pyi go rs js jsx ts tsx java kt scala rb php pl pm sh bash zsh swift m cs lua ex "
    b"exs erl hs ml sql vim el lisp clj dart zig nim jl r proto".split()
)
_MODIFIERS: Final = rb"(?:(?:pub|public|private|protected|static|abstract|async|default|unsafe|final)[ \t]+)*"
_KEYWORDS: Final = (
    rb"(?:def|class|func|fn|function|interface|trait|module|type|impl|macro_rules!|package|protocol|sub)"
    rb"[ \t]+"
)
_DEFINITIONS: Final = re2.compile(
    rb"(?m)^(?:"
    # A keyword, in Go with the receiver between, and the name.
    rb"[ \t]*(?:export[ \t]+)?" + _MODIFIERS + _KEYWORDS + rb"(?:\([^)\n]*\)[ \t]*)?([A-Za-z_]\w*)"
    # A type of C, alone on its line.
    rb"|[ \t]*(?:typedef[ \t]+)?(?:struct|union|enum)[ \t]+(\w+)[ \t]*\{?[ \t]*$"
    rb"|[ \t]*#[ \t]*define[ \t]+(\w+)"
    # A function of a shell.
    rb"|([A-Za-z_]\w*)[ \t]*\(\)[ \t]*\{"
    # A function of C: a type, the name, arguments, and no semicolon.
    rb"|[A-Za-z_][\w \t\*]*[ \t\*]([A-Za-z_]\w*)\([^;=\n]*$"
    rb"|[ \t]*(?:export[ \t]+)?(?:const|let|var)[ \t]+(\w+)[ \t]*="
    rb")"
)
# What each group of the pattern above stands for; of the first the word before the name says it.
_KINDS: Final = ("", "type", "macro", "function", "function", "variable")
_WORDS: Final = {"def": "function", "func": "function", "fn": "function", "sub": "function"}
_KEYWORD: Final = re.compile(
    rb"\b(def|class|func|fn|function|interface|trait|module|type|impl|macro_rules!|package|protocol|sub)[ \t]"
)
_PARTS: Final = re.compile(rb"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True, slots=True)
class Definition:
    """A name that is defined at a line, counted from 1; `kind` is a word for what it is."""

    name: bytes
    line: int
    kind: str


def is_source(path: bytes, content: bytes) -> bool:
    """Whether the file is of a language whose definitions are looked for."""
    base = path.rsplit(b"/", 1)[-1]
    return base.rsplit(b".", 1)[-1] in _SOURCES if b"." in base else content.startswith(b"#!")


def definitions_in(path: bytes, content: bytes, *, most: int) -> list[Definition]:
    """The first so many names that a source file defines, and where."""
    if not is_source(path, content):
        return []
    found, line, counted = [], 1, 0
    for match in islice(_DEFINITIONS.finditer(content), most):
        group = match.lastindex
        begin = match.start(group)
        line += content.count(b"\n", counted, begin)
        counted = begin
        found.append(Definition(match[group], line, _kind_of(group, match[0])))
    return found


def _kind_of(group: int, matched: bytes) -> str:
    word = _KEYWORD.search(matched) if group == 1 else None
    if word is None:
        return _KINDS[group - 1]
    said = word[1].decode().removesuffix("!").partition("_")[0]
    return _WORDS.get(said, said)


def symbols_in(path: bytes, content: bytes) -> set[bytes]:
    """The names that a source file defines, in small letters."""
    if not is_source(path, content):
        return set()
    return {next(filter(None, names))[:LONGEST].lower() for names in _DEFINITIONS.findall(content)}


def definitions_of(symbol: bytes, content: bytes) -> Iterator[tuple[int, int]]:
    """Where the content defines the symbol, which is in small letters: the place of the name."""
    for match in _DEFINITIONS.finditer(content):
        at = match.lastindex
        if at and match[at][:LONGEST].lower() == symbol:
            yield match.span(at)


def words_in_name(path: bytes) -> set[bytes]:
    """The file's name, the name without what follows its first dot, and the words in it, in small letters."""
    base = path.rsplit(b"/", 1)[-1]
    parts = {one.lower()[:LONGEST] for one in _PARTS.findall(base)}
    return parts | {base.lower()[:LONGEST], base.split(b".")[0].lower()[:LONGEST]} - {b""}


def languages_of(path: bytes, content: bytes) -> set[bytes]:
    """The language that a file is written in, in small letters, and how its name ends: `python` and `.py`."""
    base = path.rsplit(b"/", 1)[-1]
    language = language_of(base)
    if language is None and not has_ending(base):
        language = language_of_program(content[:_FIRST_BYTES])
    ending = base.rpartition(b".")[2].lower()[:LONGEST] if b"." in base[1:] else b""
    return ({language.lower().encode()} if language else set()) | ({b"." + ending} if ending else set())
