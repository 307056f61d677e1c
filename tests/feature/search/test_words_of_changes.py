"""Changes and comments are found by words and operators, for whoever may see them."""

import pytest
from sqlalchemy import select

from hub.app import Hub
from hub.issues.models import Comment, Topic
from hub.reviews.models import PatchSet
from hub.search.models import ChangedPaths
from hub.search.syntax import Misunderstood
from hub.search.words.changed_paths import as_lines
from hub.search.words.queries import Misplaced
from tests.feature.search.word_ground import Words

# Of three changes, by their numbers: closed, a draft, and open.
FOUND = {
    "parse": "123",
    "parser": "1",
    "merges -trees": "1",
    "trees OR tags": "23",
    '"only the merges"': "1",
    "topic/parser": "1",
    "pars*": "123",
    "is:open": "3",
    "is:draft": "2",
    "parse is:closed": "1",
    "is:open is:draft": "23",
    "-is:open": "12",
    "is:waiting": "",
    "author:bo": "23",
    "author:ME": "",
    "-author:@bo": "1",
    "reviewer:anna": "3",
    "has:unresolved": "3",
    "-has:unresolved": "12",
    "has:approval has:comments": "3",
    "has:objection": "",
    "path:docs/": "1",
    "path:DOCS": "13",
    "path:/src/": "13",
    "path:/docs": "1",
    "path:*.py": "1",
    "path:src/*.py": "1",
    "path:s*/docs.?": "3",
    "path:/*.md": "",
    "path:/**.md": "1",
    r"path:/\.(md|txt)$/": "1",
    "-path:src": "2",
    "repo:demo": "12",
    "owner:bo": "3",
    "branch:next": "3",
    "since:1h": "123",
    "before:1h": "",
    "since:2020-01-31 before:2021-01-01": "",
    "updated:1d": "123",
}


def test_changes_are_found_by_operators(words: Words) -> None:
    anna, bo = words.person("anna"), words.person("bo")
    demo, other = words.repository(anna, "demo"), words.repository(bo, "other")
    first = words.open(demo, anna, "Parse commits\n\nOnly the merges.", name="topic/parser")
    draft = words.open(demo, bo, "Parse trees", draft=True)
    third = words.open(other, bo, "Parse tags", target="next")
    patch_set = _patch_set(words.hub, third)
    words.act(third, anna, "review", {"ps": patch_set, "verdict": "approve", "body": 0}, "Good parser")
    words.say(third, anna, "Here", {"ps": patch_set, "side": "new", "path": "src/docs.c", "lines": [1, 2]})
    words.act(first, anna, "state", {"state": "closed"})
    words.catch_up()
    touched = {first: [b"docs/index.md", b"src/Parser.py"], third: [b"src/docs.c"]}
    with words.hub.database.writing() as session:
        for topic, paths in touched.items():
            session.get_one(ChangedPaths, topic).paths = as_lines(paths)
    rows = {"1": first, "2": draft, "3": third}
    expected = {query: {rows[one] for one in found} for query, found in FOUND.items()}
    assert {query: set(words.rows("changes", query)) for query in expected} == expected
    assert words.rows("changes", "author:me", bo) == [third, draft]
    assert words.rows("changes", "reviewer:me", anna) == [third]
    assert words.rows("changes", "parse", order="oldest") == [first, draft, third]


def _patch_set(hub: Hub, topic_id: int) -> str:
    with hub.database.reading() as session:
        return session.scalars(select(PatchSet.entry_id).where(PatchSet.topic_id == topic_id)).one()


