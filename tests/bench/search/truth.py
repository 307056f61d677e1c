"""Rows about correctness: what the index finds against reading every text, for words taken by chance."""

import random
import sys
from collections.abc import Callable, Iterable
from itertools import islice

from hub.search.engine.column import BLOCK
from hub.search.engine.documents import Document
from hub.search.engine.index import CodeIndex
from hub.search.engine.patterns import Pattern, literal, regex
from tests.bench.report import Row
from tests.bench.search.ground import SearchGround
from tests.bench.search.texts import SHORTER
from tests.unit.search.code_texts import Texts, odd_documents, random_literals, random_regexes

LITERALS, REGEXES = 1500 // SHORTER, 300 // SHORTER
# Reading all of them for each question is what takes the time.
_MOST_BYTES = 24_000_000


def rows(ground: SearchGround) -> list[Row]:
    """Literals, half of them in any case, and regular expressions in either way."""
    texts = _texts(ground)
    size = sum(len(one.content) for one in texts.documents) / 1e6
    where = f"of {len(texts.documents)} texts, {size:.0f} MB"
    literals = islice(random_literals(texts, random.Random(21)), LITERALS)
    made = (literal(words, is_exact=is_exact) for words, is_exact in literals)
    expressions = islice(random_regexes(texts, random.Random(22)), REGEXES)
    both = (regex(one, is_exact=is_exact) for one in expressions for is_exact in (True, False))
    found = [
        _row(f"{LITERALS} substrings {where}: differences", texts, made, may_be_cut=False),
        _row(f"{REGEXES} regexes, exact and folded: differences", texts, both, may_be_cut=True),
    ]
    texts.index.close()
    return found


def _texts(ground: SearchGround) -> Texts:
    """Odd texts, and every so manieth of the others, in two segments."""
    documents = list(odd_documents())
    for one in ground.texts.first(_MOST_BYTES).files:
        documents.append(Document(len(documents), one.path.encode(), one.content))
    index = CodeIndex(ground.root / "truth")
    for some in (documents[::3], documents[1::3] + documents[2::3]):
        with index.writing(expected=len(some)) as writer:
            writer.add(some)
    return Texts(documents, index)


def _row(name: str, texts: Texts, patterns: Iterable[Pattern], *, may_be_cut: bool) -> Row:
    has_long_lines = _long_lines(texts)
    differ = cut = 0
    for pattern in patterns:
        found, read = texts.found(pattern), texts.read(pattern)
        wrong = found ^ read
        if may_be_cut:
            # What spans the cut of a line of more than two blocks is not found.
            is_cut = {one for one in read - found if has_long_lines(one)}
            cut += bool(is_cut)
            wrong -= is_cut
        if wrong:
            differ += 1
            paths = [texts.documents[one].path for one in sorted(wrong)[:3]]
            print(f"differs: {pattern}: {paths}", file=sys.stderr)
    shown = f"{differ} ({cut} at the cut of a line over {2 * BLOCK >> 10} KB)" if may_be_cut else f"{differ}"
    return Row(name, shown, "brute force", None, "0", differ == 0)


def _long_lines(texts: Texts) -> Callable[[int], bool]:
    return lambda number: max(map(len, texts.documents[number].content.split(b"\n"))) > 2 * BLOCK
