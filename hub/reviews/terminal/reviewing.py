"""A review that is written at the terminal: made, signed with one's own key, and pushed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hub.clock import now
from hub.errors import Conflict, Forbidden, HubError, Invalid, TooLarge, Unavailable, text
from hub.journal.format import codec
from hub.journal.format.ref_names import REPOSITORY_REF, topic_ref
from hub.journal.format.signed import SignedEntry, commit_of
from hub.repos.git.own_clone import CommandRefused, NoClone, OwnClone, Pushed
from hub.repos.git.record_objects import RecordObjects
from hub.reviews.models import VerdictValue
from hub.reviews.signed.looking import GREETING, PREFIX
from hub.reviews.signed.taking import KEY_LINE, PERSON_LINE
from hub.reviews.state import PatchSetState
from hub.reviews.talking import MOST_TEXT
from hub.reviews.terminal.known_change import KnownChange, read_change
from hub.reviews.terminal.own_keys import OwnKey, OwnKeys, own_keys

_HERE: Final = "refs/hub-from/"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_UNNAMED: Final = "elsewhere"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to say: about which patch set (its label, empty: the newest), signed with which key
    (None: the first that the journal knows)."""

    number: int
    verdict: VerdictValue
    words: str
    patch_set: str = ""
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A signed review and the commit that carries it."""

    signed: SignedEntry
    commit_id: str
    change: KnownChange
    patch_set: PatchSetState
    fingerprint: str

    @property
    def ref(self) -> str:
        """Where the commit is pushed to."""
        return PREFIX + self.signed.id


class Desk:
    """The clone that somebody sits in, and the remote that they speak to."""

    def __init__(self, folder: Path, environment: Mapping[str, str], remote: str) -> None:
        try:
            self._clone = OwnClone(folder, environment)
        except NoClone as error:
            raise Conflict(
                text("This is no clone of a repository."),
                text("git says: %(error)s", error=error),
                text("Run the command in a clone of the repository that the change is in."),
            ) from error
        self._remote = remote
        self._objects = RecordObjects(self._clone.directory)

    def write(self, wanted: Wanted) -> Written:
        """The review, signed. Raises HubError in words."""
        words = wanted.words.replace("\r\n", "\n").strip()
        if len(words) > MOST_TEXT:
            raise TooLarge(
                text("The text is too long."), text("It may have %(most)s characters.", most=MOST_TEXT)
            )
        change = self._read(wanted.number)
        entry_id, patch_set = change.get_patch_set(wanted.patch_set)
        d: dict[str, Any] = {"ps": entry_id, "verdict": wanted.verdict.value}
        bodies = (codec.make_body(words),) if words else ()
        with own_keys(self._clone) as keys:
            key, author = self._choose(change, keys, wanted.key)
            data = _entry(change, author, key, {**d, "body": 0} if words else d, bodies)
            signed = SignedEntry(data, keys.sign(key, data), bodies)
        commit_id = self._objects.write_commit(commit_of(signed, self._objects.write_tree(signed.files)))
        return Written(signed, commit_id, change, patch_set, key.fingerprint)

    def send(self, written: Written) -> list[str]:
        """What the hub says of the review, which it took in; raises Forbidden with its words otherwise."""
        return list(self._push(written.commit_id, written.ref).lines)

    def _read(self, number: int) -> KnownChange:
        there = {
            REPOSITORY_REF: self._here("repo"),
            topic_ref("change", number): self._here(f"changes/{number}"),
        }
        try:
            self._clone.fetch(self._remote, there)
        except CommandRefused as error:
            raise _not_fetched(number, self._remote, str(error)) from error
        tips = [self._clone.find_ref(name) for name in there.values()]
        return read_change(self._objects, *tips)

    def _here(self, name: str) -> str:
        # What another remote's hub wrote stays apart.
        remote = self._remote if _NAME.fullmatch(self._remote) else _UNNAMED
        return f"{_HERE}{remote}/{name}"

    def _choose(self, change: KnownChange, keys: OwnKeys, named: Path | None) -> tuple[OwnKey, str]:
        """The key to sign with and whose it is, `by@hub`, as the hub says where the journal does not know."""
        there = [keys.named(named)] if named is not None else keys.list_keys(self._remote)
        if not there:
            raise Conflict(
                text("There is no SSH key to sign with."),
                text("Neither git, ssh nor an agent names one."),
                text(
                    "Make one with `ssh-keygen -t ed25519`, add it to your account, and name it: --key FILE"
                ),
            )
        for one in there:
            if handle := change.find_person(one.fingerprint):
                return one, f"{handle}@{change.hub}"
        author, known = self._ask_who()
        for one in there:
            if one.fingerprint in known:
                return one, author
        raise Forbidden(
            text("No key that is here is one of your account: %(keys)s.", keys=", ".join(_prints(there))),
            next_step=text("Add one to your account, in your settings, or name one that is: --key FILE"),
        )

    def _ask_who(self) -> tuple[str, set[str]]:
        # Any object that both sides have will do.
        answer = self._push(self._clone.find_ref(self._here("repo")), GREETING)
        said = [line.split(" ") for line in answer.lines]
        person = next((line[1] for line in said if line[0] == PERSON_LINE and len(line) == 2), "")
        if person.count("@") != 1:
            raise Conflict(
                text("The remote does not say who you are."),
                text("It keeps no journals, or it is an older hub."),
                text("Name the remote of the hub: --remote NAME"),
            )
        return person, {line[1] for line in said if line[0] == KEY_LINE and len(line) == 2}

    def _push(self, commit_id: str, ref: str) -> Pushed:
        done = self._clone.push(self._remote, commit_id, ref)
        if not done.is_taken:
            raise _refused(done)
        return done


def _entry(
    change: KnownChange, author: str, key: OwnKey, d: dict[str, Any], bodies: tuple[bytes, ...]
) -> bytes:
    handle, _, hub = author.partition("@")
    value = {
        "at": int(now().timestamp()),
        "bodies": [codec.digest(one) for one in bodies],
        "by": handle,
        "d": d,
        "hub": hub,
        "key": key.fingerprint,
        "kind": "review",
        "prev": list(change.heads),
        "repo": change.repo,
        "t": change.t,
        "topic": change.topic,
        "v": codec.VERSION,
    }
    data = codec.encode(value)
    codec.check_entry(value, data)
    return data


def _prints(keys: list[OwnKey]) -> list[str]:
    return [one.fingerprint for one in keys]


def _not_fetched(number: int, remote: str, said: str) -> HubError:
    if "couldn't find remote ref" in said:
        return Invalid(
            text("There is no record of change %(number)s at %(remote)s.", number=number, remote=remote),
            next_step=text("Check the number. What was just opened is there in a moment; try again then."),
        )
    return Unavailable(
        text("The record of the change was not fetched."), text("git says: %(said)s", said=said)
    )


def _refused(done: Pushed) -> HubError:
    if done.lines:
        first, *others = done.lines
        return Forbidden(
            text("%(line)s", line=first), text("%(rest)s", rest="\n".join(others)) if others else None
        )
    return Unavailable(text("The hub was not reached."), text("git says: %(said)s", said=done.complaint))
