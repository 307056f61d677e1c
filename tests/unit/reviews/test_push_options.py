"""What a push for review asks for, in every form in which people write it."""

import pytest

from hub.reviews.intake.push_options import OptionFault, Wanted, read_options, split_percent


@pytest.mark.parametrize(
    ("ref", "name", "options"),
    [
        ("refs/for/main", "refs/for/main", []),
        ("refs/for/main%", "refs/for/main", []),
        ("refs/for/main%wip", "refs/for/main", [("wip", "")]),
        ("refs/for/main%topic=a,r=anna,wip", "refs/for/main", [("topic", "a"), ("r", "anna"), ("wip", "")]),
        ("refs/for/main%title=Fix+it%2C+now", "refs/for/main", [("title", "Fix it, now")]),
        ("refs/for/main%topic=a=b", "refs/for/main", [("topic", "a=b")]),
        ("refs/for/main%,,", "refs/for/main", []),
    ],
)
def test_gerrits_form_is_read(ref: str, name: str, options: list[tuple[str, str]]) -> None:
    assert split_percent(ref) == (name, options)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ([], Wanted()),
        ([("topic", " a ")], Wanted(topic="a")),
        ([("title", "A"), ("title", "B")], Wanted(title="B")),
        ([("description", "a\\nb")], Wanted(description="a\nb")),
        ([("draft", "")], Wanted(is_draft=True)),
        ([("draft", "false")], Wanted(is_draft=False)),
        ([("ready", "")], Wanted(is_draft=False)),
        ([("reviewer", "anna,bob"), ("r", "@zoe")], Wanted(reviewers=["anna", "bob", "zoe"])),
        ([("change", "#12")], Wanted(number=12)),
        ([("new", "")], Wanted(opens_another=True)),
        ([("merge_request.create", ""), ("merge_request.target", "x")], Wanted(creates=True, target="x")),
        ([("force-push", "true"), ("ci.skip", "")], Wanted()),
    ],
)
def test_options_that_are_ours_are_read(options: list[tuple[str, str]], wanted: Wanted) -> None:
    assert read_options(options) == wanted


@pytest.mark.parametrize(
    ("option", "fault"),
    [
        (("draft", "maybe"), "the option draft is true or false, not 'maybe'"),
        (("change", "x"), "the option change takes a change's number, not 'x'"),
        (("change", "-1"), "the option change takes a change's number, not '-1'"),
        (("change", "9" * 30), f"the option change takes a change's number, not '{'9' * 30}'"),
    ],
)
def test_what_an_option_cannot_say_is_told(option: tuple[str, str], fault: str) -> None:
    with pytest.raises(OptionFault, match=fault):
        read_options([option])
