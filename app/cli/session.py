"""What commands share: the settings, one transaction, and the operator as an actor."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import Engine, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from app.cli.failures import Failure
from app.core import calendar, glossary
from app.core.actor import Actor, Role
from app.core.db import make_engine, session_factory
from app.core.migrate import is_current
from app.core.settings import Settings
from app.organizations.models import Organization

CTED = "CTED"
NOT_MIGRATED = "the database is not migrated to this version: run `counterpart init`"


def open_settings() -> Settings:
    """Return the settings of the environment; their folder's glossary and holidays count from now on."""
    settings = Settings()
    glossary.read_from(settings.data_dir)
    calendar.read_from(settings.data_dir)
    return settings


@contextmanager
def open_engine(migrated: bool = True) -> Iterator[Engine]:
    """Yield the engine of the settings. Raises Failure when the database is not at this version's migration."""
    url = open_settings().url
    if migrated and not _is_there(url):
        raise Failure(NOT_MIGRATED)
    engine = make_engine(url)
    try:
        if migrated:
            with engine.execution_options(writes=False).connect() as connection:
                if not is_current(connection):
                    raise Failure(NOT_MIGRATED)
        yield engine
    finally:
        engine.dispose()


def _is_there(url: str) -> bool:
    """Whether a database can be looked for without making it: SQLite makes the file that it opens."""
    parsed = make_url(url)
    named = parsed.database if parsed.get_backend_name() == "sqlite" else None
    return named in (None, "", ":memory:") or Path(str(named)).exists()


@contextmanager
def transaction(writes: bool = True) -> Iterator[Session]:
    """Yield a session in one transaction: committed when the block ends, rolled back when it raises."""
    with open_engine() as engine, session_factory(engine)(writes) as session, session.begin():
        session.info["request_id"] = "command line"
        yield session


def operator(session: Session) -> Actor:
    """Return who acts at the command line: an admin of CTED. Raises Failure before `counterpart init`."""
    organization_id = session.scalar(select(Organization.id).where(Organization.ref == CTED))
    if organization_id is None:
        raise Failure("there is no organization CTED yet: run `counterpart init`")
    return Actor(Role.ADMIN, organization_id, label="operator")


def say(line: str) -> None:
    """Tell the person at the terminal something that no program reads."""
    print(line, file=sys.stderr)  # noqa: T201


def answer(line: str) -> None:
    """Print what was asked for, on stdout, at once: a server that goes on to serve may write to a pipe."""
    print(line, flush=True)  # noqa: T201


def console() -> Console:
    """Where progress is drawn: stderr, so that stdout stays for answers."""
    return Console(stderr=True)


def progress() -> Progress:
    """A bar for work that is counted, with how far it is and for how long it runs."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console())
