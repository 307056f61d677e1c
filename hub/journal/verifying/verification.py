"""`verify`: everything that one clone can show about the journal in it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.errors import NotFound, text
from hub.journal.format.ref_names import AT, PREFIX, REPOSITORY_REF
from hub.journal.recording import REPOSITORY
from hub.journal.replay import replay
from hub.journal.ring import Ring
from hub.journal.verifying.authority import Authority
from hub.journal.verifying.chain import check_chain
from hub.journal.verifying.entries import topics_of
from hub.journal.verifying.findings import Findings
from hub.journal.verifying.meaning import Meaning
from hub.journal.verifying.memory import Memory, check_seen, check_witnesses, read_memory, remember
from hub.journal.verifying.reading import Reading, check_head, read_clone
from hub.journal.verifying.receipts import Walk
from hub.journal.verifying.report import Code, Head, Place, Report
from hub.journal.verifying.texts import check_texts
from hub.repos.git.clones import Clone
from hub.repos.git.record_objects import RecordObjects

_MOST_BYTES = 128 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to verify. `topic` is a ref, or what it ends with; `expected` the id of the repository.

    `accepted` are hubs that may have appointed themselves.
    """

    topic: str = ""
    is_quick: bool = False
    expected: str = ""
    accepted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found, and who speaks in the journal by it."""

    report: Report
    ring: Ring


def verify(directory: Path, wanted: Wanted = Wanted()) -> Verified:
    """Verifies the journal in the clone, whose directory this is, and remembers what holds.

    Raises NotFound for a topic that is not there, and GitFailed where git cannot read the clone.
    """
    git = Clone(directory)
    memory, seen = read_memory(directory), Head()
    report = Report(is_partial=bool(wanted.topic), is_quick=wanted.is_quick)
    authority = Authority(accepted=wanted.accepted | memory.accepted)
    refs = _chosen({name: one for name, one in git.refs.items() if name.startswith(PREFIX)}, wanted.topic)
    if REPOSITORY_REF not in refs:
        report.fault(Code.NO_JOURNAL, Place(REPOSITORY_REF), "this clone has no such ref")
        return Verified(report, authority.ring)
    objects = RecordObjects(directory, most_bytes=_MOST_BYTES)
    reading = Reading(objects, has_texts=not git.is_filtered, is_quick=wanted.is_quick)
    with _without_collecting():
        found = read_clone(reading, refs, report)
    _name_repository(found, report)
    if _is_expected(report, wanted.expected or memory.repository):
        seen = memory.head if memory.repository == report.repository else Head()
        _check(reading, found, git, report, authority, seen)
    report.sort()
    if not report.faults:
        if not (wanted.expected or memory.repository):
            what = "the first look: compare the repository's id with that on its page, or say --expect ID"
            report.note(Place(), what)
        head = max(seen, report.head, key=lambda one: one.seq)
        if not remember(directory, Memory(report.repository, head, authority.accepted)):
            report.note(Place(), "what was seen could not be written down beside the refs, for the next look")
    return Verified(report, authority.ring)


@contextmanager
def _without_collecting() -> Iterator[None]:
    # Millions of small values are made that lead back to none: looking for rings among them takes long.
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _chosen(refs: dict[str, str], topic: str) -> dict[str, str]:
    if not topic:
        return refs
    names = [name for name in refs if name == topic or (name != AT and name.endswith(f"/{topic}"))]
    if not names:
        raise NotFound(
            text("This clone has no topic %(topic)s.", topic=topic),
            next_step=text(
                "Fetch it: git fetch origin refs/hub/repo:refs/hub/repo refs/hub/changes/N:refs/hub/changes/N"
            ),
        )
    return {name: refs[name] for name in [REPOSITORY_REF, *names] if name in refs}


def _name_repository(found: Findings, report: Report) -> None:
    chain = found.chains.get(REPOSITORY_REF, [])
    first = next((one.entry for one in chain[0].entries), None) if chain else None
    if first is not None and not first.topic:
        report.repository = first.id
    else:
        report.fault(Code.MISSING_RECEIPT, Place(REPOSITORY_REF), "it does not begin with its opening")


def _is_expected(report: Report, expected: str) -> bool:
    if not report.repository:
        return False
    if expected and report.repository != expected:
        what = f"this is the repository {report.repository}; expected was {expected}"
        # Nothing else in it is about the repository that was asked for.
        report.faults.clear()
        report.fault(Code.ANOTHER_REPOSITORY, Place(REPOSITORY_REF), what)
        return False
    return True


def _check(
    reading: Reading, found: Findings, git: Clone, report: Report, authority: Authority, seen: Head
) -> None:
    check_chain(found, report, is_partial=report.is_partial)
    check_head(reading, found, report)
    if seen.seq:
        check_seen(found, seen, report, Place(AT), "an earlier look")
    if not Walk(reading, found, report, authority).run():
        return
    topics = topics_of(found)
    own = topics.get(report.repository, {})
    check_witnesses(found, own, report)
    homes: frozenset[str] = replay(REPOSITORY, own.values(), frozenset()).homes
    check_texts(found, topics, homes, report)
    if found.unread:
        report.note(Place(), f"{found.unread} texts were not read: this clone has no files' contents")
    Meaning(found.chains, git, homes, report).check(topics)
