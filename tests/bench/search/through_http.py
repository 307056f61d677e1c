"""A row about the page of search: what it takes through the hub's servers, against the index alone."""

import http.client
import time
from urllib.parse import quote, urlsplit

from hub import app
from hub.config import from_values
from hub.search.code.indexing import index_folder
from hub.search.engine.index import CodeIndex
from hub.search.models import CodeView
from tests.bench.hub_server import HubServer, hub_server
from tests.bench.report import Row, middle
from tests.bench.search.ground import SearchGround, say
from tests.bench.search.kinds import ROUNDS, last
from tests.bench.search.questions import Kind, Question
from tests.bench.search.searchers import HubPage

MOST_MS = 15.0
_INDEXED_SECONDS = 180


def rows(ground: SearchGround) -> list[Row]:
    """The page of a hub that holds the texts as one repository, asked on one connection with a token."""
    with hub_server(ground.root / "hub", {"texts": ground.repository}) as server:
        _await_indexed(server)
        index = CodeIndex(index_folder(from_values({"data": str(server.data)})))
        try:
            return _rows(ground, server, HubPage(index))
        finally:
            index.close()


def _rows(ground: SearchGround, server: HubServer, engine: HubPage) -> list[Row]:
    pages, engines, sizes = list[float](), list[float](), list[int]()
    client = _Client(server)
    for question in ground.questions:
        if any('"' in one or "\\" in one for one in question.words if not question.is_regex):
            continue
        address = f"/search?q={quote(written(question))}"
        best = [1e9, 1e9]
        for _ in range(ROUNDS):
            began = time.perf_counter()
            size = client.get(address)
            between = time.perf_counter()
            engine.find(question)
            best = [min(best[0], between - began), min(best[1], time.perf_counter() - between)]
        pages.append(best[0] * 1000)
        engines.append(best[1] * 1000)
        sizes.append(size)
    more = [page - one for page, one in zip(pages, engines, strict=True)]
    added, slow = middle(more), last(more)
    say(f"pages have {middle([float(one) for one in sizes]) / 1000:.0f} KB")
    return [
        Row("page of search over HTTP, p50 / p95, against the index alone",
            f"{middle(pages):.3g} / {last(pages):.3g} ms", f"{middle(engines):.3g} / {last(engines):.3g} ms",
            None, f"<= +{MOST_MS:g} ms (here {added:+.1f}, p95 {slow:+.1f})", added <= MOST_MS),
    ]  # fmt: skip


def written(question: Question) -> str:
    """The question as somebody writes it into the box."""
    if question.is_regex:
        return "/" + question.words[0].replace("/", "\\/") + "/ case:yes"
    words = " ".join(f'"{one}"' for one in question.words)
    case = " case:yes" if question.is_exact and question.kind is not Kind.SEVERAL else ""
    return words + case + (f" path:{question.glob}" if question.glob else "")


def _await_indexed(server: HubServer) -> None:
    hub = app.load(from_values({"data": str(server.data)}))
    limit = time.monotonic() + _INDEXED_SECONDS
    try:
        while time.monotonic() < limit:
            with hub.database.reading() as session:
                if session.get(CodeView, (1, "refs/heads/main")) is not None:
                    return
            time.sleep(0.2)
    finally:
        hub.database.dispose()
    raise RuntimeError("the worker did not index the repository")


class _Client:
    """One connection that is kept."""

    def __init__(self, server: HubServer) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(server.http).netloc, timeout=60)
        self._headers = {"Authorization": f"token {server.token}", "Accept": "text/html"}

    def get(self, address: str) -> int:
        """The bytes of a page."""
        self._connection.request("GET", address, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{address}: {answer.status}")
        return len(body)
