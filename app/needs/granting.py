"""Make a line of the consent ledger from what was asked for: audience, revision, dates and States' consents."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.calendar import add_working_days
from app.core.db import utc_now
from app.core.errors import FieldError, Invalid
from app.needs import silence
from app.needs.models import (
    Basis,
    Need,
    NeedCode,
    NeedRevision,
    Release,
    ReleaseConsent,
    ReleaseException,
)
from app.needs.release_schemas import Audience, Consent, ReleaseIn
from app.organizations import queries as organizations
from app.organizations.models import Group, Organization


def granted(session: Session, actor: Actor, need: Need, wanted: ReleaseIn, silence_days: int) -> Release:
    """The line that `wanted` asks for, not yet added. Raises Invalid for what does not exist or is not allowed."""
    now = utc_now()
    revision = revision_of(session, need, wanted.revision)
    release = Release(
        need_id=need.id,
        revision=revision.number,
        fields=wanted.fields,
        basis=wanted.basis,
        reference=wanted.reference,
        document_url=wanted.document_url or None,
        starts_at=_start(wanted, now, silence_days),
        ends_at=wanted.ends_at,
        recorded_at=now,
        recorded_by_id=actor.user_id,
        exceptions=_exceptions(session, wanted),
    )
    _set_audience(session, release, wanted.audience)
    _check_dates(release)
    states = states_of(session, revision, now.date())
    consents = list(wanted.consents)
    if wanted.basis is Basis.SILENCE:
        consents += silence.consents_by(session, states, {consent.country for consent in consents})
    add_consents(release, consents, states, now)
    return release


def add_consents(release: Release, consents: Sequence[Consent], states: list[str], now: datetime) -> None:
    """Record consents of States; the last one completes the release. Raises Invalid for another State."""
    recorded = {consent.code for consent in release.consents}
    for n, consent in enumerate(consents):
        if consent.country not in states:
            message = f"{consent.country} is no State of this need; its States are {', '.join(states) or 'none'}"
            raise Invalid(message, [FieldError(f"/consents/{n}/country", message)])
        if consent.country not in recorded:
            recorded.add(consent.country)
            release.consents.append(
                ReleaseConsent(
                    code=consent.country,
                    reference=consent.reference,
                    document_url=consent.document_url or None,
                    recorded_at=now,
                )
            )
    if release.complete_at is None and not missing_consents(release, states):
        release.complete_at = now


def missing_consents(release: Release, states: Iterable[str]) -> list[str]:
    """States of the released revision whose consent is not recorded; one State's is the release itself."""
    wanted = sorted(states)
    return [] if len(wanted) <= 1 else sorted(set(wanted) - {consent.code for consent in release.consents})


def states_of(session: Session, revision: NeedRevision, on: date) -> list[str]:
    """The States that have the gap: those named, or the members of the body on a day. A region names none."""
    if revision.members_of_id:
        return list(session.scalars(organizations.states_in(revision.members_of_id, on)))
    countries = (NeedCode.revision_id == revision.id) & (NeedCode.field == "countries")
    return list(session.scalars(select(NeedCode.code).where(countries)))


def revision_of(session: Session, need: Need, number: int | None) -> NeedRevision:
    """A kept revision of `need`, or the newest. Raises Invalid."""
    wanted = (NeedRevision.need_id == need.id) & (NeedRevision.number == (number or need.revision))
    if revision := session.scalar(select(NeedRevision).where(wanted)):
        return revision
    raise Invalid.field("/revision", f"{need.ref} has revisions 1 to {need.revision}")


def _start(wanted: ReleaseIn, now: datetime, silence_days: int) -> datetime:
    if wanted.basis is not Basis.SILENCE:
        return wanted.starts_at or now
    if wanted.starts_at is not None:
        raise Invalid.field("/from", "A silence procedure sets its own start; leave `from` out")
    last_day = add_working_days(now.date(), silence_days)
    return datetime.combine(last_day + timedelta(days=1), time(), UTC)


def _check_dates(release: Release) -> None:
    if release.ends_at is not None and release.ends_at <= release.starts_at:
        raise Invalid.field("/until", f"`until` must be after `from`, {release.starts_at:%Y-%m-%d %H:%M} UTC")


def _set_audience(session: Session, release: Release, audience: Audience) -> None:
    if audience.organization:
        release.organization_id = _organization(session, audience.organization, "/audience/organization").id
    elif release.basis is Basis.SILENCE:
        raise Invalid.field("/audience", "Silence is a basis only towards one named organization")
    else:
        release.group_id = _group_id(session, audience.group or "")


def _group_id(session: Session, ref: str) -> UUID:
    if group_id := session.scalar(select(Group.id).where(Group.ref == ref)):
        return group_id
    known = ", ".join(session.scalars(select(Group.ref).order_by(Group.ref)))
    raise Invalid.field("/audience/group", f"There is no group {ref!r}; there are {known}")


def _organization(session: Session, ref: str, pointer: str) -> Organization:
    if organization := organizations.by_ref(session, ref):
        return organization
    raise Invalid.field(pointer, f"There is no organization {ref!r}; give its acronym as in /organizations")


def _exceptions(session: Session, wanted: ReleaseIn) -> list[ReleaseException]:
    if wanted.excepted and wanted.audience.organization:
        raise Invalid.field("/except", "Only a release to a group has exceptions")
    found = [_organization(session, ref, f"/except/{n}") for n, ref in enumerate(wanted.excepted)]
    return [ReleaseException(organization_id=identity) for identity in dict.fromkeys(o.id for o in found)]
