"""`hub verify` in every kind of clone: what it prints, how it ends, and what it remembers."""

import json
import logging
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from hub import cli
from hub.journal.format.ref_names import AT
from tests.journal_harm import on
from tests.journal_story import NEW, ONE, TWO, Story
from tests.journal_writer import Key, Writer, git, load_chain, save_chain

Run = Callable[..., Result]
FETCH = ("fetch", "-q", "origin")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Runs `hub verify` without a hub; fails unless it ends with that exit code, and makes no hub."""
    environment: dict[str, str | None] = {name: None for name in os.environ if name.startswith("HUB_")}
    environment["HUB_DATA"] = str(tmp_path / "no-hub")
    root, settings = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level

    def run_verify(folder: Path, *arguments: str, exit_code: int = 0) -> Result:
        given = ("verify", "-C", str(folder), *arguments)
        result = CliRunner().invoke(cli.hub, given, env=environment)
        assert result.exit_code == exit_code, result.output
        assert not (tmp_path / "no-hub").exists()
        return result

    yield run_verify
    root.handlers[:], root.level = handlers, level
    structlog.configure(**settings)


def cloned(story: Story, folder: Path, *options: str) -> Path:
    git(folder, "clone", "-q", *options, story.a.directory.as_uri(), "clone")
    return folder / "clone"


def test_it_says_what_was_checked_and_what_one_clone_cannot_show(clone: Path, run: Run, story: Story) -> None:
    printed = run(clone).output
    head = load_chain(clone, TWO)[-1].value
    assert printed.startswith("The journal is sound.\n")
    assert f"repository  {story.a.repository}\n" in printed
    assert f"head        receipt {head['seq']} of 2026-11-18 " in printed
    assert (
        "16 receipts; 27 entries, 2 signed by their authors; 3 topics; 15 texts, 1 withheld; 1 merge"
        in printed
    )
    assert "One clone cannot show:\n  - that nothing newer is withheld" in printed


def test_the_first_fault_is_told_with_its_place_and_its_meaning(clone: Path, run: Run) -> None:
    chain = load_chain(clone, ONE)
    chain[-1].bodies[0, 0] += b"!"
    chain[-2].bodies.clear()
    save_chain(clone, ONE, chain)
    printed = run(clone, exit_code=1).output
    tip = git(clone, "rev-parse", ONE)
    for line in ("FAULT: edited body", f"ref         {ONE}", f"commit      {tip}", "entry       comment "):
        assert line in printed
    assert "means       A text is not what its author wrote.\n" in printed
    assert printed.endswith("And 1 more fault, which may follow from this one: --all lists them.\n")
    assert "FAULT: missing body" in run(clone, "--all", exit_code=1).output


def test_scripts_read_json(clone: Path, run: Run) -> None:
    sound = json.loads(run(clone, "--json").output)
    assert (sound["is_sound"], sound["seq"], sound["faults"]) == (True, 16, [])
    git(clone, "update-ref", "-d", AT)
    found = json.loads(run(clone, "--json", exit_code=1).output)
    assert [one["code"] for one in found["faults"]] == ["no head"]
    assert found["faults"][0]["ref"] == AT


def test_where_there_is_nothing_to_check_it_ends_with_2(clone: Path, run: Run, tmp_path: Path) -> None:
    assert "no git repository" in run(tmp_path, exit_code=2).output
    assert "no git repository" in run(tmp_path / "nowhere", exit_code=2).output
    assert "git fetch origin" in run(clone, "changes/77", exit_code=2).output
    assert "64 hexadecimal" in run(clone, "--expect", "abc", exit_code=2).output
    assert "64 hexadecimal" in run(clone, "--accept", "g" * 64, exit_code=2).output


def test_a_clone_without_a_journal_is_told_how_to_fetch_it(story: Story, tmp_path: Path, run: Run) -> None:
    usual = cloned(story, tmp_path)
    printed = run(usual, exit_code=1).output
    assert "FAULT: no journal" in printed
    assert "git fetch origin '+refs/hub/*:refs/hub/*'" in printed


def test_usual_clones_work_trees_and_folders_in_them_will_do(story: Story, tmp_path: Path, run: Run) -> None:
    usual = cloned(story, tmp_path)
    git(usual, *FETCH, "+refs/hub/*:refs/hub/*")
    (usual / "inside").mkdir()
    git(usual, "worktree", "add", "-q", "--detach", str(tmp_path / "beside"), "origin/main")
    for folder in (usual, usual / "inside", tmp_path / "beside"):
        assert "1 merge\n" in run(folder).output
    assert (usual / ".git" / "hub-verified.json").is_file()
    assert git(usual, "status", "--porcelain") == ""


@pytest.mark.parametrize("topic", ["changes/1", ONE, "1"])
def test_one_topic_of_a_partial_fetch_is_checked(story: Story, tmp_path: Path, run: Run, topic: str) -> None:
    git(tmp_path, "init", "-q", "part")
    part = tmp_path / "part"
    git(part, "remote", "add", "origin", story.a.directory.as_uri())
    git(part, *FETCH, "refs/hub/repo:refs/hub/repo", f"{ONE}:{ONE}")
    for quick in ((), ("--quick",)):
        printed = run(part, topic, *quick).output
        assert "What is here of the journal is sound." in printed
        assert "whether receipts between those here are missing was not" in printed
    assert "FAULT: no head" in run(part, exit_code=1).output
    on(ONE, lambda chain: chain[-1].resign(Key("x")))(part / ".git")
    assert "FAULT: bad signature" in run(part, topic, exit_code=1).output
    assert "FAULT: bad signature" in run(part, topic, "--quick", exit_code=1).output


@pytest.mark.parametrize("what", ["blob:none", "tree:0"])
def test_a_clone_without_contents_of_files_says_that_texts_were_not_read(
    story: Story, tmp_path: Path, run: Run, what: str
) -> None:
    git(story.a.directory, "config", "uploadpack.allowFilter", "true")
    blobless = cloned(story, tmp_path, "--mirror", f"--filter={what}")
    printed = run(blobless).output
    assert " texts were not read" in printed
    assert "; 0 texts, " in printed


def test_a_shallow_clone_lacks_receipts(story: Story, tmp_path: Path, run: Run) -> None:
    shallow = cloned(story, tmp_path, "--no-local", "--bare")
    git(shallow, "fetch", "-q", "--depth=1", story.a.directory.as_uri(), "+refs/hub/*:refs/hub/*")
    assert "FAULT: missing receipt" in run(shallow, exit_code=1).output


def test_what_was_seen_is_remembered(story: Story, clone: Path, run: Run) -> None:
    memory = clone / "hub-verified.json"
    memory.unlink()
    assert "the first look: compare the repository's id" in run(clone).output
    assert "the first look" not in run(clone).output
    memory.unlink()
    save_chain(clone, TWO, load_chain(clone, TWO)[:-1])
    git(clone, "update-ref", AT, max(load_chain(clone, ONE), key=lambda one: one.value["seq"]).old_id)
    older = clone.parent / "older.git"
    git(clone, "clone", "-q", "--mirror", clone.as_uri(), str(older))
    for content in ("", "[]", '{"seq": "x"}', "\x00" * 99, "[" * 5000):
        memory.write_text(content)
        git(clone, "fetch", "-q", str(story.a.directory), "+refs/hub/*:refs/hub/*")
        run(clone)
        assert json.loads(memory.read_text())["seq"] == 16
    git(clone, "fetch", "-q", str(older), "+refs/hub/*:refs/hub/*")
    printed = run(clone, exit_code=1).output
    assert "FAULT: rolled back" in printed
    assert "an earlier look saw receipt 16; this clone ends before it" in printed


def test_another_repository_than_the_first_is_not_trusted(story: Story, clone: Path, run: Run) -> None:
    other = Writer(Key("z"), clone.parent / "other.git")
    other.begin()
    other.export()
    for ref in git(clone, "for-each-ref", "--format=%(refname)", "refs/hub").split():
        git(clone, "update-ref", "-d", ref)
    git(clone, "fetch", "-q", str(other.directory), "+refs/hub/*:refs/hub/*")
    assert "FAULT: another repository" in run(clone, exit_code=1).output
    assert "FAULT: another repository" in run(clone, "--expect", story.a.repository, exit_code=1).output
    run(clone, "--expect", other.repository)
    run(clone)


def test_a_hub_that_carries_on_alone_is_named_until_it_is_accepted(
    story: Story, tmp_path: Path, run: Run
) -> None:
    heir = Writer(Key("h"), tmp_path / "heir.git")
    heir.carry_on(story.a)
    heir.name(heir.key, "home")
    heir.say("", story.one, "Here it goes on")
    heir.export()
    printed = run(heir.directory, "--all", exit_code=1).output
    assert printed.count("FAULT") == 1
    assert "FAULT: no right\n  ref         refs/hub/repo\n" in printed
    assert f"--accept {heir.hub_id}" in printed
    accepted = run(heir.directory, "--accept", heir.hub_id).output
    assert f"kept by     {story.a.hub_id}\n  kept by     {heir.hub_id}\n" in accepted
    run(heir.directory)


def test_a_home_that_was_named_goes_on_and_gives_back(story: Story, tmp_path: Path, run: Run) -> None:
    heir = Writer(Key("h"), tmp_path / "heir.git")
    heir.carry_on(story.a)
    heir.key, heir.hub_id = NEW, story.a.hub_id
    heir.name(Key("h"), "home")
    heir.export()
    heir.key, heir.hub_id = Key("h"), Key("h").hub_id
    heir.say("", story.one, "Here it goes on")
    heir.export()
    run(heir.directory)
    heir.key, heir.hub_id = NEW, story.a.hub_id
    heir.say("", story.one, "And here")
    heir.export()
    assert "FAULT: no right" in run(heir.directory, exit_code=1).output


# What somebody does who has OpenSSH and git, but no hub.
BY_HAND = """
git cat-file commit "$1" | sed '1,/^$/d' > message
grep '"kind":"receipt"' message | tail -n 1 | tr -d '\\n' > receipt
tac message | sed '/BEGIN SSH SIGNATURE/q' | tac > receipt.sig
hub=$(sed 's/.*"hub":"\\([0-9a-f]*\\)".*/\\1/' receipt)
ssh-keygen -Y verify -f signers -I "$hub" -n hub-receipt@v1 -s receipt.sig < receipt
git cat-file commit "$2" | sed '1,/^$/d' > message
grep -B 1 'BEGIN SSH SIGNATURE' message | head -n 1 | tr -d '\\n' > entry
sed -n '/BEGIN SSH SIGNATURE/,/END SSH SIGNATURE/p;/END SSH SIGNATURE/q' message > entry.sig
who=$(sed 's/.*"by":"\\([0-9a-f]*\\)".*"hub":"\\([0-9a-f]*\\)".*/\\1@\\2/' entry)
ssh-keygen -Y verify -f signers -I "$who" -n hub-entry@v1 -s entry.sig < entry
"""


def test_ssh_keygen_verifies_a_receipt_and_an_entry_taken_out_by_hand(clone: Path, run: Run) -> None:
    (clone / "signers").write_text(run(clone, "--allowed-signers").output)
    signed = next(
        one.old_id for one in load_chain(clone, ONE) if one.find("comment", is_signed=True) is not None
    )

    def by_hand(change: str = "") -> subprocess.CompletedProcess[bytes]:
        script = f"set -e\n{BY_HAND}" if not change else f"set -e\n{change}"
        given = ("sh", "-c", script, "sh", AT, signed)
        return subprocess.run(given, cwd=clone, capture_output=True, check=False)

    done = by_hand()
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b'Good "hub-') == 2
    assert len([line for line in BY_HAND.splitlines() if line]) == 10
    again = BY_HAND.replace("< receipt\n", "< changed\n").replace(
        "ssh-keygen", 'sed \'s/"at":1/"at":2/\' receipt > changed\nssh-keygen', 1
    )
    assert by_hand(again).returncode != 0
    withdrawn = clone / "signers"
    assert "# withdrawn: " in withdrawn.read_text()
    oldest = load_chain(clone, ONE)[0].old_id
    old = subprocess.run(
        ("sh", "-c", f"set -e\n{BY_HAND}", "sh", oldest, signed), cwd=clone, capture_output=True, check=False
    )
    assert old.returncode != 0


def test_no_signers_are_printed_from_a_journal_with_a_fault(clone: Path, run: Run) -> None:
    git(clone, "update-ref", "-d", AT)
    result = run(clone, "--allowed-signers", exit_code=1)
    assert result.stdout == ""
    assert "FAULT: no head" in result.stderr
