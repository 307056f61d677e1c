"""Looks at what was pushed to `refs/for-journal/*`: a refusal, a greeting, or an entry whose signature holds.

What depends on what others do meanwhile is checked where it is taken in.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy.orm import Session

from hub import signing
from hub.clock import now
from hub.db import config_of
from hub.journal.format import codec
from hub.journal.format.signed import MAX_COMMIT_BYTES, SignedEntry, order_bodies, read_commit
from hub.journal.keys.hub_key import load_hub_key
from hub.journal.recording import find_repository_topic
from hub.repos.git.record_objects import Missing, RecordObjects
from hub.repos.git.store import directory
from hub.repos.models import Repository
from hub.repos.pushes import Options, PushContext, RefUpdate
from hub.repos.pushing.push_policy import Cause, Refusal

PREFIX: Final = "refs/for-journal/"
# Asks who the pusher is in this journal.
GREETING: Final = f"{PREFIX}me"
SIGNABLE: Final = ("comment", "resolve", "review")

_MOST_BODIES: Final = 200
_AHEAD_SECONDS: Final = 600
_LATE_SECONDS: Final = 7 * 86400


@dataclass(frozen=True, slots=True)
class Greeting:
    """Somebody asks who they are in the journal."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """An entry with a signature that holds, by the key that it names."""

    signed: SignedEntry
    value: dict[str, Any]  # the fields of an entry


class _Wrong(Exception):
    """What is wrong with the entry, in words."""


def look(
    session: Session, push: PushContext, repository: Repository, update: RefUpdate, _: Options
) -> Arrived | Greeting | Refusal:
    """What this push holds for the journal. Reads the database and the repository, writes nothing."""
    try:
        if push.viewer.user_id is None:
            raise _Wrong("Entries have authors: push with your own key or token.")
        if update.deletes:
            raise _Wrong("Nothing in a journal is deleted.")
        if update.name == GREETING:
            return Greeting()
        signed = _read(directory(config_of(session), repository), update.new_id)
        value = signed.value
        _check_place(session, repository, value)
        _check_act(value)
        _check_signature(signed, value)
    except _Wrong as error:
        return refuse(str(error))
    return Arrived(signed, value)


def refuse(line: str) -> Refusal:
    """The refusal of an entry, for that reason."""
    return Refusal(Cause.TARGET, "not taken into the journal", line)


def _read(path: Path, commit_id: str) -> SignedEntry:
    objects = RecordObjects(path)
    try:
        if objects.size(commit_id) > MAX_COMMIT_BYTES:
            raise codec.NotCanonical("the size of the commit")
        tree_id, data, signature = read_commit(objects.read_commit(commit_id))
        files = objects.read_tree(tree_id)
        if len(files) > _MOST_BODIES or any(
            objects.size(one) > codec.MAX_BODY_BYTES for one in files.values()
        ):
            raise codec.NotCanonical("too many texts, or one that is too long")
        found = {name: objects.read_blob(one) for name, one in files.items()}
        return SignedEntry(data, signature, tuple(order_bodies(codec.decode(data), found)))
    except (codec.NotCanonical, Missing) as error:
        raise _Wrong(f"This is no signed entry ({error}). Make one with `hub review`.") from error


def _check_place(session: Session, repository: Repository, value: dict[str, Any]) -> None:
    topic = find_repository_topic(session, repository.id)
    if topic is None or value["repo"] != topic.topic_id:
        raise _Wrong("The entry is for another repository. Sign it in a clone of this one.")
    hub_id = load_hub_key(config_of(session)).hub_id
    if value["hub"] != hub_id:
        raise _Wrong(f"The entry is for another hub; this one is {hub_id[:16]}…")


def _check_act(value: dict[str, Any]) -> None:
    if value["kind"] not in SIGNABLE or value["v"] != codec.VERSION:
        raise _Wrong("People sign reviews, comments and what they resolve, and nothing else yet.")
    late = int(now().timestamp()) - value["at"]
    if late < -_AHEAD_SECONDS:
        raise _Wrong(f"The entry is dated {-late // 60} minutes ahead. Set the clock of your machine.")
    if late > _LATE_SECONDS:
        raise _Wrong("The entry was signed more than a week ago. Sign it again.")


def _check_signature(signed: SignedEntry, value: dict[str, Any]) -> None:
    try:
        signer = signing.verify(signed.signature, signing.ENTRY, signed.data)
    except signing.BadSignature as error:
        raise _Wrong(f"The signature does not hold: {error}.") from error
    if signer != value["key"]:
        raise _Wrong(f"It is signed with {signer}, and names {value['key'][:60]}.")
