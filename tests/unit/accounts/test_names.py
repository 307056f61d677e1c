"""What people may be called."""

import pytest

from hub.accounts.names import RESERVED, check_reserved, clean, find_fault, key_of
from hub.errors import Invalid

# Letters of other scripts that look like the Latin ones of "paypal", "admin", "google" and so on.
CONFUSABLES = "аɑαᎪ𝐚еҽ℮оοօ０сϲᴄрρ⍴хⅹ×уγүіⅰıјϳѕꜱԁⅾɡցһհΝｍnʼ"


@pytest.mark.parametrize(
    "name", ["anna", "Anna", "a", "7of9", "anna-b", "anna_b", "anna.b", "a" * 39, "x.y-z_0"]
)
def test_name_is_kept_as_it_is_typed(name: str) -> None:
    assert clean(name) == name


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "Enter a name."),
        ("a" * 40, "A name has at most 39 characters."),
        ("an\u200bna", "The name holds an invisible character. Type it instead of pasting it."),
        ("\u202eanna", "The name holds an invisible character. Type it instead of pasting it."),
        ("an\nna", "The name holds an invisible character. Type it instead of pasting it."),
        ("anna\u2028b", "The name holds an invisible character. Type it instead of pasting it."),
        ("admin", "“admin” is kept for an address of the hub. Choose another name."),
        ("LogIn", "“LogIn” is kept for an address of the hub. Choose another name."),
        ("robots.txt", "“robots.txt” is kept for an address of the hub. Choose another name."),
        ("anna.", "A name neither ends with a dot nor has two in a row."),
        ("a..b", "A name neither ends with a dot nor has two in a row."),
        ("anna.git", "A name does not end with “.git”."),
        ("anna.KEYS", "A name does not end with “.keys”."),
    ],
)
def test_name_is_refused_in_words(name: str, fault: str) -> None:
    assert str(find_fault(name)) == fault


@pytest.mark.parametrize(
    "name", ["-anna", ".anna", "_anna", "an na", "an/na", "änna", "anna@b", "a%2fb", "a\\b", "Ａnna"]
)
def test_name_of_other_characters_is_refused(name: str) -> None:
    assert str(find_fault(name)).startswith("A name has letters from A to Z, digits")


@pytest.mark.parametrize("letter", [one for one in CONFUSABLES if not one.isascii()])
def test_name_with_a_lookalike_is_refused(letter: str) -> None:
    assert find_fault(f"{letter}nna") is not None


def test_names_that_differ_in_case_are_the_same() -> None:
    assert key_of("ANNA") == key_of("anna") == "anna"


def test_refusal_names_the_field() -> None:
    with pytest.raises(Invalid) as refused:
        clean("admin")
    assert list(refused.value.fields) == ["name"]


def test_reserved_words_are_in_the_form_in_which_names_are_compared() -> None:
    assert {key_of(word) for word in RESERVED} == RESERVED


def test_address_that_could_be_a_name_stops_the_start() -> None:
    check_reserved(["/", "/login", "/<owner>/<name>", "/-/setup/<code>", "/settings/keys"])
    with pytest.raises(RuntimeError, match="not reserved: anna, bo"):
        check_reserved(["/bo", "/login", "/anna/<name>"])
