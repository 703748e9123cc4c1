"""Every SELECT on held acts. Officers see all of them, nobody else sees any."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, func, select
from sqlalchemy.orm import Session

from app.access.clearances.models import Clearance
from app.access.clearances.schemas import ClearanceFilter, ClearanceOut, ClearanceState
from app.access.models import ApiKey, User
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.http import etag_of
from app.core.paging import Found, Key, Paging, paginate

ORDER = (Key(Clearance.asked_at, descending=True), Key(Clearance.id))
_STATES: dict[ClearanceState, ColumnElement[bool]] = {
    ClearanceState.WAITING: Clearance.decided_at.is_(None),
    ClearanceState.CLEARED: Clearance.cleared.is_(True),
    ClearanceState.REFUSED: Clearance.cleared.is_(False),
}


def visible(actor: Actor) -> Select[Clearance]:
    return select(Clearance) if actor.is_cted else select(Clearance).where(false())


def search(session: Session, actor: Actor, wanted: ClearanceFilter) -> Found:
    """One page of held acts, newest first."""
    statement = visible(actor)
    if wanted.state:
        statement = statement.where(_STATES[wanted.state])
    return paginate(session, statement, ORDER, Paging(wanted.limit, wanted.cursor, wanted.count))


def get(session: Session, actor: Actor, clearance_id: UUID) -> Clearance:
    """Return a held act. Raises NotFound."""
    found = session.scalar(visible(actor).where(Clearance.id == clearance_id))
    if found is None:
        raise NotFound("There is no such act waiting for clearance")
    return found


def waiting(session: Session, actor: Actor) -> int:
    """How many acts wait for a second officer."""
    held = visible(actor).where(_STATES[ClearanceState.WAITING])
    return session.scalar(held.with_only_columns(func.count())) or 0


def waiting_about(session: Session, actor: Actor, about: str) -> list[Clearance]:
    """The acts that wait and are about one record, by its reference."""
    held = visible(actor).where(_STATES[ClearanceState.WAITING], Clearance.about == about)
    return list(session.scalars(held.order_by(Clearance.asked_at)))


def shown(session: Session, clearances: Sequence[Clearance]) -> list[ClearanceOut]:
    """Held acts as officers read them, with the accounts' names."""
    ids = {identity for each in clearances for identity in (each.asked_by_id, each.decided_by_id) if identity}
    rows = session.execute(select(User.id, User.email).where(User.id.in_(ids))).all()
    emails: dict[UUID | None, str] = {row.id: row.email for row in rows}
    return [
        ClearanceOut(
            **{name: getattr(each, name) for name in ClearanceOut.model_fields if name not in _MADE},
            etag=etag_of(each.version),
            state=_state_of(each),
            asked_by=emails.get(each.asked_by_id),
            decided_by=emails.get(each.decided_by_id),
        )
        for each in clearances
    ]


def account_of(session: Session, actor: Actor) -> UUID | None:
    """The account that acts: its own, or the one that issued the key, or the key by which that was issued."""
    if actor.user_id or actor.key_id is None:
        return actor.user_id
    key = session.get(ApiKey, actor.key_id)
    while key and key.created_by_id is None and key.created_by_key_id:
        key = session.get(ApiKey, key.created_by_key_id)
    return key.created_by_id if key else None


_MADE = {"etag", "state", "asked_by", "decided_by"}


def _state_of(clearance: Clearance) -> ClearanceState:
    if clearance.cleared is None:
        return ClearanceState.WAITING
    return ClearanceState.CLEARED if clearance.cleared else ClearanceState.REFUSED
