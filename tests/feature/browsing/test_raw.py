"""Files as they are: no byte is changed, and no browser takes one for a page."""

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from hub.app import Hub
from tests.factories import make_user
from tests.odd_contents import CONTENTS, NAMES, ODD_NAMES
from tests.odd_repository import OddRepository, host
from tests.visitor import Visitor

pytestmark = pytest.mark.reads


def raw(visitor: Visitor, odd: OddRepository, path: bytes, page: str = "raw") -> TestResponse:
    address = f"/anna/odd/{page}/commit/{odd.commits['odd contents']}/".encode() + path
    # werkzeug's client replaces what is no UTF-8; servers do not (PEP 3333).
    return visitor.client.get("/x", environ_overrides={"PATH_INFO": address.decode("latin-1")})


@pytest.mark.parametrize("page", ["raw", "media"])
def test_every_content_is_given_byte_for_byte(stranger: Visitor, odd: OddRepository, page: str) -> None:
    wanted = {path: content for path, content in CONTENTS.items() if isinstance(content, bytes)}
    assert {path: raw(stranger, odd, path, page).data for path in wanted} == wanted


def test_every_odd_name_is_found(stranger: Visitor, odd: OddRepository) -> None:
    for name in ODD_NAMES:
        path = b"names/" + name
        assert raw(stranger, odd, path).data == NAMES[path], name


@pytest.mark.parametrize(
    ("path", "kind", "saves"),
    [
        (b"contents/page.html", "text/plain; charset=utf-8", False),
        (b"contents/json", "text/plain; charset=utf-8", False),
        (b"contents/latin1.txt", "text/plain", False),
        (b"contents/empty", "text/plain; charset=utf-8", False),
        (b"contents/large.txt", "text/plain; charset=utf-8", False),
        (b"contents/binary.bin", "application/octet-stream", True),
        (b"contents/huge.bin", "application/octet-stream", True),
        (b"images/picture.png", "image/png", False),
        (b"images/dot.gif", "image/gif", False),
        (b"images/drawing.svg", "image/svg+xml", False),
        (b"images/page-in-disguise.png", "text/plain; charset=utf-8", False),
        (b"images/cut-short.png", "image/png", False),
    ],
)
def test_nothing_is_sent_as_what_a_browser_would_run(
    stranger: Visitor, odd: OddRepository, path: bytes, kind: str, saves: bool
) -> None:
    headers = raw(stranger, odd, path).headers
    assert headers["Content-Type"] == kind
    assert headers["X-Content-Type-Options"] == "nosniff"
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert policy.endswith("sandbox")
    assert ("Content-Disposition" in headers) is saves


def test_name_of_what_is_saved_is_the_files_own(stranger: Visitor, odd: OddRepository) -> None:
    said = raw(stranger, odd, b"contents/binary.bin").headers["Content-Disposition"]
    assert said == 'attachment; filename="binary.bin"'


def test_who_has_it_already_is_told_so(stranger: Visitor, odd: OddRepository) -> None:
    fixed = f"/anna/odd/raw/commit/{odd.tip}/README.md"
    first = stranger.get(fixed)
    again = stranger.get(fixed, If_None_Match=first.headers["ETag"])
    moving = stranger.get("/anna/odd/raw/branch/main/README.md", If_None_Match=first.headers["ETag"])
    short = stranger.get(f"/anna/odd/raw/commit/{odd.tip[:10]}/README.md")
    assert [one.status_code for one in (first, again, moving, short)] == [200, 304, 304, 200]
    kept = "public, max-age=31536000, immutable"
    assert [one.headers["Cache-Control"] == kept for one in (first, again, moving, short)] == [
        True, True, False, False,
    ]  # fmt: skip


def test_private_files_are_kept_by_nobody_on_the_way(
    hub: Hub, app: Flask, odd_repository: OddRepository
) -> None:
    with hub.database.writing() as session:
        make_user(session, "anna")
    host(hub, odd_repository, "anna", is_private=True)
    anna, path = Visitor(app), f"/anna/odd/raw/commit/{odd_repository.tip}/README.md"
    anna.sign_in("anna")
    assert anna.get(path).headers["Cache-Control"] == "private, no-cache"
    assert Visitor(app).get(path).status_code == 404


def test_symbolic_link_says_where_it_points(stranger: Visitor, odd: OddRepository) -> None:
    assert raw(stranger, odd, b"links/absolute").data == b"/etc/passwd"


@pytest.mark.parametrize(
    "path", [b"", b"names", b"modules/library", b"none", b"../README.md", b"names/../README.md"]
)
def test_what_is_no_file_is_not_found(stranger: Visitor, odd: OddRepository, path: bytes) -> None:
    assert raw(stranger, odd, path).status_code == 404


def test_large_files_are_sent_by_the_front(app: Flask, own_odd: OddRepository) -> None:
    near = Visitor(app, address="")
    address = f"/anna/odd/raw/commit/{own_odd.tip}/contents/"
    told = near.get(f"{address}huge.bin", X_Hub_Handover="1")
    assert '"kind": "blob"' in told.headers["X-Hub-Handover"]
    assert f'"size_bytes": {3 << 20}' in told.headers["X-Hub-Handover"]
    assert told.data == b""
    assert "X-Hub-Handover" not in near.get(f"{address}page.html", X_Hub_Handover="1").headers
