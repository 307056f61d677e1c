"""The front under clients that are slow, silent or malicious: pages and git go on, and they are let go."""

import socket
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.databases import Template
from tests.git_client import GitClient
from tests.served import Served
from tests.wire.http_requests import Answer, request
from tests.wire.processes import has_git
from tests.wire.scripted_policy import wait_until

# One worker starts the hub that these share.
pytestmark = pytest.mark.xdist_group("front")

FORM = b"POST /login HTTP/1.1\r\nhost: hub\r\ncontent-type: application/x-www-form-urlencoded\r\n"


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory, template_database: Template) -> Iterator[Served]:
    """A hub that lets slow clients go after a second."""
    folder = tmp_path_factory.mktemp("hasty")
    (folder / "data").mkdir(mode=0o700)
    served = Served(folder, template_database.copy_to(folder / "data"), {"idle_seconds": "1"})
    served.start()
    yield served
    served.close()


def connect(served: Served, sent: bytes = b"") -> socket.socket:
    host, _, port = served.http.removeprefix("http://").rpartition(":")
    connection = socket.create_connection((host, int(port)), timeout=120)
    if sent:
        connection.sendall(sent)
    return connection


def everything(connection: socket.socket) -> bytes:
    """What comes until the other side closes."""
    data = b""
    try:
        while piece := connection.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    return data


@contextmanager
def clients(served: Served, count: int, sent: bytes) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        yield [stack.enter_context(connect(served, sent)) for _ in range(count)]


def median_seconds(act: Callable[[], object], count: int = 15) -> float:
    seconds = []
    for _ in range(count):
        began = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


@pytest.mark.parametrize(
    ("count", "sent"),
    [
        (200, b""),
        (40, b"GET / HTTP/1.1\r\nhost: h"),
        (40, FORM + b"content-length: 1000\r\n\r\nname="),
        (40, b"GET /login HTTP/1.1\r\nhost: hub\r\n\r\n"),
    ],
    ids=["silent", "half a head", "half a body", "answer not read"],
)
def test_slow_clients_cost_the_others_nothing(served: Served, count: int, sent: bytes) -> None:
    def read() -> None:
        assert request(served, "/login").status == 200

    idle = median_seconds(read)
    with clients(served, count, sent):
        crowded = median_seconds(read)

    print(f"a page: {idle * 1000:.1f} ms idle, {crowded * 1000:.1f} ms beside {count}")
    # Whoever waits for one of these waits for a minute.
    assert crowded < 5 * idle + 5


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nhost: h"], ids=["silent", "half a head"])
def test_client_that_does_not_ask_is_let_go(hasty: Served, sent: bytes) -> None:
    with connect(hasty, sent) as connection:
        began = time.monotonic()
        assert everything(connection) == b""
        # A hub with the usual settings is patient for a minute.
        assert time.monotonic() - began < 40


@pytest.mark.parametrize(
    "framing", [b"content-length: 1000\r\n\r\nname=", b"transfer-encoding: chunked\r\n\r\n"]
)
def test_body_that_stops_coming_is_answered_in_words(hasty: Served, framing: bytes) -> None:
    with connect(hasty, FORM + framing) as connection:
        answer = everything(connection)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"\r\nconnection: close\r\n" in answer
    assert b"\r\n\r\nNothing more of the request came for 1 seconds.\n" in answer


def test_body_that_is_too_large_is_refused_before_it_is_read(served: Served) -> None:
    with connect(served, FORM + b"content-length: 1073741824\r\n\r\n") as connection:
        answer = everything(connection)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"\r\n\r\nThe request is larger than 2097152 bytes.\n" in answer


def test_head_that_never_ends_is_refused(served: Served) -> None:
    with connect(served) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: hub\r\n")
        try:
            for number in range(400):
                connection.sendall(b"x-%d: %s\r\n" % (number, b"y" * 1000))
            answer = everything(connection)
        except OSError:
            answer = b"HTTP/1.1 431 "

    assert answer.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nhost: hub\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: hub\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef",
        b"GET / HTTP/1.1\r\nhost: hub\r\ntransfer-encoding: xchunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: hub\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: hub\r\nx: a\r\n continued\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: hub\r\nx: a\nb: c\r\n\r\n",
        b"GET\t/ HTTP/1.1\r\nhost: hub\r\n\r\n",
        b"CONNECT hub:80 HTTP/1.1\r\nhost: hub\r\n\r\n",
    ],
)
def test_request_that_can_be_read_in_two_ways_gets_one_answer(served: Served, sent: bytes) -> None:
    """Request smuggling: what follows the request in the same bytes must never be taken for a second one."""
    with connect(
        served, sent + b"GET /healthz HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n"
    ) as connection:
        answer = everything(connection)

    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 404 "))


