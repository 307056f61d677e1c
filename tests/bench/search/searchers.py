"""Who is asked: the hub's index, csearch, ripgrep and `git grep`; each says how many files it found."""

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from hub.search.code.finding import LINES_SHOWN, PAGE_FILES
from hub.search.engine.candidates import PathTest, Wanted
from hub.search.engine.globs import glob_regex, line_of
from hub.search.engine.index import CodeIndex
from hub.search.engine.lines import passages_of
from hub.search.engine.numbers import Shown, as_numbers
from hub.search.engine.pages import every_document, search
from hub.search.engine.patterns import literal, regex
from tests.bench.search.questions import Question


class Searcher(Protocol):
    """Something that is asked."""

    name: str

    def find(self, question: Question) -> int:
        """How many files it finds."""


def wanted_by(question: Question) -> Wanted:
    """What the hub's index is asked."""
    make = regex if question.is_regex else literal
    patterns = tuple(make(one, is_exact=question.is_exact) for one in question.words)
    paths = (
        (PathTest(replace(regex(glob_regex(question.glob)), line=line_of(question.glob))),)
        if question.glob
        else ()
    )
    return Wanted(patterns, paths=paths)


class HubFiles:
    """Every file that matches, among those that a viewer may see."""

    name = "hub, every file"

    def __init__(self, index: CodeIndex) -> None:
        self.index = index
        self.shown = Shown([as_numbers(range(index.next_number()))])

    def find(self, question: Question) -> int:
        """All of them."""
        found = every_document(self.index.segments(), [wanted_by(question)], self.shown)
        return sum(1 for _ in found)


class HubPage(HubFiles):
    """The best twenty with the lines around each match: what a page shows."""

    name = "hub"

    def find(self, question: Question) -> int:
        """As many as the page says there are."""
        alternatives = [wanted_by(question)]
        found = search(self.index.segments(), alternatives, self.shown, most=PAGE_FILES)
        for one in found.hits:
            assert one.segment.code is not None
            passages_of(one.segment.code, one.document, alternatives, most=LINES_SHOWN)
        return found.total


def _lines(command: Sequence[str], *, stdin: bytes = b"", **options: object) -> list[bytes]:
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, **options)  # type: ignore[call-overload]
    if done.returncode > 1 and not done.stdout:
        raise RuntimeError(f"{command[0]}: {done.stderr.decode()[:300]}")
    found: list[bytes] = done.stdout.splitlines()
    return found


class Csearch:
    """Russ Cox's csearch over an index of cindex; terms are looked for one after the other."""

    name = "csearch"

    def __init__(self, folder: Path, index: Path) -> None:
        self._environment = {**os.environ, "CSEARCHINDEX": str(index)}
        self._folder = folder

    def build(self) -> None:
        """Makes the index."""
        subprocess.run(["cindex", str(self._folder)], env=self._environment, capture_output=True, check=True)

    def find(self, question: Question) -> int:
        """The files in which all of the words are."""
        command = ["csearch", "-l"]
        if not question.is_exact:
            command.append("-i")
        if question.glob:
            command += ["-f", glob_regex(question.glob)]
        words = question.words if question.is_regex else [_escaped(one) for one in question.words]
        found = [set(_lines([*command, one], env=self._environment)) for one in words]
        return len(set.intersection(*found))


def _escaped(literal_text: str) -> str:
    return re.sub(r"([^\w\s])", r"\\\1", literal_text, flags=re.ASCII)


class Ripgrep:
    """ripgrep over every file."""

    name = "ripgrep"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, question: Question) -> int:
        """The files in which all of the words are, of which the later ones are looked for in those found."""
        command = ["rg", "-l", "--no-ignore", "--hidden"]
        if not question.is_regex:
            command.append("-F")
        if not question.is_exact:
            command.append("-i")
        first, *others = question.words
        glob = ["-g", f"**/{question.glob}"] if question.glob else []
        found = _lines([*command, *glob, "-e", first, "."], cwd=self._folder)
        for one in others:
            names = b"\0".join(found)
            found = _lines(["xargs", "-0", "-r", *command, "-e", one, "--"], stdin=names, cwd=self._folder)
        return len(found)


class GitGrep:
    """`git grep` over the tip of a bare repository."""

    name = "git grep"

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def find(self, question: Question) -> int:
        """The files in which all of the words are."""
        command = ["git", "-C", str(self._directory), "grep", "-l", "--all-match"]
        command.append("-P" if question.is_regex else "-F")
        if not question.is_exact:
            command.append("-i")
        for one in question.words:
            command += ["-e", one]
        glob = ["--", f":(glob)**/{question.glob}"] if question.glob else []
        return len(_lines([*command, "HEAD", *glob]))
