"""Texts of every odd kind, an index over them, and what reading all of them finds."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import re2

from hub.search.engine.candidates import PathTest, Wanted
from hub.search.engine.documents import Document, is_text
from hub.search.engine.index import CodeIndex
from hub.search.engine.pages import every_document
from hub.search.engine.patterns import Pattern

_ROOT: Final = Path(__file__).parents[3]


@dataclass(frozen=True)
class Texts:
    """Documents, and the index that holds them."""

    documents: list[Document]
    index: CodeIndex

    def found(self, *patterns: Pattern, path: Pattern | None = None) -> set[int]:
        """The numbers of the documents that the index finds."""
        every = every_document(
            self.index.segments(), [Wanted(patterns, paths=() if path is None else (PathTest(path),))], None
        )
        return {int(segment.numbers[document]) for segment, document in every}

    def read(self, *patterns: Pattern) -> set[int]:
        """The numbers of those that reading every document finds."""
        return {
            one.number
            for one in self.documents
            if all(pattern.spans_in(one.path + b"\n" + one.content, 1) for pattern in patterns)
        }


def odd_documents() -> Iterator[Document]:
    """Sources of ours, and texts that are empty, huge, of one line, of no known letters, of one letter."""
    chance = random.Random(4)
    paths = [*(_ROOT / "hub").rglob("*.py"), *(_ROOT / "static").rglob("*.css")]
    contents = {str(one.relative_to(_ROOT)).encode(): one.read_bytes() for one in sorted(paths)[::8]}
    contents[b"empty"] = b""
    contents[b"a\nb"] = b"a path of two lines\n"
    contents[b"caf\xe9/na\xefve.txt"] = "École, ÉCOLE, école; Straße\r\nΣίσυφος\r\n".encode()
    contents[b"latin1.txt"] = "École, naïve\n".encode("latin-1")
    contents[b"min.js"] = b";".join(b"var v%d=function(){return %d}" % (one, one * 7) for one in range(3000))
    contents[b"noise"] = bytes(chance.choice(b"ab \n") for _ in range(30_000))
    contents[b"wide"] = b"\n".join(b"x" * one + b"needle" for one in (4090, 4096, 8186, 8192, 8193, 20_000))
    contents[b"no-newline"] = b"the last line has no end"
    chosen = ((path, content) for path, content in contents.items() if is_text(content))
    return (Document(number, path, content) for number, (path, content) in enumerate(chosen))


def make_texts(folder: Path) -> Texts:
    """An index over all of them, in two segments."""
    documents, index = list(odd_documents()), CodeIndex(folder)
    for some in (documents[::2], documents[1::2]):
        with index.writing(expected=len(some)) as writer:
            writer.add(some)
    return Texts(documents, index)


def random_literals(texts: Texts, chance: random.Random) -> Iterator[tuple[str, bool]]:
    """Parts of lines, half of them with other capitals, and whether case is to count."""
    contents = [one.content for one in texts.documents if one.content]
    while True:
        content = chance.choice(contents)
        begin = chance.randrange(len(content))
        try:
            words = content[begin : begin + chance.randint(2, 40)].split(b"\n")[0].decode()
        except UnicodeDecodeError:
            continue
        is_exact = chance.random() < 0.5
        if len(words.encode()) >= 2:
            yield (words if is_exact else "".join(_other_case(one, chance) for one in words)), is_exact


def _other_case(letter: str, chance: random.Random) -> str:
    # Of some letters the other case is two, or leads back to another one.
    other = letter.swapcase()
    return other if len(other) == 1 and other.swapcase() == letter and chance.random() < 0.5 else letter


_CLASSES: Final = ("[[:alpha:]]+", r"\p{L}+", r"\pN*", "[^[:space:]]", "[a-f]+", "[^x]")


def random_regexes(texts: Texts, chance: random.Random) -> Iterator[str]:
    """Lines of the texts with parts of them made into what may stand there."""
    for words, _ in random_literals(texts, chance):
        parts = re.findall(r"\w+|\s+|[^\w\s]", words)
        if len(parts) < 3:
            continue
        pattern = "".join(_loosened(one, chance) for one in parts)
        try:
            re2.compile(pattern.encode())
        except re2.error:
            continue
        yield pattern


def _loosened(part: str, chance: random.Random) -> str:
    some = chance.random()
    if part.isspace():
        return r"\s+" if some < 0.6 else ".*"
    if not part.isalnum() and "_" not in part:
        return re2.escape(part) if some < 0.8 else "."
    kept = re2.escape(part)
    ways = (
        kept,
        rf"{kept}\b",
        r"\w+",
        f"({kept}|zz)",
        f"(?:{kept})?",
        f"(?:{kept}){{1,2}}",
        f"{re2.escape(part[:-1])}[{part[-1]}z]",
        chance.choice(_CLASSES),
        f"(?i:{kept})",
    )
    return ways[min(int(some * 14), len(ways) - 1)] if some < 0.6 else kept
