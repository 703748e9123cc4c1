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
from app.needs.models import Need, NeedRevision, NeedStatus, Release, ReleaseFields
from app.needs.release_schemas import Ledger, ReleaseOut, Sight
from app.needs.releases import missing_consents, states_of
from app.needs.sight import in_force, status_at
from app.organizations.models import Organization
from app.organizations.queries import members_on


def visible(actor: Actor) -> Select[Release]:
    """Officers read the ledger, nobody else does."""
    return select(Release) if actor.is_cted else select(Release).where(false())


def get(session: Session, actor: Actor, need: Need, release_id: UUID) -> Release:
    found = session.scalar(visible(actor).where(Release.need_id == need.id, Release.id == release_id))
    if found is None:
        raise NotFound(f"{need.ref} has no such release")
    return found


def ledger(session: Session, actor: Actor, need: Need, at: datetime) -> Ledger:
    """All releases of `need`, oldest first, and each organization that sees it at `at` with what it sees."""
    releases = _loaded(session, visible(actor).where(Release.need_id == need.id))
    now_in_force = set(session.scalars(select(Release.id).where(Release.need_id == need.id, in_force(at))))
    states = _states_by_release(session, need, releases)
    by = _recorders(session, releases)
    items = [_shown(need, release, release.id in now_in_force, states, by) for release in releases]
    status = session.scalar(select(status_at(at)).select_from(Need).where(Need.id == need.id))
    live = [release for release in releases if release.id in now_in_force]
    return Ledger(at=at, items=items, seen_by=_seen_by(session, live, status, at))


def shown(session: Session, need: Need, release: Release, at: datetime) -> ReleaseOut:
    """One line of the ledger, with whether it is in force at `at`."""
    live = session.scalar(select(Release.id).where(Release.id == release.id, in_force(at))) is not None
    return _shown(
        need, release, live, _states_by_release(session, need, [release]), _recorders(session, [release])
    )


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
    return list(session.scalars(visible(actor).where(Release.id.in_(ids)).options(joinedload(Release.need))))


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


def _recorders(session: Session, releases: Sequence[Release]) -> dict[UUID, str]:
    """The accounts of the officers who recorded these releases, by their id."""
    ids = {release.recorded_by_id for release in releases if release.recorded_by_id}
    return {row.id: row.email for row in session.execute(select(User.id, User.email).where(User.id.in_(ids)))}


def _shown(
    need: Need,
    release: Release,
    live: bool,
    states: dict[tuple[int, date], list[str]],
    recorders: dict[UUID, str],
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
        starts_at=release.starts_at,
        ends_at=release.ends_at,
        recorded_at=release.recorded_at,
        recorded_by=recorders.get(release.recorded_by_id) if release.recorded_by_id else None,
        complete_at=release.complete_at,
        withdrawn_at=release.withdrawn_at,
        in_force=live,
        missing_consents=missing_consents(release, states[release.revision, release.recorded_at.date()]),
    )


def _seen_by(session: Session, live: Sequence[Release], status: NeedStatus | None, at: datetime) -> list[Sight]:
    best: dict[str, tuple[bool, int]] = {}
    for release in live:
        sight = (release.fields is ReleaseFields.FULL, release.revision)
        for ref in _audience(session, release, status, at):
            best[ref] = max(best.get(ref, sight), sight)
    return [
        Sight(organization=ref, revision=revision, fields=ReleaseFields.FULL if full else ReleaseFields.SUMMARY)
        for ref, (full, revision) in sorted(best.items())
    ]


def _audience(session: Session, release: Release, status: NeedStatus | None, at: datetime) -> list[str]:
    """The organizations that a release in force reaches while the need has `status`."""
    if release.organization:
        return [release.organization.ref] if status not in {None, NeedStatus.DRAFT} else []
    if status is not NeedStatus.OPEN or release.group is None:
        return []
    excepted = [exception.organization_id for exception in release.exceptions]
    members = members_on(release.group, at.date()).where(Organization.id.not_in(excepted))
    return [organization.ref for organization in session.scalars(members)]
