"""Lines that were discussed in a change lead to the discussion, wherever they stand now."""

import re
from random import Random

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from hub.access import Visibility
from hub.accounts.models import User
from hub.app import Hub
from hub.issues.models import Comment
from hub.repos.forks.forking import fork_repository
from hub.repos.models import Repository
from hub.reviews.changes import get_change, list_patch_sets
from hub.reviews.models import Side, VerdictValue
from hub.reviews.talking import Place, publish_review, save_draft
from hub.search import jobs
from hub.search.code.keeping_up import index_moved
from hub.search.models import DiscussedLines
from tests.feature.repos.pushing import ZERO, Pusher
from tests.feature.reviews.talking_people import PAGE, talker
from tests.visitor import Visitor, words_of

OLD = "".join(f"number {one} = compute_it()\n" for one in range(1, 41))
CODE = OLD.replace("number 20 = compute_it()\n", "number 20 = guess_it()\n}\n")
FILE = "/anna/demo/src/branch/main/src/code.py"
MARK = re.compile(r'<a id="L(\d+)" [^>]*>\d+</a><a class="noted" href="([^"]*)"')


@pytest.fixture(autouse=True)
def change(hub: Hub, anna: Pusher, bob: Pusher) -> None:
    """Change 1 of bob's, who put line 20 into code.py, merged by a push."""
    commit_code(anna, OLD)
    anna.git.commit(anna.work, "Guess", {"src/code.py": CODE})
    bob.send()
    judgement = bob.judge((ZERO, anna.git.head(anna.work), "refs/for/main"), options=[("title", "Guess")])
    assert judgement.answers[0][1] == "ok", judgement
    bob.record()


def commit_code(pusher: Pusher, code: str, path: str = "src/code.py") -> None:
    """Has main of anna/demo hold this file."""
    before = pusher.refs()["refs/heads/main"]
    pusher.git.commit(pusher.work, "Write", {path: code})
    pusher.push((before, pusher.git.head(pusher.work), "refs/heads/main"))


def say(
    hub: Hub, pusher: Pusher, words: str, lines: tuple[int, int] | None, *, side: Side = Side.NEW
) -> None:
    """Has somebody say so about these lines, and the worker look at it."""
    with hub.database.writing() as session:
        opened = get_change(session, pusher.viewer, "anna/demo", 1, locks=True)
        patch_set = list_patch_sets(session, opened.topic.id)[-1].entry_id
        place = Place(patch_set, side, "src/code.py", lines)
        save_draft(session, pusher.viewer, opened, words=words, place=place)
        publish_review(
            session, pusher.viewer, opened, patch_set=patch_set, verdict=VerdictValue.COMMENT, summary=""
        )
    jobs.look_at_threads.function(hub.database)


def marked(app: Flask, page: str = FILE, name: str = "") -> dict[int, str]:
    """Where the marks beside the lines of a file lead, by line."""
    return {int(line): address for line, address in MARK.findall(read(app, page, name))}


def read(app: Flask, page: str = FILE, name: str = "") -> str:
    visitor = Visitor(app)
    if name:
        visitor.sign_in(name)
    answer = visitor.get(page)
    assert answer.status_code == 200, answer.text
    return answer.text


def count_of(hub: Hub) -> int:
    with hub.database.reading() as session:
        return session.scalar(select(func.count()).select_from(DiscussedLines)) or 0


def test_a_line_that_was_discussed_leads_to_the_discussion(hub: Hub, app: Flask, anna: Pusher) -> None:
    say(hub, anna, "Why *guess*?\n\nIt is known.", (20, 20))
    assert marked(app) == {}
    commit_code(anna, CODE)
    ((line, address),) = marked(app).items()
    assert (line, address.split("#thread-")[0]) == (20, f"{PAGE}/files/1")
    page = read(app)
    assert "Discussed in change #1" in page
    words = words_of(page)
    assert "1 discussion of lines of this file" in words
    assert "Guess #1 Why *guess*? It is known. Line 20 anna" in words
    assert f'href="{FILE}?lines=20#L20"' in page
    assert f'id="{address.split("#")[1]}"' in read(app, address.split("#", maxsplit=1)[0])


@pytest.mark.parametrize("seed", range(2))
def test_marks_stand_where_their_lines_do_after_any_edits(
    hub: Hub, app: Flask, anna: Pusher, seed: int
) -> None:
    said = {(5, 5): Side.NEW, (8, 11): Side.NEW, (20, 20): Side.OLD, (21, 21): Side.NEW, (30, 31): Side.NEW}
    for lines, side in said.items():
        say(hub, anna, "?", lines, side=side)
    random, now = Random(seed), CODE.splitlines()  # texts, and no secrets
    for edit in range(5):
        at = random.randrange(len(now))
        now[at : at + random.choice([0, 0, 1, 3])] = [f"edit {seed} {edit} {one}" for one in range(edit % 3)]
        if edit == 4:
            now = [*now[15:], *now[:15]]
        commit_code(anna, "\n".join(now) + "\n")
        wanted = set()
        for (first, last), side in said.items():
            before = (OLD if side is Side.OLD else CODE).splitlines()
            # What is one bracket is known by the lines around it.
            around = 1 if before[first - 1] == "}" else 0
            run = before[first - 1 - around : last + around]
            there = [one for one in range(len(now)) if now[one : one + len(run)] == run]
            wanted |= {one + around + 1 + more for one in there for more in range(last - first + 1)}
        assert set(marked(app)) == wanted


