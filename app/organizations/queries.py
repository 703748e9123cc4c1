"""Every SELECT on organizations and groups. Who is signed in may read all organizations."""

from datetime import date
from uuid import UUID

from sqlalchemy import CompoundSelect, Select, and_, or_, select, union
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.fields import is_storable
from app.organizations.models import BuiltIn, Group, GroupMember, Organization, OrganizationKind

_KINDS = {
    BuiltIn.PARTNERS: (OrganizationKind.IMPLEMENTER, OrganizationKind.BOTH),
    BuiltIn.DONORS: (OrganizationKind.DONOR, OrganizationKind.BOTH),
}


def visible(actor: Actor) -> Select[Organization]:
    """Everybody who is signed in may see every organization."""
    return select(Organization)


def get(session: Session, actor: Actor, ref: str) -> Organization:
    """Return the organization called `ref`. Raises NotFound."""
    if is_storable(ref) and (found := session.scalar(visible(actor).where(Organization.ref == ref))):
        return found
    raise NotFound("There is no such organization")


def by_ref(session: Session, ref: str) -> Organization | None:
    """Return the organization called `ref`, or None, for a service that says itself what is wrong."""
    return session.scalar(select(Organization).where(Organization.ref == ref)) if is_storable(ref) else None


def groups_of(organization_id: UUID, on: date) -> CompoundSelect[UUID]:
    """Select the ids of the groups that an organization belongs to on a day.

    Dated membership runs from `from_on` until before `until_on`; the built-in groups follow the
    organization's kind.
    """
    dated = select(GroupMember.group_id).where(
        GroupMember.organization_id == organization_id,
        GroupMember.from_on <= on,
        or_(GroupMember.until_on.is_(None), GroupMember.until_on > on),
    )
    by_kind = [
        and_(Group.built_in == built_in, Organization.kind.in_(kinds)) for built_in, kinds in _KINDS.items()
    ]
    built_in = select(Group.id).join(Organization, Organization.id == organization_id).where(or_(*by_kind))
    return union(dated, built_in)


def members_on(group: Group, on: date) -> Select[Organization]:
    """Select the organizations that belong to a group on a day: `groups_of` read from the other side."""
    if group.built_in:
        return select(Organization).where(Organization.kind.in_(_KINDS[group.built_in]))
    dated = select(GroupMember.organization_id).where(
        GroupMember.group_id == group.id,
        GroupMember.from_on <= on,
        or_(GroupMember.until_on.is_(None), GroupMember.until_on > on),
    )
    return select(Organization).where(Organization.id.in_(dated))
