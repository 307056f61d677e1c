"""A history of merges by chance: topics beside a branch, of which at least one in ten conflicts with it."""

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.fast_import import PROGRAM, Entry, Stream

MAIN, TOPIC = b"refs/heads/main", b"refs/heads/topic"
FILES, LINES = 160, 60
MOST_TOPIC_COMMITS, MOST_BEHIND = 6, 12

Content = dict[bytes, list[bytes]]


def generate(directory: Path, merges: int, *, seed: int = 5) -> None:
    """A bare repository with so many merges, each recorded with the topic's files where both changed one."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(directory)], check=True)
    source, stream = random.Random(seed), Stream()
    content: Content = {
        b"dir-%d/part-%d" % (one % 7, one): [_line(source) for _ in range(LINES)] for one in range(FILES)
    }
    stream.commit("main 0", MAIN, {path: b"".join(lines) for path, lines in content.items()})
    states = [("main 0", content)]
    for number in range(1, merges + 1):
        tip, base = states[-1], states[-source.randint(1, min(MOST_BEHIND, len(states)))]
        topic, changed = _add_topic(source, stream, base, number)
        made = f"main {number}"
        files, removes, own = _changed(source, tip[1], f"{number}")
        stream.commit(f"{made} before", MAIN, files, parents=[tip[0]], removes=removes)
        # What a merge records is of no interest, as long as the next ones begin with it.
        merged = _joined(own, base[1], changed)
        written = {path: b"".join(lines) for path, lines in merged.items() if own.get(path) != lines}
        gone = sorted(own.keys() - merged.keys())
        stream.commit(made, MAIN, written, parents=[f"{made} before", topic], removes=gone)
        states.append((made, merged))
    stream.run(directory)
    subprocess.run(["git", "-C", str(directory), "repack", "-adq"], check=True)


def _add_topic(
    source: random.Random, stream: Stream, base: tuple[str, Content], number: int
) -> tuple[str, Content]:
    """The newest commit of a new topic, and its files."""
    parent, content = base
    for step in range(source.randint(1, MOST_TOPIC_COMMITS)):
        name = f"{number}.{step}"
        files, removes, content = _changed(source, content, name)
        stream.commit(name, TOPIC, files, parents=[parent], removes=removes)
        parent = name
    return parent, content


def _joined(own: Content, base: Content, topic: Content) -> Content:
    """All files of a branch with what a topic changed since its base; where both did, the topic's."""
    kept = {path: lines for path, lines in own.items() if path in topic or path not in base}
    return {**kept, **{path: lines for path, lines in topic.items() if base.get(path) != lines}}


def _changed(
    source: random.Random, content: Content, name: str
) -> tuple[dict[bytes, bytes | Entry], list[bytes], Content]:
    """What a commit writes and removes, and all files after it: edits mostly, and now and then a rename."""
    after = {path: list(lines) for path, lines in content.items()}
    files: dict[bytes, bytes | Entry] = {}
    removes = []
    for path in source.sample(sorted(after), 2):
        for _ in range(2):
            after[path][source.randrange(len(after[path]))] = _line(source)
        files[path] = b"".join(after[path])
    for path, lines in _odd_changes(source, sorted(set(after) - set(files)), after, name):
        if lines is None:
            removes.append(path)
            del after[path]
        else:
            after[path] = lines
            files[path] = Entry(b"".join(lines), PROGRAM) if source.random() < 0.2 else b"".join(lines)
    return files, removes, after


def _odd_changes(
    source: random.Random, paths: list[bytes], content: Content, name: str
) -> Iterator[tuple[bytes, list[bytes] | None]]:
    path, chance = source.choice(paths), source.random()
    lines = content[path]
    if chance < 0.04:  # a file gets another name, sometimes in another folder
        yield path, None
        yield b"dir-%d/named-%s" % (source.randrange(7), name.encode()), lines
    elif chance < 0.06 and len(content) > FILES // 2:
        yield path, None
    elif chance < 0.10:
        yield b"dir-%d/new-%s" % (source.randrange(7), name.encode()), [_line(source) for _ in range(LINES)]
    elif chance < 0.13:
        yield b"logo-%d" % source.randrange(9), [b"\0%d" % source.getrandbits(64) for _ in range(9)]


def _line(source: random.Random) -> bytes:
    return b"value %d of %d\n" % (source.randrange(2000), source.randrange(2000))
