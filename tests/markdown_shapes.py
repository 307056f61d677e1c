"""Texts of half a megabyte at which Markdown readers and sanitisers were seen to take minutes."""

from collections.abc import Callable
from typing import Final

from hub.markup import MOST_BYTES


def _repeated(text: str, *, before: str = "", after: str = "") -> Callable[[], str]:
    def make() -> str:
        room = MOST_BYTES - len(before) - len(after)
        return before + (text * (room // len(text) + 1))[:room] + after

    return make


def _nested(open_text: str, close_text: str) -> Callable[[], str]:
    count = MOST_BYTES // (len(open_text) + len(close_text))
    return lambda: open_text * count + close_text * count


_WIDE: Final = "|" + "a|" * 2_000 + "\n|" + "-|" * 2_000 + "\n"

SHAPES: Final[dict[str, Callable[[], str]]] = {
    "brackets": _repeated("["),
    "nested brackets": _nested("[", "]"),
    "links begun": _repeated("[a]("),
    "pictures in pictures": _repeated("![a]("),
    "titles begun": _repeated('[a](b "'),
    "quotations": _repeated(">"),
    "quotations with spaces": _repeated("> "),
    "lists in lists": _repeated("- + * "),
    "deep lists": lambda: "".join("  " * depth + "- a\n" for depth in range(700))[:MOST_BYTES],
    "stars": _repeated("**a *a "),
    "three stars": _repeated("***a"),
    "backticks": lambda: "".join("`" * count + " " for count in range(1_010))[:MOST_BYTES],
    "tildes": _repeated("~a~~"),
    "signs": _repeated("<"),
    "tags begun": _repeated("<a"),
    "comments begun": _repeated("<!--"),
    "declarations begun": _repeated("<![CDATA["),
    "ampersands": _repeated("&"),
    "elements in elements": _repeated("<div>"),
    "details in details": _repeated("<details><summary>a"),
    "elements and comments": _repeated("<div><!--</div>-->"),
    "formatting": _repeated("<b><i>"),
    "links around formatting": _repeated("<a><b></a>"),
    "formatting in tables": _repeated("<table><b>"),
    "attributes": _repeated("a=b ", before="<a "),
    "wide tables": _repeated("|x\n", before=_WIDE),
    "many tables": _repeated("|a|\n|-|\n|b|\n\n"),
    "headings": _repeated("# a\n"),
    "references": _repeated("[a]", before="[a]: /" + "x" * 50_000 + "\n\n"),
    "footnotes": _repeated("[^a]", before="[^a]: x\n\n"),
    "addresses and brackets": _repeated(")", before="http://a.example/"),
    "addresses and signs": _repeated("http://a.b<"),
    "addresses of chats": _repeated("xmpp:a@b.c/"),
    "mail addresses": _repeated("a+b@"),
    "code blocks": _repeated("```c\nint\n```\n"),
    "code without end": _repeated("=begin\n", before="```perl\n"),
    "items": _repeated("- a\n"),
    "small names": _repeated(":a"),
}
