"""Offers over HTTP: partners make them and follow them, officers read them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.http import NeedsMatch, next_path, require_match, set_etag
from app.core.paging import Page, PagingDep, set_link
from app.pairings.offers import queries, service, similar
from app.pairings.offers.models import Offer
from app.pairings.offers.schemas import NeedsLikeMine, OfferIn, OfferOut
from app.pairings.routes import RankingDep

router = APIRouter(tags=["offers"])
Reader = Annotated[Actor, Depends(Requires(Permission.OFFER_READ))]
Partner = Annotated[Actor, Depends(Requires(Permission.OFFER_MAKE))]


@router.get("/needs/similar-to-mine")
def list_needs_like_mine(
    actor: Partner,
    session: SessionDep,
    ranking: RankingDep,
    k: Annotated[int, Query(ge=1, le=100, description="how many needs at most")] = 20,
) -> NeedsLikeMine:
    """Rank the needs released to you by how like they are to programmes of your own, with the reasons."""
    return similar.needs_like_mine(session, actor, ranking, k)


@router.post("/needs/{ref}/offers", status_code=201)
def make_offer(
    response: Response,
    actor: Partner,
    session: SessionDep,
    ranking: RankingDep,
    ref: str,
    values: OfferIn,
    once: OnceDep,
) -> OfferOut:
    """Offer one of your programmes for a need that you see; officers review it, and its status is shown to you."""
    response.status_code = 201
    offer = once(
        response,
        lambda: service.make(session, actor, ranking, ref, values),
        lambda made: [str(made.id)],
        lambda kept: queries.get(session, actor, UUID(kept[0])),
    )
    return _answer(session, response, actor, offer)


@router.get("/offers")
def list_offers(
    request: Request, response: Response, actor: Reader, session: SessionDep, paging: PagingDep
) -> Page[OfferOut]:
    """List offers, the newest first: your own organization's, or all of them for officers."""
    items, found = queries.page(session, actor, paging)
    set_link(response, next_path(request), found)
    return Page(items=items, next=found.next, total=found.total)


@router.get("/offers/{offer_id}")
def read_offer(response: Response, actor: Reader, session: SessionDep, offer_id: UUID) -> OfferOut:
    """Read one offer and what became of it."""
    return _answer(session, response, actor, queries.get(session, actor, offer_id))


@router.delete("/offers/{offer_id}", status_code=204)
def withdraw_offer(if_match: NeedsMatch, actor: Partner, session: SessionDep, offer_id: UUID) -> None:
    """Take an offer back. Needs If-Match."""
    offer = queries.get(session, actor, offer_id)
    [shown] = queries.shown(session, actor, [offer])
    require_match(if_match, shown.etag)
    service.withdraw(session, actor, offer)


def _answer(session: SessionDep, response: Response, actor: Actor, offer: Offer) -> OfferOut:
    [shown] = queries.shown(session, actor, [offer])
    set_etag(response, shown.etag)
    return shown