def test_pipelined_requests_are_answered_in_order(served: Served) -> None:
    one = b"GET /login HTTP/1.1\r\nhost: hub\r\n\r\n"
    last = b"GET /nobody-here HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n"
    with connect(served, one + one + last) as connection:
        answer = everything(connection)

    statuses = [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"200", b"404"]


@pytest.mark.parametrize(
    "header", ["X-Forwarded-Host", "X-Forwarded-Proto", "X_Forwarded_Host", "X-Request-Id"]
)
def test_what_a_proxy_would_say_is_not_believed_of_a_client(served: Served, header: str) -> None:
    said = {"X-Forwarded-Proto": "https"}.get(header, "evil.example")

    answer = request(served, f"/{served.repository()}", headers={header: said})

    assert b"evil.example" not in answer.body
    assert b"https://127" not in answer.body
    assert "evil.example" not in str(answer.headers)


@pytest.mark.parametrize(
    "target", ["/login", "/nobody/here", "/nobody/here.git/info/refs?service=git-upload-pack"]
)
def test_every_answer_has_its_id_and_is_not_guessed_at(served: Served, target: str) -> None:
    answers = [named(request(served, target)) for _ in range(2)]

    assert len({answer["x-request-id"] for answer in answers}) == 2
    assert answers[0]["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /login HTTP/1.1\r\nhost: one\r\nhost: two\r\n",
        b"GET /login HTTP/1.1\r\nhost: hub\r\n" + b"".join(b"x-%d: 1\r\n" % number for number in range(150)),
        b"OPTIONS * HTTP/1.1\r\nhost: hub\r\n",
        b"GET /nobody/here.git/info/refs?service=git-upload-pack HTTP/1.1\r\nhost: hub\r\n",
        FORM + b"content-length: 1073741824\r\n",
    ],
    ids=["two hosts", "many headers", "no path", "git", "too large"],
)
def test_no_page_that_the_hub_did_not_make_may_do_anything_in_a_browser(served: Served, sent: bytes) -> None:
    """The attack: have the server of the workers answer by itself, in HTML without any of our headers."""
    with connect(served, sent + b"connection: close\r\n\r\n") as connection:
        head = everything(connection).lower().partition(b"\r\n\r\n")[0]
    assert head.startswith(b"http/1.1 4")
    assert b"content-security-policy: default-src 'none'; frame-ancestors 'none'" in head
    assert b"x-content-type-options: nosniff" in head
    assert b"referrer-policy: same-origin" in head


def named(answer: Answer) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def test_head_is_answered_like_get_without_its_body(served: Served) -> None:
    got, headed = request(served, "/login"), request(served, "/login", method="HEAD")

    assert headed.status == 200
    assert headed.body == b""
    assert named(headed)["content-length"] == str(len(got.body))


def test_git_goes_on_beside_slow_pushes(served: Served, git: GitClient) -> None:
    owner = served.person()
    path = served.repository(owner)
    work = git.init()
    git.commit(work)
    head = f"POST /{path}.git/git-receive-pack HTTP/1.1\r\nhost: hub\r\n"
    kind = "content-type: application/x-git-receive-pack-request\r\ntransfer-encoding: chunked\r\n"
    token = f"authorization: token {owner.token}\r\n\r\n4\r\n009e\r\n"

    with clients(served, 40, (head + kind + token).encode()):
        began = time.monotonic()
        git.push(work, served.url(path, owner), "main")
        # Whoever waits for one of these waits for a minute.
        assert time.monotonic() - began < 40
        assert request(served, "/login").status == 200


def test_no_git_is_left_when_slow_clients_leave(hasty: Served, git: GitClient) -> None:
    owner = hasty.person()
    path = hasty.repository(owner)
    head = (
        f"POST /{path}.git/git-receive-pack HTTP/1.1\r\nhost: hub\r\nauthorization: token {owner.token}\r\n"
    )
    kind = "content-type: application/x-git-receive-pack-request\r\ntransfer-encoding: chunked\r\n\r\n"

    with clients(hasty, 10, (head + kind + "4\r\n009e\r\n").encode()):
        pass

    assert wait_until(lambda: not has_git(hasty))
