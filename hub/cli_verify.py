"""`hub verify`: looks at the journal in a clone. Needs no hub, no settings, no database, and makes none."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from hub.cli_line import CommandFailed, as_json
from hub.errors import HubError
from hub.journal.format.codec import is_id
from hub.journal.verifying.report import NOT_SHOWN, Fault, Place, Report
from hub.journal.verifying.signers import allowed_signers
from hub.journal.verifying.verification import Verified, Wanted, verify
from hub.repos.git.clones import NoClone, find_clone
from hub.repos.git.process import GitFailed
from hub.repos.names import printable

_INDENT: Final = 12
_MOST_NOTES: Final = 20


class WrongUsage(CommandFailed):
    """There is nothing to look at, or it was asked for wrongly."""

    exit_code = 2


class _Id(click.ParamType[str]):
    """64 hexadecimal digits."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The id in small letters; Any: as click declares it."""
        given = str(value).strip().lower()
        if not is_id(given):
            self.fail("An id has 64 hexadecimal digits.", param, ctx)
        return given


@click.command("verify")
@click.option(
    "-C",
    "folder",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIR",
    help="The clone, bare or not; the folder one is in if left out.",
)
@click.option(
    "--quick", "is_quick", is_flag=True, help="Check the newest signature, and hashes for the rest."
)
@click.option("--expect", type=_Id(), metavar="ID", help="The id that the repository has to have.")
@click.option(
    "--accept", type=_Id(), multiple=True, metavar="HUB", help="A hub that may carry this journal on."
)
@click.option(
    "--allowed-signers", "is_signers", is_flag=True, help="Print the file for ssh-keygen -Y verify."
)
@click.option("--all", "has_all", is_flag=True, help="List every fault, not only the first.")
@as_json
@click.argument("topic", default="")
@click.pass_context
def verify_command(context: click.Context, /, folder: Path, topic: str, **options: Any) -> None:
    """Check the journal in a clone.

    What was said and decided here, by whom, and that nothing is missing.

    TOPIC, such as changes/12, checks one topic, for a clone that fetched it and refs/hub/repo alone.

    Any clone will do that fetched refs/hub/*: git fetch origin '+refs/hub/*:refs/hub/*'. Exit code 0 where no
    fault was found, 1 where there is one, 2 where there is nothing to check.
    """
    # Any: each option has a type of its own.
    wanted = Wanted(topic, options["is_quick"], options["expect"] or "", frozenset(options["accept"]))
    verified = _verify(folder, wanted)
    report = verified.report
    if options["is_json"]:
        click.echo(json.dumps(_as_object(report), indent=2))
    elif report.faults:
        click.echo("\n".join(_tell_faults(report, has_all=options["has_all"])), err=options["is_signers"])
    elif options["is_signers"]:
        click.echo(allowed_signers(verified.ring), nl=False)
    else:
        click.echo("\n".join(_tell_success(report)))
    context.exit(1 if report.faults else 0)


def _verify(folder: Path, wanted: Wanted) -> Verified:
    try:
        return verify(find_clone(folder), wanted)
    except NoClone as error:
        raise WrongUsage(f"There is no git repository in {folder.absolute()}.\n") from error
    except FileNotFoundError as error:
        raise WrongUsage("There is no git here. Install it, and put it on the PATH.\n") from error
    except GitFailed as error:
        raise WrongUsage(f"This clone cannot be read.\n{error}\n") from error
    except HubError as error:
        raise WrongUsage(error.as_text()) from error


def _tell_faults(report: Report, *, has_all: bool) -> Iterator[str]:
    shown = report.faults if has_all else report.faults[:1]
    for fault in shown:
        yield from _tell_fault(fault)
    left = len(report.faults) - len(shown)
    if left:
        more = "1 more fault" if left == 1 else f"{left} more faults"
        yield f"And {more}, which may follow from this one: --all lists them."


def _tell_fault(fault: Fault) -> Iterator[str]:
    yield f"FAULT: {fault.code.value}"
    place = fault.place
    rows = (
        ("ref", place.ref),
        ("commit", place.commit_id),
        ("receipt", str(place.seq or "")),
        ("entry", f"{place.kind} {place.entry_id}".strip()),
        ("found", fault.what),
        ("means", fault.meaning),
    )
    yield from (_row(name, value) for name, value in rows if value)


def _tell_success(report: Report) -> Iterator[str]:
    part = "What is here of the journal" if report.is_partial else "The journal"
    quickly = " The newest signature and all hashes were checked." if report.is_quick else ""
    yield f"{part} is sound.{quickly}"
    yield _row("repository", report.repository)
    yield _row("head", f"receipt {report.head.seq}{_moment(report.head.at)}, {report.head.receipt_id}")
    yield from (_row("kept by", hub) for hub in report.keepers)
    yield _row("checked", _tell_counts(report))
    for note in report.notes[:_MOST_NOTES]:
        yield _row("note", f"{_where(note.place)}{note.what}")
    if len(report.notes) > _MOST_NOTES:
        yield _row("note", f"{len(report.notes) - _MOST_NOTES} more notes; --json lists them")
    if report.is_partial:
        yield _row("note", "one topic was checked: whether receipts between those here are missing was not")
    yield "One clone cannot show:"
    yield from (f"  - {one}" for one in NOT_SHOWN)


def _moment(at: int) -> str:
    try:
        return f" of {datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, ValueError, OSError):
        return ""


def _tell_counts(report: Report) -> str:
    return (
        f"{_count(report.receipts, 'receipt')}; "
        f"{_count(report.entries, 'entry', 'entries')}, {report.signed} signed by their authors; "
        f"{_count(report.topics, 'topic')}; {_count(report.bodies, 'text')}, {report.withheld} withheld; "
        f"{_count(report.merges, 'merge')}"
    )


def _count(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def _where(place: Place) -> str:
    parts = [place.ref, place.kind, place.entry_id[:10]]
    return f"{' '.join(one for one in parts if one)}: " if any(parts) else ""


def _row(name: str, value: str) -> str:
    return f"  {name.ljust(_INDENT)}{printable(value)}"


def _as_object(report: Report) -> dict[str, object]:
    return {
        "is_sound": not report.faults,
        "is_partial": report.is_partial,
        "is_quick": report.is_quick,
        "repository": report.repository,
        "seq": report.head.seq,
        "receipt": report.head.receipt_id,
        "at": report.head.at,
        "keepers": report.keepers,
        "receipts": report.receipts,
        "entries": report.entries,
        "signed": report.signed,
        "topics": report.topics,
        "texts": report.bodies,
        "withheld": report.withheld,
        "merges": report.merges,
        "faults": [
            {"code": one.code.value, **_place(one.place), "found": one.what, "means": one.meaning}
            for one in report.faults
        ],
        "notes": [{**_place(one.place), "found": one.what} for one in report.notes],
        "not_shown": list(NOT_SHOWN),
    }


def _place(place: Place) -> dict[str, object]:
    return {
        "ref": place.ref,
        "commit": place.commit_id,
        "receipt": place.seq,
        "kind": place.kind,
        "entry": place.entry_id,
    }
