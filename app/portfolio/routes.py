"""The portfolio over HTTP: officers see where needs wait; everybody the coverage of what they may see."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.http import next_path
from app.core.paging import Page, Paging, set_link
from app.pairings.routes import RankingDep
from app.portfolio import attention, coverage, fairness, overlap, pipeline
from app.portfolio.schemas import (
    Coverage,
    Fairness,
    OverlapList,
    Overlaps,
    Pipeline,
    PortfolioList,
    Waiting,
)

router = APIRouter(tags=["portfolio"])
Officer = Annotated[Actor, Depends(Requires(Permission.PORTFOLIO_READ))]
Reader = Annotated[Actor, Depends(Requires(Permission.COVERAGE_READ))]


@router.get("/portfolio/unsupported")
def list_unsupported_needs(
    request: Request,
    response: Response,
    actor: Officer,
    session: SessionDep,
    wanted: Annotated[PortfolioList, Query()],
) -> Page[Waiting]:
    """Needs that are open for 60 days (a setting) and that no organization is at work on, the oldest first."""
    days = request.app.state.settings.unsupported_days
    page, found = attention.unsupported(session, actor, wanted, days, _paging(wanted))
    set_link(response, next_path(request), found)
    return page


@router.get("/portfolio/crowded")
def list_crowded_needs(
    request: Request,
    response: Response,
    actor: Officer,
    session: SessionDep,
    wanted: Annotated[PortfolioList, Query()],
) -> Page[Waiting]:
    """Needs with more than three live referrals, the most crowded first."""
    page, found = attention.crowded(session, actor, wanted, _paging(wanted))
    set_link(response, next_path(request), found)
    return page


@router.get("/portfolio/overlap")
def list_overlapping_programmes(
    request: Request,
    response: Response,
    actor: Officer,
    session: SessionDep,
    ranking: RankingDep,
    wanted: Annotated[OverlapList, Query()],
) -> Overlaps:
    """Programmes alike in the same place, theme and time, with what their similarity is the sum of.

    A page compares `limit` programmes with all others, so it may hold no pair and still have a `next`.
    """
    page, found = overlap.listed(session, actor, ranking, wanted)
    set_link(response, next_path(request), found)
    return page


@router.get("/portfolio/fairness")
def read_fairness(actor: Officer, session: SessionDep) -> Fairness:
    """How many needs were referred and taken up, and how soon, by region and by theme; never by State."""
    return fairness.fairness(session, actor)


@router.get("/portfolio/pipeline")
def read_pipeline(actor: Officer, session: SessionDep) -> Pipeline:
    """How many needs are at each stage from draft to completed, how many got that far, and their ages."""
    return pipeline.pipeline(session, actor)


@router.get("/coverage")
def read_coverage(actor: Reader, session: SessionDep) -> Coverage:
    """Theme × region: open needs, live programmes, and needs without any, over what you may see."""
    return coverage.coverage(session, actor)


def _paging(wanted: PortfolioList) -> Paging:
    return Paging(wanted.limit, wanted.cursor, wanted.count)
