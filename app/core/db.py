"""Engine, session, and the one place where a request's transaction ends."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

SessionFactory = Callable[[bool], Session]


def utc_now() -> datetime:
    return datetime.now(UTC)


def make_engine(url: str, **options: Any) -> Engine:
    """Build an engine for `url`; on SQLite the folder is made and every BEGIN is said explicitly."""
    options = {"hide_parameters": True, **options}  # an error's text goes to the log; what was stored does not
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, **{"pool_size": 8, "max_overflow": 8, "pool_pre_ping": True, **options})
    if parsed.database and parsed.database != ":memory:":
        _make_private(Path(parsed.database))
    engine = create_engine(url, **options)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(file: Path) -> None:
    """Make folder and file so that only their owner reads them; SQLite gives its other files the same mode."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600, exist_ok=True)


def session_factory(engine: Engine) -> SessionFactory:
    """Return `open(writes)`: a session whose transaction takes SQLite's write lock at once when it may write."""

    def open_session(writes: bool) -> Session:
        return Session(engine.execution_options(writes=writes), close_resets_only=False)

    return open_session


def get_session(request: Request) -> Iterator[Session]:
    """One transaction per request: commit when the route returned, roll back when it raised."""
    writes = request.method not in {"GET", "HEAD"}
    with request.app.state.open_session(writes) as session, session.begin():
        session.info["request_id"] = getattr(request.state, "request_id", "")
        yield session


# scope="function" commits before the response is sent: a failed commit is a 500, not a lost write.
SessionDep = Annotated[Session, Depends(get_session, scope="function")]


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: a deferred BEGIN that reads and then writes fails under load.
    writes = connection.get_execution_options().get("writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN is ours, so that savepoints work
    # 64 MB of pages and a mapped file keep a list over 100,000 needs in memory; the default cache is 2 MB.
    quick = ("cache_size=-64000", "mmap_size=1000000000")
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL", "busy_timeout=15000", *quick):
        connection.execute(f"PRAGMA {pragma}").close()
