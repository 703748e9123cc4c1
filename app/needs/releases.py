"""The consent ledger: recording, extending, completing and withdrawing a State's permission to show a need."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Conflict, Invalid
from app.needs import silence
from app.needs.granting import add_consents, granted, missing_consents, revision_of, states_of
from app.needs.models import Basis, Ending, Need, NeedRevision, NeedStatus, Release
from app.needs.release_schemas import (
    AssessmentReleaseIn,
    Audience,
    Consent,
    ExtensionIn,
    Objection,
    ReleaseIn,
    Withdrawal,
)
from app.needs.shown import as_released
from app.needs.silence_models import SilenceAgreement
from app.organizations.models import Group, Organization

__all__ = ["missing_consents", "states_of"]
SILENCE_WORKING_DAYS = 5  # practice of the 1540 Committee; the setting says what is in force
_UNSAID = Withdrawal()


def record_release(
    session: Session,
    actor: Actor,
    need: Need,
    wanted: ReleaseIn,
    silence_days: int = SILENCE_WORKING_DAYS,
    cleared_by_id: UUID | None = None,
) -> Release:
    """Record that the State lets an audience see a revision of `need`; returns the release.

    Raises Invalid for an unknown audience, revision or State, dates that a basis does not allow, or silence
    where the State did not agree to the procedure.
    """
    if need.merged_into_id:
        raise Conflict(f"{need.ref} was merged into another need; release that one")
    release = granted(session, actor, need, wanted, silence_days)
    release.cleared_by_id = cleared_by_id
    session.add(release)
    session.flush()
    audit.record(session, actor, "release.recorded", need, after=_facts(release, wanted.audience))
    return release


def extend(
    session: Session,
    actor: Actor,
    need: Need,
    release: Release,
    wanted: ExtensionIn,
    silence_days: int = SILENCE_WORKING_DAYS,
    cleared_by_id: UUID | None = None,
) -> Release:
    """Record that the same audience may see a newer revision, on its own basis, as a new line of the ledger.

    The line that is extended shows its text until the new one is in force, and nothing after it. Raises Conflict
    for a line that ended or is extended already, Invalid for a revision that is no newer.
    """
    _require_extendable(session, need, release)
    asked = asked_again(session, release, wanted)
    if (asked.revision or need.revision) <= release.revision:
        raise Invalid.field("/revision", f"This release shows revision {release.revision}; name a newer one")
    new = granted(session, actor, need, asked, silence_days)
    new.extends_id, new.cleared_by_id = release.id, cleared_by_id
    _keep_since(session, need, release, new)
    session.add(new)
    _take_over(new, release)
    session.flush()
    after = {**_facts(new, asked.audience), "extends": release.id}
    audit.record(session, actor, "release.extended", need, {"revision": release.revision}, after)
    return new


def asked_again(session: Session, release: Release, wanted: ExtensionIn) -> ReleaseIn:
    """What an extension asks for, as a release to the same audience; an end that is left unsaid is kept."""
    if release.group_id:
        audience = Audience(group=session.get_one(Group, release.group_id).ref)
    else:
        audience = Audience(organization=session.get_one(Organization, release.organization_id).ref)
    return ReleaseIn(
        audience=audience,
        excepted=[exception.organization.ref for exception in release.exceptions],
        fields=release.fields,
        basis=wanted.basis,
        reference=wanted.reference,
        document_url=wanted.document_url,
        revision=wanted.revision,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at if "ends_at" in wanted.model_fields_set else release.ends_at,
        consents=wanted.consents,
    )


def add_consent(session: Session, actor: Actor, need: Need, release: Release, consent: Consent) -> Release:
    """Record one more State's consent; the last one puts the release in force."""
    if release.withdrawn_at:
        raise Conflict("This release was withdrawn; record a new one")
    add_consents(release, [consent], _states_then(session, need, release), utc_now())
    if release.extends_id:
        _take_over(release, session.get_one(Release, release.extends_id))
    after = {"release": release.id, "consent": consent.country, "reference": consent.reference}
    audit.record(session, actor, "release.consented", need, after=after)
    return release


