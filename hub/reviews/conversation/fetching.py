"""The commands that bring a change to somebody's own clone. Pure."""

from dataclasses import dataclass
from typing import Final

from hub.journal.format.ref_names import PREFIX, REPOSITORY_REF, topic_ref
from hub.reviews.shell import ChangeHead

_ALL: Final = "+refs/pull/*/head:refs/remotes/origin/pr/*"


@dataclass(frozen=True, slots=True)
class Commands:
    """What to paste: the newest patch set, one by number, what was said and decided, as patches, what changed
    last, and all changes."""

    newest: str
    one: str
    record: tuple[str, str]
    patches: str
    compared: str | None
    all: str


def commands_for(change: ChangeHead, *, address: str) -> Commands:
    """The commands for the change whose page is at `address`."""
    number, newest = change.number, change.newest
    compared = None
    if len(change.versions) > 1:
        before = change.versions[-2]
        ranges = " ".join(f"{one.base_id[:12]}..{one.commit_id[:12]}" for one in (before, newest))
        refs = " ".join(f"refs/changes/{number}/{one.number}" for one in (before, newest))
        compared = f"git fetch origin {refs} && git range-diff {ranges}"
    return Commands(
        newest=f"git fetch origin refs/pull/{number}/head && git switch --detach FETCH_HEAD",
        one=f"git fetch origin refs/changes/{number}/{newest.number}",
        record=_record(topic_ref("change", number)),
        patches=f"curl -sL {address}.patch | git am",
        compared=compared,
        all=f"git config --add remote.origin.fetch '{_ALL}' && git fetch origin",
    )


def _record(ref: str) -> tuple[str, str]:
    """Fetches the record of one change, and what is needed to check it; checks it."""
    wanted = " ".join(f"+{one}:{one}" for one in (REPOSITORY_REF, ref))
    return f"git fetch origin {wanted}", f"hub verify {ref.removeprefix(PREFIX)}"
