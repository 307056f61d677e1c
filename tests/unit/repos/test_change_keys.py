"""The name that a commit keeps through rewrites."""

import pytest

from hub.repos.git.change_keys import key_in

HEAD = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n"
KEY = b"I" + b"0f" * 20


@pytest.mark.parametrize(
    ("head", "message", "key"),
    [
        (b"", b"Subject\n", ""),
        (b"", b"Subject\n\nChange-Id: " + KEY + b"\n", KEY.decode()),
        (b"", b"Subject\n\nBody\n\nSigned-off-by: A\nchange-id: " + KEY + b"\n", KEY.decode()),
        (b"", b"Subject\r\n\r\nChange-Id: " + KEY + b"\r\n", KEY.decode()),
        (b"", b"Subject\n\nChange-Id: " + KEY + b"\n\nIt stands above.\n", ""),
        (b"", b"Change-Id: " + KEY + b"\n", ""),
        (b"", b"Subject\n\nChange-Id: I12\n", ""),
        (b"change-id kkmpptxzrspxrzommnulwmwkkqwworpl\n", b"Subject\n", "kkmpptxzrspxrzommnulwmwkkqwworpl"),
        (b"change-id kkmpptxzrspxrzom\n", b"Subject\n\nChange-Id: " + KEY + b"\n", KEY.decode()),
    ],
)
def test_the_trailer_counts_before_the_header(head: bytes, message: bytes, key: str) -> None:
    assert key_in(HEAD + head + b"\n" + message) == key
