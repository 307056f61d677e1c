"""What a push may move, with real objects and refs."""

import dataclasses
import time
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from hub.access import Role, Scope, Viewer
from hub.app import Hub
from hub.db import Database
from hub.repos.models import PushIntent, RefLogEntry, Repository
from tests.feature.repos.pushing import ZERO, Pusher, reasons

MAIN = "refs/heads/main"


def intents(hub: Hub) -> list[PushIntent]:
    with hub.database.reading() as session:
        return list(session.scalars(select(PushIntent).order_by(PushIntent.id)))


def log(hub: Hub) -> list[tuple[str, str, str]]:
    with hub.database.reading() as session:
        rows = session.execute(
            select(RefLogEntry.ref, RefLogEntry.old_id, RefLogEntry.new_id).order_by(RefLogEntry.id)
        )
        return [(ref, old, new) for ref, old, new in rows]


def started(pusher: Pusher) -> str:
    """Pushes main and returns its commit."""
    commit = pusher.git.head(pusher.work)
    pusher.push((ZERO, commit, MAIN))
    return commit


@pytest.mark.parametrize(
    ("role", "answer", "line"),
    [
        (Role.OWN, "ok", None),
        (Role.MAINTAIN, "ok", None),
        (
            Role.WRITE,
            "protected branch",
            "'main' is protected: only maintainers push it."
            " Propose instead: git push origin HEAD:refs/for/main",
        ),
        (
            Role.PROPOSE,
            "no write access",
            "You may propose changes to anna/demo but not push."
            " Propose instead: git push origin HEAD:refs/for/main",
        ),
        (
            None,
            "no write access",
            "You have read access to anna/demo but not write."
            " Propose instead: git push origin HEAD:refs/for/main",
        ),
    ],
)
def test_only_maintainers_push_the_default_branch(
    pusher: Pusher,
    pusher_as: Callable[[Role | None], Pusher],
    role: Role | None,
    answer: str,
    line: str | None,
) -> None:
    first = started(pusher)
    second = pusher.git.commit(pusher.work, "second")
    pusher.send()
    judgement = pusher_as(role).judge((first, second, MAIN))
    assert reasons(judgement) == {MAIN: answer}
    assert judgement.lines == ([] if line is None else [line])
    assert judgement.intent is (answer == "ok")


def test_force_and_deletion_of_the_default_branch_are_refused_even_for_the_owner(pusher: Pusher) -> None:
    first = started(pusher)
    second = pusher.git.commit(pusher.work, "second")
    pusher.push((first, second, MAIN))
    rewound = pusher.judge((second, first, MAIN))
    deleted = pusher.judge((second, ZERO, MAIN))
    assert reasons(rewound) == reasons(deleted) == {MAIN: "protected branch"}
    assert "Revert them instead" in rewound.lines[0]
    assert deleted.lines == [
        "'main' is protected: nobody deletes it. You can change the rule in the settings of anna/demo."
    ]


def test_an_update_far_behind_is_told_from_a_rewind_by_git(pusher: Pusher) -> None:
    first = started(pusher)
    script = "".join(
        f"commit refs/heads/long\ncommitter a <a@b> {1700000000 + number} +0000\ndata 1\nx\n"
        + (f"from {first}\n" if number == 0 else "")
        for number in range(300)
    )
    pusher.run(pusher.work, "fast-import", "--quiet", stdin=script.encode())
    last = pusher.git.head(pusher.work, "long")
    pusher.send()
    assert reasons(pusher.judge((first, last, MAIN))) == {MAIN: "ok"}


def test_a_token_without_the_scope_moves_nothing(pusher: Pusher) -> None:
    commit = pusher.git.head(pusher.work)
    pusher.send()
    pusher.viewer = Viewer(
        user_id=pusher.viewer.user_id, name="anna", scopes=frozenset({Scope.REPOSITORY_READ})
    )
    assert reasons(pusher.judge((ZERO, commit, MAIN))) == {MAIN: "the token may not write"}


def test_in_an_empty_repository_only_maintainers_push_the_first_branch(
    pusher: Pusher, pusher_as: Callable[[Role | None], Pusher]
) -> None:
    commit = pusher.git.head(pusher.work)
    pusher.send()
    refused = pusher_as(Role.WRITE).judge((ZERO, commit, "refs/heads/topic"))
    assert reasons(refused) == {"refs/heads/topic": "protected branch"}
    assert "is empty" in refused.lines[0]


