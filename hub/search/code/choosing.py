"""Which branches and tags are searched: the default branch of each repository, and those that somebody chose.

An owner chooses by patterns, for good; whoever searches asks for one, for as long as somebody searches it.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from hub.access import Permission, Viewer
from hub.accounts import audit
from hub.clock import now
from hub.config import Config
from hub.db import config_of
from hub.errors import Invalid, NotFound, TooMany, text
from hub.events import BranchesChosen, publish
from hub.repos.access import open_repository, require
from hub.repos.git.refs import RefFiles, RefsDamaged
from hub.repos.git.store import place
from hub.repos.models import RefKind, Repository
from hub.repos.names import BRANCHES, SHOWN
from hub.repos.ref_rules import find_pattern_fault, matches
from hub.search.models import CodeChoice, CodeRequest, CodeView
from hub.search.parts import parts

# Of one repository, besides its default branch.
MOST_CHOSEN: Final = 20
MOST_ASKED: Final = 20
MOST_PATTERNS: Final = 10
KEPT_UNUSED: Final = timedelta(days=30)

CHOSEN: Final = audit.action(
    "repository.searched", text("chose which branches of %(path)s are searched: %(patterns)s")
)

_AT_ONCE: Final = 500
_NUMBER: Final = re.compile(r"(\d+)")


class Located(Protocol):
    """A repository as a row: where it lies, and its default branch."""

    @property
    def id(self) -> int:
        """Its id."""

    @property
    def storage(self) -> str:
        """Where it lies."""

    @property
    def default_branch(self) -> str:
        """Its default branch, without `refs/heads/`."""


def wanted_refs(session: Session, config: Config, repositories: Sequence[Located]) -> dict[int, set[str]]:
    """The full names of what is searched of each of the repositories, whether it is there or not."""
    wanted = {one.id: {BRANCHES + one.default_branch} for one in repositories}
    places = {one.id: place(config, one.storage, one.id) for one in repositories}
    for some in parts(list(wanted), _AT_ONCE):
        choices = select(CodeChoice.repository_id, CodeChoice.patterns)
        for repository_id, patterns in session.execute(choices.where(CodeChoice.repository_id.in_(some))):
            try:
                wanted[repository_id] |= set(find_chosen(RefFiles(places[repository_id]), patterns))
            except RefsDamaged:
                continue
        asked = select(CodeRequest.repository_id, CodeRequest.ref)
        for repository_id, ref in session.execute(asked.where(CodeRequest.repository_id.in_(some))):
            wanted[repository_id].add(ref)
    return wanted


def find_chosen(refs: RefFiles, patterns: Collection[str]) -> list[str]:
    """The full names of what the patterns mean: of too many, those with the highest numbers."""
    found: list[str] = []
    for prefix in SHOWN:
        names = (raw.decode("utf-8", "replace") for raw in refs.list_names(prefix.encode()))
        meant = [
            one for one in names if any(matches(pattern, one.removeprefix(prefix)) for pattern in patterns)
        ]
        found += sorted(meant, key=_in_order, reverse=True)
    return found[:MOST_CHOSEN]


def _in_order(name: str) -> list[tuple[int, str]]:
    # release/10 comes after release/9.
    return [(int(one), "") if one.isdigit() else (-1, one) for one in _NUMBER.split(name)]


def patterns_of(session: Session, repository_id: int) -> list[str]:
    """The patterns of what is searched besides the default branch."""
    chosen = session.get(CodeChoice, repository_id)
    return [] if chosen is None else chosen.patterns


def choose(session: Session, viewer: Viewer, repository: Repository, *, written: str) -> list[str]:
    """Sets the patterns, one a line, or one a word; returns them. Raises Forbidden and Invalid."""
    require(session, viewer, repository, Permission.DESCRIBE)
    patterns = list(dict.fromkeys(written.split()))
    fault = next(filter(None, (find_pattern_fault(RefKind.BRANCH, one) for one in patterns)), None)
    if len(patterns) > MOST_PATTERNS:
        fault = text("Use at most %(most)s patterns.", most=MOST_PATTERNS)
    if fault is not None:
        raise Invalid(text("What is searched was not changed."), {"patterns": fault})
    if patterns == patterns_of(session, repository.id):
        return patterns
    session.execute(delete(CodeChoice).where(CodeChoice.repository_id == repository.id))
    if patterns:
        session.add(CodeChoice(repository_id=repository.id, patterns=patterns))
    audit.note(
        session,
        viewer,
        CHOSEN,
        repository_id=repository.id,
        path=repository.path,
        patterns=", ".join(patterns) or "-",
    )
    session.flush()
    publish(session, BranchesChosen(repository.id))
    return patterns


def ask_for(session: Session, viewer: Viewer, path: str, *, ref: str) -> None:
    """Has a branch or tag of the repository be searched, for as long as somebody searches it.

    Raises what `open_repository` raises, NotFound where there is none of this full name, and TooMany.
    """
    repository = open_repository(session, viewer, path, need=Permission.PROPOSE)
    if find_ref(config_of(session), repository, ref) != ref:
        raise NotFound(text("There is no such branch or tag any more."))
    known = session.get(CodeRequest, (repository.id, ref))
    if known is not None:
        known.used_at = now()
        return
    of_it = CodeRequest.repository_id == repository.id
    if (session.scalar(select(func.count()).select_from(CodeRequest).where(of_it)) or 0) >= MOST_ASKED:
        raise TooMany(
            text("So many branches of %(path)s are searched already.", path=repository.path),
            text("They are %(most)s; one that nobody searches is left out after a month.", most=MOST_ASKED),
            retry_after_seconds=86400,
        )
    session.add(CodeRequest(repository_id=repository.id, ref=ref, user_id=viewer.user_id, used_at=now()))
    session.flush()
    publish(session, BranchesChosen(repository.id))


@dataclass(frozen=True, slots=True)
class Searched:
    """A branch or tag that is searched; without a commit where it was not looked at yet."""

    name: str
    is_branch: bool
    is_asked: bool
    commit_id: str = ""
    indexed_at: datetime | None = None


def list_searched(session: Session, repository: Repository) -> list[Searched]:
    """What is searched of the repository, or was asked for."""
    of_it = select(CodeView.ref, CodeView.commit_id, CodeView.indexed_at)
    views = {
        ref: (commit_id, at)
        for ref, commit_id, at in session.execute(of_it.where(CodeView.repository_id == repository.id))
    }
    asked = set(session.scalars(select(CodeRequest.ref).where(CodeRequest.repository_id == repository.id)))
    found = []
    for ref in sorted(views.keys() | asked):
        prefix = next(one for one in SHOWN if ref.startswith(one))
        commit_id, at = views.get(ref, ("", None))
        found.append(Searched(ref.removeprefix(prefix), prefix == BRANCHES, ref in asked, commit_id, at))
    return found


def find_ref(config: Config, repository: Located, name: str) -> str | None:
    """The full name of the branch or tag of that name, full or short; a branch stands before a tag."""
    refs = RefFiles(place(config, repository.storage, repository.id))
    names = [name] if name.startswith(SHOWN) else [prefix + name for prefix in SHOWN]
    for one in names:
        prefix = next(prefix for prefix in SHOWN if one.startswith(prefix))
        # Looked for in the list of all: what somebody typed becomes no path of a file.
        if one.encode("utf-8", "replace") in refs.list_names(prefix.encode()):
            return one
    return None


def drop_unwanted(session: Session, config: Config, *, at: datetime) -> int:
    """Forgets what nobody searched for a month; returns how many views were removed that nobody wants."""
    session.execute(delete(CodeRequest).where(CodeRequest.used_at < at - KEPT_UNUSED))
    repositories = session.execute(
        select(Repository.id, Repository.storage, Repository.default_branch).where(
            Repository.id.in_(
                select(CodeView.repository_id).where(
                    CodeView.repository_id == Repository.id,
                    CodeView.ref != BRANCHES + Repository.default_branch,
                )
            )
        )
    ).all()
    wanted = wanted_refs(session, config, repositories)
    dropped = 0
    for repository_id, refs in wanted.items():
        of_it = CodeView.repository_id == repository_id
        unwanted = delete(CodeView).where(of_it, CodeView.ref.not_in(refs))
        dropped += len(session.scalars(unwanted.returning(CodeView.ref)).all())
    return dropped
