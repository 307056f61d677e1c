"""A push is judged as things stand then: the rules, the role, the account, the repository."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from hub.access import Role, Viewer
from hub.accounts.models import User
from hub.app import Hub
from hub.clock import now
from hub.repos.models import Collaborator, RefKind, RefRule, Repository
from hub.repos.pushes import RefUpdate
from hub.repos.pushing import admission
from hub.repos.settings import rules
from hub.repos.settings.rules import RuleValues
from tests.factories import SYSTEM
from tests.feature.repos.pushing import ZERO, Pusher, reasons

MAIN = "refs/heads/main"
TOPIC = "refs/heads/topic"


def started(pusher: Pusher) -> str:
    """Pushes main and returns its commit."""
    commit = pusher.git.head(pusher.work)
    pusher.push((ZERO, commit, MAIN))
    return commit


def set_rule(pusher: Pusher, pattern: str, kind: RefKind = RefKind.BRANCH, **values: object) -> None:
    """Adds a rule, or changes the one with that pattern."""
    wanted = RuleValues(kind=kind, pattern=pattern, **values)  # type: ignore[arg-type]  # fields by name
    with pusher.hub.database.writing() as session:
        repository = session.get_one(Repository, pusher.repository_id)
        rule = rules.find_rule(session, repository, kind=kind, pattern=pattern)
        if rule is None:
            rules.add_rule(session, SYSTEM, repository, values=wanted)
        else:
            rules.change_rule(session, SYSTEM, repository, rule_id=rule.id, values=wanted)


def change(pusher: Pusher, work: Callable[[Session, User, Repository], object]) -> None:
    with pusher.hub.database.writing() as session:
        user = session.get_one(User, pusher.viewer.user_id)
        work(session, user, session.get_one(Repository, pusher.repository_id))


def suspend(session: Session, user: User, repository: Repository) -> None:
    user.is_suspended = True


def delete_account(session: Session, user: User, repository: Repository) -> None:
    user.deleted_at = now()


def revoke(session: Session, user: User, repository: Repository) -> None:
    session.delete(session.get_one(Collaborator, (repository.id, user.id)))


def lower(session: Session, user: User, repository: Repository) -> None:
    session.get_one(Collaborator, (repository.id, user.id)).role = Role.READ


def archive(session: Session, user: User, repository: Repository) -> None:
    repository.archived_at = now()


def delete(session: Session, user: User, repository: Repository) -> None:
    repository.deleted_at = now()


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        (suspend, "no write access"),
        (delete_account, "no write access"),
        (revoke, "no write access"),
        (lower, "no write access"),
        (archive, "the repository is archived"),
        (delete, "no such repository"),
    ],
)
def test_whoever_lost_their_right_since_the_push_began_moves_nothing(
    pusher: Pusher,
    pusher_as: Callable[[Role | None], Pusher],
    work: Callable[[Session, User, Repository], None],
    reason: str,
) -> None:
    commit = started(pusher)
    writer = pusher_as(Role.WRITE)
    assert reasons(writer.judge((ZERO, commit, TOPIC))) == {TOPIC: "ok"}
    writer.record()

    change(writer, work)

    judgement = writer.judge((ZERO, commit, TOPIC))
    assert reasons(judgement) == {TOPIC: reason}
    assert judgement.intent is False


def test_an_administrator_who_is_none_any_more_has_only_their_role(pusher: Pusher, hub: Hub) -> None:
    commit = started(pusher)
    with hub.database.writing() as session:
        user = User(
            name="root",
            name_key="root",
            look_key="root",
            email="r@example.org",
            email_key="r@example.org",
            created_at=now(),
        )
        session.add(user)
        session.flush()
        pusher.viewer = Viewer(user_id=user.id, name="root", is_admin=True)
    assert reasons(pusher.judge((ZERO, commit, TOPIC))) == {TOPIC: "no write access"}


def test_judging_asks_the_database_little_whatever_the_rules(
    pusher: Pusher, pusher_as: Callable[[Role | None], Pusher]
) -> None:
    first = started(pusher)
    second = pusher.git.commit(pusher.work, "second")
    pusher.send()
    for number in range(20):
        set_rule(pusher, f"release/{number}/*", least_role=Role.WRITE)
    statements: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            statements.append(statement)

    writer = pusher_as(Role.MAINTAIN)
    event.listen(pusher.database.engine, "before_cursor_execute", note)
    try:
        assert reasons(writer.judge((first, second, MAIN), (ZERO, first, TOPIC))) == {MAIN: "ok", TOPIC: "ok"}
    finally:
        event.remove(pusher.database.engine, "before_cursor_execute", note)
    assert sum("ref_rules" in statement for statement in statements) == 1
    # The open intents, the repository, the rules, and the changes that follow the branches.
    assert len(statements) <= 4


def test_the_default_rule_follows_what_was_pushed_first(pusher: Pusher, hub: Hub) -> None:
    commit = pusher.git.head(pusher.work)
    pusher.push((ZERO, commit, "refs/heads/master"))
    with hub.database.reading() as session:
        found = session.execute(select(RefRule.pattern, RefRule.least_role)).all()
    assert [tuple(row) for row in found] == [("master", Role.MAINTAIN)]


def test_without_any_rule_the_default_branch_is_still_not_rewritten(
    pusher: Pusher, pusher_as: Callable[[Role | None], Pusher], hub: Hub
) -> None:
    first = started(pusher)
    with hub.database.writing() as session:
        session.delete(session.scalars(select(RefRule)).one())
    writer = pusher_as(Role.WRITE)
    second = pusher.git.commit(pusher.work, "second")
    assert reasons(writer.push((first, second, MAIN))) == {MAIN: "ok"}
    rewound = writer.judge((second, first, MAIN))
    deleted = writer.judge((second, ZERO, MAIN))
    assert reasons(rewound) == reasons(deleted) == {MAIN: "protected branch"}
    assert "git revert" in rewound.lines[0]
    assert "is the default branch: nobody deletes it" in deleted.lines[0]


def test_a_rule_may_allow_to_rewrite_even_the_default_branch(pusher: Pusher) -> None:
    first = started(pusher)
    second = pusher.git.commit(pusher.work, "second")
    pusher.push((first, second, MAIN))
    set_rule(pusher, "main", may_rewind=True)
    assert reasons(pusher.push((second, first, MAIN))) == {MAIN: "ok"}


def test_people_whom_a_rule_names_push_whatever_its_role(
    pusher: Pusher, pusher_as: Callable[[Role | None], Pusher]
) -> None:
    commit = started(pusher)
    named, other = pusher_as(Role.WRITE), pusher_as(Role.MAINTAIN)
    assert named.viewer.name is not None
    set_rule(pusher, "release/**", least_role=None, people=[named.viewer.name])
    release = "refs/heads/release/1"
    assert reasons(named.judge((ZERO, commit, release))) == {release: "ok"}
    named.record()
    refused = other.judge((ZERO, commit, release))
    assert reasons(refused) == {release: "protected branch"}
    assert refused.lines == [
        "'release/1' is protected by the rule release/**: only people whom the rule names push it."
        " Use another name: git push origin HEAD:refs/heads/NAME"
    ]


def test_a_rewind_of_a_protected_branch_is_told_from_an_update(pusher: Pusher) -> None:
    first = started(pusher)
    second = pusher.git.commit(pusher.work, "second")
    pusher.push((ZERO, first, TOPIC))
    set_rule(pusher, "t*", least_role=Role.WRITE)
    assert reasons(pusher.push((first, second, TOPIC))) == {TOPIC: "ok"}
    assert reasons(pusher.judge((second, first, TOPIC))) == {TOPIC: "protected branch"}
    assert reasons(pusher.judge((second, ZERO, TOPIC))) == {TOPIC: "protected branch"}


def test_a_protected_tag_is_made_and_neither_moved_nor_deleted(pusher: Pusher) -> None:
    first = started(pusher)
    second = pusher.git.commit(pusher.work, "second")
    set_rule(pusher, "v*", RefKind.TAG, least_role=Role.WRITE)
    tag = "refs/tags/v1"
    assert reasons(pusher.push((ZERO, first, tag), (ZERO, first, "refs/tags/x"))) == {
        tag: "ok",
        "refs/tags/x": "ok",
    }
    moved = pusher.judge((first, second, tag), (first, second, "refs/tags/x"))
    assert reasons(moved) == {tag: "protected tag", "refs/tags/x": "ok"}
    pusher.record()
    assert reasons(pusher.judge((first, ZERO, tag))) == {tag: "protected tag"}


@pytest.fixture
def known_changes() -> Iterator[dict[str, int]]:
    """Commits that some change would bring, with its number; known to the judge while the test runs."""
    known: dict[str, int] = {}

    def find(session: Session, viewer: Viewer, repository: Repository, update: RefUpdate) -> int | None:
        return known.get(update.new_id)

    admission.admit_by(find)
    yield known
    known.clear()


def test_where_changes_are_required_nobody_pushes_but_what_a_change_brings(
    pusher: Pusher, pusher_as: Callable[[Role | None], Pusher], known_changes: dict[str, int]
) -> None:
    first = started(pusher)
    second = pusher.git.commit(pusher.work, "second")
    pusher.send()
    set_rule(pusher, "main", needs_change=True)
    maintainer, writer = pusher_as(Role.MAINTAIN), pusher_as(Role.WRITE)
    line = "'main' is protected: changes need review. Propose instead: git push origin HEAD:refs/for/main"
    for one in (pusher, maintainer, writer):
        refused = one.judge((first, second, MAIN))
        assert (reasons(refused), refused.lines) == ({MAIN: "protected branch"}, [line])

    known_changes[second] = 12

    assert reasons(writer.judge((first, second, MAIN))) == {MAIN: "protected branch"}
    assert reasons(maintainer.push((first, second, MAIN))) == {MAIN: "ok"}


def test_a_branch_that_requires_changes_begins_at_what_the_default_branch_has(pusher: Pusher) -> None:
    first = started(pusher)
    unseen = pusher.git.commit(pusher.work, "unseen")
    pusher.send()
    set_rule(pusher, "release/*", needs_change=True)
    judgement = pusher.judge((ZERO, first, "refs/heads/release/1"), (ZERO, unseen, "refs/heads/release/2"))
    assert reasons(judgement) == {
        "refs/heads/release/1": "ok",
        "refs/heads/release/2": "protected branch",
    }
