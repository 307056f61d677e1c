"""What a deleted branch left in the store is read by no protocol, also where git itself would serve it."""

import subprocess
from pathlib import Path

import pytest

from hub.gateway.pktline import packet
from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.http_requests import request
from tests.wire.raw_git import FETCH_TYPE, v2_request
from tests.wire.ways import Way, ssh

NO_END = ["2147483647", "0x7fffffff", " 2147483647", "6442450943", "017777777777", "2147483647\0"]


@pytest.fixture
def work(hers: GitClient) -> Path:
    """Anna's checkout: main, and `gone` with a secret in its first commit, `gone~1`."""
    work = hers.init()
    hers.commit(work, "One")
    hers.run("checkout", "--quiet", "-b", "gone", cwd=work)
    hers.commit(work, "Secret", {"secret": "only in the history of a branch that is gone"})
    hers.commit(work, "Later", {"secret": "taken out again"})
    return work


@pytest.fixture
def path(served: Served, anna: Person, hers: GitClient, work: Path) -> str:
    """A public repository that had both branches, and has main."""
    path = served.repository(anna)
    hers.push(work, served.url(path, anna), "main", "gone")
    hers.push(work, served.url(path, anna), ":gone")
    return path


def fetch(served: Served, path: str, body: bytes, protocol: str = "") -> bytes:
    headers = {**FETCH_TYPE, **({"Git-Protocol": protocol} if protocol else {})}
    return request(served, f"/{path}.git/git-upload-pack", method="POST", headers=headers, body=body).body


def old_request(*lines: str) -> bytes:
    return b"".join(packet(f"{line}\n".encode()) for line in lines) + b"0000" + packet(b"done\n")


@pytest.mark.parametrize("protocol", ["", "version=1"])
@pytest.mark.parametrize("wanted", ["gone~1:secret", "gone~1^{tree}"])
def test_older_protocols_serve_no_file_of_a_deleted_branch(
    served: Served, hers: GitClient, path: str, work: Path, wanted: str, protocol: str
) -> None:
    """The attack: want a blob or a tree by its id. git (2.39) asks `rev-list` whether a ref reaches the
    wants, which says nothing about blobs and trees, and so serves any that is in the store."""
    tip, secret = hers.head(work, "main"), hers.head(work, wanted)

    answers = [
        fetch(served, path, old_request(f"want {secret} side-band-64k"), protocol),
        fetch(served, path, old_request(f"want {tip} side-band-64k", f"want {secret}"), protocol),
    ]

    assert answers == [packet(f"ERR upload-pack: not our ref {secret}".encode())] * 2
    assert b"PACK" in fetch(served, path, old_request(f"want {tip} side-band-64k"), protocol)


@pytest.mark.parametrize("depth", NO_END)
def test_deepening_without_end_serves_nothing_below_a_deleted_branch(
    served: Served, hers: GitClient, path: str, work: Path, depth: str
) -> None:
    """The attack: call the deleted tip shallow and ask for all of the history. git then adds the parents of
    what is called shallow to the wants, whether a ref reaches it or not."""
    tip, gone = hers.head(work, "main"), hers.head(work, "gone")
    lines = [f"want {tip}", f"shallow {gone}", f"deepen {depth}"]

    new = fetch(served, path, v2_request("fetch", [*lines, "done"]), "version=2")
    old = fetch(served, path, old_request(*lines))

    assert b"unshallow" not in new + old
    assert old == packet(f"ERR upload-pack: not our ref {gone}".encode())
    assert len(new) <= len(fetch(served, path, v2_request("fetch", [lines[0], "done"]), "version=2")) + 100


def test_nor_does_it_over_ssh(served: Served, anna: Person, hers: GitClient, path: str, work: Path) -> None:
    """The same attack in a conversation of protocol v0, which git leads itself."""
    tip, gone = hers.head(work, "main"), hers.head(work, "gone")
    body = old_request(f"want {tip} side-band-64k", f"shallow {gone}", "deepen 2147483647")

    answer = ssh(served, anna, f"git-upload-pack '{path}.git'", stdin=body).stdout

    assert b"unshallow" not in answer
    assert b"PACK" not in answer
    assert answer.endswith(packet(f"ERR upload-pack: not our ref {gone}".encode()))


@pytest.mark.parametrize("protocol", ["0", "2"])
def test_a_shallow_clone_still_gets_all_of_the_history(
    way: Way, anna: Person, hers: GitClient, path: str, work: Path, protocol: str
) -> None:
    git = ("-c", f"protocol.version={protocol}")
    hers.run("checkout", "--quiet", "main", cwd=work)
    hers.commit(work, "Two")
    hers.push(work, way.url(path, anna), "main")
    hers.run(*git, "clone", "--quiet", "--depth=1", way.url(path, anna), "shallow", cwd=hers.folder)

    hers.run(*git, "fetch", "--unshallow", cwd=hers.folder / "shallow")

    assert hers.run("rev-list", "--count", "HEAD", cwd=hers.folder / "shallow").out.strip() == "2"


def test_a_shallow_clone_of_a_branch_that_was_rewritten_gets_all_of_the_new_history(
    way: Way, anna: Person, hers: GitClient, path: str, work: Path
) -> None:
    """What is cut off at a commit that nothing reaches any more stays cut off; the rest is completed."""
    hers.push(work, way.url(path, anna), "gone:topic")
    hers.run(
        "clone", "--quiet", "--depth=1", "--branch=topic", way.url(path, anna), "shallow", cwd=hers.folder
    )
    hers.run("checkout", "--quiet", "main", cwd=work)
    hers.commit(work, "Instead")
    hers.push(work, way.url(path, anna), "+main:topic")
    shallow = hers.folder / "shallow"

    hers.run("fetch", "--quiet", "--unshallow", cwd=shallow)

    assert hers.run("rev-list", "--count", "origin/topic", cwd=shallow).out.strip() == "2"
    assert hers.run("fsck", "--connectivity-only", cwd=shallow).ok
    with pytest.raises(subprocess.CalledProcessError):
        subprocess.run(
            ["git", "-C", shallow, "cat-file", "-e", hers.head(work, "gone~1:secret")],
            check=True,
            capture_output=True,
        )
