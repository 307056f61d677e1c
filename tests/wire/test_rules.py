"""Each rule for branches and tags, with real git: over HTTP, over SSH and by the hub itself, alike."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.access import Permission, Role
from hub.accounts.queries import get_user
from hub.repos.access import open_repository
from hub.repos.models import RefKind
from hub.repos.pushes import RefUpdate
from hub.repos.pushing.moving import RefRefused
from hub.repos.receive import update_refs
from hub.repos.settings import rules
from hub.repos.settings.rules import RuleValues
from tests.factories import SYSTEM
from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.ways import Way, lines_of

ZERO = "0" * 40
BRANCH, TAG = RefKind.BRANCH, RefKind.TAG
OPEN = {"least_role": Role.WRITE, "may_rewind": True, "may_delete": True}


def set_rule(served: Served, path: str, kind: RefKind, pattern: str, **values: object) -> None:
    """Adds the rule, or has the one with that pattern say this."""
    wanted = RuleValues(kind=kind, pattern=pattern, **{**OPEN, **values})  # type: ignore[arg-type]  # by name
    with served.hub.database.writing() as session:
        repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
        rule = rules.find_rule(session, repository, kind=kind, pattern=pattern)
        if rule is None:
            rules.add_rule(session, SYSTEM, repository, values=wanted)
        else:
            rules.change_rule(session, SYSTEM, repository, rule_id=rule.id, values=wanted)


def by_the_hub(served: Served, path: str, person: Person, update: RefUpdate) -> str:
    """What the hub's own move of a ref is refused with, as that person; empty where it moves."""
    with served.hub.database.writing() as session:
        viewer = get_user(session, person.name).viewer()
        repository = open_repository(session, viewer, path, need=Permission.SEE)
        try:
            update_refs(session, viewer, repository, [update])
        except RefRefused as error:
            return error.as_text()
    return ""


@dataclass(frozen=True)
class Case:
    """One push that a rule refuses; `{new}` and `{old}` stand for commits of the pusher."""

    rule: tuple[RefKind, str, dict[str, object]]
    role: Role
    refspec: str
    ref: str
    ids: tuple[str, str]
    remark: str
    lines: tuple[str, ...]


CASES = {
    "changes required": Case(
        (BRANCH, "main", {"needs_change": True}),
        Role.OWN,
        "{new}:refs/heads/main",
        "refs/heads/main",
        ("old", "new"),
        "main (protected branch)",
        (
            "'main' is protected: changes need review.",
            "git push origin HEAD:refs/for/main",
        ),
    ),
    "who may push": Case(
        (BRANCH, "rel/*", {"least_role": Role.MAINTAIN}),
        Role.WRITE,
        "{new}:refs/heads/rel/1",
        "refs/heads/rel/1",
        ("old", "new"),
        "rel/1 (protected branch)",
        (
            "'rel/1' is protected by the rule rel/*: only maintainers push it.",
            "git push origin HEAD:refs/for/rel/1",
        ),
    ),
    "creation": Case(
        (BRANCH, "rel/**", {"least_role": Role.OWN}),
        Role.MAINTAIN,
        "{new}:refs/heads/rel/2",
        "refs/heads/rel/2",
        ("zero", "new"),
        "rel/2 (protected branch)",
        (
            "'rel/2' is protected by the rule rel/**: only its owner pushes it.",
            "git push origin HEAD:refs/heads/NAME",
        ),
    ),
    "force-push": Case(
        (BRANCH, "r*/*", {"may_rewind": False}),
        Role.OWN,
        "+{other}:refs/heads/rel/1",
        "refs/heads/rel/1",
        ("old", "other"),
        "rel/1 (protected branch)",
        ("'rel/1' is protected by the rule r*/*: commits are added to it", "git revert COMMIT && git push"),
    ),
    "deletion": Case(
        (BRANCH, "rel/1", {"may_delete": False}),
        Role.OWN,
        ":refs/heads/rel/1",
        "refs/heads/rel/1",
        ("old", "zero"),
        "rel/1 (protected branch)",
        ("'rel/1' is protected: nobody deletes it. You can change the rule in the settings of",),
    ),
    "tag moved": Case(
        (TAG, "v*", {"may_rewind": False}),
        Role.OWN,
        "+{new}:refs/tags/v1",
        "refs/tags/v1",
        ("old", "new"),
        "v1 (protected tag)",
        (
            "'v1' is protected by the rule v*: a tag stays where it is.",
            "git tag NAME && git push origin refs/tags/NAME",
        ),
    ),
    "tag deleted": Case(
        (TAG, "v1", {"may_delete": False}),
        Role.OWN,
        ":refs/tags/v1",
        "refs/tags/v1",
        ("old", "zero"),
        "v1 (protected tag)",
        ("'v1' is protected: nobody deletes it.",),
    ),
    "tag made": Case(
        (TAG, "v*", {"least_role": Role.MAINTAIN}),
        Role.WRITE,
        "{new}:refs/tags/v2",
        "refs/tags/v2",
        ("zero", "new"),
        "v2 (protected tag)",
        (
            "'v2' is protected by the rule v*: only maintainers push it.",
            "git push origin HEAD:refs/tags/NAME",
        ),
    ),
}


