"""`counterpart`: the operator's commands. A command's module is imported only when that command is called."""

import importlib
import sys
from collections.abc import Callable
from typing import NamedTuple

import typer

INTERRUPTED = 130


class Command(NamedTuple):
    """Where a command is: a module, and in it a function or a group (`typer.Typer`)."""

    module: str
    name: str
    help: str


COMMANDS = {
    "demo": Command("app.cli.demo", "demo", "Make a whole office to look at, and serve it."),
    "init": Command("app.cli.prepare", "init", "Migrate the database and load the vocabularies."),
    "seed": Command("app.cli.exchange", "seed", "Load the seed data, as a partner's files would be."),
    "import": Command("app.cli.exchange", "import_rows", "Import organizations, programmes or needs."),
    "export": Command("app.cli.exchange", "export", "Export organizations, programmes, needs or pairings."),
    "serve": Command("app.cli.operate", "serve", "Serve the pages and the API."),
    "worker": Command("app.cli.operate", "worker", "Run background jobs until stopped."),
    "openapi": Command("app.cli.operate", "openapi", "Print the API's OpenAPI description."),
    "practices": Command("app.cli.practices", "practices", "Take guidelines in from Markdown."),
    "users": Command("app.cli.users", "users", "Make, list, reset and disable accounts."),
    "keys": Command("app.cli.keys", "keys", "Issue, list and revoke API keys."),
    "check": Command("app.cli.check", "check", "Check database, migrations, audit chain and records."),
    "audit": Command("app.cli.check", "audit", "Verify the audit trail."),
    "match": Command("app.cli.match", "match", "Run the matcher, or ask it for suggestions."),
    "model": Command("app.cli.match", "model", "Train, compare and activate the model that scores depend on."),
    "glossary": Command("app.cli.match", "glossary", "Check the glossary and the matcher's other files."),
    "clocks": Command("app.cli.clocks", "clocks", "List what is due, the longest overdue first."),
    "briefing": Command("app.cli.clocks", "briefing", "Count a period for the Committee's briefing."),
    "reindex": Command("app.cli.reindex", "reindex", "Write anew what search finds, after the glossary changed."),
    "backup": Command("app.cli.backups", "backup", "Write database and keys to one file."),
    "restore": Command("app.cli.backups", "restore", "Put back what `backup` wrote."),
}  # fmt: skip


def main() -> None:
    """Run the command of the command line; end with its exit status, and one line on stderr when it failed."""
    try:
        status = _application(sys.argv[1:])(standalone_mode=False)
    except typer.TyperException as error:
        _fail(error.format_message(), error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        _fail("stopped", INTERRUPTED)
    except Exception as error:  # a bug is shown as one
        explained = importlib.import_module("app.cli.failures").explain(error)
        if explained is None:
            raise
        _fail(explained, 1)
    if status == INTERRUPTED:  # what typer makes of Ctrl-C once a command has begun
        _fail("stopped", INTERRUPTED)
    sys.exit(status if isinstance(status, int) else 0)


def _application(arguments: list[str]) -> typer.Typer:
    """All commands by name; only the one that is called is imported."""
    application = typer.Typer(
        help="Links counter-terrorism capacity needs of Member States with programmes that can meet them.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        add_completion=False,
    )
    application.callback()(_nothing)
    called = next((argument for argument in arguments if not argument.startswith("-")), None)
    for name, command in COMMANDS.items():
        if name == called:
            _register(application, name, command)
        else:
            application.command(name, help=command.help)(_nothing)
    return application


def _register(application: typer.Typer, name: str, command: Command) -> None:
    found: Callable[..., object] | typer.Typer = getattr(importlib.import_module(command.module), command.name)
    if isinstance(found, typer.Typer):
        application.add_typer(found, name=name, help=command.help)
    else:
        application.command(name)(found)


def _nothing() -> None:
    """Stand in for what is not called."""


def _fail(message: str, status: int) -> None:
    print(f"counterpart: {message}" if "\n" not in message else message, file=sys.stderr)  # noqa: T201
    sys.exit(status)
