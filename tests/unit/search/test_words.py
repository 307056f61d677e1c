"""Words are found as people mean them, and ranked as BM25F says, by what may be seen alone."""

import math
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from whoosh import query, scoring
from whoosh.util.numeric import byte_to_length, length_to_byte

from hub.search.engine.damage import IndexDamaged
from hub.search.words.analysis import Beginning, Sequence, atoms_of, tokens_of
from hub.search.words.documents import Document, DocumentKind
from hub.search.words.index import WordIndex
from hub.search.words.ranking import Wanted, search
from hub.search.words.schema import BOOSTS
from hub.search.words.segments import Mask, WordSegment
from hub.search.words.snippets import Piece, mark, snippet

COMMENT = DocumentKind.COMMENT


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Merging the branches, merged", "merg the branch merg"),
        ("parse_commit", "parse_commit pars commit"),
        ("parseCommit HTTPServer", "parsecommit pars commit httpserver http server"),
        ("__init__ x86_64", "init x86_64 x86 64"),
        ("naïve ÉCOLE Straße", "naiv ecol strass"),
        ("e\u0301cole", "ecol"),
        ("v1.0 #123", "v1 0 123"),
        ("検索機能", "検索 索機 機能 能"),
        ("字", "字"),
        ("Ｆｕｌｌ", "full"),
        ("don't", "don t"),
        ("-> !", ""),
    ],
)
def test_texts_become_terms(text: str, terms: str) -> None:
    assert " ".join(one.term for one in tokens_of(text)) == terms


@pytest.mark.parametrize(
    ("text", "atoms"),
    [
        ("merging", (Sequence((("merg", 0),)),)),
        ("parse_commit", (Sequence((("pars", 0), ("commit", 1))), Sequence((("parse_commit", 0),)))),
        ("hub.repos", (Sequence((("hub", 0), ("repo", 1))),)),
        ("pars*", (Beginning("pars"), Sequence((("par", 0),)))),
        ("検索機能", (Sequence((("検索", 0), ("索機", 1), ("機能", 2))),)),
        ("字", (Beginning("字"),)),
        ("->", ()),
    ],
)
def test_words_of_a_query_become_what_is_looked_for(text: str, atoms: tuple[object, ...]) -> None:
    assert atoms_of(text) == atoms


@pytest.fixture
def index(tmp_path: Path) -> Iterator[WordIndex]:
    made = WordIndex(tmp_path / "words")
    made.make_anew()
    yield made
    made.close()


def _add(index: WordIndex, *bodies: str, first: int = 1) -> None:
    with index.writing(expected=1) as writer:
        writer.add(
            Document(COMMENT, row, unit=row, stamp=1, repository=row % 2, at=row, body=body)
            for row, body in enumerate(bodies, first)
        )


def _everything(segment: WordSegment) -> Mask:
    return np.ones(segment.count, np.bool_)


def _found(index: WordIndex, words: str, without: str = "", *, is_phrase: bool = False) -> list[int]:
    wanted = [words] if is_phrase else words.split()
    asked = Wanted(
        tuple(atoms_of(one, is_phrase=is_phrase) for one in wanted),
        tuple(atoms_of(one) for one in without.split()),
    )
    found = search(index.segments(), [asked], _everything)
    return [int(one) for one in found.rows[found.best()]]


def test_what_is_looked_for_is_found(index: WordIndex) -> None:
    _add(index, "parse_commit is slow", "parseCommit", "parse the commit")
    _add(index, "commit, then parse", "検索機能を直す", "本の字", first=4)
    assert set(_found(index, "parse commit")) == {1, 2, 3, 4}
    assert set(_found(index, "parse_commit")) == {1, 2}
    assert set(_found(index, "parse commit", "slow")) == {2, 3, 4}
    assert _found(index, "parse the commit", is_phrase=True) == [3]
    assert _found(index, "検索") == _found(index, "機能") == [5]
    assert _found(index, "検機") == []
    assert _found(index, "字") == _found(index, "本の") == [6]
    assert set(_found(index, "par*")) == {1, 2, 3, 4}
    assert _found(index, "", "commit") == [6, 5]


