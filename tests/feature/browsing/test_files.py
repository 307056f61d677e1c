"""Files as pages: text with inks, pictures, prose, and in words what is not shown."""

import re
from urllib.parse import quote

import pytest
from sqlalchemy.orm import Session

from hub.access import Viewer
from hub.repos.browsing.files.files import FilePage
from hub.repos.models import Repository
from hub.repos.slots import Piece, Slot, fill
from tests.odd_contents import DEEP_FOLDER, EDITS, HOSTILE_NAME, LIBRARY_COMMIT, ODD_NAMES
from tests.odd_repository import OddRepository
from tests.visitor import Visitor, words_of

MAIN = "/anna/odd/src/branch/main"


def open_path(visitor: Visitor, path: bytes | str) -> str:
    answer = visitor.get(f"{MAIN}/{quote(path)}")
    assert answer.status_code == 200, path
    return answer.text


def test_file_of_every_odd_name_has_its_page(stranger: Visitor) -> None:
    for number, name in enumerate(ODD_NAMES):
        # werkzeug's client replaces what is no UTF-8; servers do not (PEP 3333).
        path = (b"/anna/odd/src/branch/main/names/" + name).decode("latin-1")
        answer = stranger.client.get("/x", environ_overrides={"PATH_INFO": path})
        assert answer.status_code == 200, name
        content = "changed" if b"names/" + name in EDITS else f"the file {number} of odd names"
        assert content in words_of(re.sub(r"</?span[^>]*>", "", answer.text)), name
        assert f"/anna/odd/raw/branch/main/names/{quote(name)}" in answer.text, name
        assert "\u202e" not in answer.text
        assert "<img src=x" not in answer.text


def test_file_two_hundred_levels_deep_has_its_page(stranger: Visitor) -> None:
    page = open_path(stranger, DEEP_FOLDER + b"/file")
    assert "the deepest file" in page
    assert page.count(">deep</bdi>") == 200


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("contents/empty", "This file is empty"),
        ("contents/one-feed", "1 line 1 byte"),
        ("contents/no-feed-at-the-end.txt", "2 lines 10 bytes"),
        ("contents/no-feed-at-the-end.txt", "Its last line has no end."),
        ("contents/crlf.txt", "Its lines end with CR and LF, as on Windows."),
        ("contents/cr.txt", "3 lines"),
        ("contents/cr.txt", "Its lines end with CR, as on old systems."),
        ("contents/bom.txt", "with a mark"),
        ("contents/latin1.txt", "It is not UTF-8, and shown as Latin-1. "),
        ("contents/latin1.txt", "Straße"),
        ("contents/utf16.txt", "It is written in UTF-16-LE."),
        ("contents/utf16.txt", "Größe"),
        ("contents/broken-utf8.txt", "It is not UTF-8"),
        ("contents/controls.txt", "bell ␇, escape ␛[31mred␛[0m, form feed ␌, delete ␡"),
        ("contents/bidi.py", "invisible characters that turn around what follows"),
        ("contents/bidi.py", "U+202E"),
        ("contents/separators.txt", "one U+2028 two U+2029 three"),
        ("contents/binary.bin", "This file is not text"),
        ("contents/huge.bin", "This file is not text"),
        ("contents/large.txt", "This file is too large for a page"),
        ("contents/long-lines.txt", "20 lines"),
        ("contents/lfs-pointer.bin", "The file itself is kept by Git LFS"),
        ("contents/many-lines.c", "Lines 1001 to 2000 of"),
        ("images/empty.png", "This file is empty"),
        ("images/page-in-disguise.png", "Hostile"),
        ("links/inside", "A symbolic link. It points to: ../README.md"),
        ("links/dangling", "There is nothing of this name in this commit"),
        ("links/absolute", "/etc/passwd There is nothing of this name"),
        ("links/outside", "lies outside of the repository"),
        ("links/odd", "../names/line\\nfeed"),
        ("modules/library", f"Commit {LIBRARY_COMMIT.decode()} Repository https://example.org/library.git"),
        ("modules/option", "--upload-pack=touch x"),
        ("modules/unknown", "does not say where it comes from"),
        ("bin/run.sh", "2 lines 21 bytes Bash Executable"),
    ],
)
def test_what_is_odd_about_a_file_is_said(stranger: Visitor, path: str, words: str) -> None:
    assert words in words_of(open_path(stranger, path)).replace("\u200b", "")


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("links/inside", f'href="{MAIN}/README.md"'),
        ("links/to-a-folder", f'href="{MAIN}/docs"'),
        ("links/odd", f'href="{MAIN}/names/line%0Afeed"'),
        ("modules/library", 'href="https://example.org/library.git" rel="nofollow noopener"'),
        ("modules/sibling", 'href="/anna/sibling" rel="nofollow noopener"'),
    ],
)
def test_links_and_submodules_lead_to_what_they_name(stranger: Visitor, path: str, link: str) -> None:
    assert link in open_path(stranger, path)


@pytest.mark.parametrize("path", ["links/hostile", "modules/hostile", "modules/option", "links/absolute"])
def test_hostile_links_lead_nowhere(stranger: Visitor, path: str) -> None:
    page = open_path(stranger, path)
    assert not re.search(r'href="(?:javascript|--|/etc)', page)


def test_source_has_inks_and_a_number_on_each_line(stranger: Visitor) -> None:
    page = open_path(stranger, "src/app.c")
    assert '<a id="L2" href="#L2" tabindex="-1">2</a><span class="k">#include</span>' in page
    assert ">C</span>" in page