def test_writers_push_other_branches_tags_and_notes_also_with_force(
    pusher: Pusher, pusher_as: Callable[[Role | None], Pusher]
) -> None:
    first = started(pusher)
    other = pusher.git.commit(pusher.work, "other")
    writer = pusher_as(Role.WRITE)
    names = ("refs/heads/topic", "refs/tags/v1", "refs/notes/commits")
    made = writer.push(*((ZERO, other, name) for name in names))
    rewound = writer.push(*((other, first, name) for name in names))
    removed = writer.push(*((first, ZERO, name) for name in names))
    assert (
        set(reasons(made).values())
        == set(reasons(rewound).values())
        == set(reasons(removed).values())
        == {"ok"}
    )
    assert pusher.refs() == {MAIN: first}


def test_a_stale_old_id_is_refused_with_what_to_do(pusher: Pusher) -> None:
    first = started(pusher)
    second = pusher.git.commit(pusher.work, "second")
    pusher.push((first, second, MAIN))
    third = pusher.git.commit(pusher.work, "third")
    pusher.send()
    assert reasons(pusher.judge((first, third, MAIN), (ZERO, third, "refs/heads/new"))) == {
        MAIN: "main moved; git pull --rebase and push again",
        "refs/heads/new": "ok",
    }


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("refs/changes/1/head", "only branches, tags and notes can be pushed"),
        ("refs/hub/at", "only branches, tags and notes can be pushed"),
        ("refs/remotes/origin/x", "only branches, tags and notes can be pushed"),
        ("refs/heads/HEAD", "HEAD is git's own name for what is checked out"),
        ("refs/heads/" + "a" * 40, "a name must not look like the id of a commit"),
        ("refs/heads/a\u202eb", "a name must not hold invisible characters"),
        ("refs/heads/a\u200bb", "a name must not hold invisible characters"),
        (
            "refs/heads/--output=x",
            "a part of a name must not begin with '-': commands would take it for an option",
        ),
        ("refs/heads/" + "x" * 241, "a part of a name has more than 240 bytes"),
    ],
)
def test_hostile_names_and_other_namespaces_are_refused_in_words(
    pusher: Pusher, name: str, reason: str
) -> None:
    commit = started(pusher)
    assert reasons(pusher.judge((ZERO, commit, name))) == {name: reason}


def test_a_malformed_name_gets_no_answer_and_the_others_do(pusher: Pusher) -> None:
    """Attack: `ok refs/heads/main x` reads to git as the answer for the protected `refs/heads/main`."""
    commit = started(pusher)
    malformed = [
        "refs/heads/main x",
        "refs/heads/a\nEND",
        "HEAD",
        "../x",
        "refs/heads/\udcff",
        "refs/heads/a..b",
    ]
    judgement = pusher.judge(*((ZERO, commit, name) for name in malformed), (ZERO, commit, "refs/heads/good"))
    assert reasons(judgement) == {"refs/heads/good": "ok"}


def test_a_ref_that_is_named_twice_is_refused(pusher: Pusher) -> None:
    first = started(pusher)
    second = pusher.git.commit(pusher.work, "second")
    pusher.send()
    judgement = pusher.judge((ZERO, first, "refs/heads/d"), (ZERO, second, "refs/heads/d"))
    assert judgement.answers == [("refs/heads/d", "ng", "named twice in one push")]
    assert judgement.intent is False


def test_names_that_are_folders_of_each_other_are_refused(pusher: Pusher, hub: Hub) -> None:
    first = started(pusher)
    pusher.push((ZERO, first, "refs/heads/x/y"), (ZERO, first, "refs/heads/z"))
    pusher.run(pusher.directory, "pack-refs", "--all")
    judgement = pusher.judge(
        (ZERO, first, "refs/heads/x"),
        (ZERO, first, "refs/heads/z/a"),
        (ZERO, first, "refs/heads/n"),
        (ZERO, first, "refs/heads/n/m"),
        (ZERO, first, "refs/heads/x/z"),
    )
    assert reasons(judgement) == {
        "refs/heads/x": "a branch 'x/y' exists, so 'x' cannot",
        "refs/heads/z/a": "a branch 'z' exists, so 'z/a' cannot",
        "refs/heads/n": "ok",
        "refs/heads/n/m": "a branch 'n' exists, so 'n/m' cannot",
        "refs/heads/x/z": "ok",
    }


