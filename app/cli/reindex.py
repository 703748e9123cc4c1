"""`counterpart reindex`: after the glossary changed, older records are found by its words too."""

import json
import time
from collections import deque
from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy import func, select

from app.cli.session import answer, open_engine, open_settings, progress
from app.core.db import SessionFactory, session_factory
from app.needs import search
from app.needs.models import NeedRevision
from app.pairings.ranking import Ranking
from app.programmes import record
from app.programmes.models import Programme

BATCH = 100
_PAUSE = 0.2  # before those are tried again that somebody else was changing


def reindex(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for a program to read.")] = False,
) -> None:
    """Write anew what search finds of every need and programme. Run it after the glossary changed.

    It works in batches beside the running server, of which each is kept; stopped, run it again. Restart the server
    first, so that what is written meanwhile is understood in the new way too.
    """
    known = len(Ranking(open_settings().data_dir).installed.glossary)  # fails here where a file cannot be read
    with open_engine() as engine, progress() as bar:
        open_session = session_factory(engine)
        needs = bar.add_task("needs, by revision", total=_count(open_session, NeedRevision))
        for done in _needs(open_session):
            bar.advance(needs, done)
        offered = bar.add_task("programmes", total=_count(open_session, Programme))
        for done in _programmes(open_session):
            bar.advance(offered, done)
        counts = {"revisions": int(bar.tasks[needs].completed), "programmes": int(bar.tasks[offered].completed)}
    if as_json:
        answer(json.dumps({**counts, "concepts": known}))
    else:
        revisions, programmes = counts.values()
        answer(f"{revisions} revisions of needs and {programmes} programmes are found by {known} concepts")


def _needs(open_session: SessionFactory) -> Iterator[int]:
    """Batch after batch of revisions, oldest first; those that are added meanwhile come last."""
    last = 0
    while True:
        with open_session(True) as session, session.begin():
            done = search.reindex(session, last, BATCH)
        if not done:
            return
        last = done[-1]
        yield len(done)


def _programmes(open_session: SessionFactory) -> Iterator[int]:
    """Batch after batch of programmes; one that is being changed just now is tried again at the end."""
    with open_session(False) as session:
        ids = list(session.scalars(select(Programme.id).order_by(Programme.id)))
    waiting: deque[list[UUID]] = deque(ids[start : start + BATCH] for start in range(0, len(ids), BATCH))
    while waiting:
        batch = waiting.popleft()
        with open_session(True) as session, session.begin():
            busy = list(record.reindex(session, batch))
        if busy:
            waiting.append(busy)
            time.sleep(_PAUSE)
        yield len(batch) - len(busy)


def _count(open_session: SessionFactory, model: type[NeedRevision] | type[Programme]) -> int:
    with open_session(False) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0
