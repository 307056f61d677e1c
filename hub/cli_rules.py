"""The commands about rules for branches and tags: `hub repo rules`, `hub repo rule`."""

from typing import Final

import click

from hub.access import Permission, Role
from hub.cli_line import SYSTEM, CommandLine, as_json, pass_line, show_rows
from hub.errors import NotFound, text
from hub.repos.access import open_repository
from hub.repos.models import RefKind
from hub.repos.settings import rules
from hub.repos.settings.rules import MAX_APPROVALS, PUSHING_ROLES, RuleValues

_NOBODY: Final = "nobody"


@click.command("rules")
@click.argument("path", metavar="OWNER/NAME")
@as_json
@pass_line
def rules_command(line: CommandLine, path: str, is_json: bool) -> None:
    """The rules of a repository, and what they match now."""
    with line.hub.database.reading() as session:
        repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
        rows = [
            {
                "kind": row.values.kind.value,
                "pattern": row.values.pattern,
                "least_role": None if row.values.least_role is None else row.values.least_role.value,
                "people": list(row.values.people),
                "needs_change": row.values.needs_change,
                "may_rewind": row.values.may_rewind,
                "may_delete": row.values.may_delete,
                "approvals_needed": row.values.approvals_needed,
                "needs_resolved_threads": row.values.needs_resolved_threads,
                "matching": row.matching,
            }
            for row in rules.list_rules(session, SYSTEM, repository)
        ]
    show_rows(rows, is_json=is_json, empty=f"No rules. Add one: hub repo rule add {path} PATTERN")


@click.group("rule")
def rule_commands() -> None:
    """One rule for branches or tags: made or taken away."""


@rule_commands.command("add")
@click.argument("path", metavar="OWNER/NAME")
@click.argument("pattern")
@click.option("--tag", "is_for_tags", is_flag=True, help="The rule is for tags; otherwise for branches.")
@click.option(
    "--push",
    "least_role",
    type=click.Choice([*(role.value for role in PUSHING_ROLES), _NOBODY]),
    default=Role.MAINTAIN.value,
    show_default=True,
    help="The role from which on people may push.",
)
@click.option(
    "--person", "people", multiple=True, metavar="NAME", help="May push besides; may be given again."
)
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    type=click.Choice(["rewind", "delete"]),
    help="Allow force-push (for tags: moving them), or deletion; may be given again.",
)
@click.option("--needs-change", is_flag=True, help="Commits arrive by merging a change only.")
@click.option(
    "--approvals",
    "approvals_needed",
    type=click.IntRange(0, MAX_APPROVALS),
    default=0,
    show_default=True,
    help="How many people have to approve a change before it is merged.",
)
@click.option("--needs-resolved", is_flag=True, help="No discussion of a change may be left open.")
@pass_line
def add_rule(
    line: CommandLine,
    /,
    path: str,
    pattern: str,
    *,
    is_for_tags: bool,
    least_role: str,
    people: tuple[str, ...],
    allowed: tuple[str, ...],
    **needed: int,
) -> None:
    """Make a rule for what PATTERN matches. It holds from the next push on."""
    values = RuleValues(
        kind=RefKind.TAG if is_for_tags else RefKind.BRANCH,
        pattern=pattern,
        least_role=None if least_role == _NOBODY else Role(least_role),
        people=people,
        needs_change=bool(needed["needs_change"]),
        may_rewind="rewind" in allowed,
        may_delete="delete" in allowed,
        approvals_needed=needed["approvals_needed"],
        needs_resolved_threads=bool(needed["needs_resolved"]),
    )
    with line.hub.database.writing() as session:
        repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
        rules.add_rule(session, SYSTEM, repository, values=values)
        click.echo(f"Added the rule {pattern} ({values}) to {repository.path}.")


@rule_commands.command("remove")
@click.argument("path", metavar="OWNER/NAME")
@click.argument("pattern")
@click.option("--tag", "is_for_tags", is_flag=True, help="The rule is for tags; otherwise for branches.")
@pass_line
def remove_rule(line: CommandLine, path: str, pattern: str, is_for_tags: bool) -> None:
    """Take the rule with exactly this PATTERN away."""
    kind = RefKind.TAG if is_for_tags else RefKind.BRANCH
    with line.hub.database.writing() as session:
        repository = open_repository(session, SYSTEM, path, need=Permission.SEE)
        rule = rules.find_rule(session, repository, kind=kind, pattern=pattern)
        if rule is None:
            raise NotFound(
                text("%(path)s has no rule %(pattern)s.", path=repository.path, pattern=pattern),
                next_step=text("`hub repo rules %(path)s` lists those it has.", path=repository.path),
            )
        rules.remove_rule(session, SYSTEM, repository, rule_id=rule.id)
        click.echo(f"Removed the rule {pattern} of {repository.path}.")
