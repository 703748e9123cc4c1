"""An audit event for what was only read: a print, an export. In a transaction of its own, before the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.audit import service as audit
from app.core.actor import Actor
from app.core.db import SessionFactory


@dataclass(frozen=True, slots=True)
class Print:
    """What left the house: the kind and reference of what it shows, such as ("briefing", "2026-11")."""

    id: str
    ref: str | None = None


def note(
    open_session: SessionFactory,
    actor: Actor,
    action: str,
    subject: Print,
    told: Mapping[str, Any],
    request_id: str = "",
) -> None:
    """Leave `action` in the audit trail, such as `file.printed`, with `told` about it (recipient, marking, form).

    A request that reads holds no write lock, so this opens and commits a transaction. If it fails, so does the
    request: nothing leaves without its event.
    """
    with open_session(True) as session, session.begin():
        session.info["request_id"] = request_id
        audit.record(session, actor, action, subject, after=told)
