"""A change of several files by bob, and what people say at its lines, through the pages."""

import html
import re
from dataclasses import dataclass

from flask import Flask
from werkzeug.test import TestResponse

from hub.repos.pushes import Options
from tests.feature.repos.pushing import ZERO, Pusher
from tests.visitor import Visitor, forms_of

PAGE = "/anna/demo/changes/1/files"
DRAFTS = "/anna/demo/changes/1/drafts"
OLD = "".join(f"line {one}\n" for one in range(1, 101))
NEW = OLD.replace("line 50\n", "line fifty\n").replace("line 60\n", "")


def open_change(bob: Pusher) -> None:
    """Change 1: a line of `code.txt` changed and one deleted, a file added, one renamed, one deleted."""
    work, git = bob.work, bob.git
    base = git.head(work)
    git.commit(
        work, "Begin", {"code.txt": OLD, "gone.txt": "gone\n", "old name.txt": OLD, "crlf": "a\r\nb\r\n"}
    )
    bob.send()
    bob.move((base, git.head(work), "refs/heads/main"))
    (work / "gone.txt").unlink()
    (work / "old name.txt").rename(work / "new name.txt")
    git.commit(work, "Spell it\n\nIn words.", {"code.txt": NEW, "new.txt": "new\n", "crlf": "a\r\nc\r\n"})
    propose(bob)


def propose(bob: Pusher, *, options: Options = ()) -> None:
    """Pushes what is checked out for review."""
    bob.send()
    judgement = bob.judge((ZERO, bob.git.head(bob.work), "refs/for/main"), options=options)
    assert [verdict for _, verdict, _ in judgement.answers] == ["ok"], judgement.lines
    bob.record()


@dataclass
class Reader:
    """Somebody signed in, who reads the files of change 1 and writes there."""

    visitor: Visitor

    @classmethod
    def named(cls, app: Flask, name: str) -> "Reader":
        visitor = Visitor(app)
        visitor.sign_in(name)
        return cls(visitor)

    def read(self, query: str = "", page: str = PAGE) -> str:
        answer = self.visitor.get(page + query)
        assert answer.status_code == 200, answer.text
        return answer.text

    def token(self) -> str:
        return next(
            form.values["csrf_token"] for form in forms_of(self.read()) if "csrf_token" in form.values
        )

    def post(self, address: str, **values: object) -> TestResponse:
        given = {name.removesuffix("_"): value for name, value in values.items()}
        return self.visitor.post(address, {"csrf_token": self.token(), **given})

    def draft(
        self, text: str, place: str = "1:new:code.txt", first: object = "", last: object = ""
    ) -> TestResponse:
        return self.post(DRAFTS, text=text, place=place, from_=first, to=last)


def line_before(page: str, words: str, *, is_old: bool = False) -> str:
    """The text of the line below which these words stand; empty where they stand at a file's head."""
    before = page[: page.index(words)]
    rows = re.findall(
        r'<tr(?: class="(?:add|del)")?><td class="no">.*?</tr>|<summary class="file-head">', before, re.DOTALL
    )
    if not rows or rows[-1].startswith("<summary"):
        return ""
    cells = re.findall(r'<td class="ln[^>]*>(.*?)</td>', rows[-1])
    return html.unescape(re.sub("<[^>]*>", "", cells[0 if is_old else -1]))
