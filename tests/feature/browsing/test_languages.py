"""The languages on the home of a repository: shares that add up, once the worker has measured."""

import re

import pytest
from flask import Flask

from hub.app import Hub
from hub.repos.browsing.files.preparing import prepare_reading
from hub.repos.git.store import directory
from tests.factories import make_repository, make_user
from tests.git_client import GitClient
from tests.visitor import Visitor, words_of

pytestmark = pytest.mark.reads


def test_home_shows_the_shares_of_languages_once_they_are_measured(
    hub: Hub, app: Flask, git: GitClient
) -> None:
    with hub.database.writing() as session:
        made = make_repository(session, make_user(session, "anna"), "mixed")
        repository_id, folder = made.id, directory(hub.config, made)
    work = git.init()
    git.commit(work, "Two languages", {"a.py": "x = 1\n" * 150, "b.c": "int x;\n" * 15, "c.txt": "words\n"})
    git.run("push", "--quiet", str(folder), "main", cwd=work)
    assert "Languages" not in words_of(Visitor(app).get("/anna/mixed").text)
    prepare_reading.function(hub.database, repository_id)
    prepare_reading.function(hub.database, repository_id)
    page = Visitor(app).get("/anna/mixed").text
    assert "Python 89.6 %" in words_of(page)
    assert "C 10.4 %" in words_of(page)
    assert re.findall(r'<rect class="share-\d" x="([\d.]+)%" width="([\d.]+)%"', page) == [
        ("0.0", "89.6"),
        ("89.6", "10.4"),
    ]
