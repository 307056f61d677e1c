"""What a query finds in code, from the box to the files."""

from collections.abc import Iterator

import pytest

from hub.search.code.queries import FILTERS, Forks, NameTest, read_code_query
from hub.search.engine.documents import Document
from hub.search.engine.index import CodeIndex
from hub.search.engine.pages import search
from hub.search.syntax import Misunderstood

FILES = {
    "src/main.c": b"int main(void)\n{\n\treturn foo->bar(1);\n}\n",
    "src/deep/Main.java": b"class Main {\n  int foo = 1;\n}\n",
    "src/util.h": b"#define BAR 1\nint Foo;\n",
    "docs/main.md": b"# Main\n\nfoo and bar\n",
    "run": b"#!/bin/sh\nmain() {\n  echo foo\n}\n",
    "data.json": b'{"foo": "bar baz"}\n',
    "\u00e9cole.txt": "\u00c9COLE\n".encode(),
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeIndex]:
    made = CodeIndex(tmp_path_factory.mktemp("queries") / "code")
    with made.writing(expected=len(FILES)) as writer:
        writer.add(Document(at, path.encode(), content) for at, (path, content) in enumerate(FILES.items()))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("foo->bar(", {"src/main.c"}),
        ("foo", {"src/main.c", "src/deep/Main.java", "src/util.h", "docs/main.md", "run", "data.json"}),
        ("Foo case:yes", {"src/util.h"}),
        ("foo -bar", {"src/deep/Main.java", "run"}),
        ("foo bar path:src/", {"src/main.c", "src/util.h"}),
        ('"bar baz"', {"data.json"}),
        ("/^int \\w+;/", {"src/util.h"}),
        ("/FOO.*BAR/ case:no", {"src/main.c", "docs/main.md", "data.json"}),
        ("void OR echo", {"src/main.c", "run"}),
        ("void OR echo lang:shell", {"run"}),
        ("lang:c", {"src/main.c", "src/util.h"}),
        ("lang:markdown", {"docs/main.md"}),
        ("lang:.md", {"docs/main.md"}),
        ("lang:sh", {"run"}),
        ("foo -lang:c -lang:json", {"src/deep/Main.java", "docs/main.md", "run"}),
        ("path:*.c", {"src/main.c"}),
        ("path:src/*", {"src/main.c", "src/util.h"}),
        ("path:src/**", {"src/main.c", "src/util.h", "src/deep/Main.java"}),
        ("path:/main.c", set()),
        ("path:/src/*.h", {"src/util.h"}),
        ("path:DEEP", {"src/deep/Main.java"}),
        ("path:/deep/.*va$/", {"src/deep/Main.java"}),
        ("-path:src/ -path:docs", {"run", "data.json", "\u00e9cole.txt"}),
        ("file:main", {"src/main.c", "src/deep/Main.java", "docs/main.md"}),
        ("file:main.?", {"src/main.c"}),
        ("file:/^main/ file:deep", set()),
        ("file:src", set()),
        ("sym:main", {"src/main.c", "src/deep/Main.java", "run"}),
        ("sym:bar", {"src/util.h"}),
        ("\u00e9cole", {"\u00e9cole.txt"}),
        ("\u00c9COLE", {"\u00e9cole.txt"}),
        ("nowhere", set()),
    ],
)
def test_what_is_found(index: CodeIndex, query: str, found: set[str]) -> None:
    read = read_code_query(query)
    hits = search(index.segments(), read.alternatives, None, most=50).hits
    assert {one.path.decode() for one in hits} == found


def test_where_to_look_is_kept_for_whoever_knows_repositories() -> None:
    read = read_code_query("x repo:Anna/* -repo:old owner:bo branch:next fork:only")
    assert read.repositories == [NameTest("anna/*"), NameTest("old", is_excluded=True)]
    assert read.owners == [NameTest("bo")]
    assert (read.branch, read.forks) == ("next", Forks.ONLY)
    assert read_code_query("x").forks is Forks.NO


def test_a_query_that_names_no_file_is_empty() -> None:
    assert read_code_query("repo:x").is_empty
    assert read_code_query("").is_empty
    assert not read_code_query("path:x").is_empty
    assert not read_code_query("x").is_empty


@pytest.mark.parametrize(
    ("query", "fault", "at"),
    [
        ("a /(/", "cannot be read", 2),
        ("a path:/(/", "cannot be read", 2),
        ("a file:/[/", "cannot be read", 2),
        ("case:maybe", "is one of yes, no", 0),
        ("-case:yes", "is one of", 0),
        ("x fork:all", "is one of no, yes, only", 2),
        ("branch:a branch:b", "one branch", 9),
        ('x "  "', "nothing between", 2),
    ],
)
def test_what_is_wrong_is_said_with_its_place(query: str, fault: str, at: int) -> None:
    with pytest.raises(Misunderstood, match=fault) as raised:
        read_code_query(query)
    assert raised.value.at == at


def test_every_filter_has_a_sentence_and_an_example_that_is_understood() -> None:
    for name, one in FILTERS.items():
        assert one.example.startswith(f"{name}:")
        assert str(one.help)
        read_code_query(one.example)