def test_the_same_file_elsewhere_and_in_forks_leads_there_while_one_may_see_it(
    hub: Hub, app: Flask, anna: Pusher, bob: Pusher
) -> None:
    say(hub, anna, "Why?", (20, 20))
    commit_code(anna, CODE)
    commit_code(anna, CODE, "copy.py")
    commit_code(anna, CODE + "more\n", "other.py")
    with hub.database.writing() as session:
        origin = session.get_one(Repository, anna.repository_id)
        owner = session.get_one(User, bob.viewer.user_id)
        fork_repository(session, bob.viewer, origin, owner=owner, name="fork", visibility=Visibility.PUBLIC)
    assert set(marked(app, FILE.replace("src/code.py", "copy.py"))) == {20}
    assert marked(app, FILE.replace("src/code.py", "other.py")) == {}
    fork = FILE.replace("anna/demo", "bob/fork")
    assert marked(app, fork)[20].startswith(f"{PAGE}/files/1#thread-")
    assert "Discussed in change anna/demo#1" in read(app, fork)
    with hub.database.writing() as session:
        session.get_one(Repository, anna.repository_id).visibility = Visibility.PRIVATE
    assert marked(app, fork, "bob") == {}
    assert "anna/demo#1" not in read(app, fork)
    assert set(marked(app, fork, "anna")) == {20}


def test_words_that_are_gone_are_not_told(hub: Hub, app: Flask, anna: Pusher) -> None:
    say(hub, anna, "a secret word", (5, 5))
    say(hub, anna, "another word", (7, 7))
    commit_code(anna, CODE)
    assert "a secret word" in read(app)
    owner = talker(app, "anna")
    with hub.database.reading() as session:
        secret, other = session.scalars(select(Comment.id).order_by(Comment.position)).all()
    below = f"{PAGE}/comments/{secret}/redact"
    name = re.findall(r'name="words" value="([^"]+)"', owner.visitor.get(below).text)
    owner.visitor.submit(below, words=name)
    owner.send(f"comments/{other}/delete")
    page = read(app)
    assert "a secret word" not in page
    assert "(words taken away)" in page
    assert "another word" not in page
    assert set(marked(app)) == {5}
    jobs.look_at_threads.function(hub.database)
    assert set(marked(app)) == {5}


def test_what_is_not_published_or_about_no_line_is_no_discussion(hub: Hub, app: Flask, anna: Pusher) -> None:
    say(hub, anna, "about the file", None)
    with hub.database.writing() as session:
        opened = get_change(session, anna.viewer, "anna/demo", 1, locks=True)
        patch_set = list_patch_sets(session, opened.topic.id)[-1].entry_id
        place = Place(patch_set, Side.NEW, "src/code.py", (5, 5))
        save_draft(session, anna.viewer, opened, words="a draft", place=place)
    jobs.look_at_threads.function(hub.database)
    commit_code(anna, CODE)
    assert count_of(hub) == 0
    assert "noted" not in read(app, name="anna")


def test_the_worker_looks_once_and_again_at_what_was_not_there(hub: Hub, app: Flask, anna: Pusher) -> None:
    say(hub, anna, "Why?", (20, 20))
    aside = anna.directory.with_name("aside")
    with hub.database.writing() as session:
        session.execute(delete(DiscussedLines))
    anna.directory.rename(aside)
    jobs.look_at_threads.function(hub.database)
    aside.rename(anna.directory)
    commit_code(anna, CODE)
    jobs.look_at_threads.function(hub.database)
    assert (count_of(hub), marked(app)) == (1, {})
    jobs.look_again_at_threads.function(hub.database)
    jobs.look_at_threads.function(hub.database)
    assert set(marked(app)) == {20}
    jobs.look_again_at_threads.function(hub.database)
    assert count_of(hub) == 1


def test_a_line_that_was_discussed_twice_leads_to_the_list(hub: Hub, app: Flask, anna: Pusher) -> None:
    say(hub, anna, "first", (4, 6))
    say(hub, anna, "second", (5, 5))
    commit_code(anna, CODE)
    found = marked(app)
    assert set(found) == {4, 5, 6}
    assert found[4] == found[6]
    assert found[5].startswith("#talk-")
    assert f'<li id="{found[5][1:]}"' in read(app)


def test_lines_that_are_put_in_behind_have_their_marks(hub: Hub, app: Flask, anna: Pusher) -> None:
    say(hub, anna, "Why?", (20, 20))
    commit_code(anna, "one more line\n" * 1500 + CODE)
    assert marked(app) == {}
    assert "Line 1520" in words_of(read(app))
    answer = Visitor(app).get(f"{FILE}?lines=1001-1541", X_Fragment="1")
    assert [int(line) for line, _ in MARK.findall(answer.text)] == [1520]
    assert set(marked(app, f"{FILE}?lines=1520")) == {1520}


def test_a_line_that_is_found_tells_where_it_was_discussed(hub: Hub, app: Flask, anna: Pusher) -> None:
    say(hub, anna, "Why?", (20, 23))
    commit_code(anna, "one more\n" + CODE)
    index_moved(hub.database)
    page = read(app, "/search?q=guess_it")
    assert 'number 20 = <mark>guess_it</mark>() <a href="/anna/demo/changes/1/files/1#thread-' in page
    assert words_of(page).count("discussed in change #1") == 1
    assert "discussed" not in words_of(read(app, "/search?q=%22number 1 =%22"))
    assert "discussed in change #1" in words_of(read(app, "/search?q=%22number 25 =%22"))
    anna.directory.rename(anna.directory.with_name("aside"))
    words = words_of(read(app, "/search?q=guess_it"))
    assert "number 20 = guess_it ()" in words
    assert "discussed" not in words
    anna.directory.with_name("aside").rename(anna.directory)
