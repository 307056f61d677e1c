"""Files of every odd kind, and names of every odd kind, for the repository of `odd_repository`."""

import random
import struct
import zlib
from typing import Final

from tests.fast_import import LINK, PROGRAM, SUBMODULE, Entry

_random = random.Random(5)  # the same bytes, and so the same ids, in every run

LATIN: Final = "Größe, Ænderung, naïve façade\n".encode("latin-1")
HOSTILE_NAME: Final = b"<img src=x onerror=alert(1)>.md"
LONG_NAME: Final = b"n" * 246 + b".txt"
DEEP_FOLDER: Final = b"/".join([b"deep"] * 200)
LIBRARY_COMMIT: Final = b"d670460b4b4aece5915caf5c68d12f560a9fe3e4"

# Each is the name of a file in the folder `names`, which holds a file for each and nothing else but a folder.
ODD_NAMES: Final = (
    b"a b",
    "\u00e4".encode(),
    "a\u0308".encode(),  # the same letter, written as two
    "日本語.txt".encode(),
    "🦊".encode(),
    "\u202etxt.exe".encode(),  # shown backwards by who does not take care
    b"line\nfeed",
    b"carriage\rreturn",
    b"tab\tname",
    b"escape\x1b[31m",
    b"latin-\xe4\xf6.txt",
    b"\xff\xfe",
    b"\xc0\xae\xc0\xae",  # an overlong `..`
    b"--output=x",
    b"-n",
    b'"double"',
    b"'single'",
    b"`tick`",
    b"$(id)",
    b"#hash",
    b"?query=1",
    b"100%",
    b"%2e%2e",
    b"%00",
    b"a&b",
    b"a+b",
    b"a;b",
    b"a=b,c",
    b"back\\slash",
    b"name:colon",
    b":(top)magic",
    b"*",
    b"[set]",
    b"{brace}",
    b"~tilde^",
    b"@",
    b"a..b",
    b"...",
    b".hidden",
    b" leading",
    b"trailing ",
    b" ",
    b"CON",
    b"README",
    HOSTILE_NAME,
    b"javascript:alert(1)",
    b"{{ 7 * 7 }}",
    LONG_NAME,
)

MARKDOWN: Final = """\
# The odd repository

A paragraph with *emphasis*, **strong**, ~~struck~~ and `code`, a footnote[^1], https://example.org/bare and
a link to [a section](#a-table), to [the guide](docs/guide.md#first), to [a folder](docs), to
[a name](<names/a b>), [from the root](/docs/guide.md), [outside](../../../../etc/passwd), [away](https://example.org/away).

![a picture](images/picture.png) ![a drawing](/images/drawing.svg) ![from elsewhere](https://example.org/pixel.png)

## A table

| left | middle | right |
|:-----|:------:|------:|
| 1    | `a|b`  | **3** |

## A list

- [x] done
- [ ] to be done
  1. inner
     - innermost

> A quotation
> of two lines

```python
def greet(name: str) -> str:
    return f"<b>{name}</b>"
```

```no-such-language
<b>as it is</b>
```

Hard\\
break, a rule:

---

<details><summary>Folded</summary>

Inside **of** it.

</details>

## A section
## A section

[^1]: The footnote's text.

## Hostile

<script>window.hostile = 1</script>
<img src=x onerror="window.hostile = 1">
<a href="javascript:window.hostile = 1">a link</a> [another](javascript:window.hostile=1)
[data](data:text/html,<script>)
<svg onload="window.hostile = 1"><script>window.hostile = 1</script></svg>
<iframe src="javascript:window.hostile = 1"></iframe><style>main { display: none }</style>
<form action="/logout" method="post"><input name="csrf_token"><button>Press</button></form>
<h1 id="main" style="position: fixed" onclick="window.hostile = 1">A second heading</h1>
<math><mtext></form><form><mglyph><style></math><img src onerror="window.hostile = 1">
<noscript><p title="</noscript><img src=x onerror=window.hostile=1>"></noscript>
</main></body></html><!-- an open comment
"""

SVG: Final = b"""\
<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" onload="window.hostile = 1">
<script>window.hostile = 1</script>
<a href="javascript:window.hostile = 1"><circle r="20" cx="20" cy="20"/></a>
</svg>
"""
HTML: Final = b"<!doctype html><title>Hostile</title><script>window.hostile = 1</script><h1>Hello</h1>\n"
GIF: Final = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00" \
    b",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"  # fmt: skip
