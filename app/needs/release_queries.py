"""What officers read of the consent ledger: the releases of a need, and who sees it on a day."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, false, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.access.models import User
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import Invalid, NotFound
from app.needs.granting import missing_consents, states_of
from app.needs.models import Need, NeedRevision, Release, ReleaseConsent
from app.needs.past import in_force_in, seers
from app.needs.periods import Period
from app.needs.release_schemas import ConsentOut, Ledger, ReleaseOut
from app.needs.sight import in_force


def visible(actor: Actor) -> Select[Release]:
    """Officers read the ledger, nobody else does."""
    return select(Release) if actor.is_cted else select(Release).where(false())


def get(session: Session, actor: Actor, need: Need, release_id: UUID) -> Release:
    found = session.scalar(visible(actor).where(Release.need_id == need.id, Release.id == release_id))
    if found is None:
        raise NotFound(f"{need.ref} has no such release")
    return found


def ledger(session: Session, actor: Actor, need: Need, period: Period) -> Ledger:
    """All releases of `need`, oldest first, and each organization that could see it in the period, with what."""
    releases = _loaded(session, visible(actor).where(Release.need_id == need.id))
    live = in_force_in(session, need, period)
    states = _states_by_release(session, need, releases)
    by = _accounts(session, releases)
    items = [_shown(need, release, release.id in live, states, by) for release in releases]
    return Ledger(at=period.begins, until=period.ends, items=items, seen_by=seers(session, need, period))


def shown(session: Session, need: Need, release: Release, at: datetime) -> ReleaseOut:
    """One line of the ledger, with whether it is in force at `at`."""
    live = session.scalar(select(Release.id).where(Release.id == release.id, in_force(at))) is not None
    return _shown(need, release, live, _states_by_release(session, need, [release]), _accounts(session, [release]))


def states(session: Session, need: Need, number: int) -> list[str]:
    """The States whose consent a release of a revision takes today."""
    of_need = (NeedRevision.need_id == need.id) & (NeedRevision.number == number)
    revision = session.scalar(select(NeedRevision).where(of_need))
    return states_of(session, revision, utc_now().date()) if revision else []


def needs_of(session: Session, assessment_id: UUID, refs: Sequence[str] | None) -> list[Need]:
    """The needs of an assessment, or those of them that `refs` names. Raises Invalid for a stranger."""
    needs = session.scalars(select(Need).where(Need.assessment_id == assessment_id).order_by(Need.ref)).all()
    if refs is None:
        return list(needs)
    by_ref = {need.ref: need for need in needs}
    for n, ref in enumerate(refs):
        if ref not in by_ref:
            raise Invalid.field(f"/needs/{n}", f"{ref} is no need of this assessment")
    return [by_ref[ref] for ref in dict.fromkeys(refs)]


def of_ids(session: Session, actor: Actor, ids: Sequence[UUID]) -> list[Release]:
    """Releases by their ids, in the order in which they were recorded."""
    found = visible(actor).where(Release.id.in_(ids)).order_by(Release.recorded_at, Release.id)
    return list(session.scalars(found.options(joinedload(Release.need))))


def need_of(session: Session, release: Release) -> Need:
    return session.get_one(Need, release.need_id)


def _loaded(session: Session, statement: Select[Release]) -> Sequence[Release]:
    return session.scalars(
        statement.options(
            joinedload(Release.group),
            joinedload(Release.organization),
            selectinload(Release.exceptions),
            selectinload(Release.consents),
        ).order_by(Release.recorded_at, Release.id)
    ).all()


def _states_by_release(
    session: Session, need: Need, releases: Sequence[Release]
) -> dict[tuple[int, date], list[str]]:
    """The States of each revision on the day of each release: as many statements as there are such pairs."""
    numbers = {release.revision for release in releases}
    found = select(NeedRevision).where(NeedRevision.need_id == need.id, NeedRevision.number.in_(numbers))
    revisions = {revision.number: revision for revision in session.scalars(found)}
    wanted = {(release.revision, release.recorded_at.date()) for release in releases}
    return {(number, on): states_of(session, revisions[number], on) for number, on in wanted}


def _accounts(session: Session, releases: Sequence[Release]) -> dict[UUID | None, str]:
    """The accounts of the officers who recorded or cleared these releases, by their id."""
    ids = {identity for each in releases for identity in (each.recorded_by_id, each.cleared_by_id) if identity}
    return {row.id: row.email for row in session.execute(select(User.id, User.email).where(User.id.in_(ids)))}


def _shown(
    need: Need,
    release: Release,
    live: bool,
    states: dict[tuple[int, date], list[str]],
    accounts: dict[UUID | None, str],
) -> ReleaseOut:
    named = {"organization": release.organization.ref} if release.organization else {}
    audience = {"group": release.group.ref} if release.group else named
    return ReleaseOut(
        id=release.id,
        need=need.ref,
        revision=release.revision,
        audience=audience,
        excepted=sorted(exception.organization.ref for exception in release.exceptions),
        fields=release.fields,
        basis=release.basis,
        reference=release.reference,
        document_url=release.document_url,
        consents=[ConsentOut.model_validate(consent) for consent in sorted(release.consents, key=_state)],
        starts_at=release.starts_at,
        ends_at=release.ends_at,
        recorded_at=release.recorded_at,
        recorded_by=accounts.get(release.recorded_by_id),
        cleared_by=accounts.get(release.cleared_by_id),
        complete_at=release.complete_at,
        extends=release.extends_id,
        superseded_at=release.superseded_at,
        withdrawn_at=release.withdrawn_at,
        ending=release.ending,
        ending_country=release.ending_country,
        ending_reference=release.ending_reference,
        ending_url=release.ending_url,
        ending_note=release.ending_note,
        in_force=live,
        missing_consents=missing_consents(release, states[release.revision, release.recorded_at.date()]),
    )


def _state(consent: ReleaseConsent) -> str:
    return consent.code
