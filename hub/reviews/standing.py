"""How far a change is, read for its requirements: rules of its target, verdicts, threads, and the roles."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from hub.access import Permission, Role, Visibility, allowed
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

    `approved_by` are the accounts whose approvals count, `change_key` is the newest patch set's Change-Id.
    """

    target_id: str | None
    mergeable: Clean | Stopped | None
    requirements: list[Requirement]
    approved_by: list[User]
    change_key: str

    @property
    def unmet(self) -> list[Requirement]:
        """Those that are not met."""
        return [one for one in self.requirements if not one.is_met]


def examine(session: Session, opened: OpenedChange, *, asks_git: bool = True) -> Examined:
    """The requirements of a change, as they are met now; asks git where that is not known yet.

    Without asking it whether the change merges is left open: whoever prepares the merge sees that.
    """
    config, change = config_of(session), opened.change
    path = directory(config, opened.repository)
    target_id = RefFiles(path).get(BRANCHES + change.target)
    mergeable = None
    if target_id is not None and asks_git:
        mergeable = find_mergeability(config, path, target_id=target_id, source_id=change.commit_id)
    facts = _facts_of(session, opened.topic.id)
    needs = needs_of(session, opened.repository.id, change.target)
    reviews = _last_reviews(session, opened.topic.id, facts)
    people: dict[int, _Member] = {}
    if reviews or needs.approvals:
        asked = [opened.author.user_id, *(one.user_id for one in reviews)]
        people = _people(session, opened.repository, asked)
    standing = _standing(opened, needs, reviews, people, facts=facts, mergeable=mergeable)
    approved_by = [
        people[one.user_id].user
        for one in standing.votes
        if one.counts and one.is_current and one.verdict is VerdictValue.APPROVE and one.user_id is not None
    ]
    return Examined(target_id, mergeable, list_requirements(standing), approved_by, facts.change_key)


def _standing(
    opened: OpenedChange,
    needs: Needs,
    reviews: Sequence["_LastReview"],
    people: Mapping[int, "_Member"],
    *,
    facts: "_Facts",
    mergeable: Clean | Stopped | None,
) -> Standing:
    author_id = opened.author.user_id
    author = None if author_id is None else people.get(author_id)
    return Standing(
        target=opened.change.target,
        state=opened.topic.state,
        is_draft=opened.topic.is_draft,
        needs=needs,
        votes=[_vote(one, opened, people) for one in reviews],
        open_threads=facts.open_threads,
        others_may_approve=any(one.is_asked for one in people.values() if one.user.id != author_id),
        author_may_merge=author is not None and author.may(Permission.MERGE),
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
class _Facts:
    """What is asked about the newest patch set, and how many discussions are open."""

    commit_id: str
    patch_id: str
    change_key: str
    open_threads: int


@dataclass(frozen=True, slots=True)
class _LastReview:
    """The last review of a person that says something about merging."""

    person_id: int
    user_id: int | None
    name: str
    verdict: VerdictValue
    patch_set: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class _Member:
    """Somebody with an account, as they stand in the repository; `is_asked`: by a role of their own."""

    user: User
    role: Role | None
    visibility: Visibility
    is_asked: bool

    def may(self, permission: Permission) -> bool:
        """Whether their role allows this."""
        return self.role is not None and allowed(permission, role=self.role, visibility=self.visibility)


def _facts_of(session: Session, topic_id: int) -> _Facts:
    """Discussions count that are about a place in the change; those without any words left do not."""
    said = exists().where(Comment.thread_id == Thread.id, Comment.is_deleted.is_(False))
    is_about_a_place = exists().where(Anchor.thread_id == Thread.id)
    is_open = (Thread.topic_id == topic_id, Thread.is_resolved.is_(False))
    open_threads = select(func.count(Thread.id)).where(*is_open, said, is_about_a_place).scalar_subquery()
    row = session.execute(
        select(PatchSet.commit_id, PatchSetFacts.patch_id, PatchSetFacts.change_key, open_threads)
        .outerjoin(PatchSetFacts, PatchSetFacts.patch_set_id == PatchSet.id)
        .where(PatchSet.topic_id == topic_id)
        .order_by(PatchSet.id.desc())
        .limit(1)
    ).one()
    commit_id, patch_id, change_key, count = row
    return _Facts(commit_id, patch_id or "", change_key or "", count)


def _last_reviews(session: Session, topic_id: int, newest: _Facts) -> list[_LastReview]:
    """One of each person, in the order in which they were given; one that was dismissed says nothing."""
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


def _people(session: Session, repository: Repository, user_ids: Iterable[int | None]) -> dict[int, _Member]:
    """These accounts, and everybody who may approve by a role here."""
    is_here = and_(Collaborator.user_id == User.id, Collaborator.repository_id == repository.id)
    rows = session.execute(
        select(User, Collaborator.role)
        .outerjoin(Collaborator, is_here)
        .where(
            or_(
                User.id == repository.owner_id,
                Collaborator.role.in_([one for one in Role if is_at_least(one, Role.WRITE)]),
                User.id.in_({one for one in user_ids if one is not None}),
            )
        )
    )
    found = {}
    for user, granted in rows:
        if not user.is_active:
            continue
        role = role_given(
            user.viewer(), repository_id=repository.id, owner_id=repository.owner_id, granted=granted
        )
        # An administrator may approve everywhere, and is waited for nowhere.
        is_asked = user.id == repository.owner_id or (
            granted is not None and is_at_least(granted, Role.WRITE)
        )
        found[user.id] = _Member(user, role, repository.visibility, is_asked)
    return found


def _vote(one: _LastReview, opened: OpenedChange, people: Mapping[int, _Member]) -> Vote:
    member = None if one.user_id is None else people.get(one.user_id)
    counts = one.person_id != opened.author.id and member is not None and member.may(Permission.APPROVE)
    return Vote(
        one.name, one.verdict, one.patch_set, counts=counts, is_current=one.is_current, user_id=one.user_id
    )