@pytest.mark.parametrize(
    ("query", "at", "types"),
    [
        ("parse lang:python", 6, ("code",)),
        ("to:me", 0, ("comments",)),
        ("/re.*gex/", 0, ("code",)),
        ("parse ->", 6, ("code",)),
        ("label:bug", 0, None),
        ("assignee:me", 0, None),
        ("parse colour:red", 6, None),
        ("is:lost", 0, None),
        ("since:yesterday", 0, None),
        ("author:me", 0, None),
        ("is:", 0, None),
        ("x OR", 2, None),
        ("path:/(/", 0, None),
        ("author:/a/", 0, None),
    ],
)
def test_what_is_not_understood_is_said_with_its_place(
    words: Words, query: str, at: int, types: tuple[str, ...] | None
) -> None:
    with pytest.raises(Misunderstood) as caught:
        words.find("changes", query)
    assert caught.value.at == at
    assert (caught.value.types if isinstance(caught.value, Misplaced) else None) == types


def test_changes_that_wait_are_sorted_by_how_long(words: Words) -> None:
    anna, bo = words.person("anna"), words.person("bo")
    demo = words.repository(anna, "demo")
    topics = [words.open(demo, anna, f"Parse {at}", draft=at == 3) for at in range(5)]
    patch_sets = [_patch_set(words.hub, one) for one in topics]
    # What its author says is no review, and another patch set begins the waiting anew.
    for topic, who, verdict in ((0, anna, "approve"), (1, bo, "approve"), (4, bo, "comment")):
        d = {"ps": patch_sets[topic], "verdict": verdict, "body": 0}
        words.act(topics[topic], who, "review", d, "")
    words.act(topics[0], anna, "patchset", {"n": 2, "commit": "f" * 40, "base": "e" * 40})
    words.catch_up()
    waiting = words.rows("changes", "is:waiting", order="waiting")
    assert set(waiting) == {topics[2], topics[4], topics[0]}
    assert words.rows("changes", "parse", order="waiting")[:3] == waiting


def test_comments_and_summaries_are_found(words: Words) -> None:
    anna, bo = words.person("anna"), words.person("bo")
    topic = words.open(words.repository(anna, "demo"), anna, "Parse commits")
    patch_set = _patch_set(words.hub, topic)
    place = {"ps": patch_set, "side": "new", "path": "src/parser.py", "lines": [3, 4]}
    here = words.say(topic, bo, "This parses <b>nothing</b>", place)
    there = words.say(topic, anna, "Nothing at all")
    words.act(topic, bo, "review", {"ps": patch_set, "verdict": "approve", "body": 0}, "Nothing to add")
    words.catch_up()
    assert len(words.rows("comments", "nothing")) == 3
    assert words.rows("comments", "nothing -add") == [here, there] or [there, here]
    for query, rows in {
        "parses": [here],
        "author:anna": [there],
        "to:anna path:src/": [here],
        "path:src/*.py is:unresolved": [here],
        "is:resolved": [],
        "path:*.md": [],
        "repo:other": [],
    }.items():
        assert words.rows("comments", query) == rows, query
    shown = words.shown("comments", words.find("comments", "parses"))[0]
    assert (shown.path, shown.place, shown.author.name) == ("anna/demo", "src/parser.py:4", "bo")
    assert shown.address == f"/anna/demo/changes/1#c{here}"
    words.act(topic, bo, "comment_delete", {"comment": _global_id(words, here)})
    assert words.rows("comments", "parses") == []
    words.catch_up()
    assert words.rows("comments", "parses") == []
    assert len(words.rows("comments", "nothing")) == 2


def _global_id(words: Words, comment_id: int) -> str:
    with words.hub.database.reading() as session:
        return session.get_one(Comment, comment_id).global_id


def test_titles_that_change_are_found_as_they_are(words: Words) -> None:
    anna = words.person("anna")
    topic = words.open(words.repository(anna, "demo"), anna, "Apple")
    words.catch_up()
    words.act(topic, anna, "edit", {"body": 0}, "Pear")
    with words.hub.database.reading() as session:
        assert session.get_one(Topic, topic).title == "Pear"
    words.catch_up()
    assert words.rows("changes", "apple") == []
    assert words.rows("changes", "pear") == [topic]
