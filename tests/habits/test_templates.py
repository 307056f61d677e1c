"""The rules for templates, stylesheets and scripts: read from the files, nothing is rendered."""

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hub import assets, highlight, markup
from hub.accounts.sign_in.passwords import MIN_PASSWORD

TEMPLATES = sorted(assets.templates_directory().rglob("*.html"))
STYLES = sorted((assets.static_directory() / "css").glob("*.css"))
SCRIPTS = sorted((assets.static_directory() / "js").glob("*.js"))
NO_PAGES = ("layouts", "macros")

MAX_TEMPLATE_LINES = 200
MAX_SCRIPT_LINES = 150
MAX_CSS_BYTES = 40_000
MAX_CSS_GZIP_BYTES = 10_000
MAX_JS_BYTES = 30_000

FORBIDDEN = {
    "the text of a script": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "a style element": re.compile(r"<style", re.IGNORECASE),
    "a style attribute": re.compile(r"\sstyle\s*=", re.IGNORECASE),
    "an event attribute": re.compile(r"\son[a-z]+\s*=", re.IGNORECASE),
    "an address that is a script": re.compile(r"javascript:", re.IGNORECASE),
    "text that is not escaped": re.compile(r"\|\s*safe\b|autoescape|\bMarkup\b"),
}


def name_of(path: Path) -> str:
    return path.relative_to(path.parents[1]).as_posix()


def is_page(path: Path) -> bool:
    return path.parent.name not in (*NO_PAGES, "templates") and not path.name.startswith("_")


# What writes HTML itself, and with it classes: inks, and what Markdown becomes.
WRITERS = [Path(highlight.__file__), Path(markup.__file__)]
PAGES = [path for path in TEMPLATES if is_page(path)]
each_template = pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
each_page = pytest.mark.parametrize("path", PAGES, ids=name_of)


def without_jinja(source: str) -> str:
    """The template's own HTML: comments, statements, expressions and macros of attributes are taken out."""
    html = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", source, flags=re.DOTALL)
    return re.sub(r"^( [a-z-]+=\"[a-z]*\")+$", "", html, flags=re.MULTILINE)


@each_template
@pytest.mark.parametrize("what", FORBIDDEN)
def test_template_holds_nothing_that_the_policy_forbids(path: Path, what: str) -> None:
    assert not FORBIDDEN[what].findall(path.read_text("utf-8"))


@each_template
def test_template_is_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MAX_TEMPLATE_LINES


@each_page
def test_page_extends_a_layout_and_has_one_title_and_one_h1(path: Path) -> None:
    source = path.read_text("utf-8")
    layouts = re.findall(r'\{% extends "layouts/([a-z_]+)\.html" %\}', source)
    assert len(layouts) == 1
    assert source.count("<h1") == 1
    layout = (assets.templates_directory() / "layouts" / f"{layouts[0]}.html").read_text("utf-8")
    assert "{% block title %}" in source + layout
    assert "<h1" not in layout


@each_template
def test_each_form_that_changes_something_carries_the_csrf_token(path: Path) -> None:
    source = path.read_text("utf-8")
    forms = re.findall(r'<form[^>]*method="post".*?</form>', source, flags=re.DOTALL)
    assert all("forms.csrf()" in form or "{{ caller() }}" in form for form in forms)


@pytest.mark.parametrize("call", ["{% call ui.ask("])
def test_what_a_form_gets_from_its_caller_is_the_csrf_token(call: str) -> None:
    lines = [line for path in TEMPLATES for line in path.read_text("utf-8").splitlines() if call in line]
    assert lines
    assert all("{{ forms.csrf() }}{% endcall %}" in line for line in lines)


class Words(HTMLParser):
    """Collects the words of a template that a person would read and gettext would not see."""

    SPOKEN = ("title", "aria-label", "placeholder", "alt")

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "code":
            self.inside.append(tag)
        self.found += [value for name, value in attrs if name in self.SPOKEN and value and has_word(value)]

    def handle_endtag(self, tag: str) -> None:
        if tag in self.inside:
            self.inside.remove(tag)

    def handle_data(self, data: str) -> None:
        # What git and a shell print and read is the same in every language.
        if not self.inside and has_word(data):
            self.found.append(data.strip())


def has_word(text: str) -> bool:
    return re.search(r"[^\W\d_]", text) is not None


@each_template
def test_each_word_passes_through_gettext(path: Path) -> None:
    words = Words()
    words.feed(without_jinja(path.read_text("utf-8")))
    assert words.found == []


