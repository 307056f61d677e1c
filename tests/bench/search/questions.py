"""What is asked: six kinds of question, twenty of each, taken from the texts by chance with a fixed seed."""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from tests.bench.search.texts import SHORTER, Text, Texts

COUNT = max(3, 20 // SHORTER)
_SEED = 7
_SOURCES = frozenset((".py", ".c", ".h", ".go", ".sh", ".js", ".pm", ".pl", ".adoc", ".html", ".vim", ".rst"))


class Kind(StrEnum):
    """A kind of question."""

    RARE = "literal, rare"
    COMMON = "literal, common"
    REGEX = "regex"
    IDENTIFIER = "identifier"
    SEVERAL = "2-3 terms, any case"
    PATH = "literal + path glob"


@dataclass(frozen=True, slots=True)
class Question:
    """Words that a file holds all of, or one regular expression; `glob` is about the file's path."""

    kind: Kind
    words: tuple[str, ...]
    glob: str = ""

    @property
    def is_regex(self) -> bool:
        """Whether the one word is a regular expression."""
        return self.kind is Kind.REGEX

    @property
    def is_exact(self) -> bool:
        """Whether case counts."""
        return self.kind is not Kind.SEVERAL


# What nearly every source holds; those that these texts hold are asked for.
_COMMON = (
    "return", "import", "static int", "if (", "self.", "NULL", "#include", "class ", "error", "msgid",
    "function", "error(", "const char *", "commit", "the ", "for (", "TODO", "else:", "assert", "version",
    "license", "string", "http://", "def ", "not None", "name", "value", "index",
)  # fmt: skip
_REGEXES = (
    r"def\s+test_\w+_merge", r"static\s+int\s+cmd_\w+\(", r"struct\s+\w+_list\s*\{",
    r"class\s+\w+\(Exception\)", r"TODO[:(].*(fix|remove)", r"import\s+(os|sys)\.path",
    r"#define\s+[A-Z_]*MAX[A-Z_]*\s+\d+", r"raise\s+\w+Error\([^)]*%s",
    r"(strbuf|string_list)_(init|release|clear)\(&\w+\)", r"x?malloc\(\s*sizeof",
    r"for\s+\w+,\s*\w+\s+in\s+enumerate\(", r"@\w+\.route\(.*methods=", r"git_config_get_\w+\(",
    r"return\s+-1;\s*/\*", r"0x[0-9a-f]{8}\b", r"http[s]?://[\w.]*python\.org/[\w/]+",
    r"\bfree\(\w+->\w+\);", r"if\s*\(!\w+->(nr|len)\)", r"(?:lookup|parse)_(?:commit|tree|blob)_\w+",
    r"isinstance\(\w+, \(\w+, \w+\)\)",
)  # fmt: skip


def ask(texts: Texts) -> list[Question]:
    """Twenty of each kind, the same in every run over the same texts."""
    found: list[Question] = []
    chance = random.Random(_SEED)
    sources = [one for one in texts.files if PurePosixPath(one.path).suffix in _SOURCES] or texts.files
    for kind, make in _MAKERS.items():
        found += _take(kind, make(sources, texts, chance))
    found += [Question(Kind.REGEX, (one,)) for one in _REGEXES[:COUNT]]
    return found


_Made = Iterator[tuple[tuple[str, ...], str]]


def _take(kind: Kind, made: _Made) -> list[Question]:
    found: dict[Question, None] = {}
    for words, glob in made:
        found[Question(kind, words, glob)] = None
        if len(found) == COUNT:
            break
    return list(found)


def _holders(word: str, texts: Texts) -> int:
    raw = word.encode()
    return sum(raw in one.content for one in texts.files)


def _rare(sources: list[Text], texts: Texts, chance: random.Random) -> _Made:
    while True:
        lines = [one.strip() for one in chance.choice(sources).content.split(b"\n")]
        lines = [one for one in lines if 14 < len(one) < 100]
        if not lines:
            continue
        line, size = chance.choice(lines), chance.randint(10, 28)
        begin = chance.randint(0, max(0, len(line) - size))
        part = line[begin : begin + size].strip()
        if len(part) < 8 or not part.isascii() or not re.search(rb"[A-Za-z]{3}", part):
            continue
        if part.decode().isprintable() and 1 <= _holders(part.decode(), texts) <= 3:
            yield (part.decode(),), ""


def _common(_: list[Text], texts: Texts, __: random.Random) -> _Made:
    least = len(texts.files) // 60
    for one in _COMMON:
        if _holders(one, texts) >= least:
            yield (one,), ""


def _identifiers(sources: list[Text], texts: Texts, chance: random.Random) -> _Made:
    while True:
        names = re.findall(rb"[A-Za-z_][A-Za-z0-9_]{5,40}", chance.choice(sources).content)
        if names and 2 <= _holders(name := chance.choice(names).decode(), texts) <= 300:
            yield (name,), ""


def _several(sources: list[Text], _: Texts, chance: random.Random) -> _Made:
    while True:
        # As people ask: plain words of one part of a file.
        words = re.findall(rb"[A-Za-z]{3,12}", chance.choice(sources).content)
        if len(words) < 40:
            continue
        begin = chance.randrange(len(words) - 30)
        some = {one.lower().decode() for one in words[begin : begin + 30]}
        yield tuple(chance.sample(sorted(some), min(len(some), chance.choice((2, 3, 3))))), ""


def _paths(sources: list[Text], texts: Texts, chance: random.Random) -> _Made:
    endings = Counter(PurePosixPath(one.path).suffix for one in texts.files)
    usual = [one for one, _ in endings.most_common(12) if one and one.isascii()]
    while True:
        one = chance.choice(sources)
        names = re.findall(rb"[A-Za-z_]{4,12}", one.content)
        if not names:
            continue
        folder = PurePosixPath(one.path).parent.name
        glob = f"*{chance.choice(usual)}" if chance.random() < 0.5 else f"{folder}/**"
        if re.fullmatch(r"[\w./*-]+", glob):
            yield (chance.choice(names).decode(),), glob


_MAKERS: dict[Kind, Callable[[list[Text], Texts, random.Random], _Made]] = {
    Kind.RARE: _rare,
    Kind.COMMON: _common,
    Kind.IDENTIFIER: _identifiers,
    Kind.SEVERAL: _several,
    Kind.PATH: _paths,
}
