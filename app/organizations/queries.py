"""Every SELECT on organizations. Who is signed in may read all of them."""

from datetime import date, datetime
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, case, func, or_, select, union
from sqlalchemy.orm import Session, joinedload

from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Invalid, NotFound
from app.core.fields import is_storable
from app.core.http import etag_of
from app.core.paging import Found, Key, Paging, paginate
from app.organizations.models import (
    BuiltIn,
    Group,
    GroupMember,
    Membership,
    Organization,
    OrganizationKind,
    OrganizationKindChange,
)
from app.organizations.schemas import MemberOut, OrganizationFilter, OrganizationItem, OrganizationOut

ORDER = (Key(Organization.ref),)
KINDS_OF = {
    BuiltIn.PARTNERS: (OrganizationKind.IMPLEMENTER, OrganizationKind.BOTH),
    BuiltIn.DONORS: (OrganizationKind.DONOR, OrganizationKind.BOTH),
}


def visible(actor: Actor) -> Select[Organization]:
    """Everybody who is signed in may see every organization."""
    return select(Organization)


def search(session: Session, actor: Actor, wanted: OrganizationFilter, paging: Paging) -> Found:
    """One page of organizations by reference."""
    statement = visible(actor).options(joinedload(Organization.parent), joinedload(Organization.merged_into))
    if wanted.q:
        named = (column.icontains(wanted.q, autoescape=True) for column in (Organization.ref, Organization.name))
        statement = statement.where(or_(*named))
    if wanted.kind:
        statement = statement.where(Organization.kind.in_(wanted.kind))
    if wanted.level:
        statement = statement.where(Organization.level.in_(wanted.level))
    if wanted.member is not None:
        statement = statement.where(Organization.id.in_(_with_member(wanted.member, utc_now().date())))
    return paginate(session, statement, ORDER, paging)


def get(session: Session, actor: Actor, ref: str) -> Organization:
    """Return the organization called `ref`. Raises NotFound."""
    if is_storable(ref) and (found := session.scalar(visible(actor).where(Organization.ref == ref))):
        return found
    raise NotFound("There is no such organization")


def by_ref(session: Session, ref: str) -> Organization | None:
    """Return the organization called `ref`, or None, for a service that says itself what is wrong."""
    return session.scalar(select(Organization).where(Organization.ref == ref)) if is_storable(ref) else None


def named(session: Session, ref: str, pointer: str) -> Organization:
    """Return the organization that a body names. Raises Invalid, with the nearest ones, or if it was merged."""
    found = by_ref(session, ref)
    if found is None:
        folded = {known.casefold(): known for known in session.scalars(select(Organization.ref))}
        near = [folded[name] for name in get_close_matches(ref.casefold()[:60], folded, cutoff=0.5)]
        hint = f"; the nearest: {', '.join(near)}" if near else ""
        raise Invalid.field(pointer, f"There is no organization {ref[:60]!r}{hint}")
    if found.merged_into is not None:
        raise Invalid.field(pointer, f"{ref} was merged into {found.merged_into.ref}; name that one")
    return found


def shown(organization: Organization) -> OrganizationOut:
    in_order = sorted(organization.members, key=lambda member: (member.country_code, member.from_on or date.min))
    members = [MemberOut.model_validate(_member(member)) for member in in_order]
    return OrganizationOut(**listed(organization).model_dump(), members=members)


def listed(organization: Organization) -> OrganizationItem:
    plain = {name: getattr(organization, name) for name in OrganizationItem.model_fields if name not in _MADE}
    return OrganizationItem(
        **plain,
        parent=organization.parent.ref if organization.parent else None,
        merged_into=organization.merged_into.ref if organization.merged_into else None,
        etag=etag_of(organization.version),
    )


_MADE = {"parent", "merged_into", "etag"}


def groups_of(organization_id: UUID, at: datetime, past: bool = False) -> CompoundSelect[UUID]:
    """Select the ids of the groups that an organization belongs to at `at`.

    Dated membership is as `is_member` says; the built-in groups follow the organization's kind, with `past`
    the one that it was of then.
    """
    dated = select(GroupMember.group_id).where(GroupMember.organization_id == organization_id, is_member(at))
    kind = kind_at(at) if past else Organization.kind
    by_kind = [and_(Group.built_in == name, kind.in_(kinds)) for name, kinds in KINDS_OF.items()]
    built_in = select(Group.id).join(Organization, Organization.id == organization_id).where(or_(*by_kind))
    return union(dated, built_in)


def members_at(group: Group, at: datetime, past: bool = False) -> Select[Organization]:
    """Select the organizations that belong to a group at `at`: `groups_of` read from the other side."""
    if group.built_in:
        kind = kind_at(at) if past else Organization.kind
        return select(Organization).where(kind.in_(KINDS_OF[group.built_in]))
    dated = select(GroupMember.organization_id).where(GroupMember.group_id == group.id, is_member(at))
    return select(Organization).where(Organization.id.in_(dated))


def is_member(at: datetime) -> ColumnElement[bool]:
    """Whether a dated membership of a group is in force at `at`, to the moment: it may have ended within a day."""
    day = at.date()
    not_over = or_(
        GroupMember.until_on.is_(None),
        GroupMember.until_on > day,
        and_(GroupMember.until_on == day, GroupMember.ended_at > at),
    )
    return and_(GroupMember.from_on <= day, GroupMember.added_at <= at, not_over)


def kind_at(at: datetime) -> ColumnElement[OrganizationKind]:
    """The kind that an organization was of at `at`: what the first change after it says, or else today's.

    NULL before the organization was stored.
    """
    change = OrganizationKindChange
    later = select(change.was).where(change.organization_id == Organization.id, change.at > at)
    first = later.order_by(change.at, change.id).limit(1).correlate(Organization).scalar_subquery()
    return case((Organization.created_at <= at, func.coalesce(first, Organization.kind)))


def states_in(organization_id: UUID, on: date) -> Select[str]:
    """Select the codes of the member States of a body on a day."""
    members = (Membership.organization_id == organization_id) & _is_state(on)
    return select(Membership.country_code).where(members).distinct().order_by(Membership.country_code)


def has_members(session: Session, ref: str) -> bool:
    """Whether member States of a body are recorded, at whatever time."""
    return (
        session.scalar(select(Membership.id).join(Organization).where(Organization.ref == ref).limit(1))
        is not None
    )


def _is_state(on: date) -> ColumnElement[bool]:
    begun = or_(Membership.from_on.is_(None), Membership.from_on <= on)
    return begun & or_(Membership.until_on.is_(None), Membership.until_on > on)


def _with_member(country: str, on: date) -> Select[UUID]:
    of_state = Membership.country_code == (country if is_storable(country) else "")
    return select(Membership.organization_id).where(of_state, _is_state(on))


def _member(member: Membership) -> dict[str, Any]:
    dates = {"from_on": member.from_on, "until_on": member.until_on}
    return {"country": member.country_code, **dates, "source": member.source, "note": member.note}
