"""Is what is stored whole, and does it agree with itself? One line a finding, exit status 1 with any."""

import json
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from app.audit.chain import verify
from app.cli.failures import Failure, explain
from app.cli.findings import CHECKS
from app.cli.session import answer, open_engine, say, transaction

audit = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for a program to read.")]


@audit.callback()
def _group() -> None:
    """Verify the audit trail."""


@audit.command("verify")
def audit_verify(as_json: AsJson = False) -> None:
    """Walk the hash chain of the audit trail and name the first link that does not hold.

    Note the last hash somewhere else from time to time: a trail that was cut at its end still holds.
    """
    with transaction(writes=False) as session:
        found = verify(session)
    if as_json:
        answer(
            json.dumps(
                {
                    "events": found.events,
                    "head": found.head,
                    "broken_at": found.broken_at,
                    "reason": found.reason,
                }
            )
        )
    elif found.broken_at is None:
        answer(f"{found.events} events, every link holds; the last hash is {found.head}")
    if found.broken_at is not None:
        raise Failure(f"the audit trail is broken at event {found.broken_at}: {found.reason}")


def check(as_json: AsJson = False) -> None:
    """Check the database, its migrations, the audit chain and what the records say of each other."""
    findings = _database() or _records()
    if as_json:
        answer(json.dumps({"findings": findings}, ensure_ascii=False))
    else:
        for finding in findings:
            answer(finding)
    if findings:
        raise typer.Exit(1)
    say("Nothing found: the database is whole, current, and agrees with itself.")


def _database() -> list[str]:
    """What stops every other check: no database, an old one, or a damaged file."""
    try:
        with open_engine() as engine, engine.execution_options(writes=False).connect() as connection:
            if engine.dialect.name != "sqlite":
                return []
            damages = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
            strays = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    except (Failure, SQLAlchemyError) as error:
        return [explain(error) or str(error)]
    found = [f"database: {damage}" for damage in damages if damage != "ok"]
    return found + [f"database: a row of {row[0]} names a row of {row[2]} that is not there" for row in strays]


def _records() -> list[str]:
    with transaction(writes=False) as session:
        return [finding for look in CHECKS for finding in look(session)]
