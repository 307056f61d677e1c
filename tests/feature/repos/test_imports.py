"""Imports: what arrives, how it is told, and that whatever fails leaves nothing."""

import dataclasses
import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from hub import egress
from hub.accounts.models import User
from hub.app import Hub
from hub.config import Config
from hub.errors import Invalid
from hub.repos import receive
from hub.repos.git.importing import SourceFailed, list_remote
from hub.repos.git.store import directory
from hub.repos.imports.import_run import end_dead, run_import
from hub.repos.imports.imports import Progress, find_progress, folder, keep_upload, retry_import, start_import
from hub.repos.jobs import do_import
from hub.repos.models import Import, ImportState, RefLogEntry, Repository
from tests.factories import make_repository, unique
from tests.fast_import import Stream
from tests.git_client import GitClient
from tests.git_server import GitServer, git_server

PACK_TAIL = 400
EMPTY_TREE = ("hash-object", "-w", "-t", "tree", "/dev/null")


@pytest.fixture
def config(config: Config) -> Config:
    """Settings under which this machine may be reached."""
    return dataclasses.replace(config, allowed_networks="127.0.0.0/8")


@pytest.fixture(scope="module")
def made_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare repository with two branches, a tag, a note, and refs that nobody takes; to be copied."""
    git = GitClient(tmp_path_factory.mktemp("source"))
    work, stream = git.init("source-work", "trunk"), Stream()
    for number in range(30):
        files = {f"file-{number}".encode(): os.urandom(300)}
        stream.commit(f"{number}", b"refs/heads/trunk", files, parents=[f"{number - 1}"] if number else [])
    stream.run(work)
    git.run("branch", "other", "HEAD~3", cwd=work)
    git.run("tag", "-a", "v1", "-m", "one", cwd=work)
    git.run("notes", "add", "-m", "a note", cwd=work)
    for name in ("refs/pull/1/head", "refs/changes/1/1", "refs/hub/at", "refs/hub/changes/1"):
        git.run("update-ref", name, "HEAD~2", cwd=work)
    git.run("update-ref", "refs/heads/-rf", "HEAD", cwd=work)
    git.run("clone", "-q", "--mirror", str(work), "source.git")
    return git.folder / "source.git"


@pytest.fixture
def source(git: GitClient, made_source: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(made_source, git.folder / "source.git"))


@pytest.fixture
def server(source: Path) -> Iterator[GitServer]:
    """A server of that repository."""
    with git_server(source) as running:
        yield running


def begin(hub: Hub, repository: Repository, url: str = "", *, bundle: Path | None = None) -> None:
    with hub.database.writing() as session:
        viewer = session.get_one(User, repository.owner_id).viewer()
        row = session.get_one(Repository, repository.id)
        source = egress.read_url(url) if url else None
        start_import(session, viewer, row, source=source, bundle=bundle, bundle_name="a.bundle")


def progress_of(hub: Hub, repository: Repository) -> Progress | None:
    with hub.database.reading() as session:
        return find_progress(session, session.get_one(Repository, repository.id))


def refs_of(hub: Hub, git: GitClient, repository: Repository) -> list[str]:
    path = directory(hub.config, repository)
    return git.run("for-each-ref", "--format=%(refname)", cwd=path).out.split()


def assert_empty(hub: Hub, git: GitClient, repository: Repository) -> None:
    path = directory(hub.config, repository)
    assert refs_of(hub, git, repository) == []
    assert git.run("count-objects", "-v", cwd=path).out.split("\n")[2:4] == ["in-pack: 0", "packs: 0"]
    assert [one.name for one in path.parent.iterdir()] == [path.name]


IMPORTED = ["refs/heads/other", "refs/heads/trunk", "refs/notes/commits", "refs/tags/v1"]


def test_import_brings_branches_tags_and_notes(
    hub: Hub, git: GitClient, repository: Repository, server: GitServer
) -> None:
    begin(hub, repository, server.url)
    do_import.function(hub.database, repository.id)
    do_import.function(hub.database, repository.id)
    assert progress_of(hub, repository) is None
    assert refs_of(hub, git, repository) == IMPORTED
    path = directory(hub.config, repository)
    git.run("fsck", "--full", "--strict", cwd=path)
    assert (path / "HEAD").read_text() == "ref: refs/heads/trunk\n"
    assert not (path / "objects/info/alternates").exists()
    with hub.database.reading() as session:
        logged = session.scalars(
            select(RefLogEntry.ref).where(RefLogEntry.repository_id == repository.id)
        ).all()
        row = session.get_one(Repository, repository.id)
        assert (row.default_branch, row.refs_count, row.pushed_at is None) == ("trunk", 4, False)
        assert row.size_bytes > 9_000
    assert sorted(logged) == IMPORTED
    found = receive.reconcile(hub.database, repository.id)
    assert found is not None
    assert not found.found_something


def test_import_leaves_the_journal_that_the_repository_has(
    hub: Hub, git: GitClient, repository: Repository, server: GitServer
) -> None:
    """The hub's own refs are none that somebody pushed meanwhile, and outlast the refs that arrive, even
    where they are packed already."""
    path = directory(hub.config, repository)
    said = git.run(
        "-C", str(path), "commit-tree", "-m", "said", git.run("-C", str(path), *EMPTY_TREE).out.strip()
    )
    for command in (("update-ref", "refs/hub/repo", said.out.strip()), ("pack-refs", "--all")):
        git.run("-C", str(path), *command)
    begin(hub, repository, server.url)
    do_import.function(hub.database, repository.id)
    assert sorted(refs_of(hub, git, repository)) == sorted([*IMPORTED, "refs/hub/repo"])
    assert git.run("-C", str(path), "rev-parse", "refs/hub/repo").out == said.out


def test_credentials_are_used_and_kept_nowhere(hub: Hub, repository: Repository, server: GitServer) -> None:
    server.password = "hush hush"
    begin(hub, repository, server.url.replace("http://", "http://anna:hush%20hush@"))
    handed_over = folder(hub.config) / f"{repository.id}.json"
    assert handed_over.stat().st_mode & 0o777 == 0o600
    run_import(hub.database, repository.id)
    assert progress_of(hub, repository) is None
    assert set(server.credentials) == {"anna:hush hush"}
    assert not handed_over.exists()
    with hub.database.reading() as session:
        row = session.get_one(Import, repository.id)
        assert "hush" not in f"{row.source}{row.error}{row.progress}"
    left = [one for one in hub.config.data.rglob("*") if one.is_file() and b"hush hush" in one.read_bytes()]
    assert left == []


@pytest.mark.parametrize(
    ("misbehaviour", "reason"),
    [
        ({"cut_after": PACK_TAIL}, "The source broke off in the middle."),
        ({"password": "other"}, "The source asks for a user name and a password or token"),
        ({"leads_to": "http://127.0.0.1:1/x.git/info/refs"}, "The address leads to another one."),
        ({"directory": Path("/nonexistent")}, "git says"),
    ],
)
def test_import_that_fails_leaves_nothing_and_can_be_tried_again(
    hub: Hub,
    git: GitClient,
    repository: Repository,
    server: GitServer,
    misbehaviour: dict[str, object],
    reason: str,
) -> None:
    well_behaved = dataclasses.replace(server)
    for name, value in misbehaviour.items():
        setattr(server, name, value)
    begin(hub, repository, server.url)
    run_import(hub.database, repository.id)
    progress = progress_of(hub, repository)
    assert progress is not None
    assert progress.state is ImportState.FAILED
    assert progress.error.startswith(reason) or reason == "git says", progress.error
    assert_empty(hub, git, repository)
    for name in misbehaviour:
        setattr(server, name, getattr(well_behaved, name))
    with hub.database.writing() as session:
        viewer = session.get_one(User, repository.owner_id).viewer()
        row = session.get_one(Repository, repository.id)
        retry_import(session, viewer, row, source=egress.read_url(server.url))
    run_import(hub.database, repository.id)
    assert progress_of(hub, repository) is None
    assert refs_of(hub, git, repository) == IMPORTED


def test_network_of_the_hub_itself_is_not_reached(
    hub: Hub, git: GitClient, repository: Repository, server: GitServer
) -> None:
    """An address of this machine, in every disguise, while nothing allows it: nobody ever connects."""
    hub.database.config = dataclasses.replace(hub.config, allowed_networks="")
    for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "localhost."):
        begin(hub, repository, server.url.replace("127.0.0.1", host))
        run_import(hub.database, repository.id)
        progress = progress_of(hub, repository)
        assert progress is not None
        assert "lies in a network that the hub does not fetch from" in progress.error
    assert server.connections == 0
    assert_empty(hub, git, repository)


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ({"max_refs": 3}, "The source has more than 3 branches, tags and notes."),
        ({"max_object_bytes": 1000}, "An object in it has 1040 bytes; the hub takes 1000."),
        ({"max_import_bytes": 5000}, "It is larger than the 5000 bytes an import may have."),
    ],
)
def test_import_keeps_to_the_limits(
    hub: Hub,
    git: GitClient,
    repository: Repository,
    server: GitServer,
    limit: dict[str, int],
    reason: str,
) -> None:
    hub.database.config = dataclasses.replace(hub.config, **limit)  # type: ignore[arg-type]  # whole numbers
    begin(hub, repository, server.url)
    run_import(hub.database, repository.id)
    progress = progress_of(hub, repository)
    assert progress is not None
    assert progress.error == reason
    assert_empty(hub, git, repository)


def test_bundle_is_imported(hub: Hub, git: GitClient, repository: Repository, source: Path) -> None:
    git.run("bundle", "create", "--quiet", "../a.bundle", "--all", cwd=source)
    with (git.folder / "a.bundle").open("rb") as upload:
        kept = keep_upload(hub.config, upload)
    begin(hub, repository, bundle=kept)
    run_import(hub.database, repository.id)
    assert progress_of(hub, repository) is None
    assert refs_of(hub, git, repository) == IMPORTED
    assert not kept.exists()
    with hub.database.reading() as session:
        assert session.get_one(Repository, repository.id).default_branch == "trunk"


def test_refused_bundle_says_nothing_of_where_the_hub_keeps_it(hub: Hub, repository: Repository) -> None:
    """Whoever uploads garbage reads git's own words, which would name a directory of the server."""
    kept = keep_upload(hub.config, io.BytesIO(b"not a bundle at all"))
    begin(hub, repository, bundle=kept)
    run_import(hub.database, repository.id)
    progress = progress_of(hub, repository)
    assert progress is not None
    assert kept.name in progress.error
    assert str(kept.parent) not in progress.error
    assert "/" not in progress.error


