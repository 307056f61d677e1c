"""What becomes of downloads that wait too long, fail, say too much, or are asked for twice."""

import asyncio
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from hub.config import Config
from hub.errors import HubError
from hub.gateway.client import ClientLeft
from hub.gateway.fetch_cache import AnswerBroken
from hub.gateway.git_service import slots
from hub.gateway.handover import Downloader, NoPlace, NotMade
from hub.repos.git.downloads import Download, Kind, folder_name, read

HEADERS = [(b"content-type", b"text/plain"), (b"etag", b'"1"')]


@dataclass
class Reader:
    """A client of one GET, and what it was sent."""

    leaves_after: float = 60.0
    sent: list[dict[str, Any]] = field(default_factory=list)

    async def receive(self) -> dict[str, Any]:
        await asyncio.sleep(self.leaves_after)
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(dict(message))

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(data=tmp_path / "data")


@pytest.fixture
def blob(config: Config) -> Download:
    """A file of 16 MB in a repository of that hub."""
    folder = config.data / "repositories" / "main" / "7.git"
    subprocess.run(["git", "init", "-q", "--bare", str(folder)], check=True)
    command = ["git", "-C", str(folder), "hash-object", "-w", "--stdin"]
    made = subprocess.run(command, input=b"x" * (16 << 20), capture_output=True, check=True).stdout
    return Download(Kind.BLOB, "main", 7, made.decode().strip(), size_bytes=16 << 20)


async def ask(downloader: Downloader, download: Download, reader: Reader) -> Reader:
    scope = {"method": "GET", "headers": []}
    what = download.as_text().encode()
    await downloader.send(scope, reader.receive, reader.send, what=what, headers=HEADERS)
    return reader


def test_download_has_the_worker_s_headers_and_its_length(config: Config, blob: Download) -> None:
    reader = asyncio.run(ask(Downloader(config), blob, Reader()))
    assert reader.body == b"x" * (16 << 20)
    assert reader.sent[0]["headers"] == [*HEADERS, (b"content-length", b"16777216")]
    assert reader.sent[-1] == {"type": "http.response.body", "body": b""}


def test_whoever_finds_no_place_in_time_is_told_when_to_come_back(config: Config, blob: Download) -> None:
    async def scenario() -> None:
        for _ in range(4):
            await slots("download file", 4).acquire()
        await ask(Downloader(config, wait_seconds=0.05), blob, reader)

    reader = Reader()
    with pytest.raises(NoPlace) as caught:
        asyncio.run(scenario())
    assert (caught.value.status, caught.value.headers, reader.sent) == (503, {"Retry-After": "5"}, [])


def test_slow_reader_is_not_cut_off_after_the_first_byte(config: Config, blob: Download) -> None:
    class Slow(Reader):
        async def send(self, message: Any) -> None:
            await super().send(message)
            await asyncio.sleep(0.01)

    reader = asyncio.run(ask(Downloader(config, wait_seconds=0.3), blob, Slow()))
    assert len(reader.body) == 16 << 20


@pytest.mark.parametrize("damage", ["no object", "no repository"])
def test_what_git_cannot_make_is_said_in_words(config: Config, blob: Download, damage: str) -> None:
    download = replace(blob, object_id="1" * 40) if damage == "no object" else replace(blob, repository_id=8)
    reader = Reader()
    with pytest.raises(NotMade):
        asyncio.run(ask(Downloader(config), download, reader))
    assert reader.sent == []


def test_what_says_too_much_is_cut_off(config: Config, blob: Download) -> None:
    downloader = Downloader(replace(config, max_archive_bytes=1 << 20))
    reader = Reader()
    with pytest.raises(AnswerBroken):
        asyncio.run(ask(downloader, blob, reader))
    assert len(reader.body) < 16 << 20


def test_disk_that_is_full_of_what_nobody_reads_takes_no_more(config: Config, blob: Download) -> None:
    with pytest.raises(HubError) as caught:
        asyncio.run(ask(Downloader(replace(config, download_cache_bytes=0)), blob, Reader()))
    assert caught.value.status == 503


def test_reader_who_leaves_ends_it_and_the_next_begins_anew(config: Config, blob: Download) -> None:
    async def scenario() -> bytes:
        downloader = Downloader(config)
        with pytest.raises(ClientLeft):
            await ask(downloader, blob, Reader(leaves_after=0.001))
        return (await ask(downloader, blob, Reader())).body

    assert len(asyncio.run(scenario())) == 16 << 20


def test_stop_of_the_front_cuts_off_what_is_sent(config: Config, blob: Download) -> None:
    class Stuck(Reader):
        async def send(self, message: Any) -> None:
            await super().send(message)
            await asyncio.sleep(600)

    async def scenario() -> None:
        downloader, reader = Downloader(config), Stuck()
        asked = asyncio.create_task(ask(downloader, blob, reader))
        while not reader.sent:
            await asyncio.sleep(0.01)
        downloader.end_all()
        await asyncio.wait_for(asked, 60)

    asyncio.run(scenario())


ARCHIVE = Download(Kind.ZIP, "main", 7, "1" * 40, "demo-v1.0")
BUNDLE = Download(Kind.BUNDLE, "main", 7, "1" * 40, "refs/heads/a\u00e4/b")


@pytest.mark.parametrize("download", [ARCHIVE, BUNDLE, Download(Kind.BLOB, "main", 7, "1" * 40, "", 5)])
def test_download_is_read_as_it_was_written(download: Download) -> None:
    assert download.as_text().isascii()
    assert read(download.as_text()) == download


@pytest.mark.parametrize(
    "wrong",
    [
        replace(ARCHIVE, name="../x"),
        replace(ARCHIVE, name="a/b"),
        replace(ARCHIVE, name="-x"),
        replace(ARCHIVE, name=""),
        replace(ARCHIVE, name="a\nb"),
        replace(ARCHIVE, object_id="--output=x"),
        replace(ARCHIVE, object_id="HEAD"),
        replace(ARCHIVE, storage="../main"),
        replace(ARCHIVE, repository_id="7/../8"),  # type: ignore[arg-type]
        replace(ARCHIVE, size_bytes=-1),
        replace(ARCHIVE, kind="cat-file"),  # type: ignore[arg-type]
        replace(BUNDLE, name="--all"),
        replace(BUNDLE, name="refs/changes/1/1"),
        replace(BUNDLE, name="refs/heads/a..b"),
        replace(BUNDLE, name="refs/heads/main^{tree}"),
        replace(BUNDLE, kind=Kind.BLOB),
    ],
)
def test_what_we_would_not_have_written_starts_nothing(wrong: Download) -> None:
    with pytest.raises(ValueError, match="not a"):
        read(wrong.as_text())


@pytest.mark.parametrize("line", ["", "[]", "{}", "null", '{"kind": "zip"}', '{"kind": ["zip"]}'])
def test_what_is_no_download_starts_nothing(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read(line)


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("demo", "v1.0"), "demo-v1.0"),
        (("demo", "a/b"), "demo-a-b"),
        ((".x", "..\\..\n;$(id)"), "x-..-..-id-"),
        (("demo", "x" * 300), "demo-" + "x" * 195),
        (("-", "."), "archive"),
    ],
)
def test_folder_is_named_so_that_nobody_takes_it_for_something_else(
    parts: tuple[str, ...], name: str
) -> None:
    assert folder_name(*parts) == name
