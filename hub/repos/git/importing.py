"""Brings a foreign history into a directory of its own: over http(s) from a pinned address, or from a bundle.

git never gets a protocol, an address or a name that was not checked: the address comes from `hub.egress`,
redirects are not followed, and objects are examined as those of a push are. Only objects in packs and refs
come in; nothing that a foreign repository's files say (alternates, configuration, hooks) ever arrives.
"""

import base64
import os
import re
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from hub.egress import Destination
from hub.errors import Text, text
from hub.repos.git.process import environment, limit_resources, lines, settings
from hub.repos.git.store import fsync

# Told what git does ("receiving"), and how much of that is done, in percent; may raise to stop it.
OnProgress = Callable[[str, int], None]

TAKEN: Final = ("refs/heads/*", "refs/tags/*", "refs/notes/*")
_USUAL: Final = ("refs/heads/main", "refs/heads/master")
_LIST_SECONDS: Final = 120.0
_CHECK_SECONDS: Final = 1800.0
_MOST_LISTED_BYTES: Final = 64 << 20
_TICK_SECONDS: Final = 0.5
_LAST_WORDS_BYTES: Final = 8192
_STEP: Final = re.compile(rb"(Counting|Compressing|Receiving|Resolving)[a-z ]*: +(\d{1,3})%")
_PHASES: Final = {
    b"Counting": "counting",
    b"Compressing": "counting",
    b"Receiving": "receiving",
    b"Resolving": "resolving",
}

# As for a push: what only old histories have is let through.
_FAULTS: Final = (
    "badFilemode",
    "badTimezone",
    "missingSpaceBeforeDate",
    "zeroPaddedDate",
    "zeroPaddedFilemode",
)
_CHECKED: Final = {
    "transfer.fsckObjects": "true",
    "fetch.fsckObjects": "true",
    **{f"{kind}.{fault}": "ignore" for kind in ("fetch.fsck", "fsck") for fault in _FAULTS},
    "fetch.unpackLimit": "1",
    "transfer.unpackLimit": "1",
    "pack.threads": "1",
    "core.fsync": "all",
}
_LOCAL: Final = {**_CHECKED, "protocol.allow": "never", "protocol.file.allow": "always"}
_OUTWARD: Final = {
    "protocol.allow": "never",
    "protocol.http.allow": "always",
    "protocol.https.allow": "always",
    "http.followRedirects": "false",
    "http.proxy": "",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
    "credential.helper": "",
}


class SourceFailed(Exception):
    """The history could not be brought in; `reason` says why in words."""

    def __init__(self, reason: Text) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Remote:
    """What a source offers: the branches that its HEAD may stand for, the best first, and how many refs."""

    heads: list[str]
    refs: int


def list_remote(destination: Destination) -> Remote:
    """What is offered there; raises SourceFailed."""
    return _list(destination.source.url, _outward(destination))


def list_folder(folder: Path) -> Remote:
    """What a repository on this machine offers; raises SourceFailed."""
    return _list(str(folder), settings(_LOCAL))


def _list(url: str, additions: Mapping[str, str]) -> Remote:
    command = ("git", "ls-remote", "--symref", "--", url, "HEAD", *TAKEN)
    with tempfile.TemporaryFile() as printed:

        def check() -> None:
            if os.fstat(printed.fileno()).st_size > _MOST_LISTED_BYTES:
                raise SourceFailed(text("The source has too many branches and tags."))

        _watch(command, additions, printed, timeout_seconds=_LIST_SECONDS, on_words=lambda _: check())
        printed.seek(0)
        listed = printed.read(_MOST_LISTED_BYTES).decode("utf-8", "replace").splitlines()
    named = [line.removeprefix("ref: ").removesuffix("\tHEAD") for line in listed if line.startswith("ref: ")]
    return Remote(named, sum("\trefs/" in line for line in listed))