def withdraw(
    session: Session,
    actor: Actor,
    need: Need,
    release: Release,
    why: Withdrawal = _UNSAID,
    ending: Ending = Ending.WITHDRAWN,
) -> None:
    """End a release at once, as its State wishes, with every line that it extends or that extends it.

    An extension that is not in force yet ends alone: what it would have replaced stays. Withdrawing twice
    changes nothing.
    """
    now = utc_now()
    for line in (*_extending(session, release), release, *_replaced(session, release, now)):
        if line.withdrawn_at is None:
            line.withdrawn_at, line.withdrawn_by_id, line.ending = now, actor.user_id, ending
            line.ending_reference, line.ending_note = why.reference, why.note
            line.ending_url = why.document_url or None
            line.ending_country = why.country if isinstance(why, Objection) else None
            session.flush()
            after = {"release": line.id, "ending": ending, **why.model_dump(exclude_defaults=True)}
            audit.record(session, actor, "release.withdrawn", need, after=after)
    _let_stand(session, release, now)


def object_to(session: Session, actor: Actor, need: Need, release: Release, objection: Objection) -> None:
    """Record that a State broke the silence: the procedure's release is withdrawn.

    Raises Conflict where the basis is no silence procedure, Invalid for a State that the need does not name.
    """
    if release.basis is not Basis.SILENCE:
        raise Conflict("An objection ends a silence procedure; withdraw this release instead")
    states = _states_then(session, need, release)
    if objection.country and objection.country not in states:
        message = f"{objection.country} is no State of this need; its States are {', '.join(states)}"
        raise Invalid.field("/country", message)
    withdraw(session, actor, need, release, objection, Ending.OBJECTION)


def withdraw_all(session: Session, actor: Actor, need: Need, why: Withdrawal = _UNSAID) -> list[Release]:
    """End every release of a need, as its State wishes; returns those that ended now."""
    return _end_each(session, actor, need, why, Ending.WITHDRAWN)


def end_all(session: Session, actor: Actor, need: Need) -> None:
    """Withdraw every release of a need that is merged: they never pass to the other need."""
    _end_each(session, actor, need, _UNSAID, Ending.MERGER)


def end_agreement(session: Session, actor: Actor, agreement: SilenceAgreement, reference: str) -> SilenceAgreement:
    """Record that a State no longer agrees to the silence procedure; those that still run for it are withdrawn.

    What came into force by silence stays until it is withdrawn. Ending twice changes nothing.
    """
    if agreement.ended_at is None:
        silence.end(session, actor, agreement, reference)
        note = f"{agreement.code} no longer agrees to the silence procedure"
        for release, need in _running_procedures(session, agreement.code):
            withdraw(session, actor, need, release, Withdrawal(reference=reference, note=note), Ending.OBJECTION)
    return agreement


def record_for_assessment(
    session: Session,
    actor: Actor,
    needs: Sequence[Need],
    wanted: AssessmentReleaseIn,
    silence_days: int = SILENCE_WORKING_DAYS,
    cleared_by_id: UUID | None = None,
) -> list[Release]:
    """Record one act of consent for several needs of an assessment: all of them, or none.

    Where none was chosen, drafts and merged needs are left out. Each need takes the consents of its own States.
    Raises Invalid where nothing is left, or for a consent of a State that none of them has.
    """
    chosen = [need for need in needs if wanted.needs is not None or is_releasable(need)]
    if not chosen:
        raise Invalid.field("/needs", "This assessment has no need to release; open one first")
    states = {need.ref: _states_now(session, need, wanted.revisions.get(need.ref)) for need in chosen}
    named = {state for own in states.values() for state in own}
    for n, consent in enumerate(wanted.consents):
        if consent.country not in named:
            raise Invalid.field(f"/consents/{n}/country", f"{consent.country} is no State of these needs")
    return [
        record_release(session, actor, need, wanted.of(need.ref, states[need.ref]), silence_days, cleared_by_id)
        for need in chosen
    ]


