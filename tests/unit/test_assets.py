"""Where templates and static files are found, and what they are joined to."""

import re
from pathlib import Path

import pytest

from hub import assets


@pytest.mark.parametrize("place", ["package/templates", "templates"])
def test_folder_is_found_inside_the_package_and_beside_it(tmp_path: Path, place: str) -> None:
    (tmp_path / place).mkdir(parents=True)
    assert assets.find_directory("templates", tmp_path / "package") == tmp_path / place


def test_folder_inside_the_package_comes_first(tmp_path: Path) -> None:
    (tmp_path / "package/static").mkdir(parents=True)
    (tmp_path / "static").mkdir()
    assert assets.find_directory("static", tmp_path / "package") == tmp_path / "package/static"


def test_missing_folder_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="The folder static/ is missing") as caught:
        assets.find_directory("static", tmp_path / "package")
    assert str(tmp_path / "package/static") in str(caught.value)
    assert "Install the hub again" in str(caught.value)


def test_this_installation_has_both_folders() -> None:
    assert (assets.templates_directory() / "base.html").is_file()
    assert (assets.static_directory() / "css/tokens.css").is_file()


def test_stylesheet_holds_the_files_in_their_order(tmp_path: Path) -> None:
    for name in assets.STYLESHEETS:
        (tmp_path / f"{name}.css").write_text(f"/* {name} */\n")
    joined = assets.join_styles(tmp_path)
    order = ["tokens", "base", "layout", "components", "code", "diff", "talk"]
    assert re.findall(r"/\* (\w+) \*/", joined) == order


def test_script_holds_each_module_in_its_own_block_before_main(tmp_path: Path) -> None:
    (tmp_path / "main.js").write_text("start();\n")
    (tmp_path / "copy.js").write_text("export function attach(element) {}\n")
    assert assets.join_scripts(tmp_path) == (
        "const modules = new Map();\n"
        "{\n"
        "function attach(element) {}\n"
        "\n"
        'modules.set("copy", attach);\n'
        "}\n"
        "start();\n"
    )


@pytest.mark.parametrize(
    "source",
    [
        "function attach(element) {}\n",
        "export function attach(element) {}\nexport function attach(element) {}\n",
        "export function attach(element) {}\nexport const other = 1;\n",
        'import { other } from "./other.js";\nexport function attach(element) {}\n',
    ],
    ids=["exports nothing", "exports it twice", "exports more", "imports"],
)
def test_module_of_another_shape_is_refused_by_name(tmp_path: Path, source: str) -> None:
    (tmp_path / "main.js").write_text("")
    (tmp_path / "broken.js").write_text(source)
    with pytest.raises(ValueError, match=r"broken\.js must export one function"):
        assets.join_scripts(tmp_path)


@pytest.mark.parametrize(
    ("asset", "name", "content_type"),
    [
        (assets.stylesheet, r"hub-[0-9a-f]{12}\.css", "text/css; charset=utf-8"),
        (assets.script, r"hub-[0-9a-f]{12}\.js", "text/javascript; charset=utf-8"),
        (assets.favicon, r"favicon-[0-9a-f]{12}\.svg", "image/svg+xml"),
    ],
    ids=["stylesheet", "script", "favicon"],
)
def test_asset_is_named_after_its_content_and_made_once(asset, name: str, content_type: str) -> None:
    made = asset()
    assert re.fullmatch(name, made.name)
    assert made.content_type == content_type
    assert asset() is made