def fetch(
    directory: Path,
    destination: Destination,
    on_progress: OnProgress,
    *,
    timeout_seconds: float,
    taken: Sequence[str] = TAKEN,
) -> None:
    """Fetches branches, tags and notes, or what else is to be taken, into the bare repository.

    Raises SourceFailed.
    """
    _fetch(directory, destination.source.url, _outward(destination), on_progress, timeout_seconds, taken)


def fetch_folder(
    directory: Path, folder: Path, on_progress: OnProgress, *, timeout_seconds: float, taken: Sequence[str]
) -> None:
    """The same from a repository on this machine, all of whose objects are examined as well."""
    _fetch(directory, str(folder), settings(_LOCAL), on_progress, timeout_seconds, taken)


def fetch_bundle(
    directory: Path, bundle: Path, on_progress: OnProgress, *, timeout_seconds: float
) -> list[str]:
    """The same from the file of a bundle; returns the branches that its HEAD may stand for."""
    local = settings(_LOCAL)
    with tempfile.TemporaryFile() as printed:
        try:
            verify = ("git", "-C", str(directory), "bundle", "verify", "--quiet", str(bundle))
            _watch(verify, local, printed, timeout_seconds=_LIST_SECONDS)
        except SourceFailed as error:
            raise SourceFailed(
                text("The file is no bundle of git that holds a whole history: %(why)s", why=error)
            ) from error
        heads = ("git", "-C", str(directory), "bundle", "list-heads", str(bundle))
        _watch(heads, local, printed, timeout_seconds=_LIST_SECONDS)
        printed.seek(0)
        listed = [
            line.split(" ", 1)
            for line in printed.read(_MOST_LISTED_BYTES).decode("utf-8", "replace").splitlines()
        ]
    _fetch(directory, str(bundle), local, on_progress, timeout_seconds, TAKEN)
    # Unlike a fetch over the wire, that from a bundle does not examine what it brings (git before 2.46).
    _examine(directory)
    return _branches_at_head(
        {name: object_id for object_id, name in (one for one in listed if len(one) == 2)}
    )


def _branches_at_head(heads: Mapping[str, str]) -> list[str]:
    at_head = [name for name, one in heads.items() if one == heads.get("HEAD")]
    return sorted(at_head, key=lambda name: name not in _USUAL)


def largest_object(directory: Path) -> int:
    """The unpacked size of the largest object, in bytes; 0 where there is none."""
    options = ("--batch-check=%(objectsize)", "--batch-all-objects", "--unordered", "--buffer")
    with lines(directory, "cat-file", *options, timeout_seconds=_CHECK_SECONDS) as sizes:
        return max((int(one) for one in sizes), default=0)


def hand_over_packs(source: Path, target: Path) -> None:
    """Moves every pack of one repository into another on the same disk, durably."""
    into = target / "objects" / "pack"
    # git sees a pack from the moment its index is there.
    found = sorted((source / "objects" / "pack").iterdir(), key=lambda path: path.suffix == ".idx")
    for path in found:
        if path.suffix in (".pack", ".rev", ".idx"):
            path.rename(into / path.name)
    fsync(into)


def _examine(directory: Path) -> None:
    command = ("git", "-C", str(directory), "fsck", "--full", "--no-dangling", "--no-progress")
    with tempfile.TemporaryFile() as printed:
        _watch(command, settings(_CHECKED), printed, timeout_seconds=_CHECK_SECONDS)


def _outward(destination: Destination) -> dict[str, str]:
    source = destination.source
    values = {**_CHECKED, **_OUTWARD}
    if ":" not in source.host:
        # curl(1) --resolve: whatever the name answers from now on, this is where it leads.
        where = ",".join(f"[{one}]" if ":" in one else one for one in destination.addresses)
        values["http.curloptResolve"] = f"{source.host}:{source.port}:{where}"
    if source.user or source.secret:
        pair = base64.b64encode(f"{source.user}:{source.secret}".encode()).decode()
        values["http.extraHeader"] = f"Authorization: Basic {pair}"
    # In the environment and not among the arguments, which every user of the machine can read.
    return {**settings(values), "GIT_ALLOW_PROTOCOL": "http:https", "GIT_ASKPASS": "/bin/false"}


