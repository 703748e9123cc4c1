"""The consent ledger over HTTP: for officers alone."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.assessments import queries as assessments
from app.core.actor import Actor
from app.core.db import SessionDep, utc_now
from app.needs import previews, queries, release_queries, releases
from app.needs.models import Need, Release, ReleaseFields
from app.needs.release_schemas import AssessmentReleaseIn, Consent, End, Ledger, Preview, ReleaseIn, ReleaseOut

router = APIRouter(tags=["releases"])
Reader = Annotated[Actor, Depends(Requires(Permission.RELEASE_READ))]
Writer = Annotated[Actor, Depends(Requires(Permission.RELEASE_WRITE))]


@router.get("/needs/{ref}/releases", response_model=Ledger)
def list_releases(actor: Reader, session: SessionDep, ref: str, at: End | None = None) -> Ledger:
    """The releases of a need and who sees it by them, now, at a past time or at the end of a past day (`at`)."""
    need = queries.load(session, actor, ref)
    return release_queries.ledger(session, actor, need, at or utc_now())


@router.post("/needs/{ref}/releases", response_model=ReleaseOut, status_code=201)
def record_release(
    response: Response, actor: Writer, session: SessionDep, ref: str, wanted: ReleaseIn, once: OnceDep
) -> ReleaseOut:
    """Record a State's permission; `basis: silence` starts the procedure of 5 working days."""
    need = queries.load(session, actor, ref)
    release = once(
        response,
        lambda: releases.record_release(session, actor, need, wanted),
        lambda made: [str(made.id)],
        lambda ids: release_queries.get(session, actor, need, UUID(ids[0])),
    )
    return _shown(session, need, release)


@router.get("/needs/{ref}/releases/{release_id}", response_model=ReleaseOut)
def read_release(actor: Reader, session: SessionDep, ref: str, release_id: UUID) -> ReleaseOut:
    """One line of the ledger."""
    need = queries.load(session, actor, ref)
    return _shown(session, need, release_queries.get(session, actor, need, release_id))


@router.post("/needs/{ref}/releases/{release_id}/consents", response_model=ReleaseOut)
def record_consent(
    response: Response,
    actor: Writer,
    session: SessionDep,
    ref: str,
    release_id: UUID,
    consent: Consent,
    once: OnceDep,
) -> ReleaseOut:
    """Record one more State's consent to the release of a need of several States."""
    need = queries.load(session, actor, ref)
    release = release_queries.get(session, actor, need, release_id)
    once(
        response,
        lambda: releases.add_consent(session, actor, need, release, consent),
        lambda made: [str(made.id)],
        lambda _ids: release,
    )
    return _shown(session, need, release)


@router.delete("/needs/{ref}/releases/{release_id}", status_code=204)
def withdraw_release(actor: Writer, session: SessionDep, ref: str, release_id: UUID) -> None:
    """Withdraw a release: sight by it ends at once, everywhere."""
    need = queries.load(session, actor, ref)
    releases.withdraw(session, actor, need, release_queries.get(session, actor, need, release_id))


@router.get("/needs/{ref}/preview", response_model=Preview)
def preview_need(
    actor: Reader,
    session: SessionDep,
    ref: str,
    audience: Annotated[str | None, Query(max_length=70)] = None,
    fields: ReleaseFields | None = None,
    revision: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> Preview:
    """A need exactly as an audience reads it (`organization:REF`), or would by a release of these fields."""
    need = queries.load(session, actor, ref)
    if audience and fields is None:
        return previews.as_seen_by(session, need, audience)
    return previews.as_released(session, need, revision or need.revision, fields or ReleaseFields.SUMMARY)


@router.post("/assessments/{assessment_id}/releases", response_model=list[ReleaseOut], status_code=201)
def record_releases_of_assessment(
    response: Response,
    actor: Writer,
    session: SessionDep,
    assessment_id: str,
    wanted: AssessmentReleaseIn,
    once: OnceDep,
) -> list[ReleaseOut]:
    """Record one act of consent for all needs of an assessment that are no draft, or for those named."""
    assessment = assessments.get(session, actor, assessment_id)
    needs = release_queries.needs_of(session, assessment.id, wanted.needs)
    made = once(
        response,
        lambda: releases.record_for_assessment(session, actor, needs, wanted),
        lambda done: [str(release.id) for release in done],
        lambda ids: release_queries.of_ids(session, actor, [UUID(one) for one in ids]),
    )
    return [_shown(session, release.need, release) for release in made]


def _shown(session: SessionDep, need: Need, release: Release, at: datetime | None = None) -> ReleaseOut:
    session.flush()
    return release_queries.shown(session, need, release, at or utc_now())
