"""Pushes made by hand: whatever a client sends, no protected ref moves and the answer can be read."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.access import Role
from tests.git_client import GitClient
from tests.served import Person
from tests.wire.history import begin_with
from tests.wire.http_requests import packet, receive_pack
from tests.wire.made_by_hand import (
    CAPABILITIES,
    FLUSH,
    ZERO,
    Command,
    PushAnswer,
    pack_of,
    push_body,
    read_answer,
    strict_packets,
)
from tests.wire.records import logged_refs, open_intents, refs_on_disk
from tests.wire.ways import Way

# What is refused before it is judged never comes to the database, which is then of one kind only.
writes = pytest.mark.wire_writes


@dataclass(frozen=True)
class Attack:
    """A person with the role write, and a repository whose default branch they may not move."""

    way: Way
    git: GitClient
    path: str
    person: Person
    old: str
    new: str
    pack: bytes

    def push(
        self, *commands: Command, capabilities: str = CAPABILITIES[0], options: tuple[bytes, ...] = ()
    ) -> PushAnswer:
        """Sends these commands and reads the answer, which has to be well formed."""
        body = push_body(commands, self.pack, capabilities=capabilities, options=options)
        return read_answer(self.way.push_by_hand(self.path, self.person, body), capabilities)

    def refs(self) -> dict[str, str]:
        """The refs, the same on disk and in the ref log, with main where it was and no intent left open."""
        refs = refs_on_disk(self.git, self.way.served.git_directory(self.path))
        assert refs["refs/heads/main"] == self.old, "a protected ref moved"
        assert logged_refs(self.way.served, self.path) == refs
        assert open_intents(self.way.served, self.path) == 0
        return refs


@dataclass(frozen=True)
class Seed:
    """A work folder with two commits, the pack of both, and the objects of the first alone."""

    git: GitClient
    work: Path
    old: str
    new: str
    pack: bytes
    objects: Path


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Seed:
    """Made once: it takes ten times as long as an attack."""
    git = GitClient(tmp_path_factory.mktemp("seed"))
    work, objects = git.init(), git.folder / "objects"
    old = git.commit(work, "One")
    shutil.copytree(work / ".git" / "objects", objects)
    new = git.commit(work, "Hostile")
    return Seed(git, work, old, new, pack_of(git, work, new), objects)


@pytest.fixture
def attack(way: Way, path: str, seed: Seed) -> Attack:
    """A writer with a commit for main, which is protected against writers."""
    writer = way.served.person()
    way.served.grant(path, writer, Role.WRITE)
    begin_with(way.served, path, seed.objects, seed.old)
    return Attack(way, seed.git, path, writer, seed.old, seed.new, seed.pack)


MAIN = "refs/heads/main"


@pytest.mark.parametrize("capabilities", CAPABILITIES)
@writes
def test_every_kind_of_client_reads_a_well_formed_answer(attack: Attack, capabilities: str) -> None:
    answer = attack.push(
        (ZERO, attack.new, "refs/heads/topic"), (attack.old, attack.new, MAIN), capabilities=capabilities
    )

    assert attack.refs() == {MAIN: attack.old, "refs/heads/topic": attack.new}
    if "report-status" in capabilities:
        assert answer.report[0] == "unpack ok"
        assert answer.answer_for("refs/heads/topic") == "ok"
        assert answer.answer_for(MAIN) == "ng protected branch"


@pytest.mark.parametrize(
    "name",
    [
        "refs/heads/main x",
        "refs/heads/main ",
        "refs/heads/main\tx",
        "refs/heads/main\n",
        "refs/heads/main\nEND",
        "refs/heads/a\nok refs/heads/main",
        "refs/heads/a\noption refname refs/heads/main",
        "refs/heads/main\r",
        b"refs/heads/main\xff",
        b"refs/heads/main \xff\xfe",
        "refs/heads/main\x7f",
    ],
)
@writes
def test_name_that_reads_like_a_protected_one_moves_nothing(attack: Attack, name: str | bytes) -> None:
    """The attack: git reads `ok refs/heads/main x` as its answer for refs/heads/main."""
    answer = attack.push((ZERO, attack.new, name), (attack.old, attack.new, MAIN))

    assert attack.refs() == {MAIN: attack.old}
    assert answer.report.count("ng refs/heads/main protected branch") == 1
    assert not any(line.startswith("ok") for line in answer.report)


@pytest.mark.parametrize("capabilities", CAPABILITIES)
@pytest.mark.parametrize("is_first", [True, False])
@writes
def test_protected_ref_beside_a_malformed_name_stays(
    attack: Attack, capabilities: str, is_first: bool
) -> None:
    commands = [(ZERO, attack.new, "refs/heads/main x"), (attack.old, attack.new, MAIN)]

    attack.push(*(commands if is_first else reversed(commands)), capabilities=capabilities)

    assert attack.refs() == {MAIN: attack.old}


@writes
def test_name_given_twice_moves_nothing(attack: Attack) -> None:
    """The attack: one answer counts for both commands, and the second was never judged."""
    attack.push((ZERO, attack.new, "refs/heads/d"), (ZERO, attack.old, "refs/heads/d"))
    attack.push((attack.old, attack.new, MAIN), (attack.old, attack.new, MAIN))
    attack.push((attack.old, ZERO, MAIN), (ZERO, attack.new, MAIN))

    assert attack.refs() == {MAIN: attack.old}


@pytest.mark.parametrize(
    "name",
    [
        "HEAD",
        "main",
        "refs/heads/",
        "refs/heads",
        "refs",
        "../x",
        "refs/../HEAD",
        "refs/heads/../../HEAD",
        "refs/heads/../heads/main",
        "refs/heads/./main",
        "refs/heads//main",
        "/refs/heads/main",
        "refs/heads/main.lock",
        "refs/heads/main/",
        "refs/heads/.main",
        "refs/heads/main^{}",
        "refs/heads/@{0}",
        "refs/heads/-x",
        "refs/hub/x",
        "refs/changes/1/head",
        "refs/pull/1/head",
        "refs/replace/" + "1" * 40,
        "refs/remotes/origin/main",
        "refs/stash",
        "config",
        "objects/info/alternates",
        "hub-queue.lock",
        "",
        "refs/heads/" + "x" * 300,
        "refs/heads/" + "x/" * 400 + "y",
    ],
)
def test_name_outside_of_what_may_be_pushed_moves_nothing(attack: Attack, name: str) -> None:
    directory = attack.way.served.git_directory(attack.path)
    config, head = (directory / "config").read_bytes(), (directory / "HEAD").read_bytes()

    answer = attack.push((ZERO, attack.new, name))

    assert attack.refs() == {MAIN: attack.old}
    assert not any(line.startswith("ok") for line in answer.report)
    assert (directory / "config").read_bytes() == config
    assert (directory / "HEAD").read_bytes() == head
    assert not (directory / "objects" / "info" / "alternates").exists()


@pytest.mark.parametrize(
    "option",
    [b"topic=x\nexit 0", b"a\nrefs/heads/main", b"\n", b"=", b"", b"\xff\xfe=\x00", b"x" * 60_000],
)
@writes
def test_push_option_cannot_steer_the_hooks(attack: Attack, option: bytes) -> None:
    answer = attack.push(
        (ZERO, attack.new, "refs/heads/topic"),
        (attack.old, attack.new, MAIN),
        options=(option, b"exit 0"),
    )

    assert set(attack.refs()) <= {MAIN, "refs/heads/topic"}
    assert not any(line == f"ok {MAIN}" for line in answer.report)


@pytest.mark.parametrize("lie", ["old is none", "old is new", "old is unknown", "delete", "delete of none"])
@writes
def test_lie_about_the_old_id_moves_nothing(attack: Attack, anna: Person, lie: str) -> None:
    """Sent by the owner, who may move main forward: but only from where it is."""
    commands = {
        "old is none": (ZERO, attack.new, MAIN),
        "old is new": (attack.new, attack.new, MAIN),
        "old is unknown": ("1" * 40, attack.new, MAIN),
        "delete": (attack.old, ZERO, MAIN),
        "delete of none": (ZERO, ZERO, MAIN),
    }
    body = push_body([commands[lie]], attack.pack)

    answer = read_answer(attack.way.push_by_hand(attack.path, anna, body))

    assert attack.refs() == {MAIN: attack.old}
    assert not any(line.startswith("ok") for line in answer.report)


@pytest.mark.parametrize("kind", ["tree", "blob", "missing"])
@writes
def test_branch_points_at_a_commit_that_is_there(attack: Attack, seed: Seed, kind: str) -> None:
    wanted = {
        "tree": attack.git.head(seed.work, f"{attack.new}^{{tree}}"),
        "blob": attack.git.head(seed.work, f"{attack.new}:file"),
        "missing": "1" * 40,
    }

    answer = attack.push((ZERO, wanted[kind], "refs/heads/topic"))

    assert attack.refs() == {MAIN: attack.old}
    assert not any(line.startswith("ok") for line in answer.report)


@writes
def test_atomic_push_with_a_malformed_name_moves_nothing(attack: Attack) -> None:
    attack.push(
        (ZERO, attack.new, "refs/heads/fine"),
        (ZERO, attack.new, "refs/heads/not fine"),
        capabilities=f"{CAPABILITIES[0]} atomic",
    )

    assert attack.refs() == {MAIN: attack.old}


@pytest.mark.parametrize(
    "pack", [b"", b"PACK", b"PACK\0\0\0\2\0\0\0\1", b"garbage", b"\0" * 5000], ids=range(5)
)
def test_broken_pack_moves_nothing(attack: Attack, pack: bytes) -> None:
    body = push_body([(ZERO, attack.new, "refs/heads/topic")], pack)

    answer = read_answer(attack.way.push_by_hand(attack.path, attack.person, body))

    assert attack.refs() == {MAIN: attack.old}
    assert answer.report[:1] != ["unpack ok"]


def test_pack_cut_short_moves_nothing(attack: Attack) -> None:
    body = push_body([(ZERO, attack.new, "refs/heads/topic")], attack.pack[: len(attack.pack) // 2])

    read_answer(attack.way.push_by_hand(attack.path, attack.person, body))

    assert attack.refs() == {MAIN: attack.old}
    assert not list((attack.way.served.git_directory(attack.path) / "objects").glob("*incoming*"))


@pytest.mark.parametrize(
    "body", [b"", FLUSH, b"zzzz", b"0001", b"0003", b"0005x", b"ffff", packet(b"x") + FLUSH]
)
def test_request_that_is_no_push_is_answered(attack: Attack, body: bytes) -> None:
    answer = receive_pack(attack.way.served, attack.path, body, attack.person)

    assert answer.status in (200, 400)
    if answer.status == 200:
        strict_packets(answer.body)
    assert attack.refs() == {MAIN: attack.old}