def test_what_is_dropped_or_not_shown_is_neither_found_nor_counted(index: WordIndex) -> None:
    _add(index, *["apple pear"] * 4, "apple")
    with index.writing(expected=0) as writer:
        assert writer.drop(COMMENT, [2, 99]) == 1
    assert set(_found(index, "pear")) == {1, 3, 4}
    asked = [Wanted((atoms_of("apple"),))]
    shown = search(index.segments(), asked, lambda one: one.numbers("repository") == 1)
    assert set(shown.rows.tolist()) == {1, 3, 5}
    index.make_anew()
    _add(index, "apple pear")
    _add(index, "apple pear", first=3)
    _add(index, "apple", first=5)
    alone = search(index.segments(), asked, _everything)
    assert sorted(alone.scores.tolist()) == sorted(shown.scores.tolist())


def test_of_very_many_texts_with_the_words_the_last_are_looked_into(index: WordIndex) -> None:
    _add(index, "fix a bug", "fix a bug", "a fix bug")
    _add(index, "fix a bug", "a bug fix", first=4)
    asked = [Wanted((atoms_of("fix a", is_phrase=True),))]
    cuts = {most: search(index.segments(), asked, _everything, most_placed=most) for most in (5, 4, 3, 0)}
    assert {most: sorted(one.rows.tolist()) for most, one in cuts.items()} == {
        5: [1, 2, 4],
        4: [2, 4],
        3: [4],
        0: [],
    }
    assert [one.is_cut for one in cuts.values()] == [False, True, True, True]


def test_scores_are_those_of_bm25f(index: WordIndex) -> None:
    chance = random.Random(5)
    # Whoosh keeps lengths in a byte, and tells some apart from others only by much.
    lengths = [one for one in range(1, 30) if byte_to_length(length_to_byte(one)) == one]
    animals = ["ant", "bee", "cat", "dog", "elk"]
    texts = [" ".join(chance.choices(animals, k=chance.choice(lengths))) for _ in range(60)]
    _add(index, *texts)
    found = search(index.segments(), [Wanted((atoms_of("ant"), atoms_of("elk")))], _everything)
    ours = dict(zip(found.rows.tolist(), found.scores.tolist(), strict=True))
    asked = query.And([query.Term("body", "ant"), query.Term("body", "elk")])
    with index._index.searcher(weighting=scoring.BM25F()) as searcher:
        theirs = {hit.docnum + 1: hit.score for hit in searcher.search(asked, limit=None)}
    assert ours.keys() == theirs.keys()
    assert all(math.isclose(ours[one], theirs[one], abs_tol=2e-3) for one in ours)
    assert BOOSTS["body"] == 1.0


def test_an_index_that_is_gone_or_damaged_is_known(index: WordIndex, tmp_path: Path) -> None:
    _add(index, "apple")
    for one in tmp_path.rglob("*.seg"):
        one.unlink()
    other = WordIndex(tmp_path / "words")
    with pytest.raises(IndexDamaged):
        other.segments()
    with pytest.raises(IndexDamaged):
        WordIndex(tmp_path / "nowhere").segments()
    other.make_anew()
    assert _found(other, "apple") == []
    other.close()


def test_segments_are_joined_and_purged(index: WordIndex, tmp_path: Path) -> None:
    for row in range(1, 17):
        _add(index, f"apple number{row}", first=row)
    assert index.tidy()
    assert len(index.segments()) < 16
    with index.writing(expected=0) as writer:
        writer.drop(COMMENT, [7])
    assert b"number7" in _all_bytes(tmp_path)
    assert index.purge()
    assert not index.purge()
    assert b"number7" not in _all_bytes(tmp_path)
    assert len(_found(index, "apple")) == 15


def _all_bytes(folder: Path) -> bytes:
    return b"\n".join(one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file())


def test_what_was_found_is_marked() -> None:
    atoms = [*atoms_of("parse"), *atoms_of("merge box", is_phrase=True)]
    assert mark("Parsing: a merge box, a merge", atoms) == (
        Piece("Parsing", is_found=True),
        Piece(": a ", is_found=False),
        Piece("merge box", is_found=True),
        Piece(", a merge", is_found=False),
    )
    long = "word " * 200 + "parse it " + "more " * 200
    pieces = snippet(long, atoms)
    assert [one.text for one in pieces if one.is_found] == ["parse"]
    assert sum(len(one.text) for one in pieces) < 330
    assert (pieces[0].text, pieces[-1].text) == ("… ", " …")
    assert snippet("nothing of it", atoms) == (Piece("nothing of it", is_found=False),)
