"""Proposals that are not taken: what was wrong and what to do next, in words, and nothing left behind."""

from pathlib import Path

import pytest

from hub.accounts.queries import get_user
from hub.issues.models import Topic
from hub.journal.models import JournalTopic
from hub.journal.people import person_of
from hub.journal.replay import act
from tests.git_client import GitClient, Result
from tests.served import Person, Served
from tests.wire.proposals import proposals, remote_lines, updated
from tests.wire.records import open_intents, refs_on_disk, repository_id
from tests.wire.ways import Way

FOR_MAIN = "HEAD:refs/for/main"


@pytest.fixture
def clone(his: GitClient, way: Way, path: str, work: Path, ben: Person) -> Path:
    """Ben's clone of Anna's public repository, in which he has no role."""
    his.clone(way.url(path, ben))
    return his.folder / "clone"


def propose_anew(git: GitClient, clone: Path, *arguments: str, check: bool = True) -> Result:
    """Pushes another commit than the last time, which says the same."""
    number = len(list(clone.glob("more-*")))
    git.commit(clone, "Fix typo", {f"more-{number}": f"{number}\n"})
    return git.push(clone, *arguments, "origin", FOR_MAIN, check=check)


def close(served: Served, path: str, person: Person, number: int) -> None:
    """Closes the change in that person's name."""
    with served.hub.database.writing() as session:
        in_repository = repository_id(served, path)
        topic = session.query(Topic).filter_by(repository_id=in_repository, number=number).one()
        who = person_of(session, in_repository, get_user(session, person.name).id)
        journal_topic = session.get_one(JournalTopic, topic.journal_id)
        act(session, journal_topic, kind="state", person=who, d={"state": "closed"})


def assert_nothing_is_left(git: GitClient, way: Way, path: str, *refs: str) -> None:
    assert set(refs_on_disk(git, way.served.git_directory(path))) == {"refs/heads/main", *refs}
    assert open_intents(way.served, path) == 0


