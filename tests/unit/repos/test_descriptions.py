"""What stands in a repository's description."""

import pytest

from hub.errors import Invalid
from hub.repos.names import check_description


@pytest.mark.parametrize("line", ["", "Boils water", "Wasserkessel für Übermütige", "غلاية", "☕ and tea"])
def test_description_is_one_line_in_any_script(line: str) -> None:
    assert check_description(f"  {line}\n") == line


@pytest.mark.parametrize("line", ["x" * 501, "a\u202eb", "a\u200bb", "\u2066a", "a\ufeff"])
def test_description_hides_and_turns_nothing(line: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_description(line)
    assert list(refused.value.fields) == ["description"]
