"""A person with a browser without scripts: reads pages, fills in forms, keeps a cookie."""

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import unquote_to_bytes

from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import PASSWORD


@dataclass
class PageForm:
    """One form of a page: where it leads, and what it would send as it stands."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[PageForm] = []
        self._is_inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(PageForm(given.get("action", ""), given.get("method", "get")))
            self._is_inside = True
        elif self._is_inside and tag in ("input", "textarea", "select") and _is_sent(given):
            self.found[-1].values[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self._is_inside = self._is_inside and tag != "form"


def _is_sent(given: dict[str, str]) -> bool:
    return "name" in given and (given.get("type") not in ("radio", "checkbox") or "checked" in given)


def forms_of(page: str) -> list[PageForm]:
    """Every form of a page."""
    parser = _Forms()
    parser.feed(page)
    return parser.found


def words_of(page: str) -> str:
    """What a person reads in a page, in one line."""
    main = page.split("<main", 1)[-1].split(">", 1)[-1].split("</main>", maxsplit=1)[0]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", main)).split())


class Visitor:
    """One browser. Headers given here go with each of its requests."""

    def __init__(self, app: Flask, *, address: str = "192.0.2.1", **headers: str) -> None:
        self.client = app.test_client()
        self._environ = {"REMOTE_ADDR": address}
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def get(self, path: str, **headers: str) -> TestResponse:
        """The answer to GET."""
        # As a server does: the client of the test library loses what is no UTF-8 (PEP 3333).
        raw = unquote_to_bytes(path.partition("?")[0].partition("#")[0]).decode("latin-1")
        environ = {**self._environ, "PATH_INFO": raw}
        return self.client.get(path, headers=self._all(headers), environ_overrides=environ)

    def post(self, path: str, values: dict[str, object] | None = None, **headers: str) -> TestResponse:
        """The answer to POST of these values alone: without a token unless they hold one."""
        return self.client.post(
            path, data=values or {}, headers=self._all(headers), environ_overrides=self._environ
        )

    def submit(self, path: str, *, action: str | None = None, **values: object) -> TestResponse:
        """Opens the page, fills in its form that leads to `action`, and sends it; the values are added."""
        wanted = action or path
        page = self.get(path)
        assert page.status_code == 200, page.text
        (form,) = (one for one in forms_of(page.text) if (one.action or path) == wanted)
        return self.post(wanted, {**form.values, **values})

    def sign_in(self, name: str, password: str = PASSWORD, **values: object) -> TestResponse:
        """Signs in by the form."""
        return self.submit("/login", name=name, password=password, **values)

    def _all(self, headers: dict[str, str]) -> dict[str, str]:
        return {**self._headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
