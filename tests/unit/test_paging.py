"""Pages of lists."""

import pytest

from hub.paging import make_page, offset_of


@pytest.mark.parametrize(
    ("number", "items", "has_previous", "has_next"),
    [
        (1, [0, 1, 2], False, True),
        (2, [3, 4, 5], True, True),
        (3, [6], True, False),
        (4, [], True, False),
    ],
)
def test_page_of_a_list_knows_its_neighbours(
    number: int, items: list[int], has_previous: bool, has_next: bool
) -> None:
    start = offset_of(number, 3)
    page = make_page(list(range(7))[start : start + 3], number=number, total=7, size=3)
    assert (page.items, page.has_previous, page.has_next, page.total) == (items, has_previous, has_next, 7)


def test_first_page_begins_at_the_start() -> None:
    assert (offset_of(1), offset_of(-5), offset_of(3, 10)) == (0, 0, 20)
