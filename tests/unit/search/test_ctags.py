"""Universal-ctags is found by what it says of itself, reads within its limits, and is done without."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.config import Config, from_values
from hub.search.symbols import ctags as programs
from hub.search.symbols.ctags import Ctags, CtagsFailed, find_ctags, read_symbols
from hub.search.symbols.model import Symbol
from hub.search.symbols.outlines import Source, outlines_of, source_of

SAID = "Universal Ctags 9.8.7, Copyright\n  Optional compiled features: +json, +interactive, +sandbox\n"
PYTHON = b"class Parser:\n    top = 1\n    def read(self): pass\nimport os as operating\n"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return from_values({"data": str(tmp_path / "data")})


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is the whole PATH, for programs of the test's own."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def install(path: Path, script: str, name: str = "ctags") -> None:
    program = path / name
    program.write_text(f"#!/bin/sh\nif [ $1 = --version ]; then printf '{SAID}'; exit; fi\n{script}\n")
    program.chmod(0o755)


def test_program_is_known_by_what_it_says(path: Path) -> None:
    assert find_ctags() is None
    install(path, "exit 1")
    # What was found is remembered by the PATH.
    programs._find.cache_clear()
    assert find_ctags() == Ctags(str(path / "ctags"), "9.8.7")


def test_symbols_are_read_file_by_file(path: Path) -> None:
    tag = '{{"_type": "tag", "name": "{name}", "line": {line}, "kind": "function", "language": "C"}}\\n'
    done = '{"_type": "completed"}\\n'
    noise = 'no json\\n{"_type": "tag", "name": 3, "line": "x", "kind": ""}\\n[]\\n'
    first, second = tag.format(name="b", line=2), tag.format(name="a", line=1)
    install(path, f"printf '{noise}{first}{second}{done}{done}'")
    found = read_symbols(Ctags(str(path / "ctags"), ""), [(b"x.c", b""), (b"y.c", b"")], seconds=5)
    assert found == [[Symbol("a", 1, "function"), Symbol("b", 2, "function")], []]


@pytest.mark.parametrize("script", ["exec /bin/sleep 20", "exit 3", "printf ''"])
def test_what_fails_says_so(path: Path, script: str) -> None:
    install(path, script)
    with pytest.raises(CtagsFailed):
        read_symbols(Ctags(str(path / "ctags"), ""), [(b"x.c", b"int x;\n")], seconds=0.3)


def test_pattern_reads_what_the_program_did_not(path: Path, config: Config) -> None:
    install(path, "exit 3")
    programs._find.cache_clear()
    (outline,) = outlines_of(config, [source_of(b"a.py", PYTHON)])
    assert [one.name for one in outline.symbols] == ["Parser", "read"]
    assert not outline.is_parsed
    programs._find.cache_clear()


def test_outline_is_kept_by_what_the_file_holds(path: Path, config: Config) -> None:
    first = outlines_of(config, [source_of(b"a.py", PYTHON)])
    assert outlines_of(config, [Source(source_of(b"", PYTHON).blob_id, b"other/b.py", b"lost")]) == first


@pytest.mark.skipif(find_ctags() is None, reason="universal-ctags is not installed")
def test_languages_are_parsed_by_the_program(config: Config) -> None:
    outline, other = outlines_of(
        config, [source_of(b"a.py", PYTHON), source_of(b"x/b.sh", b"run() {\n  :\n}\n")], seconds=20
    )
    assert outline.is_parsed
    assert outline.symbols == (
        Symbol("Parser", 1, "class"),
        Symbol("top", 2, "variable", "Parser"),
        Symbol("read", 3, "method", "Parser"),
    )
    assert [one.is_part for one in outline.symbols] == [False, True, False]
    assert other.symbols == (Symbol("run", 1, "function"),)


@pytest.mark.skipif(shutil.which("ctags") is None, reason="universal-ctags is not installed")
def test_hostile_files_are_read_or_left(config: Config) -> None:
    hostile = [b"\0" * 2000, b"(" * 100_000, b'def "{"\n' * 1000, b"\xff\xfe" * 5000, b"class {" * 5000]
    for ending in (b"py", b"c", b"js", b"rb", b"pl"):
        sources = [source_of(b"a\n\"'; ." + ending, one) for one in hostile]
        assert len(outlines_of(config, sources, seconds=10)) == len(sources)