@each_template
def test_sentences_are_not_glued_together(path: Path) -> None:
    """`_("a") ~ x` and `_("a" ~ x)` cannot be translated; a value in a sentence has a name."""
    source = path.read_text("utf-8")
    assert not re.findall(r'\b_\((?!["\'])', source)
    assert not re.findall(r"\b_\([^()]*\)\s*~|~\s*_\(", source)
    assert not re.findall(r"%[sd]\b", source)


def used_classes() -> set[str]:
    """Every class that stands in the templates or is set by a script; parts made by Jinja are left out."""
    html = "".join(without_jinja(path.read_text("utf-8")) for path in TEMPLATES)
    names = {name for value in re.findall(r'class="([^"]*)"', html) for name in value.split()}
    return names - {"hue-"}  # the six colours of an avatar


def styled_classes() -> set[str]:
    css = "".join(path.read_text("utf-8") for path in STYLES)
    selectors = re.sub(r"/\*.*?\*/|\{[^{}]*\}", " ", css, flags=re.DOTALL)
    return set(re.findall(r"\.([a-z][\w-]*)", selectors))


def test_each_class_of_the_templates_has_a_style() -> None:
    assert used_classes() - styled_classes() == set()


def test_each_style_is_used() -> None:
    """A word of the templates is enough: variants are given to macros by their callers."""
    sources = [path.read_text("utf-8") for path in (*TEMPLATES, *SCRIPTS, *WRITERS)]
    words = set(re.findall(r"[\w-]+", " ".join(sources)))
    unused = styled_classes() - words
    assert unused == {f"hue-{number}" for number in range(1, 6)}


def test_colours_and_sizes_of_type_are_tokens() -> None:
    rules = "".join(path.read_text("utf-8") for path in STYLES if path.stem != "tokens")
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{}]*;)|rgba?\(|hsla?\(", rules)
    assert "!important" not in rules
    assert not re.findall(r"^[^{}/*]*#[a-z][^{}]*\{", rules, flags=re.MULTILINE)


def test_each_token_is_defined_once_and_used() -> None:
    css = "".join(path.read_text("utf-8") for path in STYLES)
    defined = re.findall(r"(--[\w-]+):", css)
    used = set(re.findall(r"var\((--[\w-]+)\)", css))
    assert used - set(defined) == set()
    assert set(defined) - used == set()
    assert {name for name in defined if defined.count(name) > 1} == {"--code-line"}


def test_each_stylesheet_is_part_of_the_one_that_is_served() -> None:
    assert {path.stem for path in STYLES} == set(assets.STYLESHEETS)


@pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
def test_script_is_short_and_leaves_no_global(path: Path) -> None:
    source = path.read_text("utf-8")
    assert len(source.splitlines()) <= MAX_SCRIPT_LINES
    assert not re.findall(r"\b(?:window|globalThis)\.\w+\s*=|\beval\(|\binnerHTML\b|\bnew Function\b", source)


def test_each_module_named_in_a_template_exists_and_is_used() -> None:
    source = "".join(path.read_text("utf-8") for path in TEMPLATES)
    named = {name for value in re.findall(r'data-module="([^"]*)"', source) for name in value.split()}
    assert named == {path.stem for path in SCRIPTS} - {"main"}


def test_styles_and_scripts_stay_within_their_budgets() -> None:
    css, script = assets.stylesheet().body, assets.script().body
    assert len(css) <= MAX_CSS_BYTES
    assert len(gzip.compress(css)) <= MAX_CSS_GZIP_BYTES
    assert len(script) <= MAX_JS_BYTES


def test_the_picture_in_the_pages_is_the_favicon() -> None:
    page = (assets.templates_directory() / "base.html").read_text("utf-8")
    favicon = assets.favicon().body.decode()
    for path in re.findall(r' d="([^"]+)"', favicon):
        assert f" d='{path}'" in page


@pytest.mark.parametrize("name", ["accounts/set_up.html", "accounts/password.html"])
def test_the_least_length_of_a_password_is_said_before_it_is_typed(name: str) -> None:
    source = (assets.templates_directory() / name).read_text("utf-8")
    assert f"At least {MIN_PASSWORD} characters" in source


def test_each_icon_and_each_macro_has_a_use() -> None:
    icons = assets.templates_directory() / "macros" / "icons.html"
    drawn = set(re.findall(r'^  "([a-z]+)":', icons.read_text("utf-8"), flags=re.MULTILINE))
    source = "".join(path.read_text("utf-8") for path in TEMPLATES if path != icons)
    assert drawn - set(re.findall(r"[\"']([a-z]+)[\"']", source)) == set()
    for macro in re.findall(r"\{% macro (\w+)\(", source):
        assert len(re.findall(rf"\b{macro}\(", source)) > 1, macro
