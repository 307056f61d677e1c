"""A hub with the odd repository in it, anna's, and visitors to it."""

import pytest
from flask import Flask

from hub.app import Hub
from tests.factories import make_user
from tests.odd_repository import OddRepository, host
from tests.visitor import Visitor


@pytest.fixture
def odd(hub: Hub, odd_repository: OddRepository) -> OddRepository:
    """The odd repository, which the hub shows at anna/odd."""
    with hub.database.writing() as session:
        make_user(session, "anna")
    host(hub, odd_repository, "anna")
    return odd_repository


@pytest.fixture
def stranger(app: Flask, odd: OddRepository) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(app)
