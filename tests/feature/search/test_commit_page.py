"""The page on which commits are searched."""

import pytest
from flask.testing import FlaskClient

from hub.app import Hub
from tests.factories import make_token, make_user
from tests.feature.search.histories import Histories
from tests.feature.search.test_odd_queries import ODD
from tests.visitor import words_of


@pytest.fixture
def commit_ids(hub: Hub) -> list[str]:
    histories = Histories(hub)
    one = histories.make("anna/one")
    made = [
        histories.commit(one, "Parse <b>commits</b>\n\nLazily, parsing\u202e what it needs.\n\nAcked-by: Bo"),
        histories.commit(one, "Parse trees"),
    ]
    histories.update(one)
    return made


def test_nothing_asked_shows_how_to_ask(client: FlaskClient) -> None:
    page = client.get("/search?type=commits").text
    for example in ("refac*", "author:anna", "trailer:reviewed-by=bo", "merge:no"):
        assert f">{example}<" in page


def test_commits_are_shown_with_marks_and_lead_to_their_pages(
    client: FlaskClient, commit_ids: list[str]
) -> None:
    page = client.get("/search?type=commits&q=parse").text
    assert "2 commits in 1 repository sorted by: Relevance" in words_of(page)
    assert "<mark>Parse</mark> &lt;b&gt;commits&lt;/b&gt;" in page
    # What turns text around is written out, and who acked is no part of the text.
    assert "\u202e" not in page
    assert "<mark>parsing</mark>" in page
    assert "Acked-by" not in page
    for one in commit_ids:
        assert f'href="/anna/one/commit/{one}"' in page
        assert client.get(f"/anna/one/commit/{one}").status_code == 200


def test_results_are_sorted_as_asked(client: FlaskClient, commit_ids: list[str]) -> None:
    for order, ids in (("newest", commit_ids[::-1]), ("oldest", commit_ids), ("", commit_ids[::-1])):
        page = client.get("/search", query_string={"type": "commits", "q": "author:anna", "sort": order})
        assert sorted(ids, key=page.text.index) == ids
    assert client.get("/search?type=commits&q=parse&sort=best").status_code == 400


def test_what_is_wrong_is_said_with_its_place(client: FlaskClient) -> None:
    answer = client.get("/search?type=commits&q=parse+merge:maybe")
    assert answer.status_code == 422
    assert "merge: is one of no, yes, only (at character 7)" in words_of(answer.text)
    assert "<mark>" in answer.text
    elsewhere = client.get("/search?type=commits&q=parse+lang:c")
    assert "Search for it in Code" in words_of(elsewhere.text)


def test_the_tab_says_how_many_there_are(client: FlaskClient, commit_ids: list[str]) -> None:
    for written, count in (("parse", " 2"), ("parse+path:file", ""), ("/par.*/", "")):
        tabs = words_of(client.get(f"/search?q={written}").text)
        assert f"Commits{count} " in tabs
        assert count or "Commits 2" not in tabs


def test_an_empty_page_says_what_was_searched(client: FlaskClient, commit_ids: list[str]) -> None:
    assert "Nothing found" in client.get("/search?type=commits&q=xylophone").text
    assert "No repository was searched" in client.get("/search?type=commits&q=parse+repo:no").text
    assert "There is no such page" in client.get("/search?type=commits&q=parse&page=2").text
    assert "1 commit in" in words_of(client.get(f"/search?type=commits&q={commit_ids[0][:8]}").text)


@pytest.mark.usefixtures("commit_ids")
def test_whatever_is_written_is_answered(client: FlaskClient, hub: Hub) -> None:
    with hub.database.writing() as session:
        # Strangers may not ask so much at once.
        headers = {"Authorization": f"token {make_token(session, make_user(session))}"}
    own = ["author:%", "author:\\", "-author:*", "trailer:=", "trailer:a=b=c", "hash:" + "f" * 64, "f" * 200]
    own += ["path:" + "../" * 50 + "etc", "path:-x", "path::(glob)**", "path:" + "x" * 1900, "path:\ufffe"]
    own += [
        "since:0d before:0h",
        "before:0001-01-01",
        "since:9999-12-31",
        "merge:only merge:no",
        "*",
        "a*" * 40,
    ]
    for written in (*ODD, *own):
        answer = client.get("/search", query_string={"type": "commits", "q": written}, headers=headers)
        # No address holds a NUL.
        assert answer.status_code in ((404,) if "\0" in written else (200, 422)), written
