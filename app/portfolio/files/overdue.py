"""What of some records is overdue, by every clock there is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clocks.queries import visible
from app.clocks.table import CLOCKS, due_on, last_counted, length
from app.core.actor import Actor
from app.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Late:
    what: str
    ref: str
    due_on: date


def overdue(
    session: Session, actor: Actor, refs: Collection[str], settings: Settings, now: datetime
) -> list[Late]:
    """What was due before today of the records with these references, the longest overdue first."""
    yesterday, found = now.date() - timedelta(days=1), []
    for clock in CLOCKS.values():
        count = length(clock, settings)
        running = visible(actor, clock, now).subquery()
        last = last_counted(clock.unit, count, yesterday)
        late = select(running.c.ref, running.c.counted_on).where(
            running.c.ref.in_(refs), running.c.counted_on <= last
        )
        found += [Late(clock.title, ref, due_on(clock.unit, count, day)) for ref, day in session.execute(late)]
    return sorted(found, key=lambda one: (one.due_on, one.ref, one.what))
