"""What a `.gitmodules` says, and where its addresses lead a browser."""

import pytest

from hub.repos.browsing.files.submodules import link_of, read_urls


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("", {}),
        ('[submodule "a"]\n\tpath = lib/a\n\turl = https://x.example/a\n', {b"lib/a": "https://x.example/a"}),
        ('[submodule "a"]\nurl=../a\npath=lib/a/\n', {b"lib/a": "../a"}),
        ('[submodule "a"] # why\n\tpath = "b c"\n\turl = "x \\"y\\""\n', {b"b c": 'x "y"'}),
        ('[submodule "a"]\npath = a\n[submodule "b"]\nurl = b\n', {}),
        ("path = a\nurl = b\n", {b"a": "b"}),
        ('[submodule "a"]\n\tpath = a\n\turl = u\n\tbranch = main\n', {b"a": "u"}),
        ('[submodule "a"]\n\tpath = \udce4\n\turl = u\n', {b"\xe4": "u"}),
    ],
)
def test_urls_are_read_by_path(text: str, urls: dict[bytes, str]) -> None:
    assert read_urls(text) == urls


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://x.example/a.git", "https://x.example/a.git"),
        ("HTTP://x.example/a", "HTTP://x.example/a"),
        ("../sibling.git", "/anna/sibling"),
        ("../../bo/other", "/bo/other"),
        ("./inside", None),
        ("../../../x", None),
        ("../..", None),
        ("../a/b", None),
        ("git@x.example:a.git", None),
        ("ssh://x.example/a", None),
        ("javascript:alert(1)", None),
        ("https://x.example/ onclick=x", None),
        ('https://x.example/"><script>', None),
        ("--upload-pack=x", None),
        ("/etc/passwd", None),
        ("", None),
    ],
)
def test_link_leads_where_a_browser_finds_it_or_nowhere(url: str, link: str | None) -> None:
    assert link_of(url, "anna/demo") == link
