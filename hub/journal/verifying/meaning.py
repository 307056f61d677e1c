"""What entries say about refs, branches and commits, compared with those that the clone has."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from hub.journal.format.entries import Entry, ordered
from hub.journal.format.numbering import number_at_home, ref_by_number
from hub.journal.format.ref_names import has_folder
from hub.journal.kinds import NUMBER_USED, ONLY, Claims, Proposal, kinds_of, registered_types
from hub.journal.recording import REPOSITORY
from hub.journal.replay import replay_with_reasons
from hub.journal.verifying.findings import Found
from hub.journal.verifying.report import Code, Place, Report
from hub.repos.git.clones import Clone

_BRANCH: Final = "refs/heads/"


@dataclass(frozen=True, slots=True)
class _Topic:
    place: Place
    type: str
    number: int
    entries: Mapping[str, Entry]

    def place_of(self, entry_id: str) -> Place:
        entry = self.entries[entry_id]
        return Place(self.place.ref, "", self.place.seq, entry.kind, entry.id)


@dataclass(slots=True)
class Meaning:
    """The topics of a clone against its refs."""

    chains: Mapping[str, Sequence[Found]]
    git: Clone
    homes: frozenset[str]
    report: Report
    _merges: dict[str, list[tuple[_Topic, str]]] = field(default_factory=dict)
    _known: frozenset[str] = field(default_factory=lambda: frozenset(registered_types()))

    def check(self, topics: Mapping[str, Mapping[str, Entry]]) -> None:
        """Reports topics under another's number, patch sets that moved, and merges that git does not show."""
        numbers: dict[int, _Topic] = {}
        for topic in self._list_topics(topics):
            self.report.topics += 1
            if topic.number:
                self._check_number(topic, numbers)
            self._check_replayed(topic)
        for target, merges in self._merges.items():
            self._check_merges(target, merges)

    def _list_topics(self, topics: Mapping[str, Mapping[str, Entry]]) -> Iterator[_Topic]:
        for ref, chain in self.chains.items():
            topic_id = chain[0].receipt.topic
            entries = topics.get(topic_id, {})
            opening = entries.get(topic_id)
            if opening is None or topic_id == self.report.repository:
                continue
            type_name = str(opening.d.get("type"))
            number = number_at_home(ordered(entries.values()), self.homes)
            topic = _Topic(Place(ref, seq=chain[0].seq), type_name, number, entries)
            if has_folder(type_name):
                self._check_ref(topic, opening)
            yield topic

    def _check_ref(self, topic: _Topic, opening: Entry) -> None:
        expected = ref_by_number(topic.type, topic.number, opening)
        if expected != topic.place.ref:
            what = f"what stands here is the topic of {expected}"
            self.report.fault(Code.RENAMED_REF, topic.place, what)

    def _check_number(self, topic: _Topic, numbers: dict[int, _Topic]) -> None:
        twin = numbers.setdefault(topic.number, topic)
        if twin is not topic:
            what = f"number {topic.number} is that of another topic as well, in {twin.place.ref}"
            self.report.fault(Code.NUMBER_TAKEN_TWICE, topic.place, what)

    def _check_replayed(self, topic: _Topic) -> None:
        if topic.type not in self._known or topic.type == REPOSITORY:
            what = "a kind of topic that this hub does not know: what its entries do was not looked at"
            self.report.note(topic.place, what)
            return
        state, reasons = replay_with_reasons(topic.type, topic.entries.values(), self.homes)
        for entry_id, why in reasons.items():
            if why is not None and why.startswith(ONLY):
                self.report.fault(Code.NO_RIGHT, topic.place_of(entry_id), why)
            elif why == NUMBER_USED:
                self.report.fault(Code.NUMBER_TAKEN_TWICE, topic.place_of(entry_id), why)
        claims: Claims = kinds_of(topic.type).claims(state)
        self._check_proposals(topic, claims.proposals)
        if claims.merged_commit_id:
            self.report.merges += 1
            self._merges.setdefault(claims.target, []).append((topic, claims.merged_commit_id))

    def _check_proposals(self, topic: _Topic, proposals: tuple[Proposal, ...]) -> None:
        newest: dict[str, int] = {}
        for one in proposals:
            if one.number <= newest.get(one.hub, 0):
                what = f"patch set {one.label} came after {newest[one.hub]}: they only grow"
                self.report.fault(Code.NUMBER_TAKEN_TWICE, topic.place_of(one.entry_id), what)
            newest[one.hub] = one.number
            ref = f"refs/changes/{topic.number}/{one.label}"
            found = self.git.refs.get(ref)
            if topic.number and found is not None and found != one.commit_id:
                what = f"{ref} is {found}; proposed was {one.commit_id}"
                self.report.fault(Code.PATCH_SET_MOVED, topic.place_of(one.entry_id), what)

    def _check_merges(self, target: str, merges: list[tuple[_Topic, str]]) -> None:
        tips = self.git.branch_tips(target.removeprefix(_BRANCH))
        outside = self.git.find_outside({commit for _, commit in merges}, tips) if tips else set()
        for topic, commit in merges:
            if not tips or (commit in outside and self.git.is_shallow):
                what = f"merged into {target}, says the hub; this clone has no such history to prove it"
                self.report.note(topic.place, what)
            elif commit in outside:
                what = f"{commit} is not in the history of {target} here"
                self.report.fault(Code.MERGE_NOT_PROVEN, topic.place, what)
