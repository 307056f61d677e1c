"""The content of files: as text, and as pictures."""

import pytest

from hub.repos.browsing.files.pictures import picture_type
from hub.repos.browsing.files.remarks import remarks_on
from hub.repos.browsing.files.texts import is_utf8, read_text


@pytest.mark.parametrize(
    ("content", "text", "remarks"),
    [
        (b"", "", ""),
        (b"a\nb\n", "a\nb\n", ""),
        (b"a\nb", "a\nb", "Its last line has no end."),
        (b"a\r\nb\r\n", "a\nb\n", "Its lines end with CR and LF, as on Windows."),
        (b"a\rb\r", "a\nb\n", "Its lines end with CR, as on old systems."),
        (b"a\r\nb\n", "a\nb\n", "Some of its lines end with CR and LF, some with LF alone."),
        (b"a\rb\n", "a\rb\n", ""),
        ("é\n".encode(), "é\n", ""),
        (b"\xef\xbb\xbfa\n", "a\n", ""),
        (b"\xe9\n", "é\n", "It is not UTF-8, and shown as Latin-1."),
        ("é\n".encode() * 100 + b"\xff\n", "é\n" * 100 + "�\n", "Bytes that are no letters are shown as �."),
        ("é\n".encode("utf-16"), "é\n", "It is written in UTF-16-LE."),
        ("é\n".encode("utf-16-be").join([b"\xfe\xff", b""]), "é\n", "It is written in UTF-16-BE."),
        (b"a\0b\n", None, ""),
        (b"x" * 6_000 + b"\n", "x" * 6_000 + "\n", "Lines of more than 5,000 characters have no colours."),
    ],
)
def test_text_is_read_and_what_is_odd_about_it_said(content: bytes, text: str | None, remarks: str) -> None:
    found = read_text(content)
    assert (found and found.text) == (text and text)
    if found is not None:
        assert " ".join(map(str, remarks_on(found, found.text.split("\n")))) == remarks


@pytest.mark.parametrize("letter", ["\u202e", "\u2066", "\u202a"])
def test_letters_that_turn_a_text_around_are_noticed(letter: str) -> None:
    turned, plain = read_text(f"a{letter}b\n".encode()), read_text("aäb\u200f\n".encode())
    assert turned is not None
    assert turned.deceives
    assert plain is not None
    assert not plain.deceives


@pytest.mark.parametrize(
    ("content", "answer"),
    [(b"", True), (b"a", True), ("é".encode()[:1], True), (b"\xe9a", False), (b"\xff", False)],
)
def test_beginning_of_a_text_may_end_within_a_letter(content: bytes, answer: bool) -> None:
    assert is_utf8(content) is answer


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        (b"a.png", b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"a.txt", b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"a.jpg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"a", b"GIF89a", "image/gif"),
        (b"a.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'>", "image/svg+xml"),
        (b"a.SVG", b"<?xml version='1.0'?>\n<!-- x --><svg>", "image/svg+xml"),
        (b"a.html", b"<svg>", None),
        (b"a.svg", b"<html><svg>", None),
        (b"a.svg", b"", None),
        (b"a.png", b"<script>", None),
        (b"a.ico", b"\x00\x00\x01\x00", None),
    ],
)
def test_picture_is_told_by_what_is_in_it(name: bytes, content: bytes, kind: str | None) -> None:
    assert picture_type(name, content) == kind