def _fetch(
    directory: Path,
    url: str,
    additions: Mapping[str, str],
    on_progress: OnProgress,
    timeout_seconds: float,
    taken: Sequence[str],
) -> None:
    options = (
        "--progress",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-recurse-submodules",
        "--no-auto-maintenance",
    )
    refspecs = [f"+{one}:{one}" for one in taken]
    command = ("git", "-C", str(directory), "fetch", *options, "--refmap=", "--", url, *refspecs)

    def report(words: bytes) -> None:
        steps = _STEP.findall(words)
        on_progress(*((_PHASES[steps[-1][0]], min(int(steps[-1][1]), 100)) if steps else ("", 0)))

    with tempfile.TemporaryFile() as printed:
        _watch(command, additions, printed, timeout_seconds=timeout_seconds, on_words=report)


def _watch(
    command: Sequence[str],
    additions: Mapping[str, str],
    stdout: IO[bytes],
    *,
    timeout_seconds: float,
    on_words: Callable[[bytes], None] = lambda _: None,
) -> None:
    """Runs git to its end; what it says meanwhile goes to `on_words`, twice a second also where it is silent.

    Ends git and everything it started when `on_words` raises or the time is over.
    """
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=environment(additions),
        start_new_session=True,
    )
    assert child.stderr is not None
    try:
        limit_resources(child, timeout_seconds)
        last = _listen(child.stderr, on_words, time.monotonic() + timeout_seconds)
        child.wait(_TICK_SECONDS * 20)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.stderr.close()
        child.wait()
    if child.returncode != 0:
        raise SourceFailed(_reason(_without_paths(last.decode("utf-8", "replace"), command)))


def _listen(stderr: IO[bytes], on_words: Callable[[bytes], None], deadline: float) -> bytes:
    """What git said last."""
    last = b""
    while True:
        if time.monotonic() > deadline:
            raise SourceFailed(text("It took too long and was given up."))
        words = b""
        if select.select([stderr], [], [], _TICK_SECONDS)[0]:
            words = os.read(stderr.fileno(), 65536)
            if not words:
                return last
            last = (last + words)[-_LAST_WORDS_BYTES:]
        on_words(words)


_REASONS: Final = (
    (("Authentication failed", "could not read Username", "error: 401", "error: 403"),
     text("The source asks for a user name and a password or token, and those given are not accepted.")),
    (("not found", "error: 404", "not valid: is this a git repository", "does not appear to be a git"),
     text("There is no git repository at this address.")),
    (("error: 301", "error: 302", "error: 303", "error: 307", "error: 308", "redirect"),
     text("The address leads to another one. Give the address that it leads to.")),
    (("fsck error", "fsck-objects", "error in commit", "error in tree", "error in tag", "error in blob"),
     text("The history holds objects that are not well formed, which the hub does not take.")),
    (("certificate", "SSL", "TLS"), text("The certificate of the source is not valid.")),
    (("Could not connect", "Failed to connect", "Connection refused", "timed out"),
     text("Nobody answers at this address.")),
    (("early EOF", "unexpected disconnect", "hung up", "RPC failed", "curl 18", "curl 56", "transfer closed",
      "Operation too slow", "invalid index-pack output", "Empty reply"),
     text("The source broke off in the middle.")),
    (("protocol", "dumb http"), text("What answers at this address is no git server.")),
)  # fmt: skip


def _without_paths(said: str, command: Sequence[str]) -> str:
    # Where the hub keeps its files is nothing for whoever sent one.
    for path in (one for one in command if one.startswith("/")):
        said = said.replace(path, os.path.basename(path))
    return said


def _reason(said: str) -> Text:
    for signs, reason in _REASONS:
        if any(sign in said for sign in signs):
            return reason
    line = next((one for one in reversed(re.split(r"[\r\n]+", said.strip())) if one.strip()), "")
    return text("git says: %(line)s", line=line.strip()[:300])
