"""Markdown as safe HTML."""

import re
from html.parser import HTMLParser
from urllib.parse import quote

import pytest

from hub.confined import confined
from hub.markup import Place, find_path, is_markdown, to_html, with_links
from hub.markup_limits import TooIntricate
from tests.markdown_shapes import SHAPES
from tests.odd_contents import MARKDOWN

PLACE = Place(
    folder=b"docs",
    page=lambda path: "/anna/demo/src/branch/main/" + quote(path),
    raw=lambda path: "/anna/demo/raw/branch/main/" + quote(path),
)


def html_of(text: str) -> str:
    return with_links(to_html(text), PLACE).strip()


HEADING = (
    '<div class="heading"><h{0} id="text-{1}">{2}</h{0}>'
    '<a class="anchor" href="#text-{1}" aria-labelledby="text-{1}">#</a></div>'
)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# One *two* `three`", HEADING.format(2, "one-two-three", "One <em>two</em> <code>three</code>")),
        ("###### Six", HEADING.format(6, "six", "Six")),
        ("Über\n====", HEADING.format(2, "über", "Über")),
        ("~~old~~ **new**", "<p><del>old</del> <strong>new</strong></p>"),
        ("<https://a.example/?b&c>", '<p><a href="https://a.example/?b&amp;c" rel="nofollow noopener">https://a.example/?b&amp;c</a></p>'),
        ("- [x] done\n- [ ] not", '<ul>\n<li class="task">☑ done</li>\n<li class="task">☐ not</li>\n</ul>'),
        ("> [!NOTE]\n> So.", '<div class="alert">\n<p>Note</p>\n<p>So.</p>\n</div>'),
        ("---\ntitle: x\n---\nText", "<p>Text</p>"),
        ("```python\nx = 1\n```", '<pre tabindex="0"><code>x = <span class="n">1</span>\n</code></pre>'),
        ("```nothing-known\n<x>\n```", '<pre tabindex="0"><code>&lt;x&gt;\n</code></pre>'),
        ("a :rocket:", "<p>a 🚀</p>"),
        ('<div align="center">\n\n*x*\n\n</div>', '<div class="centered">\n<p><em>x</em></p>\n</div>'),
        ('<a name="old"></a>', '<p><a id="text-old"></a></p>'),
        ('<b id="x" class="k" style="a" onclick="b">x</b>', '<p><b id="text-x">x</b></p>'),
        ("<input name=x> <input type=checkbox checked>", "<p> ☑</p>"),
    ],
)  # fmt: skip
def test_markdown_becomes_html(text: str, html: str) -> None:
    assert html_of(text) == html


def test_headings_of_equal_words_have_different_ids() -> None:
    ids = re.findall(r'<h2 id="([^"]*)"', html_of("# A b\n# A b\n# A b 1\n# A b"))
    assert ids == ["text-a-b", "text-a-b-1", "text-a-b-1-1", "text-a-b-2"]


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("x.md", "/anna/demo/src/branch/main/docs/x.md"),
        ("./a/../x.md", "/anna/demo/src/branch/main/docs/x.md"),
        ("../x.md", "/anna/demo/src/branch/main/x.md"),
        ("/x.md", "/anna/demo/src/branch/main/x.md"),
        ("x.md#how", "/anna/demo/src/branch/main/docs/x.md#text-how"),
        ("x.md#L3-L9", "/anna/demo/src/branch/main/docs/x.md#L3-L9"),
        ("x.py#L3", "/anna/demo/src/branch/main/docs/x.py#L3"),
        ("x.md?raw=true", "/anna/demo/src/branch/main/docs/x.md"),
        ("#how", "#text-how"),
        ("#nowhere", None),
        ("a%20b%2Fc", "/anna/demo/src/branch/main/docs/a%20b/c"),
        ("%E4", "/anna/demo/src/branch/main/docs/%E4"),
        ("a&b\"c'd", "/anna/demo/src/branch/main/docs/a%26b%22c%27d"),
        ("https://a.example/x", "https://a.example/x"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("//a.example/x", "//a.example/x"),
        ("../../x.md", None),
        ("/../x.md", None),
        ("javascript:alert(1)", None),
        ("JAVA&#10;SCRIPT:alert(1)", None),
        ("vbscript:x", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("%00", None),
    ],
)
def test_links_lead_to_the_tree_they_stand_in(written: str, address: str | None) -> None:
    html = html_of(f"<a href='{written}'>x</a><b id=how></b>".replace("c'd", "c&#39;d"))
    found = re.search(r'href="([^"]*)"', html)
    assert (found and found[1]) == address


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("![a](b.png)", '<img src="/anna/demo/raw/branch/main/docs/b.png" alt="a" loading="lazy">'),
        ("<b><img src=/b></b>", '<b><img src="/anna/demo/raw/branch/main/b" alt="" loading="lazy"></b>'),
        ("![a](https://b.example/c.svg)", '<a href="https://b.example/c.svg" rel="nofollow noopener">a</a>'),
        ("![](//b.example/c.svg?d)", '<a href="//b.example/c.svg?d" rel="nofollow noopener">c.svg</a>'),
        ("[![a](https://b.example/c.svg)](x)", '<a href="/anna/demo/src/branch/main/docs/x"'
         ' rel="nofollow noopener">a</a>'),
        ("[![](c.svg)](x.md)", '<a href="/anna/demo/src/branch/main/docs/x.md" rel="nofollow noopener">'
         '<img src="/anna/demo/raw/branch/main/docs/c.svg" alt="c.svg" loading="lazy"></a>'),
        ("![a](data:image/png;base64,AAAA)", '<img src="data:image/png;base64,AAAA" alt="a" loading="lazy">'),
        ("![a](data:image/svg+xml;base64,AAAA)", "a"),
        ("![a](../../b.png)", '<img alt="a" loading="lazy">'),
    ],
)  # fmt: skip
def test_pictures_are_the_repositorys_own_and_others_are_words(text: str, html: str) -> None:
    assert html_of(text) == f"<p>{html}</p>"


