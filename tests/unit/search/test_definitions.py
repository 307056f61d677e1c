"""What the index's own pattern takes for a definition, with its line and kind."""

import pytest

from hub.search.engine.symbols import Definition, definitions_in, symbols_in

PYTHON = b"""class Parser:
    async def read(self):
        pass


@cached
def parse(text):
    return Parser(text)
"""
C = b"""#define LIMIT 3
struct strbuf {
\tint len;
};

static int add_one(int a)
{
\treturn add_two(a);
}
int declared(int a);
"""


@pytest.mark.parametrize(
    ("path", "content", "wanted"),
    [
        (b"a.py", PYTHON, [("Parser", 1, "class"), ("read", 2, "function"), ("parse", 7, "function")]),
        (b"a.c", C, [("LIMIT", 1, "macro"), ("strbuf", 2, "type"), ("add_one", 6, "function")]),
        (b"a.go", b"\nfunc (s *S) Close() error {\n", [("Close", 2, "function")]),
        (b"a.rs", b"pub fn new() {}\nmacro_rules! say {\n", [("new", 1, "function"), ("say", 2, "macro")]),
        (b"a.ts", b"export const top = 1\ninterface I {}\n", [("top", 1, "variable"), ("I", 2, "interface")]),
        (b"run", b"#!/bin/sh\nmain() {\n", [("main", 2, "function")]),
        (b"a.txt", b"def nothing(): pass\n", []),
    ],
)
def test_definitions_have_lines_and_kinds(
    path: bytes, content: bytes, wanted: list[tuple[str, int, str]]
) -> None:
    found = definitions_in(path, content, most=10)
    assert found == [Definition(name.encode(), line, kind) for name, line, kind in wanted]
    assert symbols_in(path, content) == {one.name.lower() for one in found}


def test_so_many_definitions_are_enough() -> None:
    content = b"".join(b"def f%d(): pass\n" % number for number in range(100))
    assert [one.line for one in definitions_in(b"a.py", content, most=3)] == [1, 2, 3]
