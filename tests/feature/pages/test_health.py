"""What watchers of the hub ask: alive, ready, and counters."""

import base64
import json
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from hub.access import Scope
from hub.accounts.queries import get_user
from hub.app import Hub, create_app, load
from hub.config import Config, from_values
from tests.factories import make_token, make_user
from tests.visitor import Visitor


class Policy:
    """A policy process as far as readiness goes: answers each question with one answer."""

    def __init__(self, path: Path, answer: object) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.questions: list[object] = []
        self._answer = json.dumps(answer).encode()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            (size,) = struct.unpack("!I", connection.recv(4))
            self.questions.append(json.loads(connection.recv(size)))
            connection.sendall(struct.pack("!I", len(self._answer)) + self._answer)

    def close(self) -> None:
        self._thread.join(timeout=60)
        self._listener.close()


@pytest.fixture
def policy(config: Config) -> Iterator[Callable[[object], Policy]]:
    started: list[Policy] = []

    def start(answer: object) -> Policy:
        started.append(Policy(config.data / "run" / "policy.sock", answer))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_living_hub_says_so_without_asking_anything(app: Flask) -> None:
    answer = Visitor(app).get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_hub_is_ready_when_everything_works(app: Flask, policy: Callable[[object], Policy]) -> None:
    asked = policy({})
    answer = Visitor(app).get("/readyz")
    assert answer.text == "database: ok\nqueue: ok\npolicy: ok\nrepositories: ok\n"
    assert answer.status_code == 200
    assert asked.questions == [{"question": "ready"}]


@pytest.mark.parametrize("answer", [{"error": "no database"}, None])
def test_hub_without_policy_is_not_ready(
    app: Flask, policy: Callable[[object], Policy], answer: object
) -> None:
    if answer is not None:
        policy(answer)
    page = Visitor(app).get("/readyz")
    assert page.status_code == 503
    assert (
        "policy: answers with an error\n" in page.text
        or "policy: does not answer: FileNotFoundError" in page.text
    )


def test_hub_without_a_database_is_not_ready(tmp_path: Path) -> None:
    values = {"data": str(tmp_path), "database_url": f"sqlite:///{tmp_path}/none/hub.sqlite"}
    hub = load(from_values(values))
    page = Visitor(create_app(hub)).get("/readyz")
    assert page.status_code == 503
    assert "database: does not answer: OperationalError" in page.text


@pytest.fixture
def metered(config: Config) -> Iterator[Hub]:
    """A hub whose counters may be read with a secret."""
    hub = load(
        from_values(
            {"data": str(config.data), "database_url": config.database_url, "metrics_token": "s3cret"}
        )
    )
    yield hub
    hub.database.dispose()


def token_of(hub: Hub, name: str, scope: Scope) -> str:
    with hub.database.writing() as session:
        return "token " + make_token(session, get_user(session, name), scopes=frozenset({scope}))


def test_counters_are_for_administrators_and_the_secret_only(metered: Hub) -> None:
    with metered.database.writing() as session:
        make_user(session, "root", is_admin=True)
        make_user(session, "anna")
    app = create_app(metered)
    root, anna = Visitor(app), Visitor(app)
    root.sign_in("root")
    anna.sign_in("anna")
    assert [visitor.get("/metrics").status_code for visitor in (root, anna, Visitor(app))] == [200, 404, 404]
    given = {
        "Bearer s3cret": 200,
        "token s3cret": 200,
        "Basic " + base64.b64encode(b"x:s3cret").decode(): 200,
        token_of(metered, "root", Scope.METRICS): 200,
        token_of(metered, "root", Scope.ALL): 200,
        token_of(metered, "root", Scope.REPOSITORY_READ): 404,
        token_of(metered, "anna", Scope.METRICS): 404,
        "Bearer wrong": 404,
        "Bearer": 404,
        "": 404,
    }
    answers = {header: Visitor(app, Authorization=header).get("/metrics").status_code for header in given}
    assert answers == given


def test_counters_without_a_secret_are_not_open_to_an_empty_one(app: Flask) -> None:
    for header in ("Bearer ", "token ", "Basic Og=="):
        assert Visitor(app, Authorization=header).get("/metrics").status_code == 404


def test_pages_are_counted_by_endpoint(metered: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    # A whole hub started in this process by another test leaves its folder of counters behind.
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    app = create_app(metered)
    Visitor(app).get("/help")
    counted = Visitor(app, Authorization="Bearer s3cret").get("/metrics")
    assert counted.content_type.startswith("text/plain; version=")
    assert 'hub_page_seconds_count{endpoint="pages.help_index",method="GET",status="200"}' in counted.text


def test_counters_of_all_processes_are_added_up(tmp_path: Path) -> None:
    """Each process writes its counters to a folder that one of them sums; here two count a page each."""
    program = (
        "from hub.web.observe import SECONDS\n"
        "from hub.pages.health import metrics\n"
        "SECONDS.labels('pages.home', 'GET', 200).observe(0.001)\n"
        "print(metrics().decode())\n"
    )
    for count in ("1.0", "2.0"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[3])},
            capture_output=True,
            text=True,
            check=True,
        )
        assert (
            f'hub_page_seconds_count{{endpoint="pages.home",method="GET",status="200"}} {count}'
            in done.stdout
        )
