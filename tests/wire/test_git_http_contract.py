"""`hub.gateway.git_http` as outside judges call it: without a policy a client meets stock git."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.errors import HubError, Unauthenticated, text
from hub.gateway.asgi_client import Scope
from hub.gateway.git_http import GitTarget
from hub.gateway.git_service import Limits
from hub.gateway.pktline import FLUSH, packet
from tests.git_client import GitClient
from tests.wire.gateway_server import (
    BOTH,
    GatewayServer,
    bare_repository,
    git,
    git_processes,
    loose_ends,
)
from tests.wire.raw_git import (
    FETCH_TYPE,
    PUSH_TYPE,
    V2,
    ZERO,
    SlowRequest,
    big_pack,
    new_commit,
    push_body,
    read_report,
    read_side_band,
    v2_request,
)
from tests.wire.scripted_policy import wait_until

NO_CACHE = [
    ("expires", "Fri, 01 Jan 1980 00:00:00 GMT"),
    ("pragma", "no-cache"),
    ("cache-control", "no-cache, max-age=0, must-revalidate"),
]
INFO_UPLOAD = "/one.git/info/refs?service=git-upload-pack"
INFO_RECEIVE = "/one.git/info/refs?service=git-receive-pack"
READ_ONLY = frozenset({"git-upload-pack"})


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return bare_repository(tmp_path / "one.git", commits=3)


@pytest.fixture(scope="module")
def running() -> Iterator[GatewayServer]:
    with GatewayServer() as server:
        yield server


@pytest.fixture
def server(running: GatewayServer, directory: Path) -> GatewayServer:
    running.targets = {"one": {"directory": directory}}
    return running


@pytest.fixture
def client(tmp_path: Path) -> GitClient:
    return GitClient(tmp_path / "client")


def write_hook(directory: Path, name: str, script: str) -> None:
    hook = directory / "hooks" / name
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{script}\n")
    hook.chmod(0o755)


@pytest.mark.parametrize(
    ("method", "path", "headers", "services", "status"),
    [
        ("PUT", "/none.git/info/refs", {}, BOTH, 404),
        ("GET", "/one.git/HEAD", {}, BOTH, 404),
        ("GET", "/one.git/objects/info/packs", {}, BOTH, 404),
        ("POST", INFO_UPLOAD, FETCH_TYPE, BOTH, 405),
        ("DELETE", "/one.git/info/refs", {}, BOTH, 405),
        ("GET", "/one.git/git-upload-pack", {}, READ_ONLY, 405),
        ("HEAD", "/one.git/git-receive-pack", {}, frozenset(), 405),
        ("GET", "/one.git/info/refs", {}, BOTH, 403),
        ("GET", "/one.git/info/refs?service=git-upload-archive", {}, BOTH, 403),
        ("GET", "/one.git/info/refs?service=upload-pack", {}, BOTH, 403),
        ("GET", INFO_RECEIVE, {}, READ_ONLY, 403),
        ("POST", "/one.git/git-receive-pack", FETCH_TYPE, READ_ONLY, 403),
        ("POST", "/one.git/git-receive-pack", FETCH_TYPE, BOTH, 415),
        ("POST", "/one.git/git-upload-pack", {}, BOTH, 415),
        ("GET", INFO_UPLOAD, {}, READ_ONLY, 200),
        ("HEAD", INFO_RECEIVE, {}, BOTH, 200),
        ("POST", "/one.git/git-receive-pack", PUSH_TYPE, BOTH, 200),
    ],
)
def test_what_is_wrong_is_told_in_a_fixed_order(
    server: GatewayServer,
    directory: Path,
    method: str,
    path: str,
    headers: dict[str, str],
    services: frozenset[str],
    status: int,
) -> None:
    server.targets["one"] = {"directory": directory, "services": services}
    body = FLUSH if method == "POST" else None
    response, _ = server.request(method, path, body, headers)
    assert response.status == status


@pytest.mark.parametrize(
    ("method", "path", "body", "content_type"),
    [
        ("GET", INFO_UPLOAD, None, "application/x-git-upload-pack-advertisement"),
        ("HEAD", INFO_RECEIVE, None, "application/x-git-receive-pack-advertisement"),
        ("POST", "/one.git/git-upload-pack", FLUSH, "application/x-git-upload-pack-result"),
        ("POST", "/one.git/git-receive-pack", FLUSH, "application/x-git-receive-pack-result"),
    ],
)
def test_a_200_has_exactly_these_headers_in_this_order(
    server: GatewayServer, method: str, path: str, body: bytes | None, content_type: str
) -> None:
    headers = PUSH_TYPE if "receive" in path else FETCH_TYPE
    response, data = server.request(method, path, body, headers)
    framing = ("transfer-encoding", "content-length")
    sent = [(name.lower(), value) for name, value in response.getheaders() if name.lower() not in framing]
    assert sent == [*NO_CACHE, ("content-type", content_type)]
    assert (data == b"") == (method != "GET")


def test_a_method_that_is_not_allowed_names_those_that_are(server: GatewayServer) -> None:
    response, _ = server.request("POST", INFO_UPLOAD, b"", FETCH_TYPE)
    assert response.getheader("allow") == "GET, HEAD"


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip"])
def test_a_compressed_request_is_served(server: GatewayServer, encoding: str) -> None:
    body = gzip.compress(v2_request("ls-refs"))
    response, data = server.request(
        "POST", "/one.git/git-upload-pack", body, {**V2, "Content-Encoding": encoding}
    )
    assert response.status == 200
    assert b"refs/heads/main" in data


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"this is not gzip"),
        ("gzip", gzip.compress(b"0000")[:-9]),
        ("gzip", gzip.compress(b"0000") + b"more"),
        ("gzip", b""),
        ("br", b"0000"),
    ],
    ids=["not gzip", "cut", "more", "empty", "unknown"],
)
@pytest.mark.parametrize("service", ["git-upload-pack", "git-receive-pack"])
def test_a_body_that_cannot_be_decoded_is_the_clients_fault(
    server: GatewayServer, directory: Path, service: str, encoding: str, body: bytes
) -> None:
    headers = {"Content-Type": f"application/x-{service}-request", "Content-Encoding": encoding}
    response, _ = server.request("POST", f"/one.git/{service}", body, headers)
    assert response.status in (400, 415)
    assert wait_until(lambda: git_processes(directory) == [])
    assert loose_ends(directory) == []


@pytest.mark.parametrize(
    ("protocol", "environment", "start"),
    [
        ("version=2", {}, b"000eversion 2\n"),
        ("version=1", {}, b"001e# service=git-upload-pack\n0000000eversion 1\n"),
        ("", {}, b"001e# service=git-upload-pack\n0000"),
        ("version=20", {}, b"001e# service=git-upload-pack\n0000"),
        ("version=2:hub", {}, b"000eversion 2\n"),
        ("version=2 ;x", {}, b"001e# service=git-upload-pack\n0000"),
        ("version=2", {"GIT_PROTOCOL": ""}, b"001e# service=git-upload-pack\n0000"),
        ("", {"GIT_PROTOCOL": "version=2"}, b"000eversion 2\n"),
    ],
)
def test_the_protocol_is_what_the_final_environment_says(
    server: GatewayServer, directory: Path, protocol: str, environment: dict[str, str], start: bytes
) -> None:
    server.targets["one"] = {"directory": directory, "environment": environment}
    _, data = server.request("GET", INFO_UPLOAD, headers={"Git-Protocol": protocol})
    assert data.startswith(start)


def test_a_push_has_no_protocol_v2(server: GatewayServer) -> None:
    _, data = server.request("GET", INFO_RECEIVE, headers={"Git-Protocol": "version=2"})
    assert data.startswith(b"001f# service=git-receive-pack\n0000")


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_git_clones_and_pushes_with_every_protocol(
    server: GatewayServer, client: GitClient, directory: Path, version: str
) -> None:
    client.run("config", "--global", "protocol.version", version)
    client.clone(server.url("one"))
    commit_id = client.commit(client.folder / "clone")
    client.push(client.folder / "clone", "origin", "HEAD:refs/heads/new")
    assert git("rev-parse", "refs/heads/new", cwd=directory) == commit_id


def test_a_chunked_push_of_five_megabytes_arrives(
    server: GatewayServer, client: GitClient, directory: Path
) -> None:
    work = client.init()
    _, content = big_pack(5 << 20)
    client.commit(work, "Large", {"large": content})
    client.run("-c", "http.postBuffer=65536", "push", "--quiet", server.url("one"), "HEAD:large", cwd=work)
    assert git("cat-file", "-s", "large:large", cwd=directory) == str(len(content))


def test_children_know_nothing_of_the_server_and_all_that_the_target_adds(
    server: GatewayServer, client: GitClient, directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SERVER", "canary")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", "canary")
    added = {"REMOTE_USER": "anna", "GIT_COMMITTER_NAME": "Anna", "GIT_NAMESPACE": "ours"}
    server.targets["one"] = {"directory": directory, "environment": added}
    write_hook(directory, "post-receive", f"env >{tmp_path}/environment")
    work = client.init()
    client.commit(work)
    client.push(work, server.url("one"), "HEAD:refs/heads/new")
    seen = dict(line.split("=", 1) for line in (tmp_path / "environment").read_text().splitlines())
    assert {name: seen[name] for name in added} == added
    assert "canary" not in seen.values()
    assert git("rev-parse", "refs/namespaces/ours/refs/heads/new", cwd=directory) == client.head(work)


def test_configuration_of_the_target_wins(server: GatewayServer, client: GitClient, directory: Path) -> None:
    git("config", "transfer.hideRefs", "refs/tags", cwd=directory)
    server.targets["one"] = {"directory": directory, "config": {"transfer.hideRefs": "refs/heads"}}
    git("update-ref", "refs/notes/seen", "main", cwd=directory)
    assert set(client.ls_remote(server.url("one"), "refs/*")) == {"refs/notes/seen"}


@pytest.mark.parametrize("offered", [b"push-options", b"report-status"])
def test_stock_git_offers_what_its_repository_says(
    server: GatewayServer, directory: Path, offered: bytes
) -> None:
    _, before = server.request("GET", INFO_RECEIVE)
    git("config", "receive.advertisePushOptions", "true", cwd=directory)
    _, after = server.request("GET", INFO_RECEIVE)
    assert (offered in before, offered in after) == (offered == b"report-status", True)


def test_stock_git_serves_refs_and_faults_that_the_hub_would_refuse(
    server: GatewayServer, client: GitClient, directory: Path
) -> None:
    work = client.init()
    client.commit(work)
    client.push(work, server.url("one"), "HEAD:refs/changes/1/1", "HEAD:refs/hub/at")
    assert "refs/hub/at" in client.ls_remote(server.url("one"))


def test_the_repositorys_own_hook_refuses_in_its_own_words(
    server: GatewayServer, client: GitClient, directory: Path
) -> None:
    write_hook(directory, "pre-receive", "echo not on a Friday; exit 1")
    work = client.init()
    client.commit(work)
    result = client.push(work, server.url("one"), "HEAD:refs/heads/new", check=False)
    assert "remote: not on a Friday" in result.err
    assert "(pre-receive hook declined)" in result.err


def test_a_refusal_is_read_while_the_body_still_flows(server: GatewayServer, directory: Path) -> None:
    write_hook(directory, "pre-receive", "echo not on a Friday; exit 1")
    command = (ZERO, new_commit(directory), "refs/heads/new")
    with SlowRequest(server.port, "/one.git/git-receive-pack", PUSH_TYPE) as request:
        request.send(push_body([command]))
        request.read_until(b"not on a Friday")
        for _ in range(20):
            request.send(b"x" * 100_000)
        request.end()
        assert request.read_until(b"\r\n0\r\n\r\n").startswith(b"HTTP/1.1 200 OK")


def test_a_body_is_read_to_its_end_after_git_stopped_reading(server: GatewayServer) -> None:
    chunks = (b"zzzz" + b"x" * 100_000 for _ in range(100))
    response, data = server.request("POST", "/one.git/git-receive-pack", chunks, PUSH_TYPE)
    assert (response.status, data) == (200, b"")


def test_what_git_complains_about_goes_to_the_log_alone(
    server: GatewayServer, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (directory / "HEAD").write_text("nothing that git knows\n")
    response, data = server.request("GET", INFO_UPLOAD)
    assert response.status == 500
    assert b"fatal" not in data
    assert wait_until(lambda: "not appear to be a git repository" in caplog.text)


def test_a_hook_without_side_band_does_not_reach_the_answer(server: GatewayServer, directory: Path) -> None:
    write_hook(directory, "post-receive", "echo canary; echo canary >&2")
    body = push_body([(ZERO, new_commit(directory), "refs/heads/new")], "report-status")
    _, data = server.request("POST", "/one.git/git-receive-pack", body, PUSH_TYPE)
    assert read_report(data) == ["unpack ok", "ok refs/heads/new"]


def test_nothing_is_remembered_between_requests(
    server: GatewayServer, client: GitClient, directory: Path
) -> None:
    client.clone(server.url("one"), "before")
    git("update-ref", "refs/heads/new", "main~1", cwd=directory)
    git("symbolic-ref", "HEAD", "refs/heads/new", cwd=directory)
    client.clone(server.url("one"), "after")
    assert client.head(client.folder / "after") == git("rev-parse", "new", cwd=directory)


def test_what_resolve_raises_is_the_answer() -> None:
    class Moved(HubError):
        status = 301

    async def resolve(scope: Scope) -> GitTarget | None:
        if scope["path"] == "/moved":
            raise Moved(text("It moved."), headers={"Location": "/new.git/info/refs"})
        raise Unauthenticated(text("Who are you?"), headers={"WWW-Authenticate": 'Basic realm="hub"'})

    with GatewayServer(resolve) as server:
        moved, _ = server.request("GET", "/moved")
        unknown, body = server.request("GET", "/other")
    assert (moved.status, moved.getheader("location")) == (301, "/new.git/info/refs")
    assert (unknown.status, unknown.getheader("www-authenticate")) == (401, 'Basic realm="hub"')
    assert body == b"Who are you?\n"


def test_two_servers_in_one_process_do_not_meet(
    server: GatewayServer, client: GitClient, directory: Path
) -> None:
    with GatewayServer() as second:
        second.targets["one"] = {"directory": directory}
        client.clone(server.url("one"), "first")
        client.clone(second.url("one"), "second")
        client.clone(server.url("one"), "third")
    assert client.head(client.folder / "second") == client.head(client.folder / "third")


def test_a_client_killed_in_a_clone_takes_its_git_with_it(
    server: GatewayServer, directory: Path, tmp_path: Path
) -> None:
    script = tmp_path / "slow"
    script.write_text("#!/bin/sh\nsleep 100 & wait $!\n")
    script.chmod(0o755)
    config = {"uploadpack.packObjectsHook": str(script)}
    server.targets["one"] = {"directory": directory, "config": config}
    body = v2_request("fetch", [f"want {git('rev-parse', 'main', cwd=directory)}", "done"])
    with SlowRequest(server.port, "/one.git/git-upload-pack", V2) as request:
        request.send(body)
        request.end()
        assert wait_until(lambda: len(git_processes(directory)) == 1)
    # A quarter of a second is what it takes where nothing else runs; the script sleeps longer.
    assert wait_until(lambda: git_processes(directory) == [], 60)


def test_a_push_that_falls_silent_is_let_go(server: GatewayServer, directory: Path) -> None:
    server.targets["one"] = {"directory": directory, "limits": Limits(idle_seconds=0.3)}
    _, pack = big_pack(200_000)
    body = push_body([(ZERO, "1" * 40, "refs/heads/new")], pack=pack)
    with SlowRequest(server.port, "/one.git/git-receive-pack", PUSH_TYPE) as request:
        request.send(body[:100_000])
        answer = request.read_until(b"so the hub let go.")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert git_processes(directory) == []
    assert loose_ends(directory) == []


def test_a_client_that_does_not_read_is_let_go(server: GatewayServer, tmp_path: Path) -> None:
    blob_id, pack = big_pack(8 << 20)
    directory = bare_repository(tmp_path / "large.git")
    git("unpack-objects", "-q", cwd=directory, stdin=pack)
    git("update-ref", "refs/blobs/large", blob_id, cwd=directory)
    server.targets["large"] = {"directory": directory, "limits": Limits(idle_seconds=1)}
    with SlowRequest(server.port, "/large.git/git-upload-pack", V2) as request:
        request.send(v2_request("fetch", [f"want {blob_id}", "done"]))
        request.end()
        request.read_until(b"packfile")
        assert wait_until(lambda: git_processes(directory) == [])


def test_a_malformed_push_is_answered_by_git_itself(server: GatewayServer, directory: Path) -> None:
    body = push_body([(ZERO, "1" * 40, "refs/heads/new")])
    _, data = server.request("POST", "/one.git/git-receive-pack", body, PUSH_TYPE)
    assert read_side_band(data).report == ["unpack ok", "ng refs/heads/new missing necessary objects"]


def test_a_lifespan_is_answered_and_not_needed(server: GatewayServer) -> None:
    body = packet(b"not a command") + FLUSH
    response, _ = server.request("POST", "/one.git/git-upload-pack", body, V2)
    assert response.status == 200
