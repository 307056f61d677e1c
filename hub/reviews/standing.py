"""How far a change is, read for its requirements: rules of its target, verdicts, threads, and the roles."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from hub.access import Permission, Role, allowed
from hub.accounts.models import User
from hub.db import config_of
from hub.issues.models import Comment, Thread
from hub.journal.models import Person
from hub.repos.access import role_given
from hub.repos.git.merge_records import Clean, Stopped
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory
from hub.repos.models import Collaborator, RefKind, RefRule, Repository
from hub.repos.names import BRANCHES
from hub.repos.ref_rules import is_at_least, matches
from hub.reviews.changes import OpenedChange
from hub.reviews.mergeability import find_mergeability
from hub.reviews.models import Anchor, PatchSet, PatchSetFacts, Review, VerdictValue
from hub.reviews.requirements import Needs, Requirement, Standing, Vote, list_requirements


@dataclass(frozen=True, slots=True)
class Examined:
    """What is known of merging a change at this moment; `target_id` is None where the branch is gone.

    `approved_by` are the accounts whose approvals count.
    """

    target_id: str | None
    mergeable: Clean | Stopped | None
    requirements: list[Requirement]
    approved_by: list[int]

    @property
    def unmet(self) -> list[Requirement]:
        """Those that are not met."""
        return [one for one in self.requirements if not one.is_met]


def examine(session: Session, opened: OpenedChange) -> Examined:
    """The requirements of a change, as they are met now; asks git where that is not known yet."""
    config, change = config_of(session), opened.change
    path = directory(config, opened.repository)
    target_id = RefFiles(path).get(BRANCHES + change.target)
    mergeable = (
        None
        if target_id is None
        else find_mergeability(config, path, target_id=target_id, source_id=change.commit_id)
    )
    standing = read_standing(session, opened, mergeable)
    approved_by = [
        one.user_id
        for one in standing.votes
        if one.counts and one.is_current and one.verdict is VerdictValue.APPROVE and one.user_id is not None
    ]
    return Examined(target_id, mergeable, list_requirements(standing), approved_by)


def read_standing(session: Session, opened: OpenedChange, mergeable: Clean | Stopped | None) -> Standing:
    """What the requirements of the change are told from."""
    topic, repository = opened.topic, opened.repository
    votes = _last_reviews(session, topic.id)
    people = _people(session, repository, [opened.author.user_id, *(one.user_id for one in votes)])
    author_id = opened.author.user_id
    roles = {user_id: role for user_id, (role, _) in people.items()}
    return Standing(
        target=opened.change.target,
        state=topic.state,
        is_draft=topic.is_draft,
        needs=needs_of(session, repository.id, opened.change.target),
        votes=[_vote(one, repository, roles, author=opened.author.id) for one in votes],
        open_threads=_count_open_threads(session, topic.id),
        others_may_approve=any(
            is_member and user_id != author_id for user_id, (_, is_member) in people.items()
        ),
        author_may_merge=author_id is not None and _may(roles.get(author_id), Permission.MERGE, repository),
        mergeable=mergeable,
    )


def needs_of(session: Session, repository_id: int, target: str) -> Needs:
    """What the rules that match the branch ask of a change; the strictest holds."""
    is_here = (RefRule.repository_id == repository_id, RefRule.kind == RefKind.BRANCH)
    rules = [one for one in session.scalars(select(RefRule).where(*is_here)) if matches(one.pattern, target)]
    return Needs(
        approvals=max((one.approvals_needed for one in rules), default=0),
        resolved_threads=any(one.needs_resolved_threads for one in rules),
    )


@dataclass(frozen=True, slots=True)
class _LastReview:
    """The last review of a person that says something about merging."""

    person_id: int
    user_id: int | None
    name: str
    verdict: VerdictValue
    patch_set: str
    is_current: bool


def _last_reviews(session: Session, topic_id: int) -> list[_LastReview]:
    """One of each person, in the order in which they were given; one that was dismissed says nothing."""
    newest = session.execute(
        select(PatchSet.entry_id, PatchSet.commit_id, PatchSetFacts.patch_id)
        .outerjoin(PatchSetFacts, PatchSetFacts.patch_set_id == PatchSet.id)
        .where(PatchSet.topic_id == topic_id)
        .order_by(PatchSet.id.desc())
        .limit(1)
    ).one()
    rows = session.execute(
        select(Review, Person, PatchSet.label, PatchSet.commit_id, PatchSetFacts.patch_id)
        .join(Person, Person.id == Review.author_id)
        .join(PatchSet, and_(PatchSet.topic_id == topic_id, PatchSet.entry_id == Review.patch_set))
        .outerjoin(PatchSetFacts, PatchSetFacts.patch_set_id == PatchSet.id)
        .where(Review.topic_id == topic_id, Review.verdict != VerdictValue.COMMENT)
        .order_by(Review.id)
    )
    last: dict[int, _LastReview] = {}
    for review, person, label, commit_id, patch_id in rows:
        last.pop(person.id, None)
        if review.is_dismissed or review.verdict is VerdictValue.NONE:
            continue
        # The patch id says what the commits change, wherever they stand: a rebase leaves it as it was.
        is_current = commit_id == newest.commit_id or bool(patch_id and patch_id == newest.patch_id)
        last[person.id] = _LastReview(
            person.id, person.user_id, person.name or person.handle, review.verdict, label, is_current
        )
    return list(last.values())


def _people(
    session: Session, repository: Repository, user_ids: Iterable[int | None]
) -> dict[int, tuple[Role | None, bool]]:
    """The roles of these accounts and of everybody with one here; and who is asked for approvals by it."""
    wanted = {one for one in user_ids if one is not None}
    is_here = and_(Collaborator.user_id == User.id, Collaborator.repository_id == repository.id)
    rows = session.execute(
        select(User, Collaborator.role)
        .outerjoin(Collaborator, is_here)
        .where(
            or_(
                User.id == repository.owner_id,
                Collaborator.role.in_([one for one in Role if is_at_least(one, Role.WRITE)]),
                User.id.in_(wanted),
            )
        )
    )
    found: dict[int, tuple[Role | None, bool]] = {}
    for user, granted in rows:
        if not user.is_active:
            continue
        role = role_given(
            user.viewer(), repository_id=repository.id, owner_id=repository.owner_id, granted=granted
        )
        # An administrator may approve everywhere, and is waited for nowhere.
        by_role = Role.OWN if user.id == repository.owner_id else granted
        found[user.id] = role, _may(by_role, Permission.APPROVE, repository)
    return found


def _may(role: Role | None, permission: Permission, repository: Repository) -> bool:
    return role is not None and allowed(permission, role=role, visibility=repository.visibility)


def _vote(one: _LastReview, repository: Repository, roles: dict[int, Role | None], *, author: int) -> Vote:
    role = None if one.user_id is None else roles.get(one.user_id)
    counts = one.person_id != author and _may(role, Permission.APPROVE, repository)
    return Vote(
        one.name, one.verdict, one.patch_set, counts=counts, is_current=one.is_current, user_id=one.user_id
    )


def _count_open_threads(session: Session, topic_id: int) -> int:
    """Discussions about a place in the change that are not settled; those without any words left are."""
    said = exists().where(Comment.thread_id == Thread.id, Comment.is_deleted.is_(False))
    is_about_a_place = exists().where(Anchor.thread_id == Thread.id)
    is_open = (Thread.topic_id == topic_id, Thread.is_resolved.is_(False))
    return session.scalar(select(func.count()).where(*is_open, said, is_about_a_place)) or 0
