"""Rows about reading code: the same history in the hub, cgit and gitweb, asked for in turns.

Every request is on a new connection and takes gzip, as a browser that comes for the first time.
"""

import gzip
import http.client
import re
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from hub import app
from hub.config import from_values
from hub.repos.browsing.files.preparing import prepare_reading
from hub.repos.git.packing import write_commit_graph
from tests.bench.code_browsers import CodeBrowsers, code_browsers
from tests.bench.histories import History, ancestors, reading
from tests.bench.hub_server import HubServer, hub_server
from tests.bench.pages_after_push import after_a_push
from tests.bench.report import Row, middle

# A page's share of the run, and how often it is asked for at least and at most.
SECONDS, LEAST, MOST = 10.0, 8, 100
LAST_PAGE = 1000
WARM_SECONDS = 60.0
MOST_ASSETS_KIB = 25.0
MOST_REQUESTS = 3
SERVERS = ("hub", "cgit", "gitweb")


@dataclass(frozen=True, slots=True)
class Target:
    """What a page of the hub may weigh (gzip) and take (security: 4.4)."""

    kib: float
    p50_ms: float
    p99_ms: float


TARGETS = {
    "summary": Target(12, 10, 40),
    "log": Target(10, 10, 40),
    "tree": Target(18, 15, 60),
    "blob": Target(30, 25, 400),
    "commit": Target(14, 20, 80),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its time, its bytes on the wire and unpacked, and its text."""

    milliseconds: float
    size_bytes: int
    text: str

    @property
    def plain_bytes(self) -> int:
        """The bytes of the page before it was packed."""
        return len(self.text.encode())


def get(url: str, token: str = "") -> Answer:
    """The answer to one request on a connection of its own, of a stranger or of whose token it is."""
    parts = urlsplit(url)
    started = time.perf_counter()
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    who = {"Authorization": f"token {token}"} if token else {}
    connection.request("GET", path, headers={"Accept-Encoding": "gzip", "Accept": "text/html", **who})
    answer = connection.getresponse()
    body = answer.read()
    milliseconds = (time.perf_counter() - started) * 1000
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{url}: {answer.status}")
    plain = gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body
    return Answer(milliseconds, len(body), plain.decode("utf-8", "replace"))


def addresses(base: str, history: History) -> dict[str, str]:
    """The hub's five pages of that repository of ada's."""
    at = f"branch/{history.branch}"
    found = {
        "summary": base,
        "log": f"{base}/commits/{at}",
        "tree": f"{base}/src/{at}",
        "blob": f"{base}/src/{at}/{history.long_file}",
        "commit": f"{base}/commit/{history.commit}",
    }
    return {page: found[page] for page in TARGETS}


def peer_addresses(browsers: CodeBrowsers, history: History) -> dict[str, dict[str, str]]:
    """The same pages of cgit and of gitweb."""
    cgit, gitweb = browsers.cgit_page, browsers.gitweb_page
    return {
        "cgit": {
            "summary": cgit(""),
            "log": cgit("log/"),
            "tree": cgit("tree/"),
            "blob": cgit(f"tree/{history.long_file}"),
            "commit": cgit(f"commit/?id={history.commit}"),
        },
        "gitweb": {
            "summary": gitweb(a="summary"),
            "log": gitweb(a="shortlog"),
            "tree": gitweb(a="tree", hb="HEAD"),
            "blob": gitweb(a="blob", f=history.long_file, hb="HEAD"),
            "commit": gitweb(a="commitdiff", h=history.commit),
        },
    }


def in_turns(urls: dict[str, str], seconds: float = SECONDS) -> dict[str, list[Answer]]:
    """Answers of each, asked for in turns so that the machine treats them alike; the first is not counted."""
    found: dict[str, list[Answer]] = {name: [] for name in urls}
    for url in urls.values():
        get(url)
    limit, rounds = time.monotonic() + seconds, 0
    while rounds < LEAST or (rounds < MOST and time.monotonic() < limit):
        for name, url in urls.items():
            found[name].append(get(url))
        rounds += 1
    return found


def p50(answers: list[Answer]) -> float:
    """The median time."""
    return middle([one.milliseconds for one in answers])


def p99(answers: list[Answer]) -> float:
    """The time of which at most one answer in a hundred takes more."""
    times = sorted(one.milliseconds for one in answers)
    return times[min(len(times) - 1, int(len(times) * 0.99))]


def assets_of(url: str, text: str) -> set[str]:
    """What a browser fetches for the page from the same server: styles, scripts, pictures."""
    links = re.findall(r"<(?:script|img)\b[^>]*?\ssrc=[\"']([^\"']+)", text)
    for link in re.findall(r"<link\b[^>]*>", text):
        kind = re.search(r"rel=[\"']([^\"']+)", link)
        target = re.search(r"href=[\"']([^\"']+)", link)
        if kind and target and re.search(r"stylesheet|icon", kind[1]):
            links.append(target[1])
    whole = {urljoin(url, one) for one in links if not one.startswith("data:")}
    return {one for one in whole if urlsplit(one).netloc == urlsplit(url).netloc}


def rows(folder: Path) -> list[Row]:
    """All of them, over one hub that holds the history and its beginnings."""
    folder.mkdir()
    history = reading(folder)
    beginnings = ancestors(history, folder)
    held = {"history": history.corpus} | {f"first-{one.commits}": one.corpus for one in beginnings}
    with hub_server(folder / "hub", dict(held)) as hub:
        stored = [hub.data / f"repositories/main/{number}.git" for number in range(1, len(held) + 1)]
        for number, one in enumerate(stored, start=1):
            write_commit_graph(one)
            _prepare(hub, number)
        bases = [f"{hub.http}/ada/{name}" for name in held]
        for base, one in zip(bases, [history, *beginnings], strict=True):
            _warm(addresses(base, one)["tree"])
        with code_browsers(stored[0], folder / "browsers") as browsers:
            found = _against_peers(bases[0], history, browsers)
        found += _far_down(bases[0], history)
        found += _by_length(dict(zip(bases[1:], beginnings, strict=True)))
        return found + _after_push(hub, history, stored[0], folder)


def _prepare(server: HubServer, repository_id: int) -> None:
    """What the worker does after an import, which these repositories did not come by."""
    hub = app.load(from_values({"data": str(server.data)}))
    prepare_reading.function(hub.database, repository_id)
    hub.database.dispose()


def _warm(tree: str) -> None:
    """Waits until the root shows the last commit of each entry: that is found once per import."""
    limit = time.monotonic() + WARM_SECONDS
    while time.monotonic() < limit:
        page = get(tree).text
        if page.count("<time") > 20:
            return
        time.sleep(0.5)
    print(f"{tree} shows no commits of its entries after {WARM_SECONDS:g} s")


def _against_peers(base: str, history: History, browsers: CodeBrowsers) -> list[Row]:
    urls = {"hub": addresses(base, history), **peer_addresses(browsers, history)}
    found, faster = [], {"cgit": 0, "gitweb": 0}
    for page, target in TARGETS.items():
        answers = in_turns({server: urls[server][page] for server in SERVERS})
        times = {server: p50(answers[server]) for server in SERVERS}
        lines = f", {history.long_file}" if page == "blob" else ""
        for peer in faster:
            faster[peer] += times["hub"] < times[peer]
            found.append(Row(
                f"{page}{lines}, p50 (p99 {p99(answers['hub']):.0f}, {peer} {p99(answers[peer]):.0f} ms)",
                f"{times['hub']:.1f} ms", f"{times[peer]:.1f} ms", times[peer] / times["hub"],
                "> 1x", times["hub"] < times[peer],
            ))  # fmt: skip
        found += _against_target(page, target, urls["hub"][page], answers)
        requests = [len(assets_of(urls[one][page], answers[one][0].text)) + 1 for one in SERVERS]
        found.append(
            Row(f"{page}: requests of a first visit; cgit, gitweb", f"{requests[0]}",
                f"{requests[1]}, {requests[2]}", None, f"<= {MOST_REQUESTS}", requests[0] <= MOST_REQUESTS)
        )  # fmt: skip
    for peer, least in (("cgit", len(TARGETS) - 1), ("gitweb", len(TARGETS))):
        name, count = f"pages faster than {peer}, of {len(TARGETS)}", faster[peer]
        found.append(Row(name, f"{count}", "", None, f">= {least}", count >= least))
    return [*found, _assets(urls["hub"]["tree"])]


def _against_target(page: str, target: Target, url: str, answers: dict[str, list[Answer]]) -> list[Row]:
    ours = answers["hub"]
    kib = {server: answers[server][-1].size_bytes / 1024 for server in SERVERS}
    plain = ours[-1].plain_bytes / 1024
    is_fast = p50(ours) <= target.p50_ms and p99(ours) <= target.p99_ms
    return [
        Row(f"{page}: the hub's p50, p99", f"{p50(ours):.1f}, {p99(ours):.0f} ms", "", None,
            f"<= {target.p50_ms:g}, {target.p99_ms:g} ms", is_fast),
        Row(f"{page}: KiB on the wire (plain {plain:.0f}); cgit, gitweb", f"{kib['hub']:.1f} KiB",
            f"{kib['cgit']:.1f}, {kib['gitweb']:.1f} KiB", None, f"<= {target.kib:g} KiB",
            kib["hub"] <= target.kib),
    ]  # fmt: skip


def _assets(url: str) -> Row:
    kib = sum(get(one).size_bytes for one in assets_of(url, get(url).text)) / 1024
    name = "styles, script and icon, once, for ever"
    return Row(name, f"{kib:.1f} KiB", "", None, f"<= {MOST_ASSETS_KIB:g} KiB", kib <= MOST_ASSETS_KIB)


def _far_down(base: str, history: History) -> list[Row]:
    last = min(LAST_PAGE, history.commits // 50)
    log = addresses(base, history)["log"]
    answers = in_turns({"first": log, "far": f"{log}?page={last}"}, SECONDS / 2)
    first, far = p50(answers["first"]), p50(answers["far"])
    return [Row(f"log, page {last} against page 1", f"{far:.1f} ms", f"{first:.1f} ms", far / first,
                "<= 2x", far <= 2 * first)]  # fmt: skip


def _by_length(bases: dict[str, History]) -> list[Row]:
    """A row for each page: what it takes where the history is as long as its name says."""
    times: dict[str, list[float]] = {}
    for base, history in bases.items():
        urls = addresses(base, history)
        urls["log, last page"] = f"{urls['log']}?page={max(1, -(-history.commits // 50))}"
        for page, url in urls.items():
            answers = in_turns({page: url}, SECONDS / 10)
            times.setdefault(page, []).append(p50(answers[page]))
    lengths = ", ".join(f"{one.commits}" for one in bases.values())
    return [
        Row(f"{page}: p50 at {lengths} commits", ", ".join(f"{one:.1f}" for one in taken) + " ms", "",
            taken[-1] / taken[0])
        for page, taken in times.items()
    ]  # fmt: skip


def _after_push(hub: HubServer, history: History, stored: Path, folder: Path) -> list[Row]:
    tree = addresses(f"{hub.http}/ada/history", history)["tree"]
    before = p50(in_turns({"tree": tree}, SECONDS / 5)["tree"])
    times = after_a_push(hub, history, stored, folder / "pushing", lambda: get(tree).milliseconds)
    after, name = middle(times), "root listing right after a push against before it"
    return [Row(name, f"{after:.1f} ms", f"{before:.1f} ms", after / before, "<= 2x", after <= 2 * before)]
