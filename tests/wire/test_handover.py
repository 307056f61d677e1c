"""Downloads through the front: fast, whole, a few at a time, and gone with their readers."""

import gzip
import http.client
import io
import os
import tarfile
from dataclasses import dataclass

import pytest

from hub.repos.git.downloads import Download, Kind
from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.http_requests import as_git, request
from tests.wire.processes import has_git, named
from tests.wire.scripted_policy import wait_until
from tests.wire.test_hung_clients import connect, head, hung

LARGE_BYTES = 40 << 20
MEMORY_MEGABYTES = 20


@dataclass(frozen=True)
class Noise:
    """A repository with so much noise in it that nothing is fast."""

    path: str
    tip: str


@pytest.fixture(scope="module")
def noise(served: Served, anna: Person, tmp_path_factory: pytest.TempPathFactory) -> Noise:
    git = GitClient(tmp_path_factory.mktemp("noise"))
    path, work = served.repository(anna), git.init()
    files = {f"noise-{number}": os.urandom(LARGE_BYTES // 8) for number in range(8)}
    tip = git.commit(work, "Noise", files)
    git.run("tag", "-a", "-m", "One", "v1", cwd=work)
    git.push(work, served.url(path, anna), "main", "v1")
    return Noise(path, tip)


def test_archive_comes_whole_and_without_the_inner_header(served: Served, noise: Noise) -> None:
    answer = request(served, f"/{noise.path}/archive/v1.tar.gz", headers={"X-Hub-Handover": "1"})

    assert answer.status == 200
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(answer.body))) as packed:
        assert sum(one.size for one in packed) == LARGE_BYTES
    assert "x-hub-handover" not in answer.headers
    assert answer.headers["content-type"] == "application/gzip"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-length" not in answer.headers


def test_front_stays_small(served: Served, noise: Noise) -> None:
    (front,) = named(served, "hub front")
    before = memory_megabytes(front)
    request(served, f"/{noise.path}/archive/{noise.tip}.zip")
    assert memory_megabytes(front) - before < MEMORY_MEGABYTES


def memory_megabytes(process: int) -> float:
    with open(f"/proc/{process}/status") as file:
        lines = dict(line.split(":", 1) for line in file)
    return int(lines["RssAnon"].split()[0]) / 1024


def test_git_is_gone_a_second_after_its_reader(served: Served, noise: Noise) -> None:
    with connect(served.http, head("GET", f"/{noise.path}/archive/main.tar.gz", None)) as client:
        assert client.recv(12) == b"HTTP/1.1 200"
        assert has_git(served)
    assert wait_until(lambda: not has_git(served) and not named(served, "gzip"))


def test_readers_who_do_not_read_keep_nobody_waiting(served: Served, noise: Noise) -> None:
    """Six at a time are more than are made at once; each goes into a file and lets go of its place."""
    asked = [head("GET", f"/{noise.path}/archive/main.bundle", None)] * 6
    waiting = iter(asked)
    with hung(6, lambda: connect(served.http, next(waiting), receive_bytes=4096)):
        answer = request(served, f"/{noise.path}/archive/main.zip")
        assert answer.status == 200
        assert request(served, f"/{noise.path}/archive/main.zip", method="HEAD").body == b""


def test_client_cannot_say_what_is_sent(served: Served, noise: Noise) -> None:
    """A header of a request that came back in an answer would have the front send any object there is."""
    forged = Download(Kind.BLOB, "main", 1, noise.tip).as_text()
    for name in ("X-Hub-Handover", "x_hub_handover", "X-HUB-HANDOVER"):
        answer = request(served, f"/{noise.path}", headers={name: forged})
        assert answer.headers["content-type"].startswith("text/html")
        assert "x-hub-handover" not in answer.headers


def test_private_archive_is_for_its_readers(
    served: Served, anna: Person, ben: Person, git: GitClient
) -> None:
    path, work = served.repository(anna, private=True), git.init()
    git.commit(work)
    git.push(work, served.url(path, anna), "main")

    answers = [request(served, f"/{path}/archive/main.zip", headers=as_git(one)) for one in (anna, ben, None)]
    assert [one.status for one in answers] == [200, 404, 404]


def test_archive_that_git_cannot_end_is_never_taken_for_whole(
    served: Served, anna: Person, git: GitClient
) -> None:
    path, work = served.repository(anna), git.init()
    git.commit(work, "One", {"a": "1", "b": os.urandom(2000)})
    git.push(work, served.url(path, anna), "main")
    objects = served.git_directory(path) / "objects"
    (pack,) = (objects / "pack").glob("*.pack")
    pack.chmod(0o600)
    data = bytearray(pack.read_bytes())
    data[-1000:-900] = bytes(100)
    pack.write_bytes(bytes(data))

    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        request(served, f"/{path}/archive/main.zip")
