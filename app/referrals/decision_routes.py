"""Decisions on pairings, and the status of needs, over HTTP: here because they end, or wait for, live lines."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.http import NeedsMatch, etag_of, present, require_match, set_etag
from app.needs import queries as needs
from app.needs.models import Need
from app.needs.schemas import NeedMerge, NeedMove, NeedView
from app.pairings import queries as pairings
from app.pairings import service as pairing_service
from app.pairings.models import Pairing
from app.pairings.schemas import DecisionIn, DecisionsIn, PairingOut, Pairings
from app.referrals import service

router = APIRouter()
Judge = Annotated[Actor, Depends(Requires(Permission.PAIRING_DECIDE))]
Writer = Annotated[Actor, Depends(Requires(Permission.NEED_WRITE))]


@router.post("/pairings/{pairing_id}/decisions", status_code=201, tags=["pairings"])
def decide(
    if_match: NeedsMatch,
    response: Response,
    actor: Judge,
    session: SessionDep,
    pairing_id: UUID,
    values: DecisionIn,
    once: OnceDep,
) -> PairingOut:
    """Accept, reject, defer, retract or reopen. Needs If-Match: who comes second gets 412 and the newer state.

    To retract a conveyed pairing retracts the live line of its referral.
    """

    def do() -> Pairing:
        pairing = pairing_service.claim(session, actor, pairing_id, present(if_match))
        service.decide(session, actor, pairing, values)
        return pairing

    def again(kept: list[str]) -> Pairing:
        return pairings.get(session, actor, UUID(kept[0]))

    response.status_code = 201
    decided = once(response, do, lambda pairing: [str(pairing.id)], again)
    [shown] = pairings.shown(session, [decided], pairings.today())
    set_etag(response, shown.etag)
    return shown


@router.post("/needs/{ref}/decisions", status_code=201, tags=["pairings"])
def decide_several(
    response: Response, actor: Judge, session: SessionDep, ref: str, values: DecisionsIn, once: OnceDep
) -> Pairings:
    """Decide on several proposals of a need at once: on all, or on none where one of them cannot be.

    Each item carries the `etag` of its pairing as it was read, in place of If-Match.
    """

    def do() -> list[Pairing]:
        need = needs.load(session, actor, ref)
        done = service.decide_several(session, actor, need, values.decisions)
        return [pairing for pairing, _ in done]

    def again(kept: list[str]) -> list[Pairing]:
        return [pairings.get(session, actor, UUID(each)) for each in kept]

    response.status_code = 201
    done = once(response, do, lambda made: [str(pairing.id) for pairing in made], again)
    return Pairings(items=pairings.shown(session, done, pairings.today()))


@router.post("/needs/{ref}/status", response_model=NeedView, tags=["needs"])
def move_need(
    request: Request,
    if_match: NeedsMatch,
    response: Response,
    actor: Writer,
    session: SessionDep,
    ref: str,
    wanted: NeedMove,
    once: OnceDep,
) -> NeedView:
    """Open, hold, close (with an outcome) or reopen (with a reason) a need; 409 names the lines that are live."""

    def do() -> Need:
        need = needs.load(session, actor, ref)
        require_match(if_match, etag_of(need.version))
        return service.move_need(session, actor, need, wanted, request.app.state.settings.specificity_threshold)

    moved = once(response, do, lambda done: [done.ref], lambda kept: needs.load(session, actor, kept[0]))
    return _answer(response, needs.view(session, actor, moved))


@router.post("/needs/{ref}/merge", response_model=NeedView, tags=["needs"])
def merge_need(
    if_match: NeedsMatch,
    response: Response,
    actor: Writer,
    session: SessionDep,
    ref: str,
    wanted: NeedMerge,
    once: OnceDep,
) -> NeedView:
    """Close a need as the duplicate of another. Its releases end."""

    def do() -> Need:
        need = needs.load(session, actor, ref)
        require_match(if_match, etag_of(need.version))
        return service.merge_need(session, actor, need, wanted.into)

    merged = once(response, do, lambda done: [done.ref], lambda kept: needs.load(session, actor, kept[0]))
    return _answer(response, needs.view(session, actor, merged))


def _answer(response: Response, shown: NeedView) -> NeedView:
    set_etag(response, shown.etag)
    return shown
