"""Rows about a repository with 20,000 changes, against one with the same history and 20."""

import base64
import http.client
import time
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import select

from hub import app
from hub.access import Permission
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.config import from_values
from hub.issues.models import Topic
from hub.journal.models import JournalTopic
from hub.journal.people import person_of
from hub.journal.replay import act
from hub.repos.access import open_repository
from hub.repos.git.store import directory
from hub.reviews.models import Change, PatchSet
from tests.bench.corpus import Corpus
from tests.bench.hub_server import HubServer, hub_server
from tests.bench.many_changes import add_copies
from tests.bench.reading import in_turns, p50
from tests.bench.report import Row, at_most, middle
from tests.factories import SYSTEM
from tests.git_client import GitClient

MANY = 20_000
# The newest ones in either repository: lists of open changes are equally long.
OPEN = 20
MOST = 2.0
ROUNDS = 100


def rows(small: Corpus, folder: Path) -> list[Row]:
    """All of them, over a hub of their own."""
    folder.mkdir()
    with hub_server(folder / "hub", {"few": small, "many": small}) as server:
        hub = app.load(from_values({"data": str(server.data)}))
        try:
            pushes = _fill(server, hub, folder)
        finally:
            hub.database.dispose()
        seen = _advertised(server)
        times = {name: middle([one for one, _ in asked]) for name, asked in seen.items()}
        sizes = {name: asked[0][1] for name, asked in seen.items()}
        return [
            _row("push advertisement with 20,000 changes, against 20", times),
            _row("its bytes", sizes, unit="B"),
            _row("page of a change", _pages(server, few=f"changes/{OPEN}", many=f"changes/{MANY}")),
            _row("list of open changes", _pages(server, few="changes", many="changes")),
            _row("proposing by git push", pushes),
            *(_alone(server, query) for query in ("state=merged", "state=merged&q=note+17&sort=updated")),
        ]


def _row(name: str, found: dict[str, float], unit: str = "ms") -> Row:
    return at_most(name, hub=found["many"], peer=found["few"], target=MOST, unit=unit)


def _fill(server: HubServer, hub: Hub, folder: Path) -> dict[str, float]:
    """Fills both repositories, the newest changes by real pushes in turns; returns their milliseconds."""
    clients = {name: GitClient(folder / name) for name in ("few", "many")}
    for name, git in clients.items():
        git.clone(server.push_url(name))
    for number in (1, 2):
        _propose(clients["many"], number)
    _end_and_copy(hub, until=MANY - OPEN)
    taken: dict[str, list[float]] = {name: [] for name in clients}
    for number in range(MANY - OPEN + 1, MANY + 1):
        for name, git in clients.items():
            taken[name].append(_propose(git, number))
    return {name: middle(times) for name, times in taken.items()}


def _propose(git: GitClient, number: int) -> float:
    work = git.folder / "clone"
    git.run("reset", "-q", "--hard", "origin/HEAD", cwd=work)
    git.commit(work, f"Add note {number}", {f"notes/{number}.txt": f"This is note {number}.\n"})
    began = time.monotonic()
    git.push(work, "origin", "HEAD:refs/for/main")
    return (time.monotonic() - began) * 1000


def _end_and_copy(hub: Hub, *, until: int) -> None:
    """Merges the first change, closes the second, and copies them up to that number."""
    with hub.database.writing() as session:
        repository = open_repository(session, SYSTEM, "ada/many", need=Permission.SEE)
        repository_id, folder = repository.id, directory(hub.config, repository)
        person = person_of(session, repository_id, get_user(session, "ada").id)
        query = select(Topic, Change).join(Change, Change.topic_id == Topic.id)
        for topic, change in session.execute(query.where(Topic.repository_id == repository_id)).all():
            newest = session.scalars(select(PatchSet.entry_id).where(PatchSet.topic_id == topic.id)).one()
            merged = {"commit": change.commit_id, "strategy": "merge", "ps": newest}
            kind, d = ("merge", merged) if topic.number == 1 else ("state", {"state": "closed"})
            act(session, session.get_one(JournalTopic, topic.journal_id), kind=kind, person=person, d=d)
    add_copies(hub, repository_id, folder, of=(1, 2), until=until)


def _advertised(server: HubServer) -> dict[str, list[tuple[float, int]]]:
    """Milliseconds and bytes of what git reads before it pushes, of the two repositories in turns."""
    found: dict[str, list[tuple[float, int]]] = {"few": [], "many": []}
    for _ in range(ROUNDS):
        for name, taken in found.items():
            taken.append(_read_advertisement(server, name))
    return found


def _read_advertisement(server: HubServer, name: str) -> tuple[float, int]:
    parts = urlsplit(server.http)
    login = base64.b64encode(f"ada:{server.token}".encode()).decode()
    began = time.perf_counter()
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
    path = f"/ada/{name}.git/info/refs?service=git-receive-pack"
    connection.request("GET", path, headers={"Authorization": f"Basic {login}"})
    answer = connection.getresponse()
    body = answer.read()
    milliseconds = (time.perf_counter() - began) * 1000
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status}")
    return milliseconds, len(body)


def _pages(server: HubServer, **paths: str) -> dict[str, float]:
    urls = {name: f"{server.http}/ada/{name}/{path}" for name, path in paths.items()}
    return {name: p50(answers) for name, answers in in_turns(urls).items()}


def _alone(server: HubServer, query: str) -> Row:
    taken = _pages(server, many=f"changes?{query}")["many"]
    return Row(f"list of changes with ?{query}", f"{taken:.1f} ms", "")
