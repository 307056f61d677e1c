"""What is read of the odd repository is what git says of it; `make truth` asks the same of any history."""

import pytest

from tests.bench.asked import Questions, ask
from tests.bench.truth import CHECKS
from tests.odd_repository import OddRepository

pytestmark = pytest.mark.xdist_group("truth")

SPOTS = 12
# Moments that no calendar has; git prints something, we the beginning of 1970 or no zone.
IMPOSSIBLE = ("person 6", "negative date", "no date", "no address", "tags in a name", "year 30 million")


@pytest.fixture(scope="module", params=["main", "odd/people", "odd/dates"])
def questions(request: pytest.FixtureRequest, odd_repository: OddRepository) -> Questions:
    return ask(odd_repository.directory, odd_repository.refs[f"refs/heads/{request.param}"], SPOTS)


@pytest.mark.parametrize("name", CHECKS)
def test_git_says_the_same(questions: Questions, odd_repository: OddRepository, name: str) -> None:
    if name.startswith("commits:"):
        odd = {odd_repository.commits[one] for one in IMPOSSIBLE}
        spots = [one for one in questions.spots if one.commit_id not in odd]
        questions = Questions(questions.directory, questions.tip, spots)
    answers = list(CHECKS[name](questions))
    assert [what for what, is_same in answers if not is_same] == []
    assert answers
