"""Another hub's repository is made again here from a mirror clone alone: its refs, its journal and all rows.

The journal is taken in as it is, with the receipts of the hub that kept it. This hub becomes a home of it
with the first act here (`replay.act`); until then nothing is added.
"""

import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub import egress
from hub.access import Viewer, Visibility
from hub.accounts.models import User
from hub.config import Config
from hub.db import Database
from hub.errors import Conflict, Invalid, text
from hub.journal.arriving import Arrival, read_chain, take_in
from hub.journal.format.codec import NotCanonical
from hub.journal.format.ref_names import AT, PREFIX, REPOSITORY_REF, is_topic_ref
from hub.journal.models import JournalEntry, JournalReceipt, JournalTopic, KnownPerson
from hub.journal.recording import REPOSITORY
from hub.journal.refs.exporting import holding_journal
from hub.journal.verifying.verification import Wanted, verify
from hub.repos.actions import create_repository
from hub.repos.git import importing
from hub.repos.git.forks import write_refs
from hub.repos.git.record_objects import Missing, RecordObjects
from hub.repos.git.refs import RefFiles
from hub.repos.git.store import directory, lay_out, size_bytes
from hub.repos.models import ZERO_ID, Repository
from hub.repos.names import BRANCHES, COUNTED, is_ref_name
from hub.repos.pushes import RefUpdate
from hub.repos.pushing.recording import Intent, close_intent, look_what_moved, open_intent

TAKEN: Final = (*importing.TAKEN, "refs/changes/*", "refs/pull/*", f"{PREFIX}*")
_REVIEW_REF: Final = re.compile(r"refs/(?:changes/[0-9]+/[0-9a-f-]+|pull/[0-9]+/head)")
# Topics whose rows are written in one transaction, so that others who write need not wait long.
_TOPICS_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was made: the path, how much of the journal came, and where it stands."""

    repository_id: int
    path: str
    topics: int
    entries: int
    receipts: int
    people: int


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be made: whose, called what, and who sees it."""

    owner_id: int
    name: str
    visibility: Visibility


@contextmanager
def fetched(config: Config, mirror: str) -> Iterator[tuple[Path, list[str]]]:
    """A bare repository with what the mirror holds, and the branches that its HEAD may stand for.

    `mirror` is a folder or an http(s) address. Raises SourceFailed and Invalid.
    """
    parent = config.data / "repositories" / "main"
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = parent / f"new-rebuild-{token_hex(4)}"
    seconds = float(config.import_seconds)
    try:
        lay_out(aside, "main")
        if Path(mirror).is_dir():
            folder = Path(mirror).absolute()
            heads = importing.list_folder(folder).heads
            importing.fetch_folder(aside, folder, _go_on, timeout_seconds=seconds, taken=TAKEN)
        elif "://" not in mirror:
            raise Invalid(
                text("There is no folder %(mirror)s.", mirror=mirror),
                next_step=text("Give a mirror clone, or the http(s) address of the repository."),
            )
        else:
            destination = egress.resolve(config, egress.read_url(mirror))
            heads = importing.list_remote(destination).heads
            importing.fetch(aside, destination, _go_on, timeout_seconds=seconds, taken=TAKEN)
        yield aside, heads
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _go_on(_: str, __: int) -> None:
    pass


def require_sound(aside: Path, accepted: Iterable[str] = ()) -> None:
    """Raises Conflict unless what was fetched is a sound journal; `accepted` as in `verifying.Wanted`."""
    faults = verify(aside, Wanted(accepted=frozenset(accepted))).report.faults
    if faults:
        first = faults[0]
        where = " ".join(one for one in (first.place.ref, first.place.kind, first.place.entry_id) if one)
        raise Conflict(
            text("The journal in this clone is not sound: %(code)s.", code=first.code.value),
            text("%(where)s: %(what)s.", where=where, what=first.what),
            text("`hub verify` in the clone says more. Nothing was made."),
        )


def rebuild(database: Database, viewer: Viewer, aside: Path, heads: Sequence[str], target: Target) -> Rebuilt:
    """Makes the repository from what was fetched, in transactions of its own.

    Whoever calls has verified the journal. Raises Conflict for one that is kept here already, Invalid for
    what holds none, and what making a repository raises.
    """
    refs = _choose(RefFiles(aside).read_all())
    chains = _read_journal(aside, refs)
    _require_new(database, chains[REPOSITORY_REF][0])
    with database.writing() as session:
        repository = create_repository(
            session,
            viewer,
            session.get_one(User, target.owner_id),
            name=target.name,
            visibility=Visibility.PRIVATE,
            default_branch=_default_of(heads, refs),
            journal=chains[REPOSITORY_REF][0].record.receipt.value["topic"],
        )
        repository_id, path = repository.id, directory(database.config, repository)
        importing.hand_over_packs(aside, path)
        write_refs(path, refs)
        _take_chains(session, repository_id, {REPOSITORY_REF: chains.pop(REPOSITORY_REF)})
    try:
        # An export that found the rows half made would mend them.
        with holding_journal(path):
            _take_in_turns(database, repository_id, chains)
        with database.writing() as session:
            repository = session.get_one(Repository, repository_id)
            repository.visibility, repository.size_bytes = target.visibility, size_bytes(path)
            _log_refs(session, path, repository, refs)
            return _count(session, repository)
    except BaseException:
        with database.writing() as session:
            session.delete(session.get_one(Repository, repository_id))
        shutil.rmtree(path, ignore_errors=True)
        raise


