"""Source code in six inks."""

import re
from html import unescape

import pytest

from hub.highlight import LONGEST_LINE, highlight, language_named, language_of, split_lines


@pytest.mark.parametrize(
    ("name", "first_line", "language"),
    [
        ("diff.c", "", "C"),
        ("diff.h", "", "C"),
        ("main.PY", "", "Python"),
        ("Makefile", "", "Makefile"),
        ("Dockerfile", "", "Docker"),
        ("CMakeLists.txt", "", "CMake"),
        (".gitmodules", "", "INI"),
        ("go.mod", "", "Go"),
        ("Cargo.lock", "", "TOML"),
        ("t0000.t", "", "Perl"),
        ("page.html.j2", "", "HTML+Django/Jinja"),
        ("model.R", "", "R"),
        ("start.S", "", "Assembly"),
        ("x.svg", "", "XML"),
        ("notes.txt", "#!/bin/sh", None),
        ("LICENSE", "Apache License", None),
        ("run", "#!/bin/sh -e", "Bash"),
        ("run", "#!/usr/bin/env python3", "Python"),
        ("run", "#!/usr/bin/env -S node --x", "JavaScript"),
        ("run", "#! /usr/bin/perl -w", "Perl"),
        ("run", "// -*- C++ -*-", "C++"),
        ("run", "# -*- mode: ruby; coding: utf-8 -*-", "Ruby"),
        ("run", "/* vim: set ts=4 ft=rust : */", "Rust"),
        ("run", "#!/usr/bin/env hub.highlight", None),
        ("run", "# vim: ft=../../etc/passwd", None),
        ("run", "<?xml version='1.0'?>", "XML"),
        ("", "", None),
    ],
)
def test_language_is_told_by_name_or_first_line(name: str, first_line: str, language: str | None) -> None:
    found = language_of(name, first_line)
    assert (found and found.name) == language


@pytest.mark.parametrize(
    ("word", "language"),
    [("python", "Python"), ("C++", "C++"), ("sh", "Bash"), ("no-such", None), ("text", None)],
)
def test_language_of_a_code_block_is_told_by_its_alias(word: str, language: str | None) -> None:
    found = language_named(word)
    assert (found and found.name) == language


def test_words_get_their_inks() -> None:
    source = 'class Retry(Exception):\n    """Says why."""\n    limit = 5  # tries\n    def call(self): ...\n'
    assert highlight(source, language_of("a.py")) == [
        '<span class="k">class</span> <span class="t">Retry</span>(<span class="t">Exception</span>):',
        '    <span class="s">"""Says why."""</span>',
        '    limit = <span class="n">5</span>  <span class="c"># tries</span>',
        '    <span class="k">def</span> <span class="f">call</span>(<span class="t">self</span>): ...',
    ]


def test_what_spans_lines_is_closed_on_each() -> None:
    assert highlight("/* a\n\n   b */ c\n", language_of("a.c")) == [
        '<span class="c">/* a</span>',
        "",
        '<span class="c">   b */</span> c',
    ]


ODD_SOURCES = [
    "",
    "\n",
    "\n\n\nx = 1",
    "no feed at the end",
    "<b>&amp;\u00a0é日本🦊\n",
    "  \t \n\tx\n",
    "x\u2029y\x85z\x0b\n",
    '\'unfinished\n"""never ended\n',
]


@pytest.mark.parametrize("name", ["a.py", "a.c", "a.html", "a.md", "a.php", "a.pl", "a.diff", "a.json", "a"])
@pytest.mark.parametrize("source", ODD_SOURCES)
def test_not_a_letter_is_lost(name: str, source: str) -> None:
    lines = highlight(source, language_of(name))
    read = [unescape(re.sub(r"<mark>U\+2029</mark>", "\u2029", line)) for line in lines]
    shown = [re.sub(r"</?span[^>]*>", "", line).replace("\u240b", "\x0b") for line in read]
    assert shown == split_lines(source)


def test_letters_that_deceive_are_written_out() -> None:
    (line,) = highlight("a\u202eb\x07c\x1b\rd\u2066", None)
    assert line == "a<mark>U+202E</mark>b␇c␛␍d<mark>U+2066</mark>"


def test_long_lines_stay_plain_and_harm_no_others() -> None:
    long = "'" * (LONGEST_LINE + 1)
    lines = highlight(f"x = 1\n{long}\ny = 2\n", language_of("a.py"))
    assert lines == ['x = <span class="n">1</span>', long, 'y = <span class="n">2</span>']


def test_only_the_first_lines_are_read_where_no_more_are_wanted() -> None:
    source = "x = 1\n" * 5000
    assert highlight(source, language_of("a.py"), last=2) == ['x = <span class="n">1</span>'] * 2


def test_slow_lexer_leaves_the_rest_plain() -> None:
    source = "x = 1\n" * 20_000
    lines = highlight(source, language_of("a.py"), seconds=0.01)
    assert len(lines) == 20_000
    assert lines[0] == 'x = <span class="n">1</span>'
    assert lines[-1] == "x = 1"
