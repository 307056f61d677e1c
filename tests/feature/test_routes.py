"""Every route there is: what it shows to whom, and what it refuses."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event
from werkzeug.test import TestResponse

from hub.app import Hub
from hub.config import Config
from tests.sample import KeptSample, Sample
from tests.visitor import Visitor, forms_of, words_of

# One worker makes the sample, and the catalogue of test_words, for all that walk over it.
pytestmark = [pytest.mark.each_value, pytest.mark.xdist_group("sample")]

MAX_QUERIES = 12
# The page on which all that there is of a change comes together; what it asks does not grow with it.
MAX_QUERIES_OF_A_CHANGE = 20
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
TOKEN = re.compile(rb'(?<=name="csrf_token" value=")[\w=-]{44}')


@pytest.fixture
def config(kept_sample: KeptSample, tmp_path: Path) -> Iterator[Config]:
    """The settings of a hub that has a copy of the sample."""
    config = kept_sample.copy_to(tmp_path / "data")
    yield config
    kept_sample.database.drop(config.database_url)


@pytest.fixture
def sample(kept_sample: KeptSample, hub: Hub, app: Flask) -> Sample:
    return kept_sample.opened(hub, app)


@contextmanager
def counted(hub: Hub) -> Iterator[list[str]]:
    """Collects the statements that the hub sends to its database."""
    statements: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            statements.append(statement)

    event.listen(hub.database.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(hub.database.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("name", [None, "anna", "root"])
def test_every_page_has_one_title_one_heading_and_nothing_inline(sample: Sample, name: str | None) -> None:
    visitor = sample.visitor(name)
    faults = {}
    for path in sample.pages():
        page = visitor.get(path)
        if page.status_code == 302:
            continue
        text = page.text
        is_whole = text.count("<title>") == text.count("<h1") == text.count("<main") == 1
        has_inline = re.search(r"<style|\sstyle=|<script(?![^>]* src=)|\son\w+=|javascript:", text)
        if page.status_code >= 500 or not is_whole or has_inline:
            faults[path] = (page.status_code, has_inline)
    assert faults == {}


@pytest.mark.parametrize("name", [None, "anna", "root"])
def test_every_page_asks_the_database_little(sample: Sample, name: str | None) -> None:
    visitor = sample.visitor(name)
    many = {}
    for path in sample.pages():
        with counted(sample.hub) as statements:
            visitor.get(path)
        is_change = path.endswith("/changes/1")
        if len(statements) > (MAX_QUERIES_OF_A_CHANGE if is_change else MAX_QUERIES):
            many[path] = len(statements)
    assert many == {}


def test_every_page_shows_its_viewer_something(sample: Sample) -> None:
    """So that a hub which refuses everything does not pass the tests below."""
    anna, root = sample.visitor("anna"), sample.visitor("root")
    others = ("/no/such", "/login", "/login/second-step", "/sign-up")
    paths = [path for path in sample.pages() if path not in others]
    answers = {path: (root if path.startswith("/admin") else anna).get(path).status_code for path in paths}
    assert answers == dict.fromkeys(paths, 200)


def test_every_form_that_changes_something_carries_the_token(sample: Sample) -> None:
    seen = 0
    for visitor in (sample.visitor(), sample.visitor("anna"), sample.visitor("root")):
        for path in sample.pages():
            for form in forms_of(visitor.get(path).text):
                assert form.method == "post" or "csrf_token" not in form.values
                if form.method == "post":
                    seen += 1
                    assert form.values["csrf_token"], path
    assert seen > 10


def unsafe_requests(sample: Sample) -> list[tuple[str, str]]:
    return [(method, sample.address(rule)) for method in sorted(UNSAFE) for rule in sample.rules(method)]


def send(visitor: Visitor, method: str, path: str, **headers: str) -> TestResponse:
    given = {"X-Request-Id": "one-request"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return visitor.client.open(path, method=method, headers=given, environ_overrides={"REMOTE_ADDR": ""})


@pytest.mark.parametrize("name", [None, "anna"])
def test_every_change_without_a_token_is_refused(sample: Sample, name: str | None) -> None:
    visitor = sample.visitor(name)
    requests = unsafe_requests(sample)
    answers = {request: send(visitor, *request).status_code for request in requests}
    assert answers == dict.fromkeys(requests, 403)
    assert len(requests) > 5


def test_every_change_that_another_site_sends_is_refused(sample: Sample) -> None:
    visitor = sample.visitor("anna")
    with visitor.client.session_transaction() as cookie:
        token = cookie["csrf"]
    for method, path in unsafe_requests(sample):
        for foreign in ({"Sec_Fetch_Site": "cross-site"}, {"Origin": "https://evil.example"}):
            assert send(visitor, method, path, X_CSRF_Token=token, **foreign).status_code == 403
    assert visitor.get("/settings/tokens").text.count("/revoke") == 2


def without_name(answer: TestResponse, name: str) -> tuple[int, bytes, dict[str, str]]:
    skipped = ("Date", "Content-Length", "ETag")
    headers = {key: value.replace(name, "NAME") for key, value in answer.headers if key not in skipped}
    # The token of a page is another one for each byte that differs, so for the name as well.
    page = TOKEN.sub(b"TOKEN", answer.data)
    return answer.status_code, page.replace(name.encode(), b"NAME"), headers


@pytest.mark.parametrize("accept", ["text/html", "application/json", "text/plain", "*/*"])
@pytest.mark.parametrize("who", ["nobody", "eve", "eve's token"])
def test_private_repository_is_byte_for_byte_a_missing_one(sample: Sample, who: str, accept: str) -> None:
    """Also for those who may know its name: the length of what they asked for differs, nothing else."""
    visitor = sample.visitor("eve" if who == "eve" else None)
    headers = {"Accept": accept}
    if who == "eve's token":
        headers["Authorization"] = f"token {sample.eve_token}"
    rules = [rule for rule in sample.app.url_map.iter_rules() if {"owner", "name"} <= rule.arguments]
    assert rules
    for rule in rules:
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            veiled = send(visitor, method, sample.address(rule, name="veiled"), **headers)
            missing = send(visitor, method, sample.address(rule, name="nosuch"), **headers)
            assert without_name(veiled, "veiled") == without_name(missing, "nosuch")
            assert veiled.status_code in (302, 401, 403, 404)


def test_private_repository_is_nowhere_but_for_those_with_a_role(sample: Sample) -> None:
    for name, sees in ((None, False), ("eve", False), ("bo", True), ("anna", True), ("root", True)):
        visitor = sample.visitor(name)
        assert ("veiled" in visitor.get("/anna").text) is sees
        assert (visitor.get("/anna/veiled").status_code == 200) is sees
        assert ("anna/veiled" in visitor.get("/").text) is (name in ("bo", "anna"))
        counts = re.search(r"Repositories (\d)", words_of(visitor.get("/anna").text))
        assert counts is not None
        assert int(counts[1]) == (3 if sees else 2)


def test_no_route_answers_to_trace_or_connect(sample: Sample) -> None:
    assert {method for rule in sample.app.url_map.iter_rules() for method in rule.methods or ()} <= {
        *UNSAFE,
        "GET",
        "HEAD",
        "OPTIONS",
    }