@pytest.mark.parametrize("kind", ["no bundle", "thin"])
def test_file_that_is_no_whole_history_is_refused(
    hub: Hub, git: GitClient, repository: Repository, source: Path, kind: str
) -> None:
    made = git.folder / "a.bundle"
    if kind == "thin":
        git.run("bundle", "create", "--quiet", str(made), "refs/heads/trunk", "^refs/heads/other", cwd=source)
    else:
        made.write_bytes(b"not a bundle at all")
    with made.open("rb") as upload:
        kept = keep_upload(hub.config, upload)
    begin(hub, repository, bundle=kept)
    run_import(hub.database, repository.id)
    progress = progress_of(hub, repository)
    assert progress is not None
    assert progress.is_bundle
    assert progress.error.startswith("The file is no bundle of git that holds a whole history")
    assert_empty(hub, git, repository)


def test_alternates_and_links_of_a_source_do_not_arrive(
    hub: Hub, git: GitClient, repository: Repository, source: Path, server: GitServer
) -> None:
    """A source whose files point into this machine: it may link and borrow, its words do not come."""
    lender = git.folder / "lender.git"
    source.rename(lender)
    git.run("init", "-q", "--bare", str(source))
    (source / "objects/info/alternates").write_text(f"{lender}/objects\n/etc\n")
    words = unique("canary").encode()
    canary = git.folder / "canary"
    canary.write_bytes(words)
    (source / "objects/pack/pack-evil.pack").symlink_to(canary)
    (source / "packed-refs").write_text((lender / "packed-refs").read_text())
    (source / "HEAD").write_text("ref: refs/heads/trunk\n")
    begin(hub, repository, server.url)
    run_import(hub.database, repository.id)
    path = directory(hub.config, repository)
    assert refs_of(hub, git, repository) == IMPORTED
    assert not (path / "objects/info/alternates").exists()
    assert [one for one in path.rglob("*") if one.is_symlink()] == []
    assert [one for one in path.rglob("*") if one.is_file() and words in one.read_bytes()] == []


