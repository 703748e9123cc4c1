"""Referrals over HTTP: officers convey, each side makes its moves of a line; admins keep advisory notes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access.clearances import queries as clearances
from app.access.clearances.models import Clearance
from app.access.clearances.schemas import ClearanceOut
from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.http import NeedsMatch, etag_of, next_path, present, require_match, set_etag
from app.core.paging import Page, PagingDep, paginate, set_link
from app.needs.held import Rules
from app.needs.release_routes import HELD
from app.needs.schemas import NeedFull, NeedSummary
from app.referrals import advisories, clearing, queries, service, shown
from app.referrals.changes import Clocks
from app.referrals.models import Advisory, Referral, ReferralLine
from app.referrals.moves import check_maker
from app.referrals.schemas import (
    AdvisoryIn,
    AdvisoryOut,
    AdvisoryPatch,
    MoveIn,
    ReferralFilter,
    ReferralIn,
    ReferralView,
)

router = APIRouter(tags=["referrals"])
Reader = Annotated[Actor, Depends(Requires(Permission.REFERRAL_READ))]
Conveyor = Annotated[Actor, Depends(Requires(Permission.REFERRAL_CONVEY))]
Mover = Annotated[Actor, Depends(Requires(Permission.REFERRAL_ANSWER))]
AdvisoryReader = Annotated[Actor, Depends(Requires(Permission.ADVISORY_READ))]
AdvisoryKeeper = Annotated[Actor, Depends(Requires(Permission.ADVISORY_MANAGE))]


@router.get("/referrals", response_model=Page[ReferralView])
def list_referrals(
    request: Request,
    response: Response,
    actor: Reader,
    session: SessionDep,
    paging: PagingDep,
    wanted: Annotated[ReferralFilter, Query()],
) -> Page[ReferralView]:
    """List referrals, the newest first: all for officers, those to its own organization for a partner."""
    found = queries.page(session, actor, wanted, paging)
    set_link(response, next_path(request), found)
    items = shown.shown(session, actor, [row.Referral for row in found.rows])
    return Page(items=items, next=found.next, total=found.total)


@router.post("/referrals", response_model=ReferralView | ClearanceOut, status_code=201, responses=HELD)
def convey(
    request: Request,
    response: Response,
    actor: Conveyor,
    session: SessionDep,
    wanted: ReferralIn,
    once: OnceDep,
) -> ReferralView | ClearanceOut:
    """Convey accepted pairings to one organization in one letter.

    Each need must be released to it in full, in its newest text: `release` says on what, where none is in force.
    Where the house asks for a second officer it is answered 202 with the act that waits.
    """

    def do() -> Referral | Clearance:
        done = clearing.convey(session, actor, wanted, Rules.of(request.app.state.settings))
        response.status_code = 202 if isinstance(done, Clearance) else 201
        return done

    def find(kept: list[str]) -> Referral | Clearance:
        of = clearances.get if kept[0] == Clearance.__name__ else queries.get
        return of(session, actor, UUID(kept[1]))

    made = once(response, do, lambda done: [type(done).__name__, str(done.id)], find)
    if isinstance(made, Clearance):
        response.headers["Location"] = f"/api/v1/clearances/{made.id}"
        return clearances.shown(session, [made])[0]
    response.headers["Location"] = f"{request.url.path}/{made.id}"
    return _answer(session, actor, response, made)


@router.get("/referrals/{referral_id}", response_model=ReferralView)
def read_referral(response: Response, actor: Reader, session: SessionDep, referral_id: UUID) -> ReferralView:
    """Read one letter with its lines, and the moves that you may make of each."""
    return _answer(session, actor, response, queries.get(session, actor, referral_id))


@router.post("/referrals/{referral_id}/lines/{n}/moves", response_model=ReferralView, status_code=201)
def move_line(
    request: Request,
    if_match: NeedsMatch,
    response: Response,
    actor: Mover,
    session: SessionDep,
    referral_id: UUID,
    n: int,
    wanted: MoveIn,
    once: OnceDep,
) -> ReferralView:
    """Make a move of a line. Needs If-Match with the etag of the line or of the whole referral.

    An organization takes up, declines, asks and reports; officers do the rest, and record what it wrote to them.
    """
    check_maker(actor, wanted.move)

    def do() -> ReferralLine:
        line = service.claim(session, actor, referral_id, n, present(if_match))
        return service.move(session, actor, line, wanted, clocks_of(request))

    def again(kept: list[str]) -> ReferralLine:
        return queries.line_of(queries.get(session, actor, UUID(kept[0])), int(kept[1]))

    response.status_code = 201
    moved = once(response, do, lambda line: [str(line.referral_id), str(line.n)], again)
    return _answer(session, actor, response, moved.referral)


@router.get("/referrals/{referral_id}/need/{ref}", response_model=NeedFull | NeedSummary)
def read_referred_need(
    response: Response, actor: Reader, session: SessionDep, referral_id: UUID, ref: str
) -> NeedFull | NeedSummary:
    """Read a need of a referral exactly as it is released to the organization now."""
    need = queries.need_as_shown(session, actor, queries.get(session, actor, referral_id), ref)
    set_etag(response, need.etag)
    return need


@router.get("/advisories", response_model=Page[AdvisoryOut])
def list_advisories(
    request: Request, response: Response, actor: AdvisoryReader, session: SessionDep, paging: PagingDep
) -> Page[AdvisoryOut]:
    """List the notes on States, the newest first."""
    found = paginate(session, queries.advisories(actor), queries.ADVISORY_ORDER, paging)
    set_link(response, next_path(request), found)
    items = [shown.advisory_shown(row.Advisory) for row in found.rows]
    return Page(items=items, next=found.next, total=found.total)


@router.post("/advisories", response_model=AdvisoryOut, status_code=201)
def create_advisory(
    request: Request,
    response: Response,
    actor: AdvisoryKeeper,
    session: SessionDep,
    wanted: AdvisoryIn,
    once: OnceDep,
) -> AdvisoryOut:
    """Keep a dated note on a State. Whoever conveys a need of it acknowledges the note; it forbids nothing."""
    response.status_code = 201
    note = once(
        response,
        lambda: advisories.create(session, actor, wanted),
        lambda made: [str(made.id)],
        lambda kept: queries.advisory(session, actor, UUID(kept[0])),
    )
    response.headers["Location"] = f"{request.url.path}/{note.id}"
    return _noted(response, note)


@router.get("/advisories/{advisory_id}", response_model=AdvisoryOut)
def read_advisory(
    response: Response, actor: AdvisoryReader, session: SessionDep, advisory_id: UUID
) -> AdvisoryOut:
    """Read one note."""
    return _noted(response, queries.advisory(session, actor, advisory_id))


@router.patch("/advisories/{advisory_id}", response_model=AdvisoryOut)
def change_advisory(
    if_match: NeedsMatch,
    response: Response,
    actor: AdvisoryKeeper,
    session: SessionDep,
    advisory_id: UUID,
    wanted: AdvisoryPatch,
) -> AdvisoryOut:
    """Change a note, or say when it ended."""
    note = queries.advisory(session, actor, advisory_id)
    require_match(if_match, etag_of(note.version))
    return _noted(response, advisories.update(session, actor, note, wanted))


def clocks_of(request: Request) -> Clocks:
    """The clocks of a line, as the settings say."""
    settings = request.app.state.settings
    return Clocks(settings.inquiry_months, settings.unconfirmed_days)


def _answer(session: SessionDep, actor: Actor, response: Response, referral: Referral) -> ReferralView:
    view = shown.one(session, actor, referral)
    set_etag(response, view.etag)
    return view


def _noted(response: Response, note: Advisory) -> AdvisoryOut:
    view = shown.advisory_shown(note)
    set_etag(response, view.etag)
    return view