def is_releasable(need: Need) -> bool:
    """Whether an act for all needs of an assessment takes this one in."""
    return need.status is not NeedStatus.DRAFT and need.merged_into_id is None


def _end_each(session: Session, actor: Actor, need: Need, why: Withdrawal, ending: Ending) -> list[Release]:
    own = select(Release).where(Release.need_id == need.id, Release.withdrawn_at.is_(None))
    releases = list(session.scalars(own))
    for release in releases:
        withdraw(session, actor, need, release, why, ending)
    return releases


def _extending(session: Session, release: Release) -> list[Release]:
    """The lines that extend a release, the newest first."""
    standing = select(Release).where(Release.extends_id == release.id, Release.withdrawn_at.is_(None))
    extension = session.scalar(standing)
    return [*_extending(session, extension), extension] if extension else []


def _replaced(session: Session, release: Release, now: datetime) -> list[Release]:
    """The lines whose place a release took, which it keeps from showing anything again."""
    replaced = _extended_by(session, release)
    if replaced is None or replaced.superseded_at is None or replaced.superseded_at > now:
        return []
    return [replaced, *_replaced(session, replaced, now)]


def _let_stand(session: Session, release: Release, now: datetime) -> None:
    """An extension that ends before it is in force leaves what was consented to before."""
    extended = _extended_by(session, release)
    if extended and extended.superseded_at and extended.superseded_at > now:
        extended.superseded_at = None


def _extended_by(session: Session, release: Release) -> Release | None:
    return session.get(Release, release.extends_id) if release.extends_id else None


def _require_extendable(session: Session, need: Need, release: Release) -> None:
    if need.merged_into_id:
        raise Conflict(f"{need.ref} was merged into another need; release that one")
    if release.withdrawn_at or (release.ends_at and release.ends_at <= utc_now()):
        raise Conflict("This release has ended; record a new one")
    standing = (Release.extends_id == release.id) & Release.withdrawn_at.is_(None)
    if session.scalar(select(Release.id).where(standing)):
        raise Conflict("This release is extended already; extend or withdraw the line that does it")


def _take_over(new: Release, old: Release) -> None:
    """Say from when the new line stands in the old one's place: from when it is in force."""
    if new.complete_at:
        old.superseded_at = max(new.starts_at, new.recorded_at, new.complete_at)


def _keep_since(session: Session, need: Need, old: Release, new: Release) -> None:
    """Where both revisions show this audience the same, the day on which it was shown otherwise stays."""
    before, after = (
        as_released(need, revision_of(session, need, line.revision), line.fields).etag for line in (old, new)
    )
    if before == after and old.complete_at:
        new.same_since_at = old.same_since_at or max(old.starts_at, old.recorded_at, old.complete_at)


def _running_procedures(session: Session, state: str) -> list[tuple[Release, Need]]:
    """Silence procedures whose days are not over, of needs that are a State's."""
    waiting = select(Release, Need).join(Need, Need.id == Release.need_id)
    waiting = waiting.where(
        Release.basis == Basis.SILENCE, Release.withdrawn_at.is_(None), Release.starts_at > utc_now()
    )
    found = session.execute(waiting).all()
    return [(row.Release, row.Need) for row in found if state in _states_then(session, row.Need, row.Release)]


def _states_then(session: Session, need: Need, release: Release) -> list[str]:
    return states_of(session, revision_of(session, need, release.revision), release.recorded_at.date())


def _states_now(session: Session, need: Need, number: int | None) -> list[str]:
    revision: NeedRevision = revision_of(session, need, number)
    return states_of(session, revision, utc_now().date())


def _facts(release: Release, audience: Audience) -> dict[str, object]:
    return {
        "release": release.id,
        "revision": release.revision,
        "audience": audience.group or audience.organization,
        "fields": release.fields,
        "basis": release.basis,
        "reference": release.reference,
        "document_url": release.document_url,
        "from": release.starts_at,
        "until": release.ends_at,
        "cleared_by": release.cleared_by_id,
    }