@pytest.fixture
def started(hers: GitClient, work: Path) -> dict[str, str]:
    """Commits by name: main, rel/1 and the tag v1 are at `old`, `new` follows it, and `other` does not."""
    first = hers.head(work)
    old = hers.commit(work, "Two")
    hers.push(work, "origin", "main", "main:refs/heads/rel/1", "main:refs/tags/v1")
    new = hers.commit(work, "Three")
    hers.run("switch", "--quiet", "--detach", first, cwd=work)
    other = hers.commit(work, "Another two")
    # Everything is in the repository, so that its own moves find it as well.
    hers.push(work, "origin", f"{new}:refs/heads/stock/new", f"{other}:refs/heads/stock/other")
    return {"old": old, "new": new, "other": other, "zero": ZERO}


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_rule_refuses_by_every_door_with_the_next_command(
    way: Way,
    hers: GitClient,
    work: Path,
    path: str,
    started: dict[str, str],
    case: Case,
    tmp_path: Path,
    anna: Person,
) -> None:
    person = anna
    if case.role is not Role.OWN:
        person = way.served.person()
        way.served.grant(path, person, case.role)
    kind, pattern, values = case.rule
    set_rule(way.served, path, kind, pattern, **values)
    theirs = way.client(tmp_path / "theirs", person)
    before = hers.ls_remote(way.url(path, anna))

    pushed = theirs.push(work, way.url(path, person), case.refspec.format(**started), check=False)
    update = RefUpdate(case.ref, *(started[name] for name in case.ids))
    said_by_the_hub = by_the_hub(way.served, path, person, update)

    assert pushed.exit == 1
    said = "\n".join(lines_of(pushed))
    assert "! [remote rejected]" in said
    assert case.remark in said, said
    for line in case.lines:
        assert line in said, said
        assert line in said_by_the_hub, said_by_the_hub
    assert hers.ls_remote(way.url(path, anna)) == before


@pytest.mark.parametrize("way", ["http"], indirect=True)
@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_what_the_rule_does_not_forbid_goes_through(
    way: Way, hers: GitClient, work: Path, path: str, started: dict[str, str], case: Case, anna: Person
) -> None:
    """The same push, under the same rule opened: so that only the rule made the difference."""
    kind, pattern, _ = case.rule
    set_rule(way.served, path, kind, pattern)

    hers.push(work, way.url(path, anna), case.refspec.format(**started))

    refs = hers.ls_remote(way.url(path, anna))
    wanted = started[case.ids[1]]
    assert refs.get(case.ref) == (None if wanted == ZERO else wanted)


def test_rule_holds_from_the_next_push_on_and_no_longer_than_it_is_there(
    way: Way, hers: GitClient, work: Path, path: str, anna: Person
) -> None:
    hers.push(work, "origin", "main:refs/heads/freeze")
    tip = hers.commit(work, "Two")
    set_rule(way.served, path, BRANCH, "freeze", needs_change=True)
    refused = hers.push(work, "origin", "main:refs/heads/freeze", check=False)
    assert "changes need review" in refused.err
    set_rule(way.served, path, BRANCH, "freeze")
    hers.push(work, "origin", "main:refs/heads/freeze")
    assert hers.ls_remote(way.url(path, anna))["refs/heads/freeze"] == tip
