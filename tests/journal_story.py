"""A journal with everything in it: three hubs, signed words, a redaction, a key that was changed, a merge."""

from dataclasses import dataclass
from pathlib import Path

from tests.journal_writer import Key, Writer, git

A, B, C, NEW, STRANGER = Key("A"), Key("B"), Key("C"), Key("n"), Key("s")
BO_KEY, BEA_KEY = Key("o"), Key("e")
ANNA, BO, BEA, BEN = "a" * 16, "b" * 16, "c" * 16, "d" * 16

ONE, TWO, ISSUE = "refs/hub/changes/1", "refs/hub/changes/2", "refs/hub/issues/3"


@dataclass(frozen=True)
class Story:
    """Hub A keeps the repository, B is a peer; `one` and `two` are changes, by their openings."""

    a: Writer
    b: Writer
    one: str
    two: str
    first: str


def tell(folder: Path) -> Story:
    """Writes it all; the same acts and keys, with other salts, each time."""
    a, b = Writer(A, folder / "a.git"), Writer(B, folder / "b.git")
    commits = _make_commits(a.directory)
    _introduce(a)
    one = a.open(ANNA, 1)
    first = a.act("patchset", ANNA, one, {"base": commits["base"], "commit": commits["one"], "n": 1})
    a.export()
    two = a.open(BO, 2, title="Two")
    ps = a.act("patchset", BO, two, {"base": commits["base"], "commit": commits["two"], "n": 1})
    a.say(ANNA, two, "Third entry")
    a.export()
    a.say(BO, one, "Signed by bo", BO_KEY)
    a.export()
    _speak_elsewhere(a, b, one, first)
    spam = a.say(ANNA, two, "spam spam")
    a.export()
    a.act("redact", ANNA, two, {"bodies": a.said[spam].value["bodies"]})
    a.export()
    a.open(ANNA, 3, type_name="issue", title="It is broken")
    a.export()
    a.rotate(NEW)
    for words in ("one", "two"):
        a.now += 3600
        a.say(ANNA, one, words)
        a.export()
        a.say(BO, two, f"{words} again")
        a.export()
    d = {"commit": commits["two"], "ps": ps, "strategy": "merge", "target": "main"}
    a.act("merge", ANNA, two, d)
    a.export()
    git(a.directory, "update-ref", "refs/heads/main", commits["merged"])
    return Story(a, b, one, two, first)


def _introduce(a: Writer) -> None:
    a.begin()
    a.name(B, "peer")
    a.name(C, "peer")
    a.introduce(ANNA, "anna")
    a.introduce(BO, "bo", BO_KEY)
    a.export()


def _speak_elsewhere(a: Writer, b: Writer, one: str, first: str) -> None:
    b.take(a)
    b.export()
    b.introduce(BEA, "bea", BEA_KEY)
    b.introduce(BEN, "ben")
    b.export()
    d = {"body": 0, "comments": [], "ps": first, "verdict": "approve"}
    b.act("review", BEN, one, d, ["Looks good to me"])
    b.say(BEA, one, "Signed at B", BEA_KEY)
    b.export()
    a.take(b)
    a.export()


def _make_commits(directory: Path) -> dict[str, str]:
    tree = git(directory, "hash-object", "-w", "-t", "tree", "/dev/null")
    who = ("-c", "user.name=anna", "-c", "user.email=anna@example.org")

    def commit(message: str, *parents: str) -> str:
        given = [part for one in parents for part in ("-p", one)]
        return git(directory, *who, "commit-tree", tree, "-m", message, *given)

    base = commit("base")
    made = {"base": base, "one": commit("one", base), "two": commit("two", base)}
    made["merged"] = commit("merged", base, made["two"])
    git(directory, "update-ref", "refs/changes/1/1", made["one"])
    git(directory, "update-ref", "refs/changes/2/1", made["two"])
    return made
