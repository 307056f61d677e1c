"""Tokens that reach some repositories and nothing else, on their page and in use."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from hub.access import Permission, Role, Visibility
from hub.accounts.credentials import find_token_viewer
from hub.accounts.models import AccessToken, TokenRepository
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.errors import NotFound
from hub.repos.access import open_repository
from hub.repos.actions import grant, revoke
from tests.factories import SYSTEM, make_repository, make_user
from tests.visitor import Visitor, words_of

FORM: dict[str, object] = {"label": "ci", "scopes": ["repository:write"], "reach": "chosen"}


@pytest.fixture
def anna(app: Flask, hub: Hub) -> Visitor:
    """anna owns kettle and pot, writes to bo's pan, and has no role in bo's public lid and private secret."""
    with hub.database.writing() as session:
        anna, bo = make_user(session, "anna"), make_user(session, "bo")
        for name in ("kettle", "pot"):
            make_repository(session, anna, name)
        grant(session, SYSTEM, make_repository(session, bo, "pan"), anna, role=Role.WRITE)
        make_repository(session, bo, "lid")
    visitor = Visitor(app)
    visitor.sign_in("anna")
    return visitor


def test_token_is_made_for_chosen_repositories_and_says_which(anna: Visitor, hub: Hub) -> None:
    given = {**FORM, "repositories": "anna/kettle\r\n\r\n bo/pan anna/kettle"}
    page = anna.submit("/settings/tokens", **given)
    assert page.status_code == 200
    (secret,) = set(re.findall(r"hub_[\w-]{43}", page.text))
    assert "ci repository:write Limited anna/kettle , bo/pan" in words_of(page.text)
    with hub.database.reading() as session:
        assert len(session.scalars(select(TokenRepository)).all()) == 2
        use = find_token_viewer(session, secret)
        assert use is not None
        assert open_repository(session, use.viewer, "anna/kettle", need=Permission.PUSH).name == "kettle"
        assert use.viewer.only == {1, 3}


def test_name_of_what_is_seen_no_more_is_not_told(anna: Visitor, hub: Hub) -> None:
    anna.submit("/settings/tokens", **{**FORM, "repositories": "bo/pan"})
    with hub.database.writing() as session:
        pan = open_repository(session, SYSTEM, "bo/pan", need=Permission.SEE)
        pan.visibility = Visibility.PRIVATE
        revoke(session, SYSTEM, pan, get_user(session, "anna"))
    page = words_of(anna.get("/settings/tokens").text)
    assert "bo/pan" not in page
    assert "No repository that is there still" in page


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"repositories": " \n "}, "Name at least one repository, as OWNER/NAME."),
        ({"repositories": "bo/lid"}, "There is no repository bo/lid with a role of yours."),
        ({"repositories": "anna/none"}, "There is no repository anna/none with a role of yours."),
        ({"repositories": "kettle"}, "There is no repository kettle with a role of yours."),
        ({"repositories": "a/b " * 3 + " ".join(f"a/{n}" for n in range(50))}, "At most 50 repositories."),
        (
            {"repositories": "anna/kettle", "scopes": ["all"]},
            "A token for some repositories reads or writes them, and does nothing else.",
        ),
        (
            {"repositories": "anna/kettle", "scopes": ["repository:read", "account"]},
            "A token for some repositories reads or writes them, and does nothing else.",
        ),
    ],
)
def test_form_says_what_a_limited_token_cannot_be(
    anna: Visitor, hub: Hub, values: dict[str, object], fault: str
) -> None:
    refused = anna.submit("/settings/tokens", **{**FORM, **values})
    assert refused.status_code == 422
    assert fault in words_of(refused.text)
    with hub.database.reading() as session:
        assert session.scalars(select(AccessToken)).all() == []


def test_administrator_limits_a_token_to_what_they_have_a_role_in(anna: Visitor, hub: Hub) -> None:
    with hub.database.writing() as session:
        get_user(session, "anna").is_admin = True
    refused = anna.submit("/settings/tokens", **{**FORM, "repositories": "bo/lid"})
    assert "There is no repository bo/lid with a role of yours." in words_of(refused.text)


def test_repositories_are_left_alone_where_the_token_is_not_limited(anna: Visitor, hub: Hub) -> None:
    given = {**FORM, "reach": "all", "repositories": "bo/lid"}
    assert anna.submit("/settings/tokens", **given).status_code == 200
    with hub.database.reading() as session:
        assert session.scalars(select(AccessToken)).one().is_limited is False


def test_repository_that_is_private_to_others_is_not_there_for_a_token(anna: Visitor, hub: Hub) -> None:
    page = anna.submit("/settings/tokens", **{**FORM, "repositories": "anna/kettle"})
    (secret,) = set(re.findall(r"hub_[\w-]{43}", page.text))
    with hub.database.writing() as session:
        pot = open_repository(session, SYSTEM, "anna/pot", need=Permission.SEE)
        pot.visibility = Visibility.PRIVATE
    with hub.database.reading() as session:
        use = find_token_viewer(session, secret)
        assert use is not None
        with pytest.raises(NotFound):
            open_repository(session, use.viewer, "anna/pot", need=Permission.SEE)
