"""The commands that say how journals are: what waits to be written, and what was found damaged."""

import dataclasses
import json

import click

from hub.cli_line import SYSTEM, CommandLine, as_json, pass_line
from hub.journal.overseeing import (
    Damage,
    JournalState,
    acknowledge,
    count_journals,
    list_damage,
    list_journals,
)
from hub.paging import Page


@click.command("status")
@click.option("--page", default=1, show_default=True, type=click.IntRange(min=1), help="Which page of both.")
@as_json
@pass_line
def status_command(line: CommandLine, page: int, is_json: bool) -> None:
    """Show what waits to be written, and what was damaged."""
    with line.hub.database.reading() as session:
        counts = count_journals(session)
        journals, damage = list_journals(session, page=page), list_damage(session, page=page)
    if is_json:
        told = {"counts": counts, "journals": journals.items, "damage": damage.items}
        click.echo(json.dumps(told, indent=2, default=_plain))
        return
    for journal in journals.items:
        click.echo(_describe(journal))
    _tell_rest(journals, "journals")
    for one in damage.items:
        click.echo(_tell_damage(one))
    _tell_rest(damage, "findings")
    if not counts.damage:
        click.echo("Nothing was ever found damaged.")


def _plain(value: object) -> object:
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) else str(value)  # type: ignore[arg-type]


def _describe(one: JournalState) -> str:
    at = "" if one.receipted_at is None else f" of {one.receipted_at:%Y-%m-%d %H:%M}"
    waits = f"{one.waiting} entries wait" if one.waiting else "nothing waits"
    late = ", for more than ten minutes" if one.is_late else ""
    return f"{one.path}  receipt {one.receipts}{at}, {waits}{late}"


def _tell_damage(one: Damage) -> str:
    aside = f", kept as {one.kept_as}" if one.kept_as else ""
    seen = "seen" if one.acknowledged_at else f"hub journal acknowledge {one.id}"
    return f"{one.found_at:%Y-%m-%d %H:%M}  {one.path}  {one.ref}: {one.kind.value}{aside} ({seen})"


def _tell_rest(page: "Page[JournalState] | Page[Damage]", what: str) -> None:
    if page.has_next:
        click.echo(f"{page.total} {what} in all: --page {page.number + 1}")


@click.command("acknowledge")
@click.argument("numbers", metavar="NUMBER...", nargs=-1, required=True, type=int)
@pass_line
def acknowledge_command(line: CommandLine, numbers: tuple[int, ...]) -> None:
    """Say that you have looked at what was found damaged."""
    with line.hub.database.writing() as session:
        for number in numbers:
            acknowledge(session, SYSTEM, number)
    click.echo("Noted.")
