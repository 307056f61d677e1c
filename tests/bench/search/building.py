"""Rows about building indexes: processor seconds of the hub's, of cindex and of Whoosh's own grams."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from whoosh import fields, index

from hub.search.engine.documents import Document, stored_path
from hub.search.engine.index import CodeIndex
from tests.bench.report import Row
from tests.bench.search.ground import SearchGround
from tests.bench.search.texts import SHORTER, Texts

ROUNDS = 3
TEXT_ONLY_TARGET, STOCK_TARGET = 0.6, 60
_STOCK_BYTES = 3_000_000 // SHORTER


@dataclass(frozen=True, slots=True)
class _TextAlone(Document):
    """A document without symbols, names and languages."""

    def fields(self) -> dict[str, object]:
        """The text and the two numbers."""
        code = stored_path(self.path) + b"\n" + self.content
        return {"code": code, "number": self.number, "prior": 1}


def rows(ground: SearchGround) -> list[Row]:
    """The hub's with everything and with text and filter alone, against cindex; then Whoosh's own grams."""
    megabytes = ground.texts.size_bytes / 1e6
    builders: dict[str, Callable[[], None]] = {
        "everything": lambda: _build(ground, Document),
        "text alone": lambda: _build(ground, _TextAlone),
    }
    if ground.csearch is not None:
        builders["cindex"] = ground.csearch.build
    seconds: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, build_it in builders.items():
            seconds[name] = min(_processor_seconds(build_it), seconds.get(name, 1e9))
    speeds = {name: megabytes / taken for name, taken in seconds.items()}
    stock = _stock(ground.texts.first(_STOCK_BYTES), ground.root / "stock")
    peer = speeds.get("cindex")
    found = [
        _row("building, text and filter, against cindex (processor, files read)", speeds["text alone"], peer,
             TEXT_ONLY_TARGET),
        _row("building, symbols and names too, against cindex", speeds["everything"], peer, None),
        _row("building, text and filter, against Whoosh's NGRAM", speeds["text alone"], stock, None),
        _row("building, symbols and names too, against NGRAM", speeds["everything"], stock, STOCK_TARGET),
    ]  # fmt: skip
    size = _disk_bytes(ground.root / "built")
    name = "size of the index, against the texts"
    found.append(Row(name, f"{size / 1e6:.0f} MB", f"{megabytes:.0f} MB", size / 1e6 / megabytes))
    return found


def _row(name: str, hub: float, peer: float | None, target: float | None) -> Row:
    if peer is None:
        return Row(name, f"{hub:.0f} MB/s", "not here")
    ratio = hub / peer
    if target is None:
        return Row(name, f"{hub:.0f} MB/s", f"{peer:.3g} MB/s", ratio)
    return Row(name, f"{hub:.0f} MB/s", f"{peer:.3g} MB/s", ratio, f">= {target:g}x", ratio >= target)


def _processor_seconds(act: Callable[[], None]) -> float:
    """What this process and those that it waited for used."""
    before = os.times()
    act()
    after = os.times()
    return sum(after[:4]) - sum(before[:4])


def _build(ground: SearchGround, make: Callable[[int, bytes, bytes], Document]) -> None:
    folder = ground.root / "built"
    shutil.rmtree(folder, ignore_errors=True)
    made = CodeIndex(folder)
    with made.writing(expected=len(ground.texts.files)) as writer:
        writer.add(_documents(ground, make))
    made.close()


def _documents(ground: SearchGround, make: Callable[[int, bytes, bytes], Document]) -> Iterator[Document]:
    for number, one in enumerate(ground.texts.files):
        # As cindex does, from the files.
        with open(f"{ground.tree}/{one.path}", "rb", buffering=0) as file:
            yield make(number, one.path.encode(), file.read())


def _stock(texts: Texts, folder: Path) -> float:
    """MB a second of what Whoosh brings along."""
    folder.mkdir()
    schema = fields.Schema(path=fields.ID(stored=True), content=fields.NGRAM(minsize=3, maxsize=3))
    began = time.process_time()
    writer = index.create_in(str(folder), schema).writer(limitmb=256)
    for one in texts.files:
        writer.add_document(path=one.path, content=one.content.decode("utf-8", "replace"))
    writer.commit()
    return texts.size_bytes / 1e6 / (time.process_time() - began)


def _disk_bytes(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.iterdir())
