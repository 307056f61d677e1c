"""What the rows about search share: texts, questions, the hub's index and the peers there are."""

import importlib
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from hub.search.engine.documents import Document
from hub.search.engine.index import CodeIndex
from tests.bench.corpus import Corpus
from tests.bench.search.databases import Tantivy, Trigrams, postgresql, postgresql_folder
from tests.bench.search.questions import Question, ask
from tests.bench.search.searchers import Csearch, GitGrep, HubFiles, HubPage, Ripgrep, Searcher
from tests.bench.search.texts import Texts, gather, write_repository, write_tree


def say(words: str) -> None:
    """Tells whoever waits."""
    print(words, file=sys.stderr, flush=True)


class SearchGround:
    """Texts and who looks through them, each made when the first asks."""

    def __init__(self, root: Path, stack: ExitStack) -> None:
        self.root = root
        root.mkdir()
        self._stack = stack
        self.built: dict[str, str] = {}

    @cached_property
    def texts(self) -> Texts:
        found = gather()
        print(f"search: {found.label}; {found.size_bytes / 1e6:.0f} MB", flush=True)
        return found

    @cached_property
    def questions(self) -> list[Question]:
        return ask(self.texts)

    @cached_property
    def tree(self) -> Path:
        return write_tree(self.texts, self.root / "tree")

    @cached_property
    def repository(self) -> Corpus:
        return write_repository(self.texts, self.root / "texts.git")

    @cached_property
    def index(self) -> CodeIndex:
        return build(self.root / "index", self.texts)

    @cached_property
    def csearch(self) -> Csearch | None:
        if shutil.which("cindex") is None:
            say("no csearch here (Debian: codesearch)")
            return None
        return Csearch(self.tree, self.root / "csearch")

    def searchers(self) -> list[Searcher]:
        """The hub's two ways, and every peer that is installed here."""
        found: list[Searcher] = [HubPage(self.index), HubFiles(self.index)]
        if self.csearch is not None:
            self.csearch.build()
            found.append(self.csearch)
        if shutil.which("rg"):
            found.append(Ripgrep(self.tree))
        else:
            say("no ripgrep here")
        programs = postgresql_folder()
        if programs is None:
            say("no PostgreSQL here")
        else:
            found.append(self._trigrams(programs))
        try:
            found.append(self._tantivy())
        except ImportError:
            say("no tantivy here (the extra `bench`)")
        return [*found, GitGrep(self.repository.directory)]

    def _trigrams(self, programs: Path) -> Trigrams:
        made = Trigrams(self._stack.enter_context(postgresql(programs)))
        self._stack.callback(made.close)
        self._timed("PostgreSQL, texts and pg_trgm", lambda: made.build(self.texts))
        return made

    def _tantivy(self) -> Tantivy:
        made = Tantivy(importlib.import_module("tantivy"), self.root / "tantivy")
        self._timed("tantivy, grams and texts", lambda: made.build(self.texts))
        return made

    def _timed(self, name: str, build_it: Callable[[], None]) -> None:
        began = time.monotonic()
        build_it()
        self.built[name] = f"{self.texts.size_bytes / 1e6 / (time.monotonic() - began):.1f} MB/s"


def build(folder: Path, texts: Texts) -> CodeIndex:
    """An index of the hub's over the texts, in one segment."""
    index = CodeIndex(folder)
    with index.writing(expected=len(texts.files)) as writer:
        writer.add(Document(number, one.path.encode(), one.content) for number, one in enumerate(texts.files))
    return index
