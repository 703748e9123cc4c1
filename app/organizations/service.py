"""What can be done to an organization. Each function is one use case and leaves one audit event."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app.access.models import ApiKey, User
from app.audit import service as audit
from app.core.actor import Actor, Role
from app.core.db import utc_now
from app.core.errors import Conflict, Invalid
from app.organizations.models import (
    BuiltIn,
    Group,
    GroupMember,
    Membership,
    Organization,
    OrganizationKindChange,
)
from app.organizations.queries import is_member, named
from app.organizations.roles import suits
from app.organizations.schemas import MemberIn, OrganizationIn, OrganizationPatch
from app.vocabularies.queries import check_code

_BUILT_IN = {BuiltIn.PARTNERS: "All organizations that run programmes", BuiltIn.DONORS: "All delegations"}


def create(session: Session, actor: Actor, values: OrganizationIn) -> Organization:
    """Store an organization. Raises Conflict when its reference is taken, Invalid for what does not exist."""
    organization = Organization(ref=values.ref)
    _apply(session, organization, values.model_dump(exclude={"members"}), values.members)
    _save(session, organization)
    audit.record(session, actor, "organization.created", organization, after=_facts(organization))
    return organization


def update(session: Session, actor: Actor, organization: Organization, values: OrganizationPatch) -> Organization:
    """Change the fields that were sent. Raises as `create` does."""
    before = _facts(organization)
    sent = values.model_dump(exclude_unset=True, exclude={"members"})
    _apply(session, organization, sent, values.members if "members" in values.model_fields_set else None)
    _require_suitable(session, organization)
    _save(session, organization)
    after = _facts(organization)
    if after["kind"] != before["kind"]:
        session.add(OrganizationKindChange(organization_id=organization.id, was=before["kind"], at=utc_now()))
    if changed := [name for name in after if after[name] != before[name]]:
        old, new = ({name: side[name] for name in changed} for side in (before, after))
        audit.record(session, actor, "organization.changed", organization, old, new)
    return organization


def merge(session: Session, actor: Actor, organization: Organization, into_ref: str) -> Organization:
    """Mark a duplicate as merged into another record; its history stays with it.

    Its memberships of groups end today. Raises Conflict while accounts or keys belong to it, because
    what they may see does not pass on, and Invalid when it would be merged into itself or a merged one.
    """
    into = named(session, into_ref, "/into")
    if into is organization:
        raise Invalid.field("/into", "An organization cannot be merged into itself")
    if organization.merged_into is not None:
        raise Conflict(f"{organization.ref} was merged into {organization.merged_into.ref} already")
    if _roles_in_use(session, organization):
        raise Conflict(f"Move or disable the accounts and revoke the keys of {organization.ref} first")
    organization.merged_into = into
    now = utc_now()
    own = GroupMember.organization_id == organization.id
    for member in session.scalars(select(GroupMember).where(own, is_member(now))):
        member.until_on, member.ended_at = now.date(), now
    session.flush()
    audit.record(session, actor, "organization.merged", organization, after={"merged_into": into.ref})
    return organization


def ensure_built_in_groups(session: Session) -> None:
    """Make the groups `partners` and `donors` where they are missing; run at every `init`."""
    known = set(session.scalars(select(Group.built_in).where(Group.built_in.is_not(None))))
    for built_in, name in _BUILT_IN.items():
        if built_in not in known:
            session.add(Group(ref=built_in.value, name=name, built_in=built_in))
    session.flush()


def _apply(
    session: Session, organization: Organization, sent: dict[str, Any], members: Sequence[MemberIn] | None
) -> None:
    if "parent" in sent:
        parent_ref = sent.pop("parent")
        organization.parent = named(session, parent_ref, "/parent") if parent_ref else None
        if any(above is organization for above in _above(organization)):
            raise Invalid.field("/parent", f"{organization.ref} would then stand above itself")
    check_code(session, "language", sent.get("correspondence_language"), "/correspondence_language")
    if members is not None:
        _set_members(session, organization, members)
    for name, value in sent.items():
        setattr(organization, name, value)


def _above(organization: Organization) -> Iterator[Organization]:
    seen: set[int] = set()
    above = organization.parent
    while above is not None and id(above) not in seen:
        seen.add(id(above))
        yield above
        above = above.parent


def _set_members(session: Session, organization: Organization, members: Sequence[MemberIn]) -> None:
    """Make the list of member States as given: unchanged rows are kept, the others replaced."""
    for place, member in enumerate(members):
        check_code(session, "country", member.country, f"/members/{place}/country")
        if member.from_on and member.until_on and member.until_on < member.from_on:
            raise Invalid.field(f"/members/{place}/until", "`until` is not before `from`")
    if len({(member.country, member.from_on) for member in members}) < len(members):
        raise Invalid.field("/members", "A State is named twice from the same day")
    before = _member_facts(organization.members)
    kept = {(row.country_code, row.from_on): row for row in organization.members}
    rows = []
    for member in members:
        row = kept.get((member.country, member.from_on)) or Membership()
        row.country_code, row.from_on, row.until_on = member.country, member.from_on, member.until_on
        row.source, row.note = member.source, member.note
        rows.append(row)
    organization.members = rows
    if organization.id is not None and _member_facts(rows) != before:
        flag_modified(organization, "name")  # so that the version, and with it the ETag, counts the list


def _save(session: Session, organization: Organization) -> None:
    try:
        with session.begin_nested():
            session.add(organization)
            session.flush()
    except IntegrityError:
        raise Conflict(f"There is an organization {organization.ref} already") from None


def _roles_in_use(session: Session, organization: Organization) -> set[Role]:
    """The roles of its accounts and keys."""
    accounts = select(User.role).where(User.organization_id == organization.id, User.disabled_at.is_(None))
    keys = select(ApiKey.role).where(ApiKey.organization_id == organization.id, ApiKey.revoked_at.is_(None))
    with session.no_autoflush:
        return {*session.scalars(accounts.distinct()), *session.scalars(keys.distinct())}


def _require_suitable(session: Session, organization: Organization) -> None:
    """Raise Conflict when the organization has become of a kind that its accounts and keys do not suit."""
    for role in _roles_in_use(session, organization):
        if not suits(organization.kind, role):
            raise Conflict(f"{organization.ref} has accounts or keys of the role {role}; close those first")


def _facts(organization: Organization) -> dict[str, Any]:
    """What the audit trail keeps of an organization."""
    columns = {column.key: getattr(organization, column.key) for column in Organization.__table__.columns}
    for name in ("id", "created_at", "version"):
        del columns[name]
    return {**columns, "members": _member_facts(organization.members)}


def _member_facts(members: Sequence[Membership]) -> list[list[Any]]:
    ordered = sorted(members, key=lambda member: (member.country_code, str(member.from_on)))
    return [[each.country_code, each.from_on, each.until_on, each.source, each.note] for each in ordered]
