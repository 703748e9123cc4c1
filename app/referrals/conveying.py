"""Convey accepted pairings to one organization in one letter, on a release of each need's newest text to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.audit import service as audit
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.needs import release_queries
from app.needs.models import Basis, Need, NeedStatus, Release, ReleaseFields
from app.needs.release_schemas import ReleaseIn
from app.needs.releases import missing_consents, record_release
from app.needs.sight import reaches
from app.organizations import queries as organizations
from app.organizations.models import Organization
from app.pairings import service as pairings
from app.pairings.models import Pairing, PairingStatus
from app.programmes import queries as programmes
from app.programmes.models import Programme, ProgrammeKind
from app.referrals import queries
from app.referrals.models import Advisory, AdvisoryAcknowledgement, Referral, ReferralLine
from app.referrals.schemas import ReferralIn, ReleaseBasis


@dataclass(frozen=True, slots=True)
class Letter:
    """What a letter would hold, checked: the pairings in order, and each need once."""

    organization: Organization
    pairings: Sequence[Pairing]
    needs: Sequence[Need]
    funds: Sequence[Programme]
    co_implementers: Sequence[Organization]
    advisories: Sequence[Advisory]


def convey(session: Session, actor: Actor, wanted: ReferralIn, *, cleared_by: Actor | None = None) -> Referral:
    """Make one letter of accepted pairings, in the name of `actor`; returns the referral.

    Everything is checked as it is now, so that what waited for `cleared_by`, a second officer, is done only if it
    still can be. Raises Invalid for what does not fit, for a need without a release and for an advisory note that
    was not acknowledged; Conflict where a pairing is not accepted or its need not open.
    """
    letter = check(session, actor, wanted)
    cleared_by_id = cleared_by.user_id if cleared_by else None
    served = {
        need.id: _serving(session, actor, need, letter.organization, wanted, cleared_by_id)
        for need in letter.needs
    }
    referral = Referral(
        organization=letter.organization,
        note=wanted.note,
        conveyed_by_id=actor.user_id,
        cleared_by_id=cleared_by_id,
        co_implementers=list(letter.co_implementers),
        funds=list(letter.funds),
    )
    referral.lines = [
        ReferralLine(n=n, pairing=pairing, need=pairing.need, release=served[pairing.need_id])
        for n, pairing in enumerate(letter.pairings, start=1)
    ]
    session.add(referral)
    session.flush()
    session.add_all(
        AdvisoryAcknowledgement(referral_id=referral.id, advisory_id=note.id) for note in letter.advisories
    )
    for pairing in letter.pairings:
        pairings.convey(session, actor, pairing)
    audit.record(session, actor, "referral.conveyed", referral, after=_told(referral, wanted, letter))
    return referral


def check(session: Session, actor: Actor, wanted: ReferralIn) -> Letter:
    """What the letter would hold. Takes turns with whoever decides on these needs. Raises as `convey` does."""
    organization = organizations.named(session, wanted.organization, "/organization")
    offered = _pairings(session, wanted.pairings)
    _check_pairings(offered, organization)
    needs = list({pairing.need_id: pairing.need for pairing in offered}.values())
    _check_consents(session, needs, wanted)
    return Letter(
        organization,
        offered,
        needs,
        [_fund(session, actor, ref, f"/funds/{n}") for n, ref in enumerate(wanted.funds)],
        [_other(session, organization, ref, n) for n, ref in enumerate(wanted.co_implementers)],
        _acknowledged(session, advisories_for(session, needs), wanted.acknowledged),
    )


def serving_release(session: Session, organization_id: UUID, need: Need) -> Release | None:
    """The full release of a need's newest text by which an organization sees it now, one by name first."""
    of_newest = select(Release).join(Need, Need.id == Release.need_id).where(
        Release.need_id == need.id, Release.revision == need.revision, Release.fields == ReleaseFields.FULL
    )  # fmt: skip
    in_force = of_newest.where(reaches(organization_id, utc_now()))
    by_name_first = (Release.organization_id.is_(None), Release.recorded_at, Release.id)
    return session.scalar(in_force.order_by(*by_name_first).limit(1))


def advisories_for(session: Session, needs: Sequence[Need]) -> Sequence[Advisory]:
    """The notes in force on the States of these needs."""
    states = {state for need in needs for state in release_queries.states(session, need, need.revision)}
    return queries.advisories_on(session, states, queries.today())


def _pairings(session: Session, ids: Sequence[UUID]) -> list[Pairing]:
    """The pairings in the order asked for, their needs and then they themselves locked and read anew."""
    if len(set(ids)) < len(ids):
        raise Invalid.field("/pairings", "Each pairing is conveyed once")
    need_ids = session.scalars(select(Pairing.need_id).where(Pairing.id.in_(ids))).all()
    pairings.lock_needs(session, need_ids)
    anew = {"populate_existing": True}
    session.scalars(select(Need).where(Need.id.in_(need_ids)), execution_options=anew).all()
    locked = select(Pairing).where(Pairing.id.in_(ids)).order_by(Pairing.id).with_for_update(of=Pairing)
    whole = locked.options(joinedload(Pairing.need), joinedload(Pairing.programme))
    found = {pairing.id: pairing for pairing in session.scalars(whole, execution_options=anew)}
    for n, pairing_id in enumerate(ids):
        if pairing_id not in found:
            raise Invalid.field(f"/pairings/{n}", "There is no such pairing")
    return [found[pairing_id] for pairing_id in ids]


