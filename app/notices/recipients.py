"""Whom something concerns: always accounts, never an organization's mailboxes, never one that is disabled."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from app.access.models import ApiKey, User
from app.audit.models import AuditEvent
from app.core.actor import Actor, Role
from app.needs.models import Need

CTED = (Role.OFFICER, Role.ADMIN)
SYSTEM = Actor(Role.ADMIN, UUID(int=0), label="system")


@dataclass(frozen=True, slots=True)
class Thing:
    """What waits for whom. An account is told of one occasion of one thing once."""

    subject_id: UUID
    occasion: str
    users: Collection[UUID]


def actor_of(user: User) -> Actor:
    """Who an account is when it reads: what it may be told is what this actor sees."""
    return Actor(user.role, user.organization_id, user_id=user.id)


def accounts_of(session: Session, organization_ids: Collection[UUID], role: Role) -> set[UUID]:
    """The accounts of organizations that have one role."""
    own = _able().where(User.organization_id.in_(organization_ids), User.role == role)
    return set(session.scalars(own))


def officers_of(session: Session, need_ids: Collection[UUID]) -> set[UUID]:
    """Who answers for each need: its officer, else the deputy, else every officer, else every admin."""
    officer, deputy = aliased(User), aliased(User)
    rows = session.execute(
        select(officer.id, deputy.id)
        .select_from(Need)
        .outerjoin(officer, (officer.id == Need.responsible_id) & officer.disabled_at.is_(None))
        .outerjoin(deputy, (deputy.id == Need.deputy_id) & deputy.disabled_at.is_(None))
        .where(Need.id.in_(need_ids))
    ).all()
    named = {first or second for first, second in rows}
    found = {one for one in named if one is not None}
    return found | every_officer(session) if None in named else found


def every_officer(session: Session) -> set[UUID]:
    """All officers, or the admins where there is none."""
    officers = set(session.scalars(_able().where(User.role == Role.OFFICER)))
    return officers or set(session.scalars(_able().where(User.role == Role.ADMIN)))


def everybody_in_cted(session: Session) -> set[UUID]:
    return set(session.scalars(_able().where(User.role.in_(CTED))))


def is_by_cted(session: Session, event: AuditEvent) -> bool:
    """Whether an officer, an admin, the operator or the system did it, and not somebody outside CTED."""
    if event.actor_user_id is not None:
        return session.scalar(select(User.role).where(User.id == event.actor_user_id)) in CTED
    if event.actor_key_id is not None:
        return session.scalar(select(ApiKey.role).where(ApiKey.id == event.actor_key_id)) in CTED
    return True


def enabled(session: Session, ids: Iterable[UUID]) -> list[User]:
    """Those accounts that are not disabled, in a fixed order."""
    wanted = select(User).where(User.id.in_(list(ids)), User.disabled_at.is_(None)).order_by(User.email)
    return list(session.scalars(wanted))


def _able() -> Select[UUID]:
    return select(User.id).where(User.disabled_at.is_(None))
