"""Walk the audit trail's hash chain, and find the first link that does not hold."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.audit.service import GENESIS, chain_hash

BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Verified:
    """How many events were read, the last one's hash, and what is wrong with the first that is not as written."""

    events: int
    head: str
    broken_at: int | None = None
    reason: str | None = None


def verify(session: Session) -> Verified:
    """Walk the whole chain in batches and stop at the first event that is missing or not as it was written."""
    number, previous = 0, GENESIS
    for event in _in_order(session):
        if event.number != number + 1:
            return Verified(number, previous, number + 1, "it is missing")
        if event.previous_hash != previous:
            return Verified(number, previous, event.number, "it does not follow from the event before it")
        if event.hash != chain_hash(event):
            return Verified(number, previous, event.number, "it is not as it was written")
        number, previous = event.number, event.hash
    return Verified(number, previous)


def _in_order(session: Session) -> Iterator[AuditEvent]:
    number = 0
    while True:
        after = select(AuditEvent).where(AuditEvent.number > number).order_by(AuditEvent.number)
        batch = session.scalars(after.limit(BATCH)).all()
        if not batch:
            return
        yield from batch
        number = batch[-1].number
        for event in batch:
            session.expunge(event)  # a long trail is not kept in memory
