"""One repository that real git made, with every odd name, content, commit and ref that a page must stand.

`main` holds what can be pushed; other branches and tags hold what only an import or an old server lets in.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from typing import Final

from hub.access import Visibility
from hub.accounts.queries import get_user
from hub.app import Hub
from hub.repos.git.store import directory
from hub.repos.receive import reconcile
from tests.factories import make_repository
from tests.fast_import import FIRST_AT, LINK, PERSON, PROGRAM, Entry, Stream
from tests.odd_contents import (
    BROKEN_ENTRIES,
    BROKEN_HEADERS,
    CONTENTS,
    EDITS,
    MARKDOWN,
    MESSAGES,
    MOMENTS,
    NAMES,
    PEOPLE,
    source,
)  # fmt: skip

MAIN: Final = b"refs/heads/main"
MANY_ENTRIES: Final = 3_500
BOMB_LEVELS: Final = 10

_ENVIRONMENT: Final = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    **{f"GIT_{role}_NAME": "Test Person" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_EMAIL": "test.person@example.org" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_DATE": f"{FIRST_AT} +0000" for role in ("AUTHOR", "COMMITTER")},
}

# Branches that the hub refuses to take, and that an old server, an import or a shell may still have left.
HOSTILE_BRANCHES: Final = (
    "--output=PWN",
    "-x",
    "$(id)",
    "a;id",
    "<img\u00a0src=x>",
    "a'b\"c",
    "HEAD",
    "a%2Fb",
    "a#b",
    "a&b",
    "refs/heads/main",
    "\u202eniam",
)
ODD_BRANCHES: Final = ("feature/b/d", "\u00e4", "v2", "2024", "a.b")


@dataclass(frozen=True, slots=True)
class OddRepository:
    """Where it lies, and the ids of what is worth finding, by names.

    `commits` has every commit under the name it was made with; `refs` every ref with the id it names.
    `hidden` is reachable from refs/changes only, `deleted` from no ref any more.
    """

    directory: Path
    commits: Mapping[str, str]
    refs: Mapping[str, str]

    @property
    def tip(self) -> str:
        """The commit of main."""
        return self.refs["refs/heads/main"]

    def put_into(self, place: Path) -> None:
        """Makes an empty repository of the hub into this one; nothing is copied that can be linked."""
        shutil.rmtree(place / "objects")
        shutil.copytree(self.directory / "objects", place / "objects", copy_function=os.link)
        shutil.copy(self.directory / "packed-refs", place / "packed-refs")


def host(hub: Hub, odd: OddRepository, owner: str, *, name: str = "odd", is_private: bool = False) -> int:
    """Makes it a repository of that person, its refs recorded; returns the repository's id."""
    with hub.database.writing() as session:
        visibility = Visibility.PRIVATE if is_private else Visibility.PUBLIC
        made = make_repository(session, get_user(session, owner), name, visibility=visibility)
        repository_id, place = made.id, directory(hub.config, made)
    odd.put_into(place)
    reconcile(hub.database, repository_id)
    return repository_id