def test_import_cut_off_by_a_crash_is_ended_in_words(
    hub: Hub, repository: Repository, server: GitServer
) -> None:
    begin(hub, repository, server.url)
    with hub.database.writing() as session:
        session.get_one(Import, repository.id).state = ImportState.RUNNING
    assert end_dead(hub.database) == []
    progress = progress_of(hub, repository)
    assert progress is not None
    assert progress.error == "The hub stopped in the middle of it."


def test_one_person_imports_few_at_once(hub: Hub, repository: Repository, server: GitServer) -> None:
    with hub.database.writing() as session:
        anna = session.get_one(User, repository.owner_id)
        more = [make_repository(session, anna) for _ in range(3)]
        session.flush()
        session.expunge_all()
    for one in more:
        begin(hub, one, server.url)
    with pytest.raises(Invalid) as refused:
        begin(hub, repository, server.url)
    assert "3 of your imports are under way" in str(refused.value.fields["url"])


def test_empty_upload_is_refused(hub: Hub) -> None:
    with pytest.raises(Invalid):
        keep_upload(hub.config, io.BytesIO())
    assert list(folder(hub.config).glob("*.bundle")) == []


def test_connection_goes_to_the_address_that_was_found_first(hub: Hub, server: GitServer) -> None:
    """A name that this machine's resolver does not know at all: git does not ask it."""
    source = egress.read_url(server.url.replace("127.0.0.1", "source.invalid"))
    destination = egress.resolve(hub.config, source, resolver=lambda _host, _port: ["127.0.0.1"])
    assert list_remote(destination).heads == ["refs/heads/trunk"]


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% {marker}",
        "--upload-pack=touch {marker}",
        "-oProxyCommand=touch {marker}",
        "ssh://-oProxyCommand=touch%20{marker}/x",
        "fd::17",
        "file://{source}",
        "{source}",
    ],
)
def test_git_itself_takes_no_other_protocol_either(source: Path, tmp_path: Path, url: str) -> None:
    """The second lock: an address that slipped past the first one reaches git."""
    marker = tmp_path / "marker"
    given = egress.Source(url.format(marker=marker, source=source), "https", "example.org", 443)
    with pytest.raises(SourceFailed):
        list_remote(egress.Destination(given, ("127.0.0.1",)))
    assert not marker.exists()
