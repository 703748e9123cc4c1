"""Whether a programme is full: live referral lines reach its capacity. Read, never stored.

Lines belong to a feature above this one, so their table is called by its name, as a foreign key would call it.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Select, String, Uuid, column, func, select, table
from sqlalchemy.orm import Session

from app.pairings.models import Pairing
from app.programmes.models import Programme

ENGAGED = ("taken_up", "in_delivery")
_LINE = table("referral_line", column("pairing_id", Uuid()), column("status", String()))


def full(programme_ids: Collection[UUID] | None = None) -> Select[UUID]:
    """Select the programmes, of all or of those named, that have no place for one more recipient."""
    carried = select(Pairing.programme_id).join(_LINE, _LINE.c.pairing_id == Pairing.id)
    carried = carried.join(Programme, Programme.id == Pairing.programme_id).where(_LINE.c.status.in_(ENGAGED))
    if programme_ids is not None:
        carried = carried.where(Pairing.programme_id.in_(programme_ids))
    grouped = carried.group_by(Pairing.programme_id, Programme.capacity)
    return grouped.having(func.count() >= Programme.capacity)


def full_now(session: Session, programme_ids: Collection[UUID] | None = None) -> frozenset[UUID]:
    """The ids of the programmes that are full."""
    return frozenset(session.scalars(full(programme_ids)))


def engaged(session: Session, programme_id: UUID) -> int:
    """How many recipients a programme serves at present."""
    lines = select(func.count()).select_from(Pairing).join(_LINE, _LINE.c.pairing_id == Pairing.id)
    carried = lines.where(Pairing.programme_id == programme_id, _LINE.c.status.in_(ENGAGED))
    return session.scalar(carried) or 0
