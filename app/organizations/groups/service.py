"""What can be done to a group. Its past stays as it was: what was visible to whom on a day can be asked later."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app.audit import service as audit
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Conflict, Invalid
from app.organizations.groups.schemas import GroupIn, GroupMemberIn, GroupPatch
from app.organizations.models import Group, GroupMember, Organization
from app.organizations.queries import named


def create(session: Session, actor: Actor, values: GroupIn) -> Group:
    """Store a group. Raises Conflict when its reference is taken, Invalid for an unknown organization."""
    group = Group(ref=values.ref, name=values.name)
    _set_members(session, group, values.members)
    try:
        with session.begin_nested():
            session.add(group)
            session.flush()
    except IntegrityError:
        raise Conflict(f"There is a group {values.ref} already") from None
    audit.record(session, actor, "group.created", group, after=_facts(group))
    return group


def update(session: Session, actor: Actor, group: Group, values: GroupPatch) -> Group:
    """Rename a group or set its members. Raises Conflict for a built-in one, Invalid for a change of the past."""
    if group.built_in:
        raise Conflict(f"The group {group.ref} follows the organizations' kinds; change these instead")
    before = _facts(group)
    if "members" in values.model_fields_set:
        _set_members(session, group, values.members)
        flag_modified(group, "name")  # so that the version, and with it the ETag, counts the list
    if "name" in values.model_fields_set:
        group.name = values.name
    session.flush()
    audit.record(session, actor, "group.changed", group, before, _facts(group))
    return group


def _set_members(session: Session, group: Group, wanted: Sequence[GroupMemberIn]) -> None:
    today = utc_now().date()
    named_rows = [_member(session, group, member, f"/members/{n}", today) for n, member in enumerate(wanted)]
    if len({id(row) for row in named_rows}) < len(named_rows):
        raise Invalid.field("/members", "An organization is named twice from the same day")
    for row in [row for row in group.members if row not in named_rows]:
        _end(group, row, utc_now())
    group.members.extend(row for row in named_rows if row not in group.members)


def _member(session: Session, group: Group, wanted: GroupMemberIn, pointer: str, today: date) -> GroupMember:
    """Return the row that `wanted` speaks of: the one that runs, the one from that day, or a new one."""
    organization = named(session, wanted.organization, f"{pointer}/organization")
    found = _existing(group, organization, wanted, today)
    if wanted.until_on and wanted.until_on < (found.from_on if found else wanted.from_on or today):
        raise Invalid.field(f"{pointer}/until", "`until` is not before `from`")
    if found is None:
        if wanted.from_on and wanted.from_on < today:
            raise Invalid.field(f"{pointer}/from", "A membership cannot begin in the past")
        begins = wanted.from_on or today
        return GroupMember(organization=organization, from_on=begins, until_on=wanted.until_on)
    if wanted.until_on != found.until_on:
        if _is_over(found, today) or (wanted.until_on or today) < today:
            raise Invalid.field(f"{pointer}/until", "What a membership was in the past cannot be changed")
        found.until_on = wanted.until_on
        found.ended_at = utc_now() if wanted.until_on == today else None
    return found


def _existing(group: Group, organization: Organization, wanted: GroupMemberIn, today: date) -> GroupMember | None:
    """The row from that day, the very one where there are several; without a day the one that runs."""
    own = [row for row in group.members if row.organization is organization]
    if wanted.from_on is None:
        return next((row for row in own if row.from_on <= today and not _is_over(row, today)), None)
    of_day = [row for row in own if row.from_on == wanted.from_on]
    same = [row for row in of_day if row.until_on == wanted.until_on]
    return next(iter(same or [row for row in of_day if not _is_over(row, today)] or of_day), None)


def _is_over(row: GroupMember, today: date) -> bool:
    return row.until_on is not None and row.until_on <= today


def _end(group: Group, row: GroupMember, now: datetime) -> None:
    """A membership that has not begun is dropped, one that runs ends now, one that ended stays as it was."""
    if row.from_on > now.date():
        group.members.remove(row)
    elif not _is_over(row, now.date()):
        row.until_on, row.ended_at = now.date(), now


def _facts(group: Group) -> dict[str, Any]:
    members = [[row.organization.ref, row.from_on, row.until_on] for row in group.members]
    return {"ref": group.ref, "name": group.name, "members": members}
