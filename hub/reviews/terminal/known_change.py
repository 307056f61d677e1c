"""What a clone knows of a change and of who speaks in its journal: read from refs, without any database."""

from collections.abc import Iterator
from dataclasses import dataclass

from hub.errors import Invalid, text
from hub.journal.format.codec import NotCanonical
from hub.journal.format.entries import Entry
from hub.journal.format.records import Block, Record, body_name, parse_commit
from hub.journal.recording import read_entry
from hub.journal.replay import replay
from hub.journal.ring import Ring
from hub.repos.git.record_objects import Missing, RecordObjects
from hub.reviews.state import ChangeState, PatchSetState


@dataclass(frozen=True, slots=True)
class KnownChange:
    """A change as its record says, and the heads of its topic. `hub` is who wrote the newest receipt."""

    repo: str
    topic: str
    number: int
    hub: str
    heads: tuple[str, ...]
    t: int
    ring: Ring
    state: ChangeState

    def find_person(self, fingerprint: str) -> str:
        """The handle of the person whose good key this is, empty for nobody's."""
        for (holder, found), key in self.ring.keys.items():
            handle, _, hub = holder.partition("@")
            if found == fingerprint and hub == self.hub and handle and key.withdrawn_in is None:
                return handle
        return ""

    def get_patch_set(self, label: str) -> tuple[str, PatchSetState]:
        """The entry id and the patch set of that label, the newest for an empty one; raises Invalid."""
        found = [(one, found) for one, found in self.state.patch_sets.items() if label in ("", found.label)]
        if not found:
            raise Invalid(
                text(
                    "Change %(number)s has no patch set %(label)s.", number=self.number, label=label or "yet"
                )
            )
        return found[-1]


def read_change(objects: RecordObjects, repository_tip: str, change_tip: str) -> KnownChange:
    """The change whose record ends there; raises Invalid where one of the two is no record."""
    try:
        ring_records, records = _read(objects, repository_tip), _read(objects, change_tip)
    except (Missing, NotCanonical) as error:
        raise Invalid(
            text("The record of this change cannot be read: %(error)s.", error=error),
            next_step=text("Look into it with `hub verify`."),
        ) from error
    ring = replay("repo", _entries(objects, ring_records), frozenset())
    assert isinstance(ring, Ring)
    entries = list(_entries(objects, records))
    state = replay("change", entries, ring.homes)
    assert isinstance(state, ChangeState)
    followed = {one for record in records for block in record.entries for one in block.value["prev"]}
    heads = {one.id: one.t for one in entries if one.id not in followed}
    newest = max([*ring_records, *records], key=lambda one: one.seq)
    return KnownChange(
        repo=records[0].receipt.value["repo"],
        topic=records[0].receipt.value["topic"],
        number=state.topic.number,
        hub=newest.receipt.value["hub"],
        heads=tuple(sorted(heads)),
        t=1 + max(heads.values()),
        ring=ring,
        state=state,
    )


def _read(objects: RecordObjects, tip: str) -> list[Record]:
    return [parse_commit(*one) for one in objects.walk(tip)][::-1]


def _entries(objects: RecordObjects, records: list[Record]) -> Iterator[Entry]:
    for record in records:
        files = objects.read_tree(record.tree_id)
        for position, block in enumerate(record.entries):
            yield read_entry(block.id, block.data, _bodies(objects, files, position, block))


def _bodies(objects: RecordObjects, files: dict[str, str], position: int, block: Block) -> list[bytes | None]:
    names = [body_name(position, index) for index in range(len(block.value["bodies"]))]
    return [_body(objects, files.get(name)) for name in names]


def _body(objects: RecordObjects, blob_id: str | None) -> bytes | None:
    # Withheld, or left out by a clone that fetches files when they are asked for.
    try:
        return None if blob_id is None else objects.read_blob(blob_id)
    except Missing:
        return None
