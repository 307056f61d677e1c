"""Rows about a gigabyte: files of a history as they were, each once, in the hub's index and in csearch's."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from hub.search.engine.documents import MAX_BYTES
from tests.bench.report import Row
from tests.bench.search.ground import SearchGround, build, say
from tests.bench.search.kinds import compared, measure
from tests.bench.search.questions import Kind, ask
from tests.bench.search.searchers import Csearch, HubPage, Ripgrep, Searcher
from tests.bench.search.texts import SHORTER, Text, Texts, write_tree

MOST_BYTES = 1_086_000_000 // SHORTER
TARGETS = dict.fromkeys((Kind.RARE, Kind.COMMON, Kind.REGEX, Kind.IDENTIFIER), 50)


def rows(ground: SearchGround) -> list[Row]:
    """The hub's page against csearch, over the clone that HISTORY names; none without one."""
    history = os.environ.get("HISTORY")
    if not history or ground.csearch is None:
        say("a gigabyte: this needs csearch, and HISTORY=a clone with as much in it")
        return []
    files = list(_files(Path(history)))
    texts = Texts(files, f"{len(files)} files of a history")
    say(f"search: {texts.label}, {texts.size_bytes / 1e6:.0f} MB")
    tree = write_tree(texts, ground.root / "large")
    searchers: list[Searcher] = [HubPage(build(ground.root / "large-index", texts))]
    peer = Csearch(tree, ground.root / "large-csearch")
    peer.build()
    searchers += [peer, Ripgrep(tree)]
    questions = ask(texts)
    found = [_memory(ground.root / "large-index")]
    for kind in Kind:
        times = measure(searchers, [one for one in questions if one.kind is kind])
        for name in ("csearch", "ripgrep"):
            title = f"{texts.size_bytes / 1e6:.0f} MB, {kind}: {name}"
            target = TARGETS.get(kind) if name == "csearch" else None
            found.append(compared(title, times["hub"], times[name], target))
    return found


def _files(history: Path) -> Iterator[Text]:
    """Files by chance, each content with the path at which it was seen first, until there are enough."""
    git = ["git", "-C", str(history)]
    listed = subprocess.run(
        [*git, "rev-list", "--objects", "HEAD"], capture_output=True, check=True, text=True, errors="replace"
    )
    named = [one.split(" ", 1) for one in listed.stdout.splitlines() if " " in one]
    random.Random(5).shuffle(named)
    reader = subprocess.Popen([*git, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert reader.stdin is not None
    assert reader.stdout is not None
    size = 0
    for object_id, path in named:
        if size >= MOST_BYTES:
            break
        reader.stdin.write(f"{object_id}\n".encode())
        reader.stdin.flush()
        _, kind, length = reader.stdout.readline().split()
        content = reader.stdout.read(int(length) + 1)[:-1]
        is_shown = kind == b"blob" and len(content) <= MAX_BYTES and b"\0" not in content
        if is_shown and path.isascii() and path.isprintable() and '"' not in path:
            size += len(content)
            yield Text(f"{object_id[:3]}/{object_id[3:12]}/{path}", content)
    reader.stdin.close()
    reader.stdout.close()
    reader.wait()


_MEMORY = """
import re, sys
from pathlib import Path
from hub.search.engine.index import CodeIndex
from hub.search.engine.candidates import Wanted
from hub.search.engine.lines import passages_of
from hub.search.engine.pages import search
from hub.search.engine.patterns import literal, regex
def anonymous():
    rollup = Path("/proc/self/smaps_rollup").read_text()
    return int(re.search(r"Anonymous: +([0-9]+)", rollup)[1])
before = anonymous()
index = CodeIndex(Path(sys.argv[1]))
for one in (literal("return"), literal("lookup_commit"), regex(r"struct\\s+\\w+_list")):
    wanted = [Wanted((one,))]
    for hit in search(index.segments(), wanted, None, most=20).hits:
        passages_of(hit.segment.code, hit.document, wanted, most=5)
print(anonymous() - before)
"""


def _memory(folder: Path) -> Row:
    """The memory of its own that a process takes for the index, once it has searched."""
    done = subprocess.run([sys.executable, "-c", _MEMORY, str(folder)], capture_output=True, check=True)
    return Row("memory of its own of a process that searches that", f"{int(done.stdout) / 1024:.0f} MB", "")
