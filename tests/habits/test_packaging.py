"""What we ship is what stands in the tree; what stands in it says nothing about one machine."""

import re
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from hub import __version__
from hub.access import Permission
from hub.config import documented

ROOT = Path(__file__).parents[2]

# Folders of somebody's machine, and where packages are fetched from: both are for the environment to say.
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:home|Users|work|root)/\w+")
REGISTRY_HOST = re.compile(r"\b(?:pypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org|test\.pypi\.org)\b")
BINARY = {".png", ".ico", ".woff2", ".jpg", ".webp", ".pack"}


def setup_cfg() -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg", "utf-8")
    return parser


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ("git", "-C", str(ROOT), "ls-files", "-z"), capture_output=True, text=True, check=False
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_every_package_of_the_tree_is_shipped() -> None:
    shipped = set(setup_cfg()["options"]["packages"].split())
    found = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "hub").rglob("__init__.py")}
    assert found | {"hub.static", "hub.templates"} == shipped


def test_nothing_but_modules_lies_in_the_package_unshipped() -> None:
    shipped = {"py.typed", "alembic.ini", "script.py.mako"}
    others = {
        path.relative_to(ROOT).as_posix()
        for path in tracked_files()
        if path.is_relative_to(ROOT / "hub") and path.suffix != ".py" and path.name not in shipped
    }
    folders = ("hub/gateway/hooks/", "hub/repos/starter_files/")
    assert {one for one in others if not one.startswith(folders)} == set()


def test_changelog_names_the_version() -> None:
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_every_setting_says_in_a_sentence_what_it_is_for() -> None:
    assert [name for name, _, _, help_text in documented() if not help_text.endswith(".")] == []


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY_HOST], ids=["machine path", "registry"])
def test_tracked_files_name_no_machine_and_no_registry(pattern: re.Pattern[str]) -> None:
    found = {
        path.relative_to(ROOT).as_posix(): pattern.findall(path.read_text("utf-8", "replace"))
        for path in tracked_files()
        if path.suffix not in BINARY and path != Path(__file__)
    }
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_every_permission_is_asked_for_somewhere_or_reserved() -> None:
    reserved = {"comment", "approve"}
    code = "\n".join(
        path.read_text("utf-8") for path in (ROOT / "hub").rglob("*.py") if path.name != "access.py"
    )
    asked = {one.value for one in Permission if f"Permission.{one.name}" in code}
    assert {one.value for one in Permission} - reserved <= asked