def test_a_branch_points_at_a_commit_that_is_there(pusher: Pusher) -> None:
    started(pusher)
    tree = pusher.git.head(pusher.work, "HEAD^{tree}")
    judgement = pusher.judge(
        (ZERO, tree, "refs/heads/tree"), (ZERO, "1" * 40, "refs/heads/none"), (ZERO, tree, "refs/tags/tree")
    )
    assert reasons(judgement) == {
        "refs/heads/tree": f"a branch points at a commit, and {tree[:12]} is a tree",
        "refs/heads/none": "there is no object 111111111111",
        "refs/tags/tree": "ok",
    }


def test_an_atomic_push_moves_all_or_none(pusher: Pusher, hub: Hub) -> None:
    first = started(pusher)
    commands = ((ZERO, first, "refs/heads/a"), (first, ZERO, MAIN))
    judgement = pusher.judge(*commands, atomic=True)
    assert reasons(judgement) == {
        "refs/heads/a": "atomic push: another ref was refused",
        MAIN: "protected branch",
    }
    malformed = pusher.judge((ZERO, first, "refs/heads/a"), (ZERO, first, "refs/heads/a b"), atomic=True)
    assert reasons(malformed) == {"refs/heads/a": "atomic push: another ref was refused"}
    assert len(intents(hub)) == 1


def test_the_intent_says_what_will_move_and_with_which_packs(pusher: Pusher, hub: Hub) -> None:
    first = started(pusher)
    pusher.judge((ZERO, first, "refs/heads/a"), (first, ZERO, MAIN), packs=["pack-1"])
    intent = intents(hub)[-1]
    assert intent.push_id == pusher.context.push_id
    assert intent.refs == [["refs/heads/a", ZERO, first]]
    assert (intent.packs, intent.user_id, intent.done_at) == (["pack-1"], pusher.viewer.user_id, None)


def test_nothing_is_committed_after_the_deadline(pusher: Pusher, hub: Hub) -> None:
    commit = pusher.git.head(pusher.work)
    pusher.send()
    with pytest.raises(TimeoutError):
        pusher.judge((ZERO, commit, MAIN), deadline=time.monotonic() - 1)
    assert intents(hub) == []


@pytest.mark.parametrize(("max_refs", "allowed"), [(4, 2), (3, 1), (2, 0)])
def test_a_repository_has_no_more_refs_than_configured(
    pusher: Pusher, hub: Hub, max_refs: int, allowed: int
) -> None:
    first = started(pusher)
    pusher.push((ZERO, first, "refs/tags/v1"))
    with hub.database.reading() as session:
        assert session.get_one(Repository, pusher.repository_id).refs_count == 2
    limited = Database(dataclasses.replace(hub.config, max_refs=max_refs))
    pusher.database = limited
    judgement = pusher.judge((ZERO, first, "refs/heads/a"), (ZERO, first, "refs/heads/b"))
    limited.dispose()
    assert [verdict for _, verdict, _ in judgement.answers].count("ok") == allowed


def test_too_many_refs_in_one_push_are_refused(pusher: Pusher, hub: Hub) -> None:
    first = started(pusher)
    limited = pusher.database = Database(dataclasses.replace(hub.config, max_push_refs=2))
    judgement = pusher.judge(*((ZERO, first, f"refs/heads/b{number}") for number in range(3)))
    limited.dispose()
    assert set(reasons(judgement).values()) == {"more than 2 refs in one push; push them in parts"}


def test_the_log_counts_refs_and_chains_their_ids(pusher: Pusher, hub: Hub) -> None:
    first = started(pusher)
    second = pusher.git.commit(pusher.work, "second")
    pusher.push((first, second, MAIN), (ZERO, first, "refs/heads/a"))
    pusher.push((first, ZERO, "refs/heads/a"))
    assert log(hub) == [
        (MAIN, ZERO, first),
        (MAIN, first, second),
        ("refs/heads/a", ZERO, first),
        ("refs/heads/a", first, ZERO),
    ]
    with hub.database.reading() as session:
        assert session.get_one(Repository, pusher.repository_id).refs_count == 1
        assert session.scalar(select(func.count()).select_from(PushIntent)) == 3
