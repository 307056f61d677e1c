"""The odd repository, anna's: in a hub that many tests share, and in one of the test's own to change."""

import pytest
from flask import Flask

from hub.app import Hub
from tests.factories import make_user
from tests.odd_repository import OddRepository, host
from tests.odd_site import OddSite
from tests.visitor import Visitor


@pytest.fixture
def odd(odd_site: OddSite) -> OddRepository:
    """The odd repository, as the shared hub shows it at anna/odd; nothing may be changed there."""
    return odd_site.odd


@pytest.fixture
def stranger(odd_site: OddSite) -> Visitor:
    """Somebody who is not signed in to the shared hub."""
    return Visitor(odd_site.app)


@pytest.fixture
def own_odd(hub: Hub, odd_repository: OddRepository) -> OddRepository:
    """The odd repository, which the test's own hub shows at anna/odd."""
    with hub.database.writing() as session:
        make_user(session, "anna")
    host(hub, odd_repository, "anna")
    return odd_repository


@pytest.fixture
def own_stranger(app: Flask, own_odd: OddRepository) -> Visitor:
    """Somebody who is not signed in to the test's own hub."""
    return Visitor(app)
