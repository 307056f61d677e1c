"""Every page of reading code over a repository with everything odd in it, walked by links."""

from flask import Flask

from hub.app import Hub
from tests.factories import make_user
from tests.odd_repository import OddRepository, host
from tests.visitor import Visitor


def test_home_page_of_an_odd_repository(hub: Hub, app: Flask, odd_repository: OddRepository) -> None:
    with hub.database.writing() as session:
        make_user(session, "anna")
    host(hub, odd_repository, "anna")
    assert Visitor(app).get("/anna/odd").status_code == 200
