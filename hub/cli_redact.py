"""The command that takes words away: `hub redact`."""

import click
from sqlalchemy.orm import Session

from hub.cli_line import SYSTEM, CommandLine, as_json, pass_line, show_rows
from hub.errors import Invalid, NotFound, text
from hub.journal.refs.purging import purge
from hub.reviews.changes import OpenedChange, get_change
from hub.reviews.redacting import Removable, list_removable, take_away

_EXCERPT = 60
# As many letters of a name as tell the texts of one change apart.
_SHORT = 12
_GONE = "Nothing of them is left on the disk."
_LATER = (
    "They leave the disk later: others are at work there, or a branch holds them."
    " The hub tries again by itself."
)


@click.command("redact")
@click.argument("path", metavar="OWNER/NAME")
@click.argument("number", metavar="CHANGE", type=click.IntRange(min=1))
@click.argument("names", metavar="[TEXT]...", nargs=-1)
@click.option("--list", "is_list", is_flag=True, help="Show what can be taken away, and change nothing.")
@as_json
@pass_line
def redact_command(
    line: CommandLine, path: str, number: int, names: tuple[str, ...], *, is_list: bool, is_json: bool
) -> None:
    """Take words of a change away, for good.

    They leave pages, the journal and the disk. TEXT is what `--list` calls it: a comment, a review's summary,
    title and description (one text), or what one of them said before. It stays known who wrote it, when,
    and that it is gone. Words in commits are not reached.
    """
    if is_list or not names:
        with line.hub.database.reading() as session:
            rows = _rows(list_removable(session, SYSTEM, get_change(session, SYSTEM, path, number)))
        show_rows(rows, is_json=is_json, empty="")
        if not is_list and not is_json:
            click.echo(f"Name those to be taken away: hub redact {path} {number} TEXT...")
        return
    with line.hub.database.writing() as session:
        opened = get_change(session, SYSTEM, path, number, locks=True)
        count = take_away(session, SYSTEM, opened, names=_full_names(session, opened, names))
        repository_id = opened.repository.id
    is_gone = repository_id in purge(line.hub.database, [repository_id])
    row: dict[str, object] = {"taken_away": count, "is_gone_from_disk": is_gone}
    if is_json:
        show_rows([row], is_json=True, empty="")
        return
    click.echo(f"Took {count} of the texts of change {number} away.")
    click.echo(_GONE if is_gone else _LATER)


def _rows(removable: list[Removable]) -> list[dict[str, object]]:
    return [
        {
            "text": _short(one.wording.name),
            "what": one.wording.kind.value,
            "by": one.author.name,
            "at": one.wording.at,
            "begins": _excerpt(one.wording.text or ""),
        }
        for one in removable
    ]


def _short(name: str) -> str:
    entry_id, dot, index = name.partition(".")
    return f"{entry_id[:_SHORT]}{dot}{index}"


def _excerpt(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _EXCERPT else f"{line[: _EXCERPT - 1]}…"


def _full_names(session: Session, opened: OpenedChange, given: tuple[str, ...]) -> list[str]:
    known = [one.wording.name for one in list_removable(session, SYSTEM, opened)]
    return [_full_name(known, one) for one in given]


def _full_name(known: list[str], given: str) -> str:
    entry_id, _, index = given.partition(".")
    found = [
        one for one in known if one.partition(".")[0].startswith(entry_id) and one.partition(".")[2] == index
    ]
    if not entry_id or not found:
        raise NotFound(
            text("There is no text %(name)s that could be taken away.", name=given),
            next_step=text("`--list` shows those there are."),
        )
    if len(found) > 1:
        raise Invalid(text("Several texts begin with %(name)s.", name=given), {})
    return found[0]
