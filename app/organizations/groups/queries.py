"""Every SELECT on groups. They belong to CTED: nobody else learns which exist or who is in them."""

from sqlalchemy import Select, false, select
from sqlalchemy.orm import Session, selectinload

from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import NotFound
from app.core.fields import is_storable
from app.core.http import etag_of
from app.core.paging import Found, Key, Paging, paginate
from app.organizations.groups.schemas import GroupMemberOut, GroupOut
from app.organizations.models import Group, GroupMember, Organization
from app.organizations.queries import members_at

ORDER = (Key(Group.ref),)


def visible(actor: Actor) -> Select[Group]:
    return select(Group) if actor.is_cted else select(Group).where(false())


def search(session: Session, actor: Actor, paging: Paging) -> Found:
    """One page of groups by reference."""
    with_members = selectinload(Group.members).joinedload(GroupMember.organization)
    return paginate(session, visible(actor).options(with_members), ORDER, paging)


def get(session: Session, actor: Actor, ref: str) -> Group:
    """Return the group called `ref`. Raises NotFound."""
    if is_storable(ref) and (found := session.scalar(visible(actor).where(Group.ref == ref))):
        return found
    raise NotFound("There is no such group")


def shown(session: Session, group: Group) -> GroupOut:
    members = _by_kind(session, group) if group.built_in else _dated(group)
    etag = etag_of(group.version)
    return GroupOut(ref=group.ref, name=group.name, built_in=group.built_in, members=members, etag=etag)


def _by_kind(session: Session, group: Group) -> list[GroupMemberOut]:
    today = members_at(group, utc_now()).order_by(Organization.ref)
    return [GroupMemberOut(organization=organization.ref) for organization in session.scalars(today)]


def _dated(group: Group) -> list[GroupMemberOut]:
    return [
        GroupMemberOut(organization=m.organization.ref, from_on=m.from_on, until_on=m.until_on)
        for m in sorted(group.members, key=lambda m: (m.organization.ref, m.from_on))
    ]
