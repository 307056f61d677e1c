"""The rules of a repository on their pages: listed, added, changed, removed, and what is refused."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from hub.access import Permission, Role
from hub.app import Hub
from hub.errors import Forbidden, Invalid
from hub.repos import actions
from hub.repos.access import open_repository
from hub.repos.models import RefKind, RefRule, RefRulePerson, Repository
from hub.repos.settings import invitations, rules
from hub.repos.settings.rules import MAX_RULES, RuleValues
from tests.factories import SYSTEM, make_collaborator, make_user
from tests.feature.repos.pushing import ZERO, Pusher
from tests.visitor import Visitor, words_of

Browser = Callable[[str], Visitor]
RULES = "/anna/demo/settings/rules"


def all_rules(hub: Hub) -> list[tuple[str, str, Role | None, bool, bool, bool]]:
    with hub.database.reading() as session:
        rows = session.scalars(select(RefRule).order_by(RefRule.id))
        return [
            (row.kind, row.pattern, row.least_role, row.needs_change, row.may_rewind, row.may_delete)
            for row in rows
        ]


DEFAULT = ("branch", "main", Role.MAINTAIN, False, False, False)


def test_page_shows_the_rules_and_what_they_match_now(browser: Browser, pusher: Pusher) -> None:
    first = pusher.git.head(pusher.work)
    pusher.push((ZERO, first, "refs/heads/main"))
    pusher.push((ZERO, first, "refs/heads/release/1"), (ZERO, first, "refs/tags/v1"))
    anna = browser("anna")
    anna.submit(RULES, kind="tag", pattern="v*")
    anna.submit(RULES, pattern="release/**", flags=["may_rewind"])
    words = words_of(anna.get(RULES).text)
    assert "main branches default branch Maintainers and the owner may push." in words
    assert "release/** branches Maintainers and the owner may push. Force-push allowed No deletion" in words
    assert "Matches now: release/1" in words
    assert "v* tags" in words
    assert "Never moved" in words
    assert "Matches now: v1" in words


def test_rule_is_added_with_all_its_parts_and_noted(
    browser: Browser, hub: Hub, repository: Repository
) -> None:
    with hub.database.writing() as session:
        row = session.get_one(Repository, repository.id)
        names = [make_collaborator(session, row, role=Role.WRITE).name for _ in range(2)]
    anna = browser("anna")
    answer = anna.submit(
        RULES,
        pattern=" release/* ",
        least_role="people",
        people=f"{names[0]}, {names[1].upper()}",
        flags=["needs_change", "may_delete"],
    )
    assert answer.headers["Location"] == RULES
    assert all_rules(hub)[1:] == [("branch", "release/*", None, True, False, True)]
    words = words_of(anna.get(RULES).text)
    assert "The rule release/* is added." in words
    assert f"Commits arrive by changes. Only {', '.join(sorted(names))} may push." in words
    assert "added the rule release/* for branches" in words_of(anna.get("/anna/demo/settings/log").text)


def test_a_rule_says_what_a_merged_change_needs(browser: Browser, hub: Hub, repository: Repository) -> None:
    anna = browser("anna")
    anna.submit(f"{RULES}/1", flags=["needs_change", "needs_resolved_threads"], approvals_needed="2")
    with hub.database.reading() as session:
        (rule,) = session.scalars(select(RefRule))
        assert (rule.needs_change, rule.approvals_needed, rule.needs_resolved_threads) == (True, 2, True)
    assert "2 approvals needed Discussions resolved" in words_of(anna.get(RULES).text)
    assert 'value="2"' in anna.get(f"{RULES}/1").text
    log = words_of(anna.get("/anna/demo/settings/log").text)
    assert "change=yes rewind=no delete=no approvals=2 threads=resolved" in log


def test_rule_is_changed_and_removed(browser: Browser, hub: Hub, repository: Repository) -> None:
    anna = browser("anna")
    page = f"{RULES}/1"
    answer = anna.submit(page, pattern="trunk", least_role="own", flags=["may_rewind"])
    assert answer.headers["Location"] == RULES
    assert all_rules(hub) == [("branch", "trunk", Role.OWN, False, True, False)]
    assert 'value="trunk"' in anna.get(page).text
    assert anna.submit(RULES, action=f"{page}/remove").status_code == 302
    assert all_rules(hub) == []
    assert "No rule yet" in words_of(anna.get(RULES).text)
    assert anna.get(page).status_code == 404
    log = words_of(anna.get("/anna/demo/settings/log").text)
    assert "changed the rule trunk for branches" in log
    assert "removed the rule trunk for branches" in log


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"pattern": ""}, "Enter the name of a branch or tag"),
        ({"pattern": "a b"}, "No branch or tag can have such a name"),
        ({"pattern": "v**"}, "** stands for whole parts"),
        ({"pattern": "refs/heads/main"}, "Write the name without refs/heads/"),
        ({"pattern": "main"}, "There is a rule with this pattern. Change that one."),
        ({"pattern": "x", "least_role": "people"}, "Name at least one person, or choose a role."),
        ({"pattern": "x", "least_role": "read"}, "Choose one of these."),
        ({"pattern": "x", "kind": "note"}, "Choose one of these."),
        ({"pattern": "x", "people": "nobody-here"}, "There is no account nobody-here."),
        ({"pattern": "x", "people": "reader"}, "reader may not push to anna/demo at all."),
        ({"pattern": "x", "people": "stranger"}, "stranger may not push to anna/demo at all."),
        ({"pattern": "x", "people": "anna " * 51}, "Name at most 50 people"),
        ({"pattern": "x", "kind": "tag", "flags": ["needs_change"]}, "a tag cannot require one"),
        ({"pattern": "x", "kind": "tag", "approvals_needed": "1"}, "a tag needs no approval"),
        ({"pattern": "x", "approvals_needed": "11"}, "Enter a number from 0 to 10."),
        ({"pattern": "x", "approvals_needed": "two"}, "Enter a number from 0 to 10."),
    ],
)
def test_refused_rules_say_why_and_keep_what_was_entered(
    browser: Browser, hub: Hub, repository: Repository, values: dict[str, object], fault: str
) -> None:
    with hub.database.writing() as session:
        make_user(session, "stranger")
        row = session.get_one(Repository, repository.id)
        reader = make_collaborator(session, row, role=Role.PROPOSE)
        reader.name = reader.name_key = "reader"
    answer = browser("anna").submit(RULES, **values)
    assert answer.status_code == 422
    assert fault in words_of(answer.text)
    assert f'value="{values["pattern"]}"' in answer.text
    assert all_rules(hub) == [DEFAULT]


def test_a_rule_cannot_take_the_pattern_of_another(
    browser: Browser, hub: Hub, repository: Repository
) -> None:
    anna = browser("anna")
    anna.submit(RULES, pattern="x")
    answer = anna.submit(f"{RULES}/2", pattern="main")
    assert answer.status_code == 422
    assert "There is a rule with this pattern." in words_of(answer.text)
    assert anna.submit(RULES, pattern="x", kind="tag").status_code == 302


def test_there_is_a_limit_of_rules(hub: Hub, repository: Repository) -> None:
    with hub.database.writing() as session:
        row = session.get_one(Repository, repository.id)
        for number in range(MAX_RULES - 1):
            rules.add_rule(session, SYSTEM, row, values=RuleValues(RefKind.BRANCH, f"b{number}"))
        with pytest.raises(Invalid, match="not saved"):
            rules.add_rule(session, SYSTEM, row, values=RuleValues(RefKind.BRANCH, "one-more"))


@pytest.mark.parametrize(
    ("role", "may"), [(Role.READ, False), (Role.PROPOSE, False), (Role.WRITE, False), (Role.MAINTAIN, True)]
)
def test_maintainers_set_rules(hub: Hub, repository: Repository, role: Role, may: bool) -> None:
    with hub.database.writing() as session:
        viewer = make_collaborator(session, session.get_one(Repository, repository.id), role=role).viewer()
        row = open_repository(session, viewer, repository.id, need=Permission.SEE)
        values = RuleValues(RefKind.BRANCH, "x")
        works = (
            lambda: rules.list_rules(session, viewer, row),
            lambda: rules.get_rule(session, viewer, row, rule_id=1),
            lambda: rules.add_rule(session, viewer, row, values=values),
            lambda: rules.change_rule(
                session, viewer, row, rule_id=1, values=RuleValues(RefKind.BRANCH, "y")
            ),
            lambda: rules.remove_rule(session, viewer, row, rule_id=1),
        )
        for work in works:
            if may:
                work()
            else:
                with pytest.raises(Forbidden):
                    work()


def test_a_rule_is_found_through_its_own_repository_only(
    browser: Browser, hub: Hub, repository: Repository, private_repository: Repository
) -> None:
    anna = browser("anna")
    with hub.database.reading() as session:
        other = session.scalars(
            select(RefRule.id).where(RefRule.repository_id == private_repository.id)
        ).one()
    assert anna.get(f"{RULES}/{other}").status_code == 404
    token = anna.get(RULES).text.split('name="csrf_token" value="')[1].split('"')[0]
    values: dict[str, object] = {"csrf_token": token, "kind": "branch", "pattern": "x", "least_role": "write"}
    assert anna.post(f"{RULES}/{other}", values).status_code == 404
    assert anna.post(f"{RULES}/{other}/remove", values).status_code == 404
    assert len(all_rules(hub)) == 2


def test_people_of_a_rule_are_forgotten_with_it(hub: Hub, repository: Repository) -> None:
    with hub.database.writing() as session:
        row = session.get_one(Repository, repository.id)
        person = make_collaborator(session, row, role=Role.WRITE)
        values = RuleValues(RefKind.BRANCH, "x", people=[person.name])
        rule = rules.add_rule(session, SYSTEM, row, values=values)
        assert session.scalars(select(RefRulePerson.user_id)).all() == [person.id]
        rules.remove_rule(session, SYSTEM, row, rule_id=rule.id)
        assert session.scalars(select(RefRulePerson.user_id)).all() == []


def test_whoever_loses_their_role_is_taken_off_the_rules(hub: Hub, repository: Repository) -> None:
    """Attack: who was named once comes back with the role write, and pushes what their role does not."""
    with hub.database.writing() as session:
        row = session.get_one(Repository, repository.id)
        people = [make_collaborator(session, row, role=Role.WRITE) for _ in range(3)]
        values = RuleValues(RefKind.BRANCH, "x", people=[one.name for one in people])
        rules.add_rule(session, SYSTEM, row, values=values)
        actions.revoke(session, SYSTEM, row, people[0])
        invitations.leave(session, people[1].viewer(), row)
        assert session.scalars(select(RefRulePerson.user_id)).all() == [people[2].id]