@pytest.mark.parametrize(
    ("written", "folder", "path"),
    [
        ("a", b"", b"a"),
        ("", b"x/y", b"x/y"),
        ("..", b"x/y", b"x"),
        ("../..", b"x/y", b""),
        ("../../..", b"x/y", None),
        ("a//b/./c", b"x", b"x/a/b/c"),
        ("%2e%2e/%2e%2e/a", b"x", None),
        ("a\\b", b"", b"a\\b"),
    ],
)
def test_path_of_a_link(written: str, folder: bytes, path: bytes | None) -> None:
    assert find_path(written, folder) == path


def test_files_of_markdown_are_told_by_their_names() -> None:
    assert [one for one in ("a.md", "README.MD", "b.markdown", "c.txt", "md") if is_markdown(one)] == [
        "a.md",
        "README.MD",
        "b.markdown",
    ]


class Elements(HTMLParser):
    """Every element and attribute of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.values: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.values += [value or "" for name, value in attrs if name in ("href", "src")]


HOSTILE = [
    MARKDOWN,
    "<svg/onload=alert(1)>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "[x](<javascript:alert(1)>) [x](\x01javascript:alert(1)) <javascript:alert(1)>",
    "<a href='&#106;avascript:alert(1)'>x</a> <a href='jav\tascript:alert(1)'>x</a>",
    "<a title='\"><img src=x onerror=alert(1)>' href='x'>y</a>",
    "<a title='<a href=' href='onclick=alert(1)'>y</a>",
    "![x](x'\"onerror=alert(1))",
    "```x\" onclick=\"alert(1)\n</code><script>alert(1)</script>\n```",
    "# <script>alert(1)</script> \" onclick=alert(1)",
    "<h1 id='\" onclick=\"alert(1)'>x</h1>",
    "[^\"><script>]: x\n\n[^\"><script>]",
    "<pre><code class='language-\" onclick=\"'>x</code></pre>",
    "<base href=//x> <meta http-equiv=refresh content=0> <link rel=stylesheet href=x> <iframe srcdoc=x>",
    "<form action=x><input type=image src=x><button formaction=javascript:alert(1)>x</button></form>",
    "<a href=x target=_blank ping=//x download rel=opener>x</a>",
    "<![CDATA[<img src=x onerror=alert(1)>]]> <?php <img src=x onerror=alert(1)> ?>",
    "<!--><img src=x onerror=alert(1)>-->",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_is_left(text: str) -> None:
    found = Elements(html_of(text))
    assert not found.tags & {
        "base", "button", "embed", "form", "iframe", "input", "link", "math", "meta", "object", "script",
        "style", "svg", "template", "textarea", "title", "h1",
    }  # fmt: skip
    assert found.attributes <= {
        "alt", "aria-labelledby", "class", "href", "id", "loading", "rel", "src", "tabindex",
        "title",
    }  # fmt: skip
    assert not [
        one for one in found.values if re.match(r"\s*(javascript|vbscript|data):", one, re.IGNORECASE)
    ]


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_that_take_long_are_refused_or_done_with_little_work(name: str) -> None:
    """Processor time, which says how much was done, within a bound that a quadratic shape would exceed."""

    def work() -> bytes:
        try:
            return to_html(SHAPES[name]()).encode()
        except TooIntricate:
            return b""

    assert len(confined(work, cpu_seconds=4)) < 6 << 20


def test_long_texts_that_people_write_are_not_refused() -> None:
    paragraph = (
        "## Heading\n\nWords with *emphasis*, a [link](x.md) and `code`, and then some more words.\n\n"
    )
    rows = "| a | b |\n|---|---|\n" + "| some words | [link](b.md) |\n" * 2_000 + "\n"
    items = "- [An item](https://a.example) of a long list, with some words about it.\n" * 2_000
    html = to_html(paragraph * 1_000 + rows + items)
    assert html.count("<h3") == 1_000
    assert html.count("<tr>") == 2_001
    assert html.count("<li>") == 2_000


def test_columns_of_a_table_are_aligned_by_classes() -> None:
    html = html_of("| a | b | c |\n|:--|:-:|--:|\n| 1 | 2 | 3 |\n")
    assert re.findall(r"<(t[hd])\b([^>]*)>", html) == [
        ("th", ""),
        ("th", ' class="centered"'),
        ("th", ' class="ended"'),
        ("td", ""),
        ("td", ' class="centered"'),
        ("td", ' class="ended"'),
    ]
