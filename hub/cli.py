"""The command `hub`: everything an operator does, and the start of every process."""

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from hub import __version__, demo, migrations
from hub.accounts.actions import make_setup_code
from hub.accounts.queries import has_admin
from hub.cli_credentials import key_commands, token_commands
from hub.cli_journal import journal_commands
from hub.cli_journal_state import acknowledge_command, status_command
from hub.cli_line import CommandFailed, CommandLine, Commands, as_json, pass_line, require_current, show_rows
from hub.cli_linking import link_command, list_command
from hub.cli_people import user_commands
from hub.cli_rebuild import rebuild_command
from hub.cli_redact import redact_command
from hub.cli_repos import http_address, repo_commands
from hub.cli_review import review_command, sign_command
from hub.cli_rules import rule_commands, rules_command
from hub.cli_search import reindex_command
from hub.cli_storage import gc_command
from hub.cli_verify import verify_command
from hub.config import Config, documented, split_address
from hub.data_folder import prepare
from hub.doctor import examine
from hub.gateway import parts
from hub.gateway.supervisor import Addresses, Supervisor

_SECRETS: Final = frozenset({"metrics_token"})
_ADDRESSES_WITH_PASSWORDS: Final = frozenset({"database_url", "redis_url"})

_http = click.option("--http", metavar="HOST:PORT", help="Pages and git over HTTP; port 0 takes a free one.")
_ssh = click.option("--ssh", metavar="HOST:PORT", help="Git over SSH; port 0 takes a free one.")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hub", message="%(prog)s %(version)s")
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="The file of settings; HUB_CONFIG or ./hub.toml if left out.",
)
@click.pass_context
def hub(context: click.Context, config_file: Path | None) -> None:
    """A self-hosted forge. Settings come from hub.toml and HUB_*: see `hub config`."""
    # Whatever is made, the database with its password hashes above all, is for this user alone, also in a
    # folder that was there before and that others may enter.
    before = os.umask(0o077)
    context.call_on_close(lambda: os.umask(before))
    context.obj = CommandLine(config_file, os.environ)
    context.call_on_close(context.obj.close)


@hub.command()
@pass_line
def init(line: CommandLine) -> None:
    """Make the data folder, its keys and its database. Asks nothing, and may be run again."""
    config = line.config
    prepare(config)
    click.echo(f"The hub in {config.data} is ready to be served.")
    with line.hub.database.writing() as session:
        code = None if has_admin(session) else make_setup_code(session)
    if code is None:
        click.echo("It has an administrator already. Start it: hub serve")
        return
    click.echo("Start it with `hub serve`. This link then makes the first administrator, once, within a day:")
    click.echo(f"{_link_address(config)}/-/setup/{code}")


def _link_address(config: Config) -> str:
    # Port 0 is known once the hub is served; people then put the address it prints in front themselves.
    return "" if not config.url and split_address(config.http)[1] == 0 else http_address(config)


@hub.command()
@pass_line
def migrate(line: CommandLine) -> None:
    """Bring the database up to the version that this hub works with."""
    prepare(line.config)
    click.echo(f"The database is at version {migrations.newest_version()}.")


@hub.command()
@_http
@_ssh
@click.option("--ready-file", metavar="FILE", help="Written, with the addresses, when every part answers.")
@click.option("--demo", "with_demo", is_flag=True, help="Make the hub if needed and bring the demo first.")
@pass_line
def serve(
    line: CommandLine, http: str | None, ssh: str | None, ready_file: str | None, *, with_demo: bool
) -> None:
    """Serve the whole hub: every part, each started again if it ends."""
    line = line.with_overrides({"http": http, "ssh": ssh, "ready_file": ready_file})
    config = line.config
    if with_demo:
        prepare(config)
        demo.bring(line.hub)
        line.close()
    require_current(config)
    sys.exit(Supervisor(config, on_ready=lambda addresses: _welcome(config, addresses)).run())


def _welcome(config: Config, addresses: Addresses) -> None:
    over_ssh = f", git over SSH at {addresses.ssh}" if addresses.ssh else ""
    click.echo(f"\n{config.name} is at {addresses.http}{over_ssh}. Ctrl-C stops it.")
    welcome = demo.describe(config, addresses.http, addresses.ssh)
    if welcome:
        click.echo(welcome)


