"""The commands of whoever reviews at a terminal: `hub review`, `hub sign`. They need no hub there."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from hub.cli_line import CommandLine, pass_line
from hub.repos.names import printable
from hub.reviews.models import VerdictValue
from hub.reviews.terminal.reviewing import Desk, Wanted, Written

Command = TypeVar("Command", bound=Callable[..., Any])  # Any: each command has parameters of its own

_NUMBER: Final = re.compile(r"(?:.*/changes/|#)?([1-9][0-9]{0,8})(?:[/?#].*)?")
_SAYS: Final = {
    VerdictValue.APPROVE: "Approves",
    VerdictValue.REQUEST_CHANGES: "Requests changes to",
    VerdictValue.COMMENT: "Comments on",
}


def _options(command: Command) -> Command:
    for add in reversed(
        (
            click.argument("change"),
            click.option("--approve", "verdict", flag_value="approve", help="It can be merged."),
            click.option("--request-changes", "verdict", flag_value="request_changes", help="It cannot yet."),
            click.option("--comment", "verdict", flag_value="comment", help="No verdict, only words."),
            click.option("-m", "--message", multiple=True, metavar="TEXT", help="A paragraph of the review."),
            click.option("-F", "--file", type=click.File(), help="The review is in this file."),
            click.option("--patch-set", default="", metavar="N", help="About this one, not the newest."),
            click.option("--remote", default="origin", show_default=True, help="The hub that keeps it."),
            click.option("--key", type=click.Path(path_type=Path), metavar="FILE", help="Sign with it."),
        )
    ):
        command = add(command)
    return command


@click.command("review")
@_options
@pass_line
def review_command(line: CommandLine, /, *, remote: str, **said: Any) -> None:  # what `_wanted` takes
    """Review a change from a clone of its repository.

    The review is signed with your own SSH key and pushed with git. CHANGE is its number or its address.
    """
    wanted = _wanted(**said)
    desk = Desk(Path.cwd(), line.environment, remote)
    written = desk.write(wanted)
    answer = desk.send(written)
    click.echo(_describe(written))
    for one in answer:
        click.echo(one)


@click.command("sign")
@_options
@pass_line
def sign_command(line: CommandLine, /, *, remote: str, **said: Any) -> None:  # what `_wanted` takes
    """Sign a review and print it, without sending it.

    The last line is the command that sends it.
    """
    wanted = _wanted(**said)
    written = Desk(Path.cwd(), line.environment, remote).write(wanted)
    click.echo(written.signed.data.decode())
    click.echo(written.signed.signature.decode(), nl=False)
    click.echo(_describe(written), err=True)
    click.echo(f"git push {remote} {written.commit_id}:{written.ref}")


def _wanted(
    *,
    change: str,
    verdict: str | None,
    message: tuple[str, ...],
    file: Any,  # an open file of text, or None
    patch_set: str,
    key: Path | None,
) -> Wanted:
    found = _NUMBER.fullmatch(change)
    if found is None:
        raise click.UsageError("CHANGE is a number, or the address of a change.")
    if verdict is None:
        raise click.UsageError("Say --approve, --request-changes or --comment.")
    if message and file is not None:
        raise click.UsageError("Give the text by -m or by -F, not by both.")
    words = "\n\n".join(message) if file is None else file.read()
    if verdict == VerdictValue.COMMENT and not words.strip():
        raise click.UsageError("A comment has words: -m TEXT, or -F FILE.")
    return Wanted(int(found[1]), VerdictValue(verdict), words, patch_set, key)


def _describe(written: Written) -> str:
    patch_set, change = written.patch_set, written.change
    says = _SAYS[VerdictValue(written.signed.value["d"]["verdict"])]
    title = printable(change.state.topic.title or "")
    return (
        f"{says} patch set {patch_set.label} ({patch_set.commit_id[:12]}) of change {change.number}: {title}"
    )
