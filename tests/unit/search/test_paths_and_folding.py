"""Shortcuts say what the long way says: globs as parts of paths, text that is folded in parts."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from hub.search.engine.documents import Document
from hub.search.engine.globs import glob_regex, line_of
from hub.search.engine.index import CodeIndex
from hub.search.engine.patterns import literal, regex
from hub.search.engine.segments import Segment

PATHS = (
    b"README.md", b"src/main.py", b"src/lib/main.PY", b"lib/src.py", b"tests/src/x.pyc", b"src.py/x",
    b"srclib/a.py", b"main.py", b"caf\xe9/x.py", b"a\nb/src/y.md", b"Src/z", b"py", b".py",
)  # fmt: skip


@pytest.fixture(scope="module")
def segment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Segment]:
    index = CodeIndex(tmp_path_factory.mktemp("paths") / "code")
    with index.writing(expected=len(PATHS)) as writer:
        writer.add(Document(number, path, b"x\n") for number, path in enumerate(PATHS))
    yield index.segments()[0]
    index.close()


@pytest.mark.parametrize(
    "glob",
    [
        "*.py",
        "*.PY",
        "**/*.md",
        "*py",
        "src/",
        "src/**",
        "/src/",
        "/src/**",
        "*rc/x",
        "lib/src/",
        "*/main.py",
    ],
)
def test_a_glob_finds_the_same_paths_in_either_way(segment: Segment, glob: str) -> None:
    documents = np.arange(len(PATHS), dtype=np.int32)
    slow = regex(glob_regex(glob))
    fast = replace(slow, line=line_of(glob))
    assert segment.has_path(fast, documents).tolist() == segment.has_path(slow, documents).tolist()
    assert bool(line_of(glob)) == (glob != "*/main.py")


@pytest.mark.parametrize("glob", ["*", "**", "*/", "a*", "src/*", "src/*.py", "?.py", "*.p?", "École/"])
def test_other_globs_have_no_shortcut(glob: str) -> None:
    assert line_of(glob) == b""


def test_a_long_text_is_folded_in_parts_and_nothing_is_lost() -> None:
    for size in (3, 200, 300):
        word = b"Ab" * (size // 2)
        for at in range((1 << 15) - size - 1, (1 << 15) + 2, 50):
            content = b"x" * at + word + b"y" * 40_000 + word.lower()
            wanted = [(at, at + len(word)), (len(content) - len(word), len(content))]
            assert literal(word.decode()).spans_in(content, 9) == wanted
    assert len(literal("AA").spans_in(b"a" * 70_001, 1 << 20)) == 35_000
