"""Repositories are found by owner, name and description, and what is known of them by operators."""

from hub.access import ANONYMOUS, Visibility
from hub.accounts.models import User
from hub.repos.models import Repository
from tests.factories import make_repository, make_user
from tests.feature.search.word_ground import Words


def test_repositories_are_found_by_words_and_operators(words: Words) -> None:
    hub = words.hub
    with hub.database.writing() as session:
        anna = make_user(session, "anna")
        one = make_repository(session, owner=anna, name="web-parser", description="Parses pages").id
        other = make_repository(session, name="other", description="Not a parser").id
        hidden = make_repository(session, owner=anna, name="parser", visibility=Visibility.PRIVATE).id
        viewer = anna.viewer()
    words.catch_up()
    assert words.rows("repositories", "parser") == [one, other]
    assert words.rows("repositories", "parser", viewer) == [hidden, one, other]
    assert words.rows("repositories", "parser owner:anna") == [one]
    assert words.rows("repositories", "parser -owner:ann*") == [other]
    assert words.rows("repositories", "repo:anna/*", viewer) == [hidden, one]
    assert words.rows("repositories", "repo:web") == [one]
    assert words.rows("repositories", "is:private", viewer) == [hidden]
    assert words.rows("repositories", "is:private") == []
    assert words.rows("repositories", "since:1h", order="oldest") == [one, other]
    assert words.rows("repositories", "before:1h") == []


def test_what_becomes_of_repositories_is_known(words: Words) -> None:
    hub = words.hub
    with hub.database.writing() as session:
        one = make_repository(session, name="apple").id
        owner_id = session.get_one(Repository, one).owner_id
    words.catch_up()
    assert words.rows("repositories", "apple") == [one]
    with hub.database.writing() as session:
        session.get_one(Repository, one).visibility = Visibility.PRIVATE
        viewer = session.get_one(User, owner_id).viewer()
    # At once, whatever the index says.
    assert words.rows("repositories", "apple") == []
    assert words.rows("repositories", "apple", viewer) == [one]
    with hub.database.writing() as session:
        row = session.get_one(Repository, one)
        row.name, row.visibility = "pear", Visibility.PUBLIC
    words.catch_up()
    assert words.rows("repositories", "apple", ANONYMOUS) == []
    assert words.rows("repositories", "pear") == [one]
    with hub.database.writing() as session:
        session.delete(session.get_one(Repository, one))
    # A hit whose row is gone is none.
    assert words.rows("repositories", "pear") == []
    words.catch_up()
    assert words.rows("repositories", "pear") == []
