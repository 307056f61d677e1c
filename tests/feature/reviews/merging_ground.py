"""Changes to be merged: proposed, reviewed, diverged from their target; and merged."""

from sqlalchemy import select

from hub.access import Viewer
from hub.app import Hub
from hub.issues.models import Topic, TopicState
from hub.repos.models import RefKind, RefRule, Repository
from hub.repos.settings.rules import RuleValues, change_rule
from hub.reviews import merging, talking
from hub.reviews.changes import get_change
from hub.reviews.merging import Order
from hub.reviews.models import Change, PatchSet, VerdictValue
from tests.factories import SYSTEM
from tests.feature.repos.pushing import ZERO, Pusher

MAIN, FOR_MAIN = "refs/heads/main", "refs/for/main"
DEMO = "anna/demo"


def propose(pusher: Pusher, message: str, files: dict[str, str | bytes] | None = None) -> str:
    """Opens a change with one commit on top of what is checked out; returns the commit."""
    commit = pusher.git.commit(pusher.work, message, files)
    pusher.send()
    judgement = pusher.judge((ZERO, commit, FOR_MAIN))
    assert judgement.answers[0][1] == "ok", judgement
    pusher.record()
    return commit


def merge(hub: Hub, viewer: Viewer, number: int = 1, **values: object) -> str:
    with hub.database.writing() as session:
        change = session.scalars(
            select(Change).join(Topic, Topic.id == Change.topic_id).where(Topic.number == number)
        ).one()
        order = Order(
            **{"strategy": "merge", "commit_id": change.commit_id, "base_url": "http://hub", **values}
        )
        return merging.merge(session, viewer, DEMO, number, order=order)


def review(
    hub: Hub, viewer: Viewer, verdict: VerdictValue = VerdictValue.APPROVE, *, number: int = 1
) -> None:
    with hub.database.writing() as session:
        opened = get_change(session, viewer, DEMO, number, locks=True)
        newest = select(PatchSet.entry_id).where(PatchSet.topic_id == opened.topic.id)
        patch_set = session.scalars(newest.order_by(PatchSet.id.desc())).first()
        assert patch_set is not None
        talking.publish_review(session, viewer, opened, patch_set=patch_set, verdict=verdict)


def set_rule(hub: Hub, repository: Repository, **values: object) -> None:
    with hub.database.writing() as session:
        row = session.get_one(Repository, repository.id)
        rule = session.scalars(select(RefRule).where(RefRule.repository_id == row.id)).one()
        said = RuleValues(RefKind.BRANCH, "main", **values)
        change_rule(session, SYSTEM, row, rule_id=rule.id, values=said)


def merged(hub: Hub, number: int = 1) -> tuple[TopicState, str, str]:
    with hub.database.reading() as session:
        row = session.execute(
            select(Topic.state, Change.merged_strategy, Change.merged_commit_id)
            .join(Change, Change.topic_id == Topic.id)
            .where(Topic.number == number)
        ).one()
        return row[0], row[1], row[2]


def diverge(anna: Pusher, bob: Pusher) -> tuple[str, str]:
    """A change of bob's beside a newer commit of main; returns both."""
    bob.git.run("switch", "-qc", "topic", cwd=bob.work)
    source = propose(bob, "Fix typo\n\nIt said teh.\n\nChange-Id: I0123456789abcdef", {"README": "the\n"})
    bob.git.run("switch", "-q", "main", cwd=bob.work)
    old = bob.git.head(bob.work)
    new = anna.git.commit(anna.work, "Newer", {"other": "x\n"})
    anna.push((old, new, MAIN))
    return source, new