def test_long_file_is_read_in_chunks_that_lead_to_each_other(stranger: Visitor) -> None:
    path, numbers = f"{MAIN}/contents/many-lines.c", []
    while path:
        page = stranger.get(path).text
        numbers += map(int, re.findall(r'<a id="L(\d+)"', page))
        following = re.search(r'rel="next nofollow"[^>]* href="([^"]*)"', page)
        path = following[1] if following else ""
    assert numbers == list(range(1, numbers[-1] + 1))
    assert numbers[-1] > 7_000


def test_script_gets_the_part_alone(stranger: Visitor) -> None:
    answer = stranger.get(f"{MAIN}/contents/many-lines.c?lines=1001-2000", X_Fragment="1")
    assert answer.text.startswith('<a id="L1001"')
    assert "<main" not in answer.text
    assert "X-Fragment" in answer.headers["Vary"]


@pytest.mark.parametrize(
    ("lines", "marked"),
    [
        ("3-5", [3, 4, 5]),
        ("5-3", [3, 4, 5]),
        ("L4", [4]),
        ("L4-L6", [4, 5, 6]),
        ("39-500", [39, 40, 41, 42]),
        ("900", []),
        ("0", []),
        ("-1", []),
        ("x", []),
    ],
)
def test_range_of_the_address_is_marked(stranger: Visitor, lines: str, marked: list[int]) -> None:
    page = stranger.get(f"{MAIN}/src/app.c?lines={lines}").text
    found = re.search(r'<span class="sel">(.*?)\n</span>', page, re.DOTALL)
    numbers = re.findall(r'id="L(\d+)"', found[1] if found else "")
    assert [int(one) for one in numbers] == marked
    assert page.count('id="L1"') == 1


def test_range_over_the_end_of_a_chunk_shows_both(stranger: Visitor) -> None:
    page = stranger.get(f"{MAIN}/contents/many-lines.c?lines=990-1010").text
    assert len(re.findall(r'<a id="L\d+"', page)) == 2_000
    assert page.index('class="sel"') < page.index('id="L990"') < page.index('id="L1010"')


def test_markdown_is_a_page_and_has_a_source(stranger: Visitor) -> None:
    page = open_path(stranger, "docs/README.md")
    assert '<h2 id="text-the-docs">' in page
    assert f'href="{MAIN}/docs/guide.md"' in page
    assert f'href="{MAIN}/README.md"' in page
    assert 'src="/anna/odd/raw/branch/main/images/dot.gif"' in page
    source = stranger.get(f"{MAIN}/docs/README.md?plain=1").text
    assert "[ Guide ]( guide.md )" in words_of(source)
    assert "text-the-docs" not in source


def test_markdown_that_is_none_says_what_it_is(stranger: Visitor) -> None:
    assert "This file is not text" in words_of(open_path(stranger, "docs/binary/README.md"))
    assert "A symbolic link" in words_of(open_path(stranger, "docs/link/README.md"))


def test_hostile_markdown_is_harmless(stranger: Visitor) -> None:
    for path in ("README.md", b"names/" + HOSTILE_NAME):
        page = open_path(stranger, path)
        main = page[page.index("<main") : page.index("</main>")]
        without_values = re.sub(r'"[^"]*"', '""', main)
        assert not re.search(r"<(script|style|iframe|textarea)|<[^>]*\son\w+=", without_values)
        assert page.count("</main>") == page.count("</html>") == 1


@pytest.mark.parametrize("path", ["images/picture.png", "images/drawing.svg", "images/dot.gif"])
def test_picture_is_shown_from_its_permanent_address(
    stranger: Visitor, odd: OddRepository, path: str
) -> None:
    if path == "images/dot.gif":
        path_at = f"/anna/odd/src/commit/{odd.commits['odd contents']}/{path}"
        assert f"/raw/commit/{odd.commits['odd contents']}/{path}" in stranger.get(path_at).text
    else:
        assert f'<img src="/anna/odd/raw/commit/{odd.tip}/{path}" alt="{path}">' in open_path(stranger, path)


def test_drawing_has_a_source(stranger: Visitor) -> None:
    page = stranger.get(f"{MAIN}/images/drawing.svg?plain=1").text
    assert "&lt;<span" in page or "&lt;svg" in page
    assert "window.hostile = 1" in words_of(page)
    assert "<svg xmlns" not in page


def test_buttons_lead_to_the_other_views_of_the_file(stranger: Visitor, odd: OddRepository) -> None:
    page = open_path(stranger, "src/app.c")
    for address in (
        "raw/branch/main/src/app.c",
        "blame/branch/main/src/app.c",
        "commits/branch/main/src/app.c",
        f"src/commit/{odd.tip}/src/app.c",
        f"commit/{odd.commits['reindent']}",
    ):
        assert f'href="/anna/odd/{address}"' in page


def test_what_others_add_to_a_file_is_asked_once_and_with_the_file(stranger: Visitor) -> None:
    asked = []

    def look(_session: Session, _viewer: Viewer, repository: Repository, about: FilePage) -> Piece | None:
        if repository.name == "odd":
            asked.append((about.spot.path_text, about.shown.value, about.code is not None))
        return None

    fill(Slot.FILE, look)
    open_path(stranger, "contents/crlf.txt")
    open_path(stranger, "README.md")
    open_path(stranger, "contents")
    assert asked == [("contents/crlf.txt", "text", True), ("README.md", "prose", False)]
