"""A fetch through the gateway with a scripted policy: what is checked, hidden, limited and shared."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from hub.gateway.git_service import Limits
from hub.gateway.pktline import FLUSH, packet, split
from tests.git_client import GitClient
from tests.wire.gateway_hosting import Hosted, hosting
from tests.wire.gateway_server import GatewayServer, git, git_processes
from tests.wire.raw_git import V2, SlowRequest, new_commit, v2_request
from tests.wire.scripted_policy import tips_only, wait_until


@pytest.fixture(scope="module")
def running() -> Iterator[GatewayServer]:
    with GatewayServer() as server:
        yield server


@pytest.fixture
def hosted(running: GatewayServer, tmp_path: Path) -> Iterator[Hosted]:
    with hosting(running, tmp_path) as one:
        one.script.wants = tips_only(one.directory)
        yield one


@pytest.fixture
def client(tmp_path: Path) -> GitClient:
    return GitClient(tmp_path / "client")


def fetch(hosted: Hosted, body: bytes) -> tuple[int, bytes]:
    response, data = hosted.server.request("POST", "/demo.git/git-upload-pack", body, V2)
    return response.status, data


def clone_request(hosted: Hosted, agent: str = "git/2.39.5") -> bytes:
    tip = git("rev-parse", "main", cwd=hosted.directory)
    return v2_request("fetch", ["ofs-delta", f"want {tip}", "done"], [f"agent={agent}", "object-format=sha1"])


def packs_made(hosted: Hosted, folder: Path, pause_seconds: float = 0) -> Path:
    """Has each pack that git makes leave a line in the file that is returned."""
    counter, script = folder / "packs", folder / "count"
    script.write_text(f'#!/bin/sh\necho made >>{counter}\nsleep {pause_seconds}\nexec "$@"\n')
    script.chmod(0o755)
    hosted.change(config={"uploadpack.packObjectsHook": str(script)})
    counter.touch()
    return counter


def test_a_want_that_may_not_be_seen_is_refused_as_git_refuses_it(hosted: Hosted, client: GitClient) -> None:
    secret = new_commit(hosted.directory, "secret")
    client.init()
    result = client.fetch(client.folder / "work", hosted.url, secret, check=False)
    assert f"remote error: upload-pack: not our ref {secret}" in result.err


@pytest.mark.parametrize("line", ["want {upper}", "want {id} x", "want {short}", "want  {id}"])
def test_a_want_that_git_would_read_otherwise_is_refused(hosted: Hosted, line: str) -> None:
    secret = new_commit(hosted.directory, "secret")
    wanted = line.format(id=secret, upper=secret.upper(), short=secret[:39])
    status, data = fetch(hosted, v2_request("fetch", [wanted, "done"]))
    assert (status, b"PACK" in data) == (400, False)


def test_a_filled_cache_serves_nobody_who_may_not_see(hosted: Hosted, client: GitClient) -> None:
    client.clone(hosted.url, "first")
    request = clone_request(hosted)
    assert b"PACK" in fetch(hosted, request)[1]
    git("update-ref", "-d", "refs/heads/main", cwd=hosted.directory)
    status, data = fetch(hosted, request)
    assert status == 200
    assert data[4:].startswith(b"ERR upload-pack: not our ref ")


def test_a_second_clone_needs_no_git(hosted: Hosted, tmp_path: Path) -> None:
    counter = packs_made(hosted, tmp_path)
    first = fetch(hosted, clone_request(hosted, "git/2.39.5"))
    second = fetch(hosted, clone_request(hosted, "JGit/4.11"))
    assert first == second
    assert counter.read_text() == "made\n"


def test_clones_at_the_same_time_share_one_git(hosted: Hosted, tmp_path: Path) -> None:
    counter = packs_made(hosted, tmp_path, pause_seconds=0.5)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: fetch(hosted, clone_request(hosted)), range(8)))
    assert len(set(answers)) == 1
    assert b"PACK" in answers[0][1]
    assert counter.read_text() == "made\n"


@pytest.mark.parametrize("change", ["refs", "config", "environment", "request"])
def test_an_answer_is_not_shared_with_another_question(hosted: Hosted, tmp_path: Path, change: str) -> None:
    counter = packs_made(hosted, tmp_path)
    request = clone_request(hosted)
    fetch(hosted, request)
    if change == "refs":
        git("tag", "new", "main~1", cwd=hosted.directory)
    elif change == "config":
        hosted.change(config={**hosted.fields["config"], "pack.window": "2"})
    elif change == "environment":
        hosted.change(environment={"GIT_NAMESPACE": ""})
    else:
        request = request.replace(packet(b"done\n"), packet(b"deepen 1\n") + packet(b"done\n"))
    fetch(hosted, request)
    assert counter.read_text() == "made\n" * 2


def test_a_negotiated_fetch_is_not_kept(hosted: Hosted, client: GitClient, tmp_path: Path) -> None:
    counter = packs_made(hosted, tmp_path)
    for name in ("one", "two"):
        client.clone(hosted.url, name, "--depth=1")
        client.fetch(client.folder / name, "--unshallow")
    assert counter.read_text() == "made\n" * 3


def test_without_a_folder_nothing_is_kept(hosted: Hosted, tmp_path: Path) -> None:
    counter = packs_made(hosted, tmp_path)
    hosted.change(policy=replace(hosted.fields["policy"], cache=None))
    fetch(hosted, clone_request(hosted))
    fetch(hosted, clone_request(hosted))
    assert counter.read_text() == "made\n" * 2


def test_a_cache_folder_that_cannot_be_used_costs_only_speed(hosted: Hosted, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    hosted.change(policy=replace(hosted.fields["policy"], cache=tmp_path / "file"))
    status, data = fetch(hosted, clone_request(hosted))
    assert (status, b"PACK" in data) == (200, True)


def test_the_last_reader_to_leave_ends_git_and_the_first_does_not(hosted: Hosted, tmp_path: Path) -> None:
    packs_made(hosted, tmp_path, pause_seconds=100)
    hosted.change(config={**hosted.fields["config"], "uploadpack.keepAlive": "1"})
    with SlowRequest(hosted.server.port, "/demo.git/git-upload-pack", V2) as second:
        with SlowRequest(hosted.server.port, "/demo.git/git-upload-pack", V2) as first:
            for request in (first, second):
                request.send(clone_request(hosted))
                request.end()
                request.read_until(b"packfile")
            assert len(git_processes(hosted.directory)) == 1
        assert not wait_until(lambda: git_processes(hosted.directory) == [], 0.3)
    assert wait_until(lambda: git_processes(hosted.directory) == [], 60)


def test_a_client_that_leaves_while_waiting_for_a_slot_is_forgotten(hosted: Hosted, tmp_path: Path) -> None:
    packs_made(hosted, tmp_path, pause_seconds=100)
    hosted.change(limits=Limits(pack_slots=1))
    tip = git("rev-parse", "main", cwd=hosted.directory)
    with (
        SlowRequest(hosted.server.port, "/demo.git/git-upload-pack", V2) as first,
        SlowRequest(hosted.server.port, "/demo.git/git-upload-pack", V2) as second,
    ):
        for request, depth in ((first, 1), (second, 2)):
            request.send(v2_request("fetch", [f"want {tip}", f"deepen {depth}", "done"]))
            request.end()
            assert wait_until(lambda n=depth: hosted.script.questions().count("wants") == n)  # type: ignore[misc]
        assert wait_until(lambda: len(git_processes(hosted.directory)) == 1)
        refs = hosted.server.request("GET", "/demo.git/info/refs?service=git-upload-pack")
        assert refs[0].status == 200
    assert wait_until(lambda: git_processes(hosted.directory) == [], 60)


def test_a_lazy_checkout_asks_for_what_it_needs(hosted: Hosted, client: GitClient) -> None:
    hosted.script.wants = lambda _: {"refused": [], "state": "0"}
    client.clone(hosted.url, "lazy", "--filter=blob:none", "--no-checkout")
    client.run("checkout", "--quiet", "HEAD", cwd=client.folder / "lazy")
    blob = client.head(client.folder / "lazy", "HEAD:file3")
    assert hosted.script.questions()[0] == "wants"
    assert blob in hosted.script.asked[-1].values["wants"]


def test_what_would_tell_of_unseen_objects_is_not_served(hosted: Hosted) -> None:
    blob = git("rev-parse", "main:file1", cwd=hosted.directory)
    tip = git("rev-parse", "main", cwd=hosted.directory)
    sizes = fetch(hosted, v2_request("object-info", ["size", f"oid {blob}"]))
    sparse = fetch(hosted, v2_request("fetch", [f"want {tip}", f"filter sparse:oid={blob}", "done"]))
    assert sizes[0] == 400
    assert b"ERR filter 'sparse:oid' not supported" in sparse[1]


@pytest.mark.parametrize(
    ("prefixes", "shown"),
    [
        ([], {"refs/heads/main"}),
        (["refs/heads/"], {"refs/heads/main"}),
        (["refs/changes/7"], {"refs/changes/7/1"}),
        (["refs/changes/"], {"refs/changes/7/1"}),
        (["refs/changes-of-mine/"], set()),
        (["refs/hub"], {"refs/hub/at"}),
        (["refs/"], {"refs/heads/main", "refs/changes/7/1", "refs/hub/at", "refs/pull/7/head"}),
        ([""], {"refs/heads/main", "refs/changes/7/1", "refs/hub/at", "refs/pull/7/head"}),
    ],
)
def test_refs_of_the_hub_are_listed_for_those_who_ask(
    hosted: Hosted, prefixes: list[str], shown: set[str]
) -> None:
    for ref in ("refs/changes/7/1", "refs/hub/at", "refs/pull/7/head"):
        git("update-ref", ref, "main", cwd=hosted.directory)
    _, data = fetch(hosted, v2_request("ls-refs", [f"ref-prefix {prefix}" for prefix in prefixes]))
    names = {line.split()[1].decode() for line in split(data)[0] if line}
    assert names - {"HEAD"} == shown


@pytest.mark.parametrize("version", ["0", "1"])
def test_old_protocols_list_everything_because_they_can_fetch_nothing_else(
    hosted: Hosted, client: GitClient, version: str
) -> None:
    git("update-ref", "refs/changes/7/1", "main~1", cwd=hosted.directory)
    client.run("config", "--global", "protocol.version", version)
    client.clone(hosted.url)
    client.fetch(client.folder / "clone", "origin", "refs/changes/7/1")
    secret = new_commit(hosted.directory)
    result = client.fetch(client.folder / "clone", "origin", secret, check=False)
    assert "does not allow request for unadvertised object" in result.err


def test_a_mirror_has_every_ref(hosted: Hosted, client: GitClient) -> None:
    git("update-ref", "refs/changes/7/1", "main~1", cwd=hosted.directory)
    client.clone(hosted.url, "mirror", "--mirror")
    mirrored = client.run("for-each-ref", "--format=%(refname)", cwd=client.folder / "mirror").out.split()
    assert mirrored == ["refs/changes/7/1", "refs/heads/main"]


def test_a_request_beyond_the_limit_is_refused(hosted: Hosted) -> None:
    hosted.change(limits=Limits(max_fetch_request_bytes=10_000))
    haves = [f"have {n:040x}" for n in range(300)]
    status, data = fetch(hosted, v2_request("fetch", haves))
    assert (status, data) == (413, b"A request to git-upload-pack may have 10000 bytes.\n")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"0014command=ls-refs\n",
        packet(b"command=fetch\n") + packet(b"command=ls-refs\n") + FLUSH,
        packet(b"agent=x\n") + FLUSH,
        v2_request("ls-refs").replace(b"0014", b"0x14"),
        v2_request("ls-refs").replace(b"0001", b"00010001"),
        v2_request("ls-refs").replace(b"0001", b"0002"),
    ],
)
def test_what_is_not_a_request_is_the_clients_fault(hosted: Hosted, body: bytes) -> None:
    assert fetch(hosted, body)[0] == 400


def test_an_empty_request_has_an_empty_answer(hosted: Hosted) -> None:
    assert fetch(hosted, FLUSH) == (200, b"")


def test_without_policy_processes_nothing_is_fetched(hosted: Hosted, client: GitClient) -> None:
    absent = replace(hosted.fields["policy"], socket=hosted.directory / "absent.sock")
    hosted.change(policy=absent)
    result = client.clone(hosted.url, check=False)
    assert "503" in result.err


def test_hundreds_of_wants_are_checked_at_once(hosted: Hosted) -> None:
    tips = git("rev-list", "main", cwd=hosted.directory).split()
    hosted.script.wants = lambda question: {"refused": [], "state": str(len(question["wants"]))}
    lines = [f"want {tip}" for tip in tips * 1000]
    status, data = fetch(hosted, v2_request("fetch", [*lines, "done"]))
    assert (status, b"PACK" in data) == (200, True)
    assert len(hosted.script.asked[-1].values["wants"]) == 3


def test_fsck_finds_a_cached_clone_whole(hosted: Hosted, client: GitClient) -> None:
    for name in ("one", "two"):
        client.clone(hosted.url, name, "--bare")
        done = subprocess.run(
            ["git", "fsck", "--strict"], cwd=client.folder / name, capture_output=True, check=False
        )
        assert done.returncode == 0
