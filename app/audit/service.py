"""Queue events inside use cases; a before-commit hook writes them last, each chained to the one before."""

import enum
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import event, select, text
from sqlalchemy.orm import Session, SessionTransaction

from app.audit.models import AuditEvent
from app.core.actor import Actor
from app.core.db import utc_now

GENESIS = "0" * 64
_LOCK = 1373_2370  # any number that no other advisory lock of ours uses
_CHAINED = ("number", "actor_label", "action", "subject_type", "subject_id", "subject_ref", "before", "after")


class Auditable(Protocol):
    @property
    def id(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class _Queued:
    event: AuditEvent
    savepoints: Sequence[SessionTransaction]


def record(
    session: Session,
    actor: Actor,
    action: str,
    subject: Auditable,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Queue one event in the caller's transaction: both are kept or neither is.

    `before` and `after` hold the changed fields alone. Call it after the flush that gave `subject` its id.
    """
    queued = AuditEvent(
        actor_label=actor.label,
        actor_user_id=actor.user_id,
        actor_key_id=actor.key_id,
        action=action,
        subject_type=type(subject).__name__,
        subject_id=str(subject.id),
        subject_ref=getattr(subject, "ref", None),
        before=_plain(before or {}),
        after=_plain(after or {}),
        request_id=str(session.info.get("request_id", "")),
    )
    session.info.setdefault("audit", []).append(_Queued(queued, _savepoints(session)))


def newest_number(session: Session) -> int:
    """The number of the newest event: the revision by which indexes of several processes stay coherent."""
    return session.scalar(select(AuditEvent.number).order_by(AuditEvent.number.desc()).limit(1)) or 0


def chain_hash(event: AuditEvent) -> str:
    """SHA-256 over the previous hash and every field of the event, in canonical JSON."""
    fields = {name: getattr(event, name) for name in _CHAINED}
    fields["at"] = event.at.isoformat()
    fields["actors"] = [str(event.actor_user_id), str(event.actor_key_id), event.request_id]
    body = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256((event.previous_hash + body).encode()).hexdigest()


@event.listens_for(Session, "before_commit")
def _write_queued(session: Session) -> None:
    if session.in_nested_transaction() or not session.info.get("audit"):
        return
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    newest = session.execute(
        select(AuditEvent.number, AuditEvent.hash).order_by(AuditEvent.number.desc()).limit(1)
    ).first()
    number, previous = (newest.number, newest.hash) if newest else (0, GENESIS)
    for queued in session.info.pop("audit"):
        number += 1
        queued.event.number, queued.event.previous_hash, queued.event.at = number, previous, utc_now()
        queued.event.hash = previous = chain_hash(queued.event)
        session.add(queued.event)


@event.listens_for(Session, "after_soft_rollback")
def _drop_rolled_back(session: Session, ended: SessionTransaction) -> None:
    """A savepoint that is rolled back takes its own events with it, and leaves those queued before it."""
    if ended.nested:
        session.info["audit"] = [q for q in session.info.get("audit", []) if ended not in q.savepoints]
    else:
        session.info.pop("audit", None)


def _savepoints(session: Session) -> list[SessionTransaction]:
    """The savepoints that an event is in, the innermost first: whichever is rolled back takes it along."""
    found, innermost = [], session.get_nested_transaction()
    while innermost is not None and innermost.nested:
        found.append(innermost)
        innermost = innermost.parent
    return found


def _plain(value: Any) -> Any:
    """JSON-ready copy of `value`: what cannot be said in JSON is written as text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
        return [_plain(item) for item in items]
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value) if isinstance(value, (UUID, Decimal)) else value