GITMODULES: Final = b"""\
[submodule "library"]
\tpath = modules/library
\turl = https://example.org/library.git
[submodule "sibling"]
\tpath = modules/sibling
\turl = ../sibling.git
[submodule "hostile"]
\tpath = modules/hostile
\turl = javascript:alert(1)
[submodule "option"]
\tpath = modules/option
\turl = --upload-pack=touch x
"""


def png(width: int = 8, height: int = 8) -> bytes:
    """A small picture, grey."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\x80" * width) * height
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows, 0))
        + chunk(b"IEND", b"")
    )


def source(lines: int, *, indent: bytes = b"    ") -> bytes:
    """A C file of about so many lines; `indent` changes nearly all of them."""
    head = b"/* Adds up. */\n#include <stdio.h>\n"
    return head + b"".join(
        b"\nint add_%d(int a, int b)\n{\n%sreturn a + b + %d;\n}\n" % (one, indent, one)
        for one in range(lines // 5)
    )


CONTENTS: Final[dict[bytes, bytes | Entry]] = {
    b"contents/empty": b"",
    b"contents/one-feed": b"\n",
    b"contents/no-feed-at-the-end.txt": b"first\nlast",
    b"contents/crlf.txt": b"first\r\nsecond\r\nthird\r\n",
    b"contents/cr.txt": b"first\rsecond\rthird\r",
    b"contents/mixed.txt": b"first\r\nsecond\nthird\rfourth\n",
    b"contents/bom.txt": b"\xef\xbb\xbfwith a mark\n",
    b"contents/latin1.txt": LATIN * 20,
    b"contents/utf16.txt": "Größe\n".encode("utf-16") * 20,
    b"contents/shift-jis.txt": "日本語の文字\n".encode("shift-jis") * 20,
    b"contents/broken-utf8.txt": b"good \xc3\x28 bad \xff\n" * 20,
    b"contents/controls.txt": b"bell \x07, escape \x1b[31mred\x1b[0m, form feed \x0c, delete \x7f\n",
    b"contents/bidi.py": 'if user != "\u202e admin": # nobody\n    pass\n'.encode(),
    b"contents/separators.txt": "one\u2028two\u2029three\x85four\x0bfive\n".encode(),
    b"contents/binary.bin": bytes(range(256)) * 40,
    b"contents/late-nul.txt": b"text\n" * 4000 + b"\0end\n",
    b"contents/one-line.js": b"var a = [" + b"123456789," * 100_000 + b"0];",
    b"contents/long-lines.txt": (b"x" * 5000 + b"\n") * 20,
    b"contents/large.txt": b"".join(b"line %d of a large file\n" % one for one in range(60_000)),
    b"contents/many-lines.c": source(7_858),
    b"contents/huge.bin": _random.randbytes(3 << 20),
    b"contents/page.html": HTML,
    b"contents/json": b'{"a": [1, 2, {"b": "</script><script>window.hostile = 1</script>"}]}\n',
    b"contents/lfs-pointer.bin": b"version https://git-lfs.github.com/spec/v1\noid sha256:"
    + b"4d7a" * 16 + b"\nsize 12345\n",
    b"images/picture.png": png(),
    b"images/dot.gif": GIF,
    b"images/drawing.svg": SVG,
    b"images/page-in-disguise.png": HTML,
    b"images/cut-short.png": png()[:30],
    b"images/empty.png": b"",
    b"links/inside": Entry(b"../README.md", LINK),
    b"links/to-a-folder": Entry(b"../docs", LINK),
    b"links/dangling": Entry(b"no-such-file", LINK),
    b"links/absolute": Entry(b"/etc/passwd", LINK),
    b"links/outside": Entry(b"../../../../etc/passwd", LINK),
    b"links/to-itself": Entry(b"to-itself", LINK),
    b"links/hostile": Entry(b"javascript:alert(1)", LINK),
    b"links/odd": Entry(b"../names/line\nfeed", LINK),
    b".gitmodules": GITMODULES,
    b"modules/library": Entry(LIBRARY_COMMIT, SUBMODULE),
    b"modules/sibling": Entry(LIBRARY_COMMIT, SUBMODULE),
    b"modules/hostile": Entry(LIBRARY_COMMIT, SUBMODULE),
    b"modules/option": Entry(LIBRARY_COMMIT, SUBMODULE),
    b"modules/unknown": Entry(LIBRARY_COMMIT, SUBMODULE),
    b"bin/run.sh": Entry(b"#!/bin/sh\necho hello\n", PROGRAM),
    b"docs/README.md": b"# The docs\n\n[Guide](guide.md), [up](../README.md), ![it](../images/dot.gif).\n",
    b"docs/guide.md": b"# Guide\n\n## First\n\n[Back](README.md)\n",
    b"docs/plain/README.txt": b"Plain <b>text</b>, read as it is.\n",
    b"docs/rst/README.rst": b"Title\n=====\n\nA *paragraph*.\n",
    b"docs/two/README": b"The plain one.\n",
    b"docs/two/readme.md": b"# The marked one\n",
    b"docs/link/README.md": Entry(b"../guide.md", LINK),
    b"docs/binary/README.md": bytes(range(256)),
}  # fmt: skip

NAMES: Final[dict[bytes, bytes | Entry]] = {
    **{b"names/" + name: b"the file %d of odd names\n" % number for number, name in enumerate(ODD_NAMES)},
    "names/folder #1? ä\n/inner %/file".encode(): b"inside of odd folders\n",
    b"names/latin-\xe9/file": b"inside of a folder without letters\n",
    DEEP_FOLDER + b"/file": b"the deepest file\n",
}

# What the commit after the odd contents makes of some of them.
EDITS: Final[dict[bytes, bytes | Entry]] = {
    b"contents/crlf.txt": b"first\r\nsecond, changed\r\nthird\r\n",
    b"contents/latin1.txt": "Straße\n".encode("latin-1"),
    b"contents/one-line.js": b"var a = [0];",
    b"contents/binary.bin": b"\0" * 99,
    b"contents/mixed.txt": b"first\nsecond\n",
    b"images/dot.gif": b"GIF89a",
    b"names/line\nfeed": b"changed\n",
    b"names/latin-\xe4\xf6.txt": b"changed\n",
}

HUGE_MESSAGE: Final = b"Say much\n\n" + b"word " * 2_000 + b"\n\n" + b"A line of the message.\n" * 2_000
MESSAGES: Final = {
    "empty message": b"",
    "huge message": HUGE_MESSAGE,
    "hostile message": b"<script>window.hostile = 1</script> & \"quoted\" 'so'\r\n\r\n"
    b"</pre><b>bold</b> \xff\x1b[31m {{ 7 * 7 }}\n",
    "blank first": b"\n\n   \n\nSubject after blank lines\nthat goes on\nand on\n\nBody\n\n"
    b"Signed-off-by: A <a@example.org>\n",
}
PEOPLE: Final = (
    ("Ünï Cödé 日本 <uni@example.org>".encode(), b"+0545"),
    (b'O\'Brien, "Bob" & Co; -- <bob@example.org>', b"-0330"),
    (b" <no.name@example.org>", b"+1400"),
    (b"No Address <>", b"-1200"),
    (b"Latin \xe4\xf6 <latin@example.org>", b"+0000"),
    (b"--author=x <-x@example.org>", b"-0000"),
    (b"n" * 300 + b" <long@example.org>", b"+9959"),
)
MOMENTS: Final = {"in 1970": 0, "in 2100": 4_102_444_800, "before its parent": 1_000_000_000}

_AUTHOR: Final = b"author A <a@example.org> 1700000000 +0000"
_COMMITTER: Final = b"committer A <a@example.org> 1700000000 +0000"
# Headers of commits that no porcelain makes.
BROKEN_HEADERS: Final[dict[str, tuple[bytes, ...]]] = {
    "negative date": (
        b"author A <a@example.org> -100000 +0000",
        b"committer A <a@example.org> -100000 +0000",
    ),
    "no date": (b"author A <a@example.org>", b"committer A <a@example.org>"),
    "no address": (b"author A 1 +0000", b"committer A 1 +0000"),
    "tags in a name": (b"author <b>A</b> <<a@example.org>> 1700000000 +9999", _COMMITTER),
    "encoded": (b"author \xc4 <a@example.org> 1700000000 +0000", _COMMITTER, b"encoding ISO-8859-1"),
    "signed": (
        _AUTHOR,
        _COMMITTER,
        b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n not a signature\n -----END PGP SIGNATURE-----",
    ),
}
# Entries of a tree that no porcelain makes, in this order: names that lead out, an old mode, a slash.
BROKEN_ENTRIES: Final = (
    (b"100644", b".."),
    (b"100644", b".git"),
    (b"0100664", b"a"),
    (b"100644", b"a/b"),
    (b"100644", b"z"),
)
