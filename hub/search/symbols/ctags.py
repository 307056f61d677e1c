"""Runs universal-ctags, where it is installed: it knows the languages, their kinds of symbols and scopes.

It reads what strangers wrote, so it runs in its own sandbox (seccomp: it can open no file), with limits on
time, memory and what it says. All it is given comes through its input (ctags-json-output(5) and "interactive
mode" in its manual); a file's name is there to tell the language.
"""

import json
import os
import re
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, Any, Final

from hub.search.symbols.model import LONGEST, MOST_IN_FILE, Symbol

# As Debian names it, as others do, and what may be another program of this name.
_NAMES: Final = ("ctags-universal", "universal-ctags", "uctags", "ctags")
_VERSION: Final = re.compile(r"Universal Ctags (\S+?),")
_NEEDED: Final = ("+json", "+interactive", "+sandbox")
_ASK_SECONDS: Final = 10
_MEMORY_BYTES: Final = 512 << 20
_SAID_BYTES: Final = 16 << 20
# What a language imports or leaves open is no definition.
_LEFT_OUT: Final = frozenset({"unknown", "label"})
_NAMELESS: Final = "__anon"
_PYTHON: Final = {"member": "method", "namespace": ""}


@dataclass(frozen=True, slots=True)
class Ctags:
    """The program: where it is, and its version."""

    program: str
    version: str


class CtagsFailed(Exception):
    """It did not end within its limits, or failed."""


def find_ctags() -> Ctags | None:
    """Universal-ctags with its sandbox, where it is on the PATH."""
    return _find(os.environ.get("PATH", ""))


@lru_cache(8)
def _find(path: str) -> Ctags | None:
    for program in filter(None, (shutil.which(name, path=path) for name in _NAMES)):
        with suppress(OSError, subprocess.SubprocessError):
            # The list is fixed, and the program is one that the operator has installed.
            said = subprocess.run(  # noqa: S603
                (program, "--version"), capture_output=True, text=True, timeout=_ASK_SECONDS, check=False
            ).stdout
            version = _VERSION.search(said)
            if version is not None and all(one in said for one in _NEEDED):
                return Ctags(program, version[1])
    return None


def read_symbols(ctags: Ctags, files: Sequence[tuple[bytes, bytes]], *, seconds: float) -> list[list[Symbol]]:
    """What each of the files, given by name and content, defines; raises CtagsFailed."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        for name, content in files:
            asked = {"command": "generate-tags", "filename": _name(name), "size": len(content)}
            given.write(json.dumps(asked).encode() + b"\n" + content)
        given.seek(0)
        _run(ctags, given, said, seconds)
        said.seek(0)
        return _split(said, len(files))


def _name(path: bytes) -> str:
    # Only what tells the language: no folder, and no letter that means something to a shell or to JSON.
    return re.sub(r"[^\w.+-]", "_", path.rpartition(b"/")[2].decode("utf-8", "replace"))[-80:] or "_"


def _run(ctags: Ctags, given: IO[bytes], said: IO[bytes], seconds: float) -> None:
    # The list is fixed, and all that strangers wrote comes through a file that is open.
    child = subprocess.Popen(  # noqa: S603
        (ctags.program, "--_interactive=sandbox", "--options=NONE", "--fields=+nKsl"),
        stdin=given,
        stdout=said,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={"LC_ALL": "C.UTF-8"},
    )
    try:
        _limit(child.pid, seconds)
        exit_code = child.wait(seconds)
    except subprocess.TimeoutExpired as error:
        raise CtagsFailed(f"stopped after {seconds:g} seconds") from error
    finally:
        child.kill()
        child.wait()
    if exit_code != 0:
        raise CtagsFailed(f"ended with {exit_code}")


def _limit(pid: int, seconds: float) -> None:
    most_seconds = int(seconds) + 1
    with suppress(OSError):  # it has ended already
        resource.prlimit(pid, resource.RLIMIT_CPU, (most_seconds, most_seconds))
        resource.prlimit(pid, resource.RLIMIT_DATA, (_MEMORY_BYTES, _MEMORY_BYTES))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (_SAID_BYTES, _SAID_BYTES))
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))


def _split(said: IO[bytes], count: int) -> list[list[Symbol]]:
    found: list[list[Symbol]] = [[]]
    for one in _objects(said):
        if one.get("_type") == "completed":
            found.append([])
        elif one.get("_type") == "tag" and len(found[-1]) < MOST_IN_FILE:
            symbol = _symbol(one)
            if symbol is not None:
                found[-1].append(symbol)
    if len(found) != count + 1:
        raise CtagsFailed(f"answered for {len(found) - 1} of {count} files")
    return [sorted(one, key=lambda symbol: symbol.line) for one in found[:-1]]


def _objects(said: IO[bytes]) -> Iterator[dict[str, Any]]:  # of JSON
    for line in said:
        with suppress(ValueError):
            one = json.loads(line)
            if isinstance(one, dict):
                yield one


def _symbol(one: dict[str, Any]) -> Symbol | None:  # of JSON
    name, kind, scope = (str(one.get(key, "")) for key in ("name", "kind", "scope"))
    if one.get("language") == "Python":
        kind = _PYTHON.get(kind, kind)
    is_named = 0 < len(name) <= LONGEST and not name.startswith(_NAMELESS)
    line = one.get("line")
    if not isinstance(line, int) or not is_named or not kind or kind in _LEFT_OUT:
        return None
    return Symbol(name, line, kind, scope[:LONGEST])
