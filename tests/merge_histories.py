"""The seven shapes that two branches to be merged can have, each in a bare repository: `main` and `topic`."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.fast_import import Stream

MAIN, TOPIC = b"refs/heads/main", b"refs/heads/topic"
LINES = [b"line %d\n" % number for number in range(40)]


def text_with(**changed: str) -> bytes:
    """Forty lines, those named (`at_7="..."`) changed."""
    lines = list(LINES)
    for name, line in changed.items():
        lines[int(name.removeprefix("at_"))] = f"{line}\n".encode()
    return b"".join(lines)


def _fast_forward(stream: Stream) -> None:
    stream.commit("one", TOPIC, {b"a": text_with(at_1="one")}, parents=["root"])
    stream.commit("two", TOPIC, {b"new/file": b"new\n"}, parents=["one"])


def _diverged(stream: Stream) -> None:
    stream.commit("main 1", MAIN, {b"a": text_with(at_2="main"), b"main": b"main\n"}, parents=["root"])
    stream.commit("one", TOPIC, {b"a": text_with(at_30="topic")}, parents=["root"], author=_ADA)
    stream.commit("two", TOPIC, {b"b": b"b\n"}, parents=["one"], message=b"two\n\nWhy.\n\nChange-Id: I1\n")


def _conflict(stream: Stream) -> None:
    stream.commit(
        "main 1", MAIN, {b"a": text_with(at_2="main"), b"c": b"main\n"}, parents=["root"], removes=[b"b"]
    )
    stream.commit("one", TOPIC, {b"d": b"d\n"}, parents=["root"])
    files = {b"a": text_with(at_2="topic"), b"b": text_with(at_1="topic"), b"c": b"topic\n"}
    stream.commit("two", TOPIC, files, parents=["one"])


def _merge_commits(stream: Stream) -> None:
    stream.commit("main 1", MAIN, {b"a": text_with(at_2="main")}, parents=["root"])
    stream.commit("one", TOPIC, {b"b": text_with(at_3="one")}, parents=["root"])
    stream.commit("side", TOPIC, {b"c": b"side\n"}, parents=["root"])
    stream.commit("joined", TOPIC, {b"c": b"side\n"}, parents=["one", "side"])
    stream.commit("caught up", TOPIC, {b"a": text_with(at_2="main")}, parents=["joined", "main 1"])
    stream.commit("two", TOPIC, {b"c": b"side\ntwo\n"}, parents=["caught up"])
    stream.commit("main 2", MAIN, {b"main": b"main\n"}, parents=["main 1"])


def _empty(stream: Stream) -> None:
    """The branch has the change already, put together otherwise; one commit of it changes nothing."""
    stream.commit("main 1", MAIN, {b"a": text_with(at_2="same", at_30="same")}, parents=["root"])
    stream.commit("main 2", MAIN, {b"b": text_with(at_9="picked")}, parents=["main 1"])
    stream.commit("one", TOPIC, {b"a": text_with(at_2="same")}, parents=["root"])
    stream.commit("two", TOPIC, {b"a": text_with(at_2="same", at_30="same")}, parents=["one"])
    stream.commit("nothing", TOPIC, parents=["two"])
    stream.commit("picked", TOPIC, {b"b": text_with(at_9="picked")}, parents=["nothing"])


def _rename(stream: Stream) -> None:
    """Each side renames what the other edits; the branch adds to a folder that the change renames."""
    stream.commit("main 1", MAIN, {b"b": text_with(at_2="main")}, parents=["root"], moves={b"a": b"a-new"})
    stream.commit("main 2", MAIN, {b"folder/added": b"added\n"}, parents=["main 1"])
    stream.commit("one", TOPIC, {b"a": text_with(at_30="topic")}, parents=["root"], moves={b"b": b"b-new"})
    stream.commit("two", TOPIC, parents=["one"], moves={b"folder": b"place"})


def _binary(stream: Stream) -> None:
    stream.commit("main 1", MAIN, {b"logo": b"\0main" * 50, b"a": text_with(at_2="main")}, parents=["root"])
    stream.commit("one", TOPIC, {b"other": b"\0\1\2" * 50}, parents=["root"])
    stream.commit("two", TOPIC, {b"logo": b"\0topic" * 50}, parents=["one"])


_ADA = b"Ada <ada@example.org> 1600000000 -0330"
SHAPES: dict[str, Callable[[Stream], None]] = {
    "fast-forward": _fast_forward,
    "diverged": _diverged,
    "conflict": _conflict,
    "merge commits": _merge_commits,
    "empty": _empty,
    "rename": _rename,
    "binary": _binary,
}


def make_history(directory: Path, shape: str) -> dict[str, str]:
    """A bare repository of that shape; returns the ids of its commits by their names, and of both tips."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(directory)], check=True)
    stream = Stream()
    files = {b"a": b"".join(LINES), b"b": b"".join(LINES), b"logo": b"\0root" * 50}
    folder = {b"folder/%d" % number: b"".join(LINES[number:]) for number in range(3)}
    stream.commit("root", MAIN, {**files, **folder})
    SHAPES[shape](stream)
    ids = stream.run(directory)
    tips = {
        name: subprocess.run(
            ["git", "-C", str(directory), "rev-parse", name], capture_output=True, check=True, text=True
        ).stdout.strip()
        for name in ("main", "topic")
    }
    return {**ids, **tips}