@hub.command("front")
@_http
@pass_line
def run_front(line: CommandLine, http: str | None) -> None:
    """Serve pages and git over HTTP, and nothing else."""
    _run_part(line.with_overrides({"http": http}), parts.run_front)


@hub.command("web")
@pass_line
def run_web(line: CommandLine) -> None:
    """Answer pages for the front, on a Unix socket in the data folder."""
    _run_part(line, parts.run_web)


@hub.command("ssh")
@_ssh
@pass_line
def run_ssh(line: CommandLine, ssh: str | None) -> None:
    """Serve git over SSH, and nothing else."""
    _run_part(line.with_overrides({"ssh": ssh}), parts.run_ssh)


@hub.command("worker")
@pass_line
def run_worker(line: CommandLine) -> None:
    """Do background work."""
    _run_part(line, parts.run_worker)


@hub.command("policy")
@pass_line
def run_policy(line: CommandLine) -> None:
    """Judge and record pushes for the front and for SSH."""
    _run_part(line, parts.run_policy)


def _run_part(line: CommandLine, run: Callable[[Config], None]) -> None:
    require_current(line.config)
    run(line.config)


@hub.command("demo")
@pass_line
def bring_demo(line: CommandLine) -> None:
    """Bring demo accounts and repositories; may be run again."""
    prepare(line.config)
    demo.bring(line.hub)
    click.echo(demo.describe(line.config, http_address(line.config), line.config.ssh or None))
    click.echo("Start the hub with `hub serve`.")


@hub.command("config")
@as_json
@pass_line
def show_config(line: CommandLine, is_json: bool) -> None:
    """Show every setting. Its name in hub.toml and in the environment, its value, what it is for."""
    values = {name: _shown(name, str(getattr(line.config, name))) for name, _, _, _ in documented()}
    rows = [
        {"name": name, "variable": variable, "value": values[name], "default": default, "help": help_text}
        for name, variable, default, help_text in documented()
    ]
    if is_json:
        show_rows(rows, is_json=True, empty="")
        return
    click.echo("Settings, from the weakest to the strongest: default, hub.toml, environment, option.")
    for row in rows:
        is_default = "" if row["value"] != row["default"] else "  (default)"
        click.echo(f"\n{row['name']} = {json.dumps(row['value'], ensure_ascii=False)}{is_default}")
        click.echo(f"    {row['help']}\n    {row['variable']}")


def _shown(name: str, value: str) -> str:
    if name in _SECRETS and value:
        return "********"
    if name in _ADDRESSES_WITH_PASSWORDS and value:
        return re.sub(r"(://[^/@]*:)[^/@]*@", r"\1********@", value)
    return value


@hub.command("doctor")
@as_json
@pass_line
def run_doctor(line: CommandLine, is_json: bool) -> None:
    """Look for what is wrong with this hub; nothing is changed. Exit code 1 where something is."""
    findings = []
    for finding in examine(line.config):
        findings.append(finding)
        if not is_json:
            click.echo(f"{'ok   ' if finding.fault is None else 'fault'}  {finding.name}: {finding.found}")
    if is_json:
        rows = [{"name": one.name, "is_ok": one.fault is None, "found": one.found} for one in findings]
        show_rows(rows, is_json=True, empty="")
    faults = [finding.fault.as_text() for finding in findings if finding.fault is not None]
    if faults:
        raise CommandFailed("\n".join(faults))


for command in (rules_command, rule_commands):
    repo_commands.add_command(command)
for command in (list_command, link_command):
    user_commands.add_command(command)
for command in (status_command, acknowledge_command):
    journal_commands.add_command(command)
for command in (review_command, sign_command):
    hub.add_command(command)
for commands in (
    user_commands,
    token_commands,
    key_commands,
    repo_commands,
    journal_commands,
    gc_command,
    rebuild_command,
    redact_command,
    reindex_command,
    verify_command,
):
    hub.add_command(commands)


def main() -> None:
    """The command line, as the console script and `python -m hub` start it."""
    hub(prog_name="hub")