def _choose(found: dict[bytes, str]) -> dict[bytes, str]:
    chosen = {}
    for raw, ref_id in found.items():
        name = raw.decode("utf-8", "replace")
        is_of_code = name.startswith(COUNTED) or _REVIEW_REF.fullmatch(name) is not None
        if (is_of_code or name == AT or is_topic_ref(name)) and is_ref_name(name):
            chosen[raw] = ref_id
    return chosen


def _read_journal(aside: Path, refs: dict[bytes, str]) -> dict[str, list[Arrival]]:
    objects = RecordObjects(aside)
    names = {raw.decode("utf-8", "replace"): ref_id for raw, ref_id in refs.items()}
    try:
        chains = {name: read_chain(objects, ref_id) for name, ref_id in names.items() if is_topic_ref(name)}
    except (NotCanonical, Missing) as error:
        raise Invalid(
            text("The journal in this clone cannot be read: %(why)s.", why=error),
            next_step=text("`hub verify` in the clone says where."),
        ) from error
    if REPOSITORY_REF not in chains:
        raise Invalid(
            text("This clone brings no journal: it has no ref %(ref)s.", ref=REPOSITORY_REF),
            next_step=text(
                "Make a mirror clone (git clone --mirror), or import the repository without its reviews."
            ),
        )
    return chains


def _require_new(database: Database, opening: Arrival) -> None:
    topic_id = opening.record.receipt.value["topic"]
    with database.reading() as session:
        is_it = JournalTopic.topic_id == topic_id
        found = session.scalars(
            select(Repository).join(JournalTopic, JournalTopic.repository_id == Repository.id).where(is_it)
        ).one_or_none()
        if found is not None:
            raise Conflict(
                text("This repository is kept here already, as %(path)s.", path=found.path),
                text("A hub keeps a journal once."),
                text("Delete that one for good first, or fork it."),
            )


def _default_of(heads: Sequence[str], refs: dict[bytes, str]) -> str | None:
    there = [one for one in heads if one.startswith(BRANCHES) and one.encode() in refs]
    others = sorted(one.decode() for one in refs if one.startswith(BRANCHES.encode()))
    first = next(iter([*there, *others]), None)
    return None if first is None else first.removeprefix(BRANCHES)


def _take_in_turns(database: Database, repository_id: int, chains: dict[str, list[Arrival]]) -> None:
    names = sorted(chains)
    for begin in range(0, len(names), _TOPICS_AT_ONCE):
        some = names[begin : begin + _TOPICS_AT_ONCE]
        with database.writing() as session:
            _take_chains(session, repository_id, {name: chains.pop(name) for name in some})


def _take_chains(session: Session, repository_id: int, chains: dict[str, list[Arrival]]) -> None:
    tips = {
        chain[0].record.receipt.value["topic"]: (name, chain[-1].record.commit_id)
        for name, chain in chains.items()
    }
    topics = take_in(session, repository_id, [one for chain in chains.values() for one in chain])
    for topic in topics:
        topic.ref, topic.tip = tips[topic.topic_id]


def _log_refs(session: Session, path: Path, repository: Repository, refs: dict[bytes, str]) -> None:
    names = {raw.decode(): ref_id for raw, ref_id in sorted(refs.items())}
    moves = [RefUpdate(name, ZERO_ID, names[name]) for name in names if name.startswith(COUNTED)]
    intent = Intent(f"rebuild-{token_hex(8)}", repository.id, None, moves)
    open_intent(session, intent)
    close_intent(session, path, intent, look_what_moved(path, intent))


def _count(session: Session, repository: Repository) -> Rebuilt:
    topics = select(JournalTopic.id).where(
        JournalTopic.repository_id == repository.id, JournalTopic.type != REPOSITORY
    )
    entries = (
        select(func.count(JournalEntry.id))
        .join(JournalTopic, JournalTopic.id == JournalEntry.topic_id)
        .where(JournalTopic.repository_id == repository.id)
    )
    receipts = select(func.count(JournalReceipt.id)).where(JournalReceipt.repository_id == repository.id)
    people = select(func.count(KnownPerson.person_id)).where(KnownPerson.repository_id == repository.id)
    return Rebuilt(
        repository_id=repository.id,
        path=repository.path,
        topics=len(session.scalars(topics).all()),
        entries=session.scalar(entries) or 0,
        receipts=session.scalar(receipts) or 0,
        people=session.scalar(people) or 0,
    )