@pytest.mark.parametrize(
    ("ref", "options", "reason", "lines"),
    [
        (
            "refs/for/mian",
            (),
            "no such branch",
            [
                "There is no branch 'mian' in {path}; the nearest: 'main'.",
                "Propose for it: git push origin HEAD:refs/for/main",
            ],
        ),
        (
            "refs/for/quite/elsewhere",
            (),
            "no such branch",
            [
                "There is no branch 'quite/elsewhere' in {path}; the nearest: 'main'.",
                "Propose for it: git push origin HEAD:refs/for/main",
            ],
        ),
        (
            "refs/for/main",
            ("change=7",),
            "no such change",
            ["There is no change 7 here. Leave -o change out."],
        ),
        (
            "refs/for/main",
            ("change=x",),
            "not understood",
            ["The option change takes a change's number, not 'x'."],
        ),
        (
            "refs/for/main",
            ("draft=perhaps",),
            "not understood",
            ["The option draft is true or false, not 'perhaps'."],
        ),
        (
            "refs/for/main",
            ("reviewer=zoe",),
            "no such reviewer",
            ["Nobody called 'zoe' reads {path}. Check the name."],
        ),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    his: GitClient,
    way: Way,
    path: str,
    clone: Path,
    ref: str,
    options: tuple[str, ...],
    reason: str,
    lines: list[str],
) -> None:
    his.commit(clone, "Fix")

    refused = his.push(
        clone, *(f"--push-option={one}" for one in options), "origin", f"HEAD:{ref}", check=False
    )

    assert updated(refused) == [f"! [remote rejected] HEAD -> {ref} ({reason})"]
    assert remote_lines(refused) == [line.format(path=path) for line in lines]
    assert_nothing_is_left(his, way, path)
    assert proposals(way.served, path) == []


def test_nothing_new_is_said(his: GitClient, way: Way, path: str, clone: Path) -> None:
    refused = his.push(clone, "origin", FOR_MAIN, check=False)

    assert updated(refused) == ["! [remote rejected] HEAD -> refs/for/main (nothing new)"]
    assert remote_lines(refused) == ["'main' has all of it. Commit something, then push again."]
    assert_nothing_is_left(his, way, path)


def test_the_same_patch_set_again_is_nothing_new(his: GitClient, way: Way, path: str, clone: Path) -> None:
    commit = his.commit(clone, "Fix")
    his.push(clone, "origin", FOR_MAIN)

    refused = his.push(clone, "origin", FOR_MAIN, check=False)

    assert updated(refused) == ["! [remote rejected] HEAD -> refs/for/main (nothing new)"]
    assert remote_lines(refused) == [
        f"{commit[:12]} is patch set 1 of change 1:",
        f"  {way.served.http}/{path}/changes/1",
    ]


def test_a_merge_in_the_series_is_named_with_the_command_that_takes_it_out(
    his: GitClient, way: Way, path: str, clone: Path
) -> None:
    his.run("switch", "-q", "-c", "side", cwd=clone)
    his.commit(clone, "Side", {"side": "1\n"})
    his.run("switch", "-q", "main", cwd=clone)
    his.commit(clone, "Here", {"here": "1\n"})
    his.run("merge", "-q", "--no-ff", "-m", "Merge side", "side", cwd=clone)

    refused = his.push(clone, "origin", FOR_MAIN, check=False)

    assert updated(refused) == ["! [remote rejected] HEAD -> refs/for/main (merge commit in the series)"]
    assert remote_lines(refused) == [
        f"{his.head(clone)[:12]} is a merge commit: Merge side",
        "Propose without it: git rebase origin/main && git push origin HEAD:refs/for/main",
    ]
    his.run("rebase", "-q", "origin/main", cwd=clone)
    assert his.push(clone, "origin", FOR_MAIN).ok


def test_a_history_of_its_own_is_refused(his: GitClient, way: Way, path: str, clone: Path) -> None:
    his.run("checkout", "-q", "--orphan", "alone", cwd=clone)
    his.commit(clone, "Alone")

    refused = his.push(clone, "origin", FOR_MAIN, check=False)

    assert updated(refused) == ["! [remote rejected] HEAD -> refs/for/main (unrelated history)"]
    assert_nothing_is_left(his, way, path)


def test_an_empty_repository_asks_for_its_first_branch(hers: GitClient, way: Way, anna: Person) -> None:
    path, work = way.served.repository(anna), hers.init("fresh")
    hers.commit(work)

    refused = hers.push(work, way.url(path, anna), FOR_MAIN, check=False)

    assert updated(refused) == ["! [remote rejected] HEAD -> refs/for/main (no branches yet)"]
    assert remote_lines(refused) == [f"{path} has no branch yet. Push the first one: git push origin main"]


def test_a_closed_change_offers_another(
    his: GitClient, way: Way, path: str, clone: Path, ben: Person
) -> None:
    propose_anew(his, clone)
    close(way.served, path, ben, 1)

    refused = propose_anew(his, clone, "-o", "change=1", check=False)

    assert updated(refused) == ["! [remote rejected] HEAD -> refs/for/main (change 1 is closed)"]
    assert remote_lines(refused) == [
        "Open another with -o new, or reopen it:",
        f"  {way.served.http}/{path}/changes/1",
    ]
    assert_nothing_is_left(his, way, path, "refs/changes/1/1", "refs/pull/1/head")
    opened = his.push(clone, "-o", "new", "origin", FOR_MAIN)
    assert updated(opened) == ["* [new reference] HEAD -> refs/changes/2/1"]


def test_several_that_match_are_listed(his: GitClient, way: Way, path: str, clone: Path) -> None:
    propose_anew(his, clone)
    propose_anew(his, clone, "-o", "new")

    refused = propose_anew(his, clone, check=False)

    assert updated(refused) == ["! [remote rejected] HEAD -> refs/for/main (which change?)"]
    assert remote_lines(refused) == [
        "This could be another patch set of 2 changes:",
        "  #2  Fix typo",
        "  #1  Fix typo",
        "Say which one with -o change=N, or open another with -o new.",
    ]
    chosen = his.push(clone, "-o", "change=1", "origin", FOR_MAIN)
    assert updated(chosen) == ["* [new reference] HEAD -> refs/changes/1/2"]


def test_only_the_author_and_maintainers_add_patch_sets(
    his: GitClient, way: Way, path: str, clone: Path, tmp_path: Path
) -> None:
    propose_anew(his, clone)
    other = way.served.person()
    theirs = way.client(tmp_path / "theirs", other)
    theirs.clone(way.url(path, other))
    theirs.commit(theirs.folder / "clone", "Fix typo", {"other": "1\n"})

    refused = theirs.push(theirs.folder / "clone", "-o", "change=1", "origin", FOR_MAIN, check=False)
    opened = theirs.push(theirs.folder / "clone", "origin", FOR_MAIN)

    assert updated(refused) == ["! [remote rejected] HEAD -> refs/for/main (not your change)"]
    assert remote_lines(refused) == [
        "Change 1 is somebody else's: only its author and maintainers add patch sets.",
        "Open one of your own with -o new, or comment on it:",
        f"  {way.served.http}/{path}/changes/1",
    ]
    assert updated(opened) == ["* [new reference] HEAD -> refs/changes/2/1"]


def test_a_change_for_another_branch_is_not_moved_by_a_push(
    hers: GitClient, his: GitClient, way: Way, path: str, work: Path, clone: Path
) -> None:
    hers.push(work, "origin", "main:next")
    propose_anew(his, clone)
    his.commit(clone, "Fix typo again")

    refused = his.push(clone, "-o", "change=1", "origin", "HEAD:refs/for/next", check=False)

    assert updated(refused) == ["! [remote rejected] HEAD -> refs/for/next (change 1 is for 'main')"]
    assert remote_lines(refused) == ["Push to it with: git push -o change=1 origin HEAD:refs/for/main"]


def test_a_proposal_goes_alone_where_all_or_nothing_is_asked_for(
    hers: GitClient, way: Way, path: str, work: Path
) -> None:
    hers.commit(work, "Fix")

    refused = hers.push(work, "--atomic", "origin", "HEAD:refs/heads/typo", FOR_MAIN, check=False)

    reason = "atomic push: propose one change at a time, and nothing else"
    assert updated(refused) == [
        f"! [remote rejected] HEAD -> typo ({reason})",
        f"! [remote rejected] HEAD -> refs/for/main ({reason})",
    ]
    assert_nothing_is_left(hers, way, path)


def test_deleting_a_proposal_is_refused(hers: GitClient, way: Way, path: str, work: Path) -> None:
    refused = hers.push(work, "origin", ":refs/for/main", check=False)

    assert not refused.ok
    assert_nothing_is_left(hers, way, path)


def test_somebody_with_a_deploy_key_or_none_proposes_nothing(
    his: GitClient, way: Way, path: str, clone: Path, tmp_path: Path
) -> None:
    his.commit(clone, "Fix")
    stranger = GitClient(tmp_path / "stranger")

    refused = stranger.push(clone, way.served.url(path), FOR_MAIN, check=False)

    assert not refused.ok
    assert_nothing_is_left(his, way, path)


def test_a_tag_is_no_commit(hers: GitClient, way: Way, path: str, work: Path) -> None:
    hers.commit(work, "Fix")
    hers.run("tag", "-a", "-m", "One", "v1", cwd=work)

    refused = hers.push(work, "origin", "v1:refs/for/main", check=False)

    assert updated(refused) == ["! [remote rejected] v1 -> refs/for/main (not a commit)"]
