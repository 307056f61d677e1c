"""Every word that a person reads passes through gettext: shown in a language of which we know each letter."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from flask import Flask

from hub import assets
from hub.app import Hub, create_app
from hub.config import Config
from tests.factories import PASSWORD
from tests.sample import KeptSample, Sample
from tests.visitor import Visitor

# One worker makes the catalogue, and the sample, for all that walk over it.
pytestmark = pytest.mark.xdist_group("sample")

# Any language that Babel knows and we have no catalogue of; its letters are replaced by ours below.
LOCALE = "eo"
PACKAGE = Path(assets.__file__).parent

KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "text": None,
    "_key": (2,),  # the help of a setting in hub.config
}
OPTIONS = {"**.html": {"extensions": "jinja2.ext.i18n", "trimmed": "false"}}
METHODS = [("**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]

# Values stay as they are; each letter of a sentence becomes a Greek one.
VALUE = re.compile(r"(%\(\w+\)[a-z]|<[^>]*>)")
GREEK = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "αβγδεφηιικκλμνοπθρστυωωξψζΑΒΓΔΕΦΗΙΙΚΚΛΜΝΟΠΘΡΣΤΥΩΩΞΨΖ",
)
WORD = re.compile(r"[A-Za-z][A-Za-z'-]+")

# Names of the sample, and values of settings.
SAMPLE = """
    Hub anna bo eve root ina otto deleted- a test approval full empty veiled old gone club laptop desk forked
    coming failed cleo build server release machine oth none of
    file main other topic for ever no such admin data text info Describe what there is A repository with
    branches Test Person of
"""
MACHINE = re.compile(
    r"https?://\S+|ssh://\S+|git@\S+|SHA256:\S+|ssh-\w+|is:\w+|\w+=\S+|[\w.-]+@[\w.-]+|repository:\w+|/\S+|[0-9a-f]{8,}|one-request"
    r"|\b(all|own|read|write|propose|maintain|account|metrics|HTTPS?|SSH|UTC|PUT)\b|\b[kM]?B(ytes)?\b"
)


def transform(message: str) -> str:
    parts = VALUE.split(message)
    return "".join(part if VALUE.fullmatch(part) else part.translate(GREEK) for part in parts)


def make_catalogue(folder: Path) -> int:
    """Writes a catalogue of every message of templates and code; returns how many there are."""
    catalogue = Catalog(locale=LOCALE)
    for place in (PACKAGE, assets.templates_directory()):
        for _, _, message, _, _ in extract_from_dir(str(place), METHODS, OPTIONS, KEYWORDS):
            if isinstance(message, tuple):
                catalogue.add(message, tuple(transform(one) for one in message))
            else:
                catalogue.add(message, transform(message))
    target = folder / LOCALE / "LC_MESSAGES" / "messages.mo"
    target.parent.mkdir(parents=True)
    with target.open("wb") as file:
        write_mo(file, catalogue)
    return len(catalogue)


class Words(HTMLParser):
    """What a person sees or hears of a page, without what is code, a moment or somebody's own words."""

    SPOKEN = ("title", "aria-label", "placeholder", "alt")
    # The content of these is not ours to translate, or is written by Babel.
    SILENT = ("code", "time", "bdi", "kbd", "script", "pre")

    def __init__(self) -> None:
        super().__init__()
        self.silent: list[str] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_name = given.get("translate") == "no" or "mono" in (given.get("class") or "").split()
        if tag in self.SILENT or is_name:
            self.silent.append(tag)
        elif not self.silent and tag != "time":
            self.found += [value for name, value in attrs if name in self.SPOKEN and value]

    def handle_endtag(self, tag: str) -> None:
        if self.silent and self.silent[-1] == tag:
            self.silent.pop()

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data)


def untranslated(page: str) -> set[str]:
    parser = Words()
    parser.feed(page)
    found = {word for text in parser.found for word in WORD.findall(MACHINE.sub(" ", text))}
    return found - set(SAMPLE.split())


