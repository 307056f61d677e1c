"""Style, types and layers, as `make lint` checks them."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

LINTERS = {
    "style": ("ruff", "check", "--quiet"),
    "layout": ("ruff", "format", "--check", "--quiet"),
    "types": ("mypy",),
    "layers": ("lint-imports",),
}


@pytest.mark.parametrize("command", LINTERS.values(), ids=LINTERS.keys())
def test_linter_finds_nothing(command: tuple[str, ...]) -> None:
    program, *arguments = command
    done = subprocess.run(
        (str(BIN / program), *arguments), cwd=ROOT, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
