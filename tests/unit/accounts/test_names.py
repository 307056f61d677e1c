"""What people may be called."""

import pytest

from hub.accounts.names import (
    RESERVED,
    check_reserved,
    clean,
    clean_line,
    find_fault,
    key_of,
    look_key_of,
)
from hub.errors import Invalid

# Letters and digits of other scripts and blocks that look like Latin ones (Unicode TR 39, confusables.txt).
CONFUSABLES = {
    "cyrillic": "авсԁеһіјӏорԛѕԝхуѵмтнкгпьъАВЕЅІЈКМНОРСТХУԌԚԜҮɡ",
    "greek": "αβγεηικνορτυχωϲϳΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϺ",
    "armenian": "աոսցքօհյզԼՍՕԱ",
    "cherokee": "ᎪᏴᏟᎠᎬᏀᎻᎥᎫᏦᏞᎷᏁᏢᎡᏚᎢᏙᏔᎩᏃ",
    "fullwidth small letters": "ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ",
    "fullwidth capitals": "ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ",
    "fullwidth digits": "０１２３４５６７８９",
    "mathematical": "𝐚𝐛𝐜𝐝𝐞𝐟𝐠𝐡𝐢𝐣𝐤𝐥𝐦𝐧𝐨𝐩𝐪𝐫𝐬𝐭𝐮𝐯𝐰𝐱𝐲𝐳",
    "numerals": "ⅰⅴⅹⅼⅽⅾⅿⅠⅤⅩⅬⅭⅮⅯ",
    "phonetic": "ɑɩɪʏʀɢʜʟɴʙᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢꜰꜱı",
    "others": "℮ℓ℘ℎℯℊꞮꓐꓚꓓꓰꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓢꓔꓴꓦꓪꓫꓬꓮ",
}
# What turns the direction of writing, joins, parts, or is not drawn at all.
HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061"
    "\u2066\u2067\u2068\u2069\u206a\u2800\u3164\ufeff\uffa0\ufff9\x00\x07\x1b\x7f\x85\u2028\u2029\ue000"
)


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
        ("deleted-7", "“deleted-7” would stand for a deleted account. Choose another name."),
        ("Deleted-12", "“Deleted-12” would stand for a deleted account. Choose another name."),
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


@pytest.mark.parametrize("script", CONFUSABLES)
def test_name_with_a_lookalike_of_another_script_is_refused(script: str) -> None:
    letters = CONFUSABLES[script]
    names = [name for letter in letters for name in (f"{letter}nna", f"ann{letter}", letter * 5)]
    assert [name for name in names if find_fault(name) is None] == []


def test_two_hundred_lookalikes_are_tried() -> None:
    letters = set("".join(CONFUSABLES.values()))
    assert len(letters) >= 200
    assert not any(letter.isascii() for letter in letters)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("paypal", "paypa1"),
        ("paypal", "PayPaI"),
        ("google", "g00gle"),
        ("arnold", "amold"),
        ("wiki", "vviki"),
        ("dean", "clean"),
        ("anna-b", "annab"),
        ("anna.b", "anna_b"),
        ("illinois", "1llinois"),
    ],
)
def test_names_that_look_alike_have_one_look(one: str, other: str) -> None:
    assert key_of(one) != key_of(other)
    assert look_key_of(one) == look_key_of(other)


def test_names_that_look_different_have_two_looks() -> None:
    for one, other in (("anna", "anne"), ("bo", "mei"), ("anna1", "anna2"), ("root", "rot")):
        assert look_key_of(one) != look_key_of(other)


@pytest.mark.parametrize("sign", list(HIDDEN))
def test_what_nobody_sees_stands_in_no_name_and_in_no_line(sign: str) -> None:
    assert find_fault(f"an{sign}na") is not None
    if sign in "\x85\u2028\u2029":  # breaks of lines are spaces in one line
        assert clean_line(f"an{sign}na", field="title", limit=10) == "an na"
        return
    with pytest.raises(Invalid) as refused:
        clean_line(f"an{sign}na", field="title", limit=10)
    assert str(refused.value.fields["title"]).startswith("There is an invisible character in it")


@pytest.mark.parametrize(
    "line", ["Anna Ångström", "安娜", "أنا", "می\u200cخواهم", "👩\u200d🚀 pilot", "René & Söhne", "x"]
)
def test_line_in_any_script_is_kept(line: str) -> None:
    assert clean_line(f"  {line} ", field="title", limit=100) == line


def test_line_is_as_long_as_it_may_be() -> None:
    assert clean_line("x" * 10, field="title", limit=10) == "x" * 10
    with pytest.raises(Invalid):
        clean_line("x" * 11, field="title", limit=10)


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