@pytest.fixture(scope="session")
def translations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of that catalogue."""
    folder = tmp_path_factory.mktemp("translations")
    assert make_catalogue(folder) > 300
    return folder


@pytest.fixture
def config(kept_sample: KeptSample, tmp_path: Path) -> Iterator[Config]:
    """The settings of a hub that has a copy of the sample."""
    config = kept_sample.copy_to(tmp_path / "data")
    yield config
    kept_sample.database.drop(config.database_url)


@pytest.fixture
def app(hub: Hub, translations: Path) -> Flask:
    """The pages in the language of the catalogue, for whoever asks for it."""
    return create_app(hub, translations=translations)


@pytest.fixture
def sample(kept_sample: KeptSample, hub: Hub, app: Flask) -> Sample:
    return kept_sample.opened(hub, app)


def reader(sample: Sample, name: str | None = None) -> Visitor:
    visitor = Visitor(sample.app, address="", Accept_Language=LOCALE, X_Request_Id="one-request")
    if name is not None:
        visitor.sign_in(name)
    return visitor


@pytest.mark.parametrize("name", [None, "anna", "root"])
def test_every_page_is_translated_as_a_whole(sample: Sample, name: str | None) -> None:
    visitor = reader(sample, name)
    pages = {path: visitor.get(path) for path in sample.pages()}
    left = {path: untranslated(page.text) for path, page in pages.items() if page.status_code != 302}
    assert {path: words for path, words in left.items() if words} == {}


RULES = "/anna/full/settings/rules"


@pytest.mark.parametrize(
    ("path", "action", "values"),
    [
        ("/settings/tokens", None, {"label": "", "scopes": []}),
        ("/settings/tokens", None, {"label": "laptop", "scopes": ["all"]}),
        ("/settings/keys", None, {"key": ""}),
        ("/settings/keys", None, {"key": "-----BEGIN OPENSSH PRIVATE KEY-----"}),
        ("/settings/keys", None, {"key": "nonsense"}),
        ("/settings/password", None, {"current": "wrong", "new": "a long and dull one"}),
        ("/settings/password", None, {"current": PASSWORD, "new": "short"}),
        ("/settings/sign-in/app", None, {"code": "123"}),
        ("/settings/sign-in", "/settings/sign-in/app/begin", {}),
        ("/-/prove", None, {"password": "wrong"}),
        ("/settings/sign-in/passkeys/new", "/settings/sign-in/passkeys", {"title": "", "answer": ""}),
        ("/settings/sign-in/passkeys/new", "/settings/sign-in/passkeys", {"title": "x", "answer": "{}"}),
        ("/new", None, {"name": "full", "visibility": "public"}),
        ("/new", None, {"name": "", "visibility": "nobody"}),
        ("/new", None, {"name": "a name with spaces", "visibility": "public"}),
        ("/settings/tokens", "/settings/tokens/1/revoke", {}),
        ("/settings/tokens", None, {"label": "laptop", "scopes": ["all"], "reach": "chosen"}),
        ("/settings/profile", None, {"display_name": "x" * 200}),
        ("/settings/profile", None, {"about": "an\u202ena"}),
        ("/settings/profile", None, {"website": "nonsense"}),
        ("/settings/profile", None, {"about": ""}),
        ("/settings/account", "/settings/account/email", {"email": "bo@example.org"}),
        ("/settings/account", "/settings/account/name", {"name": "b-o", "old_name": "anna"}),
        ("/settings/account", "/settings/account/name", {"name": "anna", "old_name": "anna"}),
        ("/settings/account", "/settings/account/name", {"name": "anja", "old_name": ""}),
        (RULES, None, {"pattern": "x"}),
        (RULES, None, {"pattern": "main"}),
        (RULES, None, {"pattern": "a b"}),
        (RULES, None, {"pattern": "-x"}),
        (RULES, None, {"pattern": "v**", "people": "otto"}),
        (RULES, None, {"pattern": "x", "least_role": "people"}),
        (RULES, None, {"pattern": "x", "people": "bo"}),
        (RULES, None, {"pattern": "x", "kind": "tag", "flags": ["needs_change"]}),
        (RULES, None, {"pattern": "x", "kind": "tag", "approvals_needed": "1"}),
        (RULES, None, {"pattern": "x", "approvals_needed": "many"}),
        (RULES, f"{RULES}/1/remove", {}),
        (f"{RULES}/1", None, {"least_role": "own", "people": "anna", "flags": ["needs_change"]}),
        ("/anna/full/settings/keys", None, {"key": "nonsense"}),
        ("/anna/full/settings/keys", "/anna/full/settings/keys/2/remove", {}),
    ],
)
def test_every_refusal_is_translated_as_a_whole(
    sample: Sample, path: str, action: str | None, values: dict[str, object]
) -> None:
    visitor = reader(sample, "anna")
    answer = visitor.submit(path, action=action, **values)
    page = visitor.get(path) if answer.status_code == 302 else answer
    assert untranslated(re.sub(r'(value="|<textarea[^>]*>)[^"<]*', r"\1", page.text)) == set()


def test_refusals_before_a_person_is_in_are_translated(sample: Sample) -> None:
    stranger = reader(sample)
    stranger.submit("/sign-up", name="mei", email="mei@example.org", password=PASSWORD)
    pages = [
        stranger.sign_in("anna", "wrong"),
        stranger.post("/login", {"name": "anna"}),
        stranger.get("/explore?page=x"),
        stranger.get("/", Authorization="token nonsense"),
        stranger.get("/", Authorization=f"token {sample.eve_token}"),
        stranger.submit("/sign-up", name="b0", email="x", password="short"),
        stranger.submit("/sign-up", name="b0", email="b0@example.org", password=PASSWORD),
        stranger.get("/login"),
        stranger.sign_in("mei"),
        stranger.submit(f"/-/setup/{sample.setup_code}", name="admin", email="x", password="short"),
        stranger.client.put("/new", headers={"Accept-Language": LOCALE}),
    ]
    assert [untranslated(re.sub(r'value="[^"]*"', "", page.text)) for page in pages] == [set()] * len(pages)


def test_reader_of_another_language_reads_english(sample: Sample) -> None:
    assert "Most stars" in Visitor(sample.app, Accept_Language="xx, fi;q=0.5, ;;").get("/").text


def test_problems_are_told_in_the_language_of_the_reader(sample: Sample) -> None:
    answer = reader(sample).get("/no/such", Accept="application/json")
    assert answer.json is not None
    assert not WORD.search(MACHINE.sub("", str(answer.json["next_step"])))