def _check_pairings(offered: Sequence[Pairing], organization: Organization) -> None:
    for n, pairing in enumerate(offered):
        pointer, programme = f"/pairings/{n}", pairing.programme
        if programme.organization_id != organization.id:
            raise Invalid.field(pointer, f"{programme.ref} is no programme of {organization.ref}")
        if programme.kind is ProgrammeKind.FUND:
            raise Invalid.field(pointer, f"{programme.ref} is a fund: name it among the funds")
        if pairing.status is not PairingStatus.ACCEPTED:
            message = f"The pairing of {pairing.need.ref} and {programme.ref} is {pairing.status}; accept it first"
            raise Conflict(message, [FieldError(pointer, message)])
        if pairing.need.status is not NeedStatus.OPEN:
            message = f"{pairing.need.ref} is {pairing.need.status}; only an open need is conveyed"
            raise Conflict(message, [FieldError(pointer, message)])


def _check_consents(session: Session, needs: Sequence[Need], wanted: ReferralIn) -> None:
    states = {state for need in needs for state in release_queries.states(session, need, need.revision)}
    for n, consent in enumerate(wanted.release.consents if wanted.release else ()):
        if consent.country not in states:
            message = f"{consent.country} is no State of these needs; they are {', '.join(sorted(states))}"
            raise Invalid.field(f"/release/consents/{n}/country", message)


def _fund(session: Session, actor: Actor, ref: str, pointer: str) -> Programme:
    try:
        fund = programmes.get(session, actor, ref)
    except NotFound:
        raise Invalid.field(pointer, f"There is no programme {ref!r}") from None
    if fund.kind is not ProgrammeKind.FUND:
        raise Invalid.field(pointer, f"{ref} is no fund; its pairing is conveyed instead")
    return fund


def _other(session: Session, organization: Organization, ref: str, n: int) -> Organization:
    other = organizations.named(session, ref, f"/co_implementers/{n}")
    if other is organization:
        raise Invalid.field(f"/co_implementers/{n}", f"{ref} is the organization that the letter goes to")
    return other


def _acknowledged(session: Session, notes: Sequence[Advisory], ids: Sequence[UUID]) -> Sequence[Advisory]:
    known = set(session.scalars(select(Advisory.id).where(Advisory.id.in_(ids))))
    for n, advisory_id in enumerate(ids):
        if advisory_id not in known:
            raise Invalid.field(f"/acknowledged/{n}", "There is no such advisory note")
    unread = [note for note in notes if note.id not in known]
    if unread:
        told = [f"{note.country}, {note.dated_on}: {note.text} ({note.source}), note {note.id}" for note in unread]
        detail = "Acknowledge the advisory notes on the States concerned by naming them"
        raise Invalid(detail, [FieldError("/acknowledged", one) for one in told])
    return notes


def _serving(
    session: Session,
    actor: Actor,
    need: Need,
    organization: Organization,
    wanted: ReferralIn,
    cleared_by_id: UUID | None,
) -> Release:
    """The release that the organization sees the need by; one is recorded where none is in force."""
    if found := serving_release(session, organization.id, need):
        return found
    if wanted.release is None:
        message = (
            f"No full release of revision {need.revision} of {need.ref} to {organization.ref} is in force; "
            "say in `release` on what its State's permission rests"
        )
        raise Invalid.field("/release", message)
    made = _record(session, actor, need, organization, wanted.release, cleared_by_id)
    if found := serving_release(session, organization.id, need):
        return found
    raise Invalid.field("/release", _not_in_force(session, need, made))


def _record(
    session: Session,
    actor: Actor,
    need: Need,
    organization: Organization,
    basis: ReleaseBasis,
    cleared_by_id: UUID | None,
) -> Release:
    states = release_queries.states(session, need, need.revision)
    values = basis.model_dump(exclude_none=True)
    values["consents"] = [consent for consent in values["consents"] if consent["country"] in states]
    audience = {"organization": organization.ref}
    wanted = ReleaseIn.model_validate({**values, "audience": audience, "fields": ReleaseFields.FULL})
    try:
        return record_release(session, actor, need, wanted, cleared_by_id=cleared_by_id)
    except Invalid as error:
        named = [FieldError(f"/release{one.pointer}", one.message) for one in error.errors]
        raise Invalid(str(error), named) from None


def _not_in_force(session: Session, need: Need, release: Release) -> str:
    states = release_queries.states(session, need, release.revision)
    if missing := missing_consents(release, states):
        return f"The release of {need.ref} also needs the consent of {', '.join(missing)}"
    if release.basis is Basis.SILENCE:
        return (
            f"Start the silence procedure on {need.ref} first, and convey once it has ended without an objection"
        )
    return f"The release of {need.ref} begins only on {release.starts_at:%Y-%m-%d %H:%M} UTC; convey it then"


def _told(referral: Referral, wanted: ReferralIn, letter: Letter) -> dict[str, object]:
    return {
        "organization": letter.organization.ref,
        "lines": [f"{line.n}: {line.need.ref}, {line.pairing.programme.ref}" for line in referral.lines],
        "funds": [fund.ref for fund in letter.funds],
        "co_implementers": [body.ref for body in letter.co_implementers],
        "acknowledged": [note.id for note in letter.advisories],
        "note": wanted.note,
        "cleared_by": referral.cleared_by_id,
    }
