"""Files of a change that are odd, or more than a page shows; and how much reading them costs."""

import html
import os
import re
from collections.abc import Callable

from flask import Flask
from sqlalchemy import event

from hub.app import Hub
from hub.journal.format.codec import path_text
from tests.feature.repos.pushing import Pusher
from tests.feature.reviews.changed_files import Reader, line_before, propose
from tests.visitor import forms_of, words_of

NAMES = [
    b"line\nfeed",
    b"\xff\xfe",
    b"100%25.txt",
    "Bücher ☕/再試行".encode(),
    b'a"b\\c<i>',
    b" lead",
    b"caf\xe9:old:x",
]


def propose_files(bob: Pusher, files: dict[str, str | bytes], message: str = "Odd") -> None:
    bob.git.commit(bob.work, message, files)
    propose(bob)


def test_lines_of_files_with_odd_names_are_commented_on(app: Flask, bob: Pusher) -> None:
    propose_files(bob, {os.fsdecode(name): "one\ntwo\n" for name in NAMES})
    reader = Reader.named(app, "anna")
    links = [html.unescape(one) for one in re.findall(r'data-comment href="([^"#]*)', reader.read())]
    assert len(links) == len(NAMES) + 1
    for number, link in enumerate(links):
        page = reader.read(page=link)
        (form,) = (
            one for one in forms_of(page) if "place" in one.values and one.values["place"].count(":") > 1
        )
        answer = reader.visitor.post(form.action, {**form.values, "text": f"remark {number}.", "from": "1"})
        assert answer.status_code == 303, answer.text
    page = reader.read()
    assert [line_before(page, f"remark {number}.") for number in range(len(links))] == ["Odd"] + [
        "one"
    ] * len(NAMES)
    for name in NAMES:
        assert html.escape(f"1:new:{path_text(name)}") in page.replace("&#34;", "&quot;")


def test_files_without_lines_take_comments_as_a_whole(app: Flask, bob: Pusher) -> None:
    work = bob.work
    (work / "link").symlink_to("file")
    (work / "tool").write_text("#!/bin/sh\n")
    bob.git.commit(work, "Begin")
    propose_files(bob, {"picture": b"\0" * 100, "large": "x\n" * 600, "latin": b"caf\xe9\n", "empty": ""})
    reader = Reader.named(app, "anna")
    places = ["picture", "large", "latin", "empty", "link"]
    for one in places:
        assert reader.draft(f"remark of {one}.", f"1:new:{one}").status_code == 303
    assert reader.draft("remark far away.", "1:new:large", 500, 500).status_code == 303
    page = reader.read()
    words = words_of(page)
    for one in places:
        assert f"remark of {one}." in words
    assert "Show 600 changed lines" in words
    assert line_before(page, "remark far away.") == ""
    number = re.findall(r'<section class="file" id="f(\d+)"[^>]*:large"', page)[0]
    assert line_before(reader.read(f"?file={number}"), "remark far away.") == "x"


def test_the_page_asks_the_database_the_same_however_much_is_said(app: Flask, hub: Hub, bob: Pusher) -> None:
    propose_files(bob, {f"file {one}": "one\n" for one in range(20)})
    reader = Reader.named(app, "anna")

    def count_queries() -> int:
        statements: list[str] = []
        note: Callable[..., None] = lambda *given: statements.append(given[2])  # noqa: E731
        event.listen(hub.database.engine, "before_cursor_execute", note)
        reader.read()
        event.remove(hub.database.engine, "before_cursor_execute", note)
        return len([one for one in statements if one.startswith("SELECT")])

    reader.draft("The first remark.", "1:new:file 0", 1, 1)
    before = count_queries()
    for one in range(1, 20):
        reader.draft(f"remark {one}.", f"1:new:file {one}", 1, 1)
    assert count_queries() == before
    assert before <= 10
