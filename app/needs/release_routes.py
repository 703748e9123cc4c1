"""The consent ledger over HTTP: for officers alone."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.access.clearances import queries as clearances
from app.access.clearances.models import Clearance
from app.access.clearances.schemas import ClearanceOut
from app.access.once import Once, OnceDep
from app.access.permissions import Permission, Requires
from app.assessments import queries as assessments
from app.core.actor import Actor
from app.core.db import SessionDep, utc_now
from app.core.http import next_path
from app.core.paging import Found, Page, Paging, set_link
from app.needs import differences, held, past, previews, queries, release_queries, releases
from app.needs.models import Need, Release, ReleaseFields
from app.needs.periods import PeriodDep
from app.needs.release_schemas import (
    AssessmentReleaseIn,
    Consent,
    Difference,
    ExtensionIn,
    Ledger,
    Objection,
    Preview,
    ReleaseIn,
    ReleaseOut,
    SightOfNeed,
    Withdrawal,
)
from app.organizations import queries as organizations
from app.organizations.groups import queries as groups

router = APIRouter(tags=["releases"])
Reader = Annotated[Actor, Depends(Requires(Permission.RELEASE_READ))]
Writer = Annotated[Actor, Depends(Requires(Permission.RELEASE_WRITE))]
HELD: dict[int | str, dict[str, Any]] = {
    202: {"model": ClearanceOut, "description": "It waits for a second officer, as the house has it"}
}


@router.get("/needs/{ref}/releases", response_model=Ledger)
def list_releases(actor: Reader, session: SessionDep, ref: str, at: PeriodDep) -> Ledger:
    """The releases of a need and who sees it by them, now, at a past time or on a past day (`at`)."""
    return release_queries.ledger(session, actor, queries.load(session, actor, ref), at)


@router.post("/needs/{ref}/releases", response_model=ReleaseOut | ClearanceOut, status_code=201, responses=HELD)
def record_release(
    request: Request,
    response: Response,
    actor: Writer,
    session: SessionDep,
    ref: str,
    wanted: ReleaseIn,
    once: OnceDep,
) -> Any:
    """Record a State's permission; `basis: silence` starts the procedure of 5 working days.

    Where the house asks for a second officer, one to a group is answered 202 with the act that waits.
    """
    need, rules = queries.load(session, actor, ref), held.Rules.of(request.app.state.settings)
    return _done(response, session, actor, once, lambda: held.record_release(session, actor, need, wanted, rules))


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


@router.get("/needs/{ref}/releases/{release_id}/extension", response_model=list[Difference])
def read_extension(
    actor: Reader,
    session: SessionDep,
    ref: str,
    release_id: UUID,
    revision: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> list[Difference]:
    """What the audience would read otherwise if a release were extended to a revision, the newest if unsaid."""
    need = queries.load(session, actor, ref)
    release = release_queries.get(session, actor, need, release_id)
    return differences.between(session, need, release, revision or need.revision)


@router.post(
    "/needs/{ref}/releases/{release_id}/extension",
    response_model=ReleaseOut | ClearanceOut,
    status_code=201,
    responses=HELD,
)
def extend_release(
    request: Request,
    response: Response,
    actor: Writer,
    session: SessionDep,
    ref: str,
    release_id: UUID,
    wanted: ExtensionIn,
    once: OnceDep,
) -> Any:
    """Let the same audience see a newer revision, as a new line; the old text is shown until that is in force."""
    need, rules = queries.load(session, actor, ref), held.Rules.of(request.app.state.settings)
    release = release_queries.get(session, actor, need, release_id)
    return _done(response, session, actor, once, lambda: held.extend(session, actor, need, release, wanted, rules))


@router.delete("/needs/{ref}/releases/{release_id}", status_code=204)
def withdraw_release(actor: Writer, session: SessionDep, ref: str, release_id: UUID) -> None:
    """Withdraw a release: sight by it ends at once, everywhere."""
    need = queries.load(session, actor, ref)
    releases.withdraw(session, actor, need, release_queries.get(session, actor, need, release_id))


@router.post("/needs/{ref}/releases/{release_id}/withdrawal", response_model=ReleaseOut)
def withdraw_release_with_reference(
    response: Response,
    actor: Writer,
    session: SessionDep,
    ref: str,
    release_id: UUID,
    why: Withdrawal,
    once: OnceDep,
) -> ReleaseOut:
    """Withdraw a release, saying what that rests on. Sight by it ends at once, everywhere."""
    need = queries.load(session, actor, ref)
    release = release_queries.get(session, actor, need, release_id)
    _ended(response, once, release, lambda: releases.withdraw(session, actor, need, release, why))
    return _shown(session, need, release)


@router.post("/needs/{ref}/releases/{release_id}/objections", response_model=ReleaseOut)
def record_objection(
    response: Response,
    actor: Writer,
    session: SessionDep,
    ref: str,
    release_id: UUID,
    objection: Objection,
    once: OnceDep,
) -> ReleaseOut:
    """Record that a State objected in a silence procedure: its release is withdrawn."""
    need = queries.load(session, actor, ref)
    release = release_queries.get(session, actor, need, release_id)
    _ended(response, once, release, lambda: releases.object_to(session, actor, need, release, objection))
    return _shown(session, need, release)


@router.post("/needs/{ref}/withdrawal", response_model=list[ReleaseOut])
def withdraw_every_release(
    response: Response, actor: Writer, session: SessionDep, ref: str, why: Withdrawal, once: OnceDep
) -> list[ReleaseOut]:
    """Withdraw every release of a need in one act; answers with those that ended by it."""
    need = queries.load(session, actor, ref)
    ended = once(
        response,
        lambda: releases.withdraw_all(session, actor, need, why),
        lambda done: [str(release.id) for release in done],
        lambda ids: release_queries.of_ids(session, actor, [UUID(one) for one in ids]),
    )
    return [_shown(session, need, release) for release in ended]


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


@router.post(
    "/assessments/{assessment_id}/releases",
    response_model=list[ReleaseOut] | ClearanceOut,
    status_code=201,
    responses=HELD,
)
def record_releases_of_assessment(
    request: Request,
    response: Response,
    actor: Writer,
    session: SessionDep,
    assessment_id: str,
    wanted: AssessmentReleaseIn,
    once: OnceDep,
) -> Any:
    """Record one act of consent for needs of an assessment: all that are no draft, or those named."""
    assessment = assessments.get(session, actor, assessment_id)
    needs = release_queries.needs_of(session, assessment.id, wanted.needs)
    rules = held.Rules.of(request.app.state.settings)
    return _done(
        response,
        session,
        actor,
        once,
        lambda: held.record_for_assessment(session, actor, assessment, needs, wanted, rules),
    )


@router.get("/organizations/{ref}/sight", response_model=Page[SightOfNeed])
def read_sight_of_organization(
    request: Request,
    response: Response,
    actor: Reader,
    session: SessionDep,
    ref: str,
    at: PeriodDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> Page[SightOfNeed]:
    """The needs that an organization sees, or could see at a past time or on a past day (`at`)."""
    reader = organizations.get(session, actor, ref)
    return _paged(request, response, past.seen_by(session, actor, reader, at, Paging(limit, cursor)))


@router.get("/groups/{ref}/sight", response_model=Page[SightOfNeed])
def read_sight_of_group(
    request: Request,
    response: Response,
    actor: Reader,
    session: SessionDep,
    ref: str,
    at: PeriodDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> Page[SightOfNeed]:
    """The needs that were released to a group, and so to its members but those excepted, now or at `at`."""
    reader = groups.get(session, actor, ref)
    return _paged(request, response, past.seen_by(session, actor, reader, at, Paging(limit, cursor)))


def _done(
    response: Response,
    session: Session,
    actor: Actor,
    once: Once,
    do: Callable[[], Release | list[Release] | Clearance],
) -> Any:
    """What was recorded, or with 202 the act that waits; a replay answers with it as it is now."""

    def act() -> Release | list[Release] | Clearance:
        done = do()
        response.status_code = 202 if isinstance(done, Clearance) else 201
        return done

    def find(kept: list[str]) -> Release | list[Release] | Clearance:
        kind, *ids = kept
        if kind == "clearance":
            return clearances.get(session, actor, UUID(ids[0]))
        found = release_queries.of_ids(session, actor, [UUID(one) for one in ids])
        return found if kind == "releases" else found[0]

    done = once(response, act, _named, find)
    if isinstance(done, Clearance):
        response.headers["Location"] = f"/api/v1/clearances/{done.id}"
        return clearances.shown(session, [done])[0]
    if isinstance(done, Release):
        return _shown(session, release_queries.need_of(session, done), done)
    return [_shown(session, release_queries.need_of(session, release), release) for release in done]


def _named(done: Release | list[Release] | Clearance) -> list[str]:
    """What is kept of an act for its replay: what it made, and the ids."""
    if isinstance(done, Clearance):
        return ["clearance", str(done.id)]
    if isinstance(done, Release):
        return ["release", str(done.id)]
    return ["releases", *(str(release.id) for release in done)]


def _ended(response: Response, once: Once, release: Release, do: Callable[[], None]) -> None:
    """End a release once for each key; a replay answers with the line as it is now."""

    def act() -> Release:
        do()
        return release

    once(response, act, lambda done: [str(done.id)], lambda _ids: release)


def _paged(request: Request, response: Response, page: Page[SightOfNeed]) -> Page[SightOfNeed]:
    set_link(response, next_path(request), Found((), page.next, None))
    return page


def _shown(session: Session, need: Need, release: Release) -> ReleaseOut:
    session.flush()
    return release_queries.shown(session, need, release, utc_now())
