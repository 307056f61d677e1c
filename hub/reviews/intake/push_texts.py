"""What a pusher reads about changes, in git's language and at most 72 columns wide. Pure."""

from collections.abc import Sequence
from typing import Final

from hub.reviews.intake.proposed import Proposed

_COLUMNS: Final = 72
NO_TITLE: Final = "(words taken away)"


def change_url(base_url: str, path: str, number: int) -> str:
    """The address of a change."""
    return f"{base_url}/{path}/changes/{number}"


def tell_opened(path: str, proposed: Proposed, *, waits_for: Sequence[str]) -> list[str]:
    """The lines for a push that opened a change."""
    opening = proposed.opening
    assert opening is not None, "only an opening opens"
    sign = "[NEW, DRAFT]" if opening.is_draft else "[NEW]"
    who = ", ".join(waits_for) or "a reviewer"
    waiting = "It is a draft: nobody is asked yet." if opening.is_draft else f"Waiting for: {who}"
    return [
        "SUCCESS",
        _titled(opening.title, sign),
        f"  {change_url(proposed.base_url, path, proposed.number)}",
        f"  {_amount(proposed)}",
        _cut(f"  {waiting}"),
        *_about_base(proposed),
        *_how_to_update(proposed, opening.target),
    ]


def tell_updated(path: str, proposed: Proposed, *, title: str | None) -> list[str]:
    """The lines for a push that added a patch set; `title` is None where it was taken away."""
    lines = [_titled(NO_TITLE if title is None else title, f"[PATCH-SET {proposed.patch_set}]")]
    if proposed.branch is None:  # whoever pushed a branch was pointed to its change before
        lines = ["SUCCESS", *lines, f"  {change_url(proposed.base_url, path, proposed.number)}"]
    lines.append(f"  {_amount(proposed)}")
    if proposed.facts.is_rebase:
        lines.append("  A rebase: it changes what it changed before, on another base.")
    elif proposed.before is not None:
        base_id, commit_id = proposed.before
        lines += [
            "  What changed:",
            f"  git range-diff {base_id[:10]}..{commit_id[:10]}"
            f" {proposed.base_id[:10]}..{proposed.commit_id[:10]}",
        ]
    return [*lines, *_about_base(proposed), *_how_to_update(proposed, proposed.target)]


def invite(path: str, base_url: str, branch: str, *, default: str) -> list[str]:
    """The lines for a pushed branch that no change follows."""
    url = f"{base_url}/{path}/compare/{default}...{branch}"
    return ["", _cut(f"Create a change from '{branch}':"), f"  {url}", ""]


def point_to(path: str, base_url: str, number: int) -> list[str]:
    """The lines for a pushed branch that a change follows."""
    return ["", "Visit the existing change:", f"  {change_url(base_url, path, number)}", ""]


def _about_base(proposed: Proposed) -> list[str]:
    return [_cut(f"  '{proposed.target}' has moved on since; that is fine.")] if proposed.is_behind else []


def _how_to_update(proposed: Proposed, target: str) -> list[str]:
    if proposed.branch is not None:
        return ["To update: commit, and push the branch again."] if proposed.opening else []
    return [
        "To update:",
        f"  git commit --amend && git push origin HEAD:refs/for/{target}",
    ]


def _titled(title: str, sign: str) -> str:
    room = _COLUMNS - len(sign) - 4
    return f"  {_cut(title, room)}  {sign}"


def _cut(line: str, columns: int = _COLUMNS) -> str:
    return line if len(line) <= columns else f"{line[: columns - 1]}…"


def _amount(proposed: Proposed) -> str:
    facts = proposed.facts
    commits, files = len(facts.commits), facts.files
    return (
        f"{commits} commit{'' if commits == 1 else 's'}, {files} file{'' if files == 1 else 's'},"
        f" +{facts.added} -{facts.removed}"
    )