def git(place: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """What git printed."""
    command = ["git", "-C", str(place), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=True, env=_ENVIRONMENT).stdout


def make_odd_repository(place: Path) -> OddRepository:
    """Builds it; the same ids each time, in about a second."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(place)], check=True)
    commits = _begin(Stream()).run(place)
    commits |= _make_tip(place, commits)
    commits |= _make_by_hand(place, commits["root"])
    _make_bomb(place)
    _make_tags(place, commits)
    _make_refs(place, commits)
    git(place, "repack", "-adkq")
    git(place, "pack-refs", "--all")
    listed = git(place, "for-each-ref", "--format=%(objectname) %(refname)")
    lines = listed.decode("utf-8", "surrogateescape").splitlines()
    refs = {name: one for one, name in (line.split(" ", 1) for line in lines)}
    return OddRepository(directory=place, commits=commits, refs=refs)


def _begin(stream: Stream) -> Stream:
    """The history before the tip: renames, modes, merges of every shape, odd messages and dates."""
    first = {b"README.md": b"# First\n", b"gone.txt": b"will go\n", b"kind": b"file\n", b"tree": b"file\n"}
    sources = {b"src/app.c": source(40), b"src/old.c": source(60), b"bin/run": b"#!/bin/sh\n"}
    stream.commit("root", MAIN, first | sources)
    stream.commit("rename", MAIN, moves={b"src/old.c": b"src/new.c"}, parents=["root"])
    changed = source(60).replace(b"a + b + 7", b"b + a + 7")
    newer = {b"src/newer.c": changed}
    stream.commit("rename with a change", MAIN, newer, removes=[b"src/new.c"], parents=["rename"])
    program = {b"bin/run": Entry(b"#!/bin/sh\n", PROGRAM)}
    stream.commit("mode", MAIN, program, parents=["rename with a change"])
    kinds = {b"kind": Entry(b"README.md", LINK), b"tree/file": b"inside\n"}
    stream.commit("kinds change", MAIN, kinds, removes=[b"gone.txt", b"tree"], parents=["mode"])
    stream.commit("reindent", MAIN, {b"src/app.c": source(40, indent=b"\t")}, parents=["kinds change"])
    left = {b"src/left.c": source(20), b"both.txt": b"one\nleft\n"}
    stream.commit("left", MAIN, left, parents=["reindent"])
    stream.commit("right", b"refs/heads/feature/a", {b"both.txt": b"one\nright\n"}, parents=["reindent"])
    stream.commit("merge", MAIN, {b"both.txt": b"one\nneither\n"}, parents=["left", "right"])
    stream.commit("nothing changed", MAIN, parents=["merge"])
    for name in ("arm 1", "arm 2"):
        arm = {b"arms/" + name.encode(): b"%s\n" % name.encode()}
        stream.commit(name, b"refs/heads/feature/b/c", arm, parents=["merge"])
    stream.commit("second root", b"refs/heads/unrelated", {b"unrelated/file": b"of another root\n"})
    arms = {b"arms/arm 1": b"arm 1\n", b"arms/arm 2": b"arm 2\n", b"unrelated/file": b"of another root\n"}
    stream.commit("octopus", MAIN, arms, parents=["nothing changed", "arm 1", "arm 2", "second root"])
    _add_odd_commits(stream)
    stream.commit("hidden", b"refs/changes/1/1", {b"hidden.txt": b"proposed\n"}, parents=["dates"])
    stream.commit("deleted", b"refs/heads/deleted", {b"deleted.txt": b"taken back\n"}, parents=["dates"])
    stream.commit("ahead", b"refs/heads/release-1.0", {b"VERSION": b"1.0\n"}, parents=["octopus"])
    return stream


def _add_odd_commits(stream: Stream) -> None:
    """Odd messages, people, moments and contents, each a commit on main."""
    before = "octopus"
    for name, message in MESSAGES.items():
        said = {b"said/" + name.encode(): b"1\n"}
        stream.commit(name, MAIN, said, parents=[before], message=message)
        before = name
    people = [
        (f"person {one}", who, FIRST_AT + 500_000 + one, zone) for one, (who, zone) in enumerate(PEOPLE)
    ]
    moments = [(name, PERSON, at, b"+0000") for name, at in MOMENTS.items()]
    for name, who, at, zone in people + moments:
        author, committer = b"%s %d %s" % (who, at, zone), b"%s %d +0000" % (PERSON, at)
        files = {b"who/" + name.encode(): b"1\n"}
        stream.commit(name, MAIN, files, parents=[before], author=author, committer=committer)
        before = name
    stream.commit("dates", MAIN, {b"who/all": b"1\n"}, parents=[before])
    far = b"%s 999999999999999 +0000" % PERSON
    stream.commit("year 30 million", b"refs/heads/odd/dates", parents=["dates"], committer=far)
    many = {b"many/entry-%04d" % one: b"the same\n" for one in range(MANY_ENTRIES)}
    stream.commit("many entries", MAIN, many, parents=["dates"])
    stream.commit("odd names", MAIN, NAMES, parents=["many entries"])
    stream.commit("odd contents", MAIN, CONTENTS, parents=["odd names"])
    stream.commit("edits", MAIN, EDITS, parents=["odd contents"])


def _make_tip(place: Path, commits: Mapping[str, str]) -> dict[str, str]:
    """The last commit of main, which knows the id of one before it."""
    stream, ignored = Stream(), f"# Indented anew\n{commits['reindent']}\n".encode()
    files = {b".git-blame-ignore-revs": ignored, b"README.md": MARKDOWN.encode()}
    who = b"%s %d +0100" % (PERSON, FIRST_AT + 900_000)
    stream.commit("tip", MAIN, files, parents=[commits["edits"]], committer=who)
    return stream.run(place)


def _make_by_hand(place: Path, parent: str) -> dict[str, str]:
    """Commits and trees that no porcelain makes; old tools did, and they are in real histories."""

    def write(kind: str, content: bytes) -> str:
        command = ("hash-object", "-t", kind, "-w", "--literally", "--stdin")
        return git(place, *command, stdin=content).decode().strip()

    tree = git(place, "rev-parse", f"{parent}^{{tree}}").decode().strip()
    blob = bytes.fromhex(git(place, "rev-parse", f"{parent}:README.md").decode())
    found, before = {}, parent
    for name, headers in BROKEN_HEADERS.items():
        head = f"tree {tree}\nparent {before}\n".encode() + b"\n".join(headers)
        found[name] = before = write("commit", head + b"\n\n%s\n\xc4\n" % name.encode())
    odd = write("tree", b"".join(b"%s %s\0%s" % (mode, name, blob) for mode, name in BROKEN_ENTRIES))
    person = b"A <a@example.org> 1700000000 +0000"
    head = b"tree %s\nauthor %s\ncommitter %s\n\nodd trees\n" % (odd.encode(), person, person)
    found["odd trees"] = write("commit", head)
    return found


def _make_bomb(place: Path) -> None:
    """A branch of twelve objects whose tree has 10^10 files."""
    blob = git(place, "hash-object", "-w", "--stdin", stdin=b"one of many\n").decode().strip()
    entry, listings = (b"100644", b"blob", blob), []
    for _ in range(BOMB_LEVELS):
        mode, kind, name = entry
        paths = [b"%s-%d" % (kind, number) for number in range(10)]
        listings.append(b"".join(b"%s %s %s\t%s\n" % (mode, kind, name.encode(), path) for path in paths))
        raw = b"".join(b"%s %s\0%s" % (mode.lstrip(b"0"), path, bytes.fromhex(name)) for path in paths)
        entry = (b"040000", b"tree", sha1(b"tree %d\0%s" % (len(raw), raw)).hexdigest())
    made = git(place, "mktree", "--missing", "--batch", stdin=b"\n".join(listings)).decode().split()
    commit = git(place, "commit-tree", "-m", "A bomb", made[-1]).decode().strip()
    git(place, "update-ref", "refs/heads/bomb", commit)


def _make_tags(place: Path, commits: Mapping[str, str]) -> None:
    """Annotated and light tags of every kind of object, also of another tag."""
    git(place, "tag", "-m", "Version 1\n\nWith <b>words</b>, & more.", "v1", commits["octopus"])
    git(place, "tag", "v2", commits["dates"])
    git(place, "tag", "light", commits["merge"])
    git(place, "tag", "-m", "", "no-message", commits["merge"])
    git(place, "tag", "-m", "A tag of a tag", "nested", "refs/tags/v1")
    git(place, "tag", "-m", "A tag of a tree", "of-a-tree", f"{commits['root']}^{{tree}}")
    git(place, "tag", "-m", "A tag of a file", "of-a-file", f"{commits['root']}:README.md")
    git(place, "tag", "light-tree", f"{commits['root']}^{{tree}}")
    git(place, "tag", "release/2024/01", commits["tip"])


def _make_refs(place: Path, commits: Mapping[str, str]) -> None:
    """Branches with odd names, refs that nobody may see, and one branch that is gone again."""
    names = {f"heads/{name}": "octopus" for name in HOSTILE_BRANCHES}
    names |= {f"heads/{name}": "arm 1" for name in ODD_BRANCHES}
    names |= {f"heads/{commits['root']}": "merge"}  # named like another commit's id
    names |= dict.fromkeys(("pull/1/head", "hub/changes/1", "notes/x"), "hidden")
    names |= {"heads/odd/people": "signed", "heads/odd/trees": "odd trees"}
    lines = [f"create refs/{name} {commits[one]}\n".encode() for name, one in names.items()]
    lines += [b"create refs/heads/latin-\xe4 %s\n" % commits["octopus"].encode()]
    git(place, "update-ref", "--stdin", stdin=b"".join(lines) + b"delete refs/heads/deleted\n")
