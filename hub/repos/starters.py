"""What a first commit may hold: a README, a licence, a list of what git leaves out. Pure."""

from dataclasses import dataclass
from importlib import resources
from typing import Final

from hub.errors import Invalid, text

# By their SPDX names, which people look for; a name of a file each.
LICENCES: Final[dict[str, str]] = {
    "Apache-2.0": "Apache License 2.0",
    "MIT": "MIT License",
    "BSD-3-Clause": "BSD 3-Clause License",
    "GPL-3.0-or-later": "GNU General Public License 3.0 or later",
    "MPL-2.0": "Mozilla Public License 2.0",
}
IGNORES: Final[dict[str, str]] = {
    "c": "C, C++",
    "go": "Go",
    "java": "Java",
    "node": "Node",
    "python": "Python",
    "rust": "Rust",
    "tex": "TeX",
}
_FILES: Final = resources.files("hub.repos.starter_files")


@dataclass(frozen=True, slots=True)
class Starter:
    """What somebody chose to begin with; "" for none."""

    has_readme: bool = False
    licence: str = ""
    ignore: str = ""


def check(starter: Starter) -> Starter:
    """The choice, if all of it is known; raises Invalid for `licence` or `ignore`."""
    fault = text("Choose one of the list.")
    faults = {
        field: fault
        for field, chosen, known in (
            ("licence", starter.licence, LICENCES),
            ("ignore", starter.ignore, IGNORES),
        )
        if chosen and chosen not in known
    }
    if faults:
        raise Invalid(text("The repository was not created."), faults)
    return starter


def files_of(starter: Starter, *, name: str, description: str, holder: str, year: int) -> dict[str, bytes]:
    """The files by their names; none for a choice of nothing."""
    files: dict[str, str] = {}
    if starter.has_readme:
        files["README.md"] = f"# {name}\n" + (f"\n{description}\n" if description else "")
    if starter.licence:
        licence = (_FILES / f"{starter.licence}.txt").read_text("utf-8")
        files["LICENSE"] = licence.replace("{year}", str(year)).replace("{holder}", holder)
    if starter.ignore:
        files[".gitignore"] = (_FILES / f"{starter.ignore}.gitignore").read_text("utf-8")
    return {name: content.encode() for name, content in files.items()}
