"""The `tessera` command. Each of its commands is a module of its own, loaded when it is called and not before."""

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final, NamedTuple

import click

from tessera.core.errors import TesseraError


class _Entry(NamedTuple):
    module: str
    summary: str


_COMMANDS: Final[Mapping[str, _Entry]] = {
    "demo": _Entry("tessera.cli.demo", "Make and serve a believable club on this machine."),
    "serve": _Entry("tessera.cli.serve", "Serve the console and the API, with a worker."),
    "receiver": _Entry("tessera.cli.receiver", "Receive webhooks on this machine and show them, for development."),
    "worker": _Entry("tessera.cli.worker", "Carry out jobs, apart from any web server."),
    "jobs": _Entry("tessera.cli.jobs", "See jobs that failed for good, run them again or drop them."),
    "migrate": _Entry("tessera.cli.migrate", "Bring the database up to this version."),
    "announce": _Entry("tessera.cli.announce", "Record what has come of memberships: starts, reminders, expiries."),
    "doctor": _Entry("tessera.cli.doctor", "Examine the database; exit 1 if anything is wrong."),
    "backup": _Entry("tessera.cli.backup", "Write the database and uploaded files to one file, while serving."),
    "restore": _Entry("tessera.cli.restore", "Put a backup in the place of what is there."),
    "import": _Entry("tessera.cli.importing", "Import customers, companies, affiliations or memberships from CSV."),
    "export": _Entry("tessera.cli.exporting", "Export a list as CSV."),
    "openapi": _Entry("tessera.cli.openapi", "Print the API's OpenAPI 3.1 document."),
    "organization": _Entry("tessera.cli.organization", "Found organizations."),
    "clock": _Entry("tessera.cli.clock", "Read or move a test organization's clock."),
    "key": _Entry("tessera.cli.key", "Make, list and revoke API keys."),
    "signing-key": _Entry("tessera.cli.signing_key", "See, renew and revoke the keys that sign tokens."),
    "staff": _Entry("tessera.cli.staff", "Let people sign in to the console, and stop them."),
    "secrets": _Entry("tessera.cli.secrets", "Make and change the keys that stored secrets are sealed under."),
    "schedule": _Entry("tessera.cli.schedule", "Print when terms begin and end."),
    "check": _Entry("tessera.cli.check", "Ask whether a customer may, and why."),
}


class Refused(click.ClickException):
    """Something expected that cannot be done, said in one line."""

    def show(self, file: Any = None) -> None:
        """Write the text to stderr."""
        click.echo(self.message, err=True)


class Unconfigured(Refused):
    """Settings that cannot be right, all of them in one list."""

    exit_code = 2


class _Commands(click.Group):
    """Knows its commands by name and summary, and turns refusals into one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = _COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = import_module(entry.module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except TesseraError as refusal:
            raise Refused(f"error: {refusal.detail} [{refusal.code}]") from refusal
        except Exception as failure:
            if (text := _understood(failure)) is None:
                raise
            raise text from failure


def _understood(failure: Exception) -> Refused | None:
    """What to say when the settings or the database are at fault; None if it is a bug. Neither may be loaded yet."""
    env = sys.modules.get("tessera.config.env")
    if env is not None and isinstance(failure, env.WrongSettings):
        return Unconfigured(str(failure))
    backend = sys.modules.get("django.db.utils")
    if backend is not None and isinstance(failure, backend.OperationalError | backend.ProgrammingError):
        why = str(failure).strip().partition("\n")[0]
        return Refused(f"error: the database cannot be used: {why} (was `tessera migrate` run?) [database_unusable]")
    return None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tessera-membership", prog_name="tessera")
def main() -> None:
    """Tessera: who is a member, of what, until when, and what that lets them do.

    Settings are environment variables TESSERA_…, explained in docs/settings.md.
    """
