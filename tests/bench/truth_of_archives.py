"""Archives against git: what comes out of them is what the commit holds."""

import io
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path

from hub.config import Config
from hub.repos.git.downloads import Download, Kind, stream
from tests.bench.asked import Answers, Questions

# A whole archive holds all of a commit's files, so that few of them are many comparisons.
EVERY = 20

# Mode, path and id of each file.
Files = set[tuple[str, bytes, str]]


def archives(questions: Questions) -> Answers:
    """One commit in twenty as a tar and as a zip, unpacked."""
    with tempfile.TemporaryDirectory() as data:
        config = _config_for(Path(data), questions.directory)
        for number, commit_id in enumerate(questions.commits[::EVERY]):
            kind, read = (Kind.TAR_GZ, _tarred) if number % 2 else (Kind.ZIP, _zipped)
            download = Download(kind, "main", 1, commit_id, "folder")
            packed = b"".join(stream(config, download, most_bytes=1 << 30))
            yield f"{commit_id} as {kind}", set(read(packed)) == set(_listed(questions, commit_id))


def _config_for(data: Path, directory: Path) -> Config:
    """Settings of a hub whose first repository is that one."""
    (data / "repositories" / "main").mkdir(parents=True)
    (data / "repositories" / "main" / "1.git").symlink_to(directory)
    (data / "run").mkdir()
    return Config(data=data)


def _listed(questions: Questions, commit_id: str) -> Iterator[tuple[str, bytes, str]]:
    for line in questions.git("ls-tree", "-r", "-z", commit_id).split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, kind, object_id = about.decode().split()
        if kind == "blob":
            yield mode, path, object_id


def _tarred(packed: bytes) -> Iterator[tuple[str, bytes, str]]:
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz", errors="surrogateescape") as tar:
        for one in tar:
            path = one.name.encode("utf-8", "surrogateescape").removeprefix(b"folder/")
            if one.issym():
                yield "120000", path, _blob_id(one.linkname.encode("utf-8", "surrogateescape"))
            elif one.isfile():
                content = tar.extractfile(one)
                assert content is not None
                yield "100755" if one.mode & stat.S_IXUSR else "100644", path, _blob_id(content.read())


def _zipped(packed: bytes) -> Iterator[tuple[str, bytes, str]]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        for one in archive.infolist():
            if one.is_dir():
                continue
            mode = one.external_attr >> 16
            kind = "120000" if stat.S_ISLNK(mode) else "100755" if mode & stat.S_IXUSR else "100644"
            yield kind, one.filename.encode().removeprefix(b"folder/"), _blob_id(archive.read(one))


def _blob_id(content: bytes) -> str:
    return sha1(b"blob %d\0%s" % (len(content), content)).hexdigest()
