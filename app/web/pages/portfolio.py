"""The portfolio on pages: where needs wait or crowd, what overlaps, the stages, fairness, and coverage for all."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.paging import Page as Found
from app.core.paging import Paging
from app.pairings.routes import RankingDep
from app.pairings.schemas import ContributionOut
from app.portfolio import attention, coverage, fairness, overlap, pipeline
from app.portfolio.schemas import Cell, Coverage, OverlapList, OverlapOut, PortfolioFilter, SharedOut, Waiting
from app.web.explanations import Part, parts_of, printed
from app.web.lists import asked, chips, first_path, next_path, paging_of
from app.web.render import Page, PageDep

router = APIRouter(include_in_schema=False)
Officer = Annotated[Actor, Depends(Requires(Permission.PORTFOLIO_READ))]
Reader = Annotated[Actor, Depends(Requires(Permission.COVERAGE_READ))]
_FEW = Paging(limit=5, count=True)


@router.get("/portfolio")
def portfolio_page(page: PageDep, actor: Officer) -> Response:
    session, days = page.session, _days(page)
    waiting, _ = attention.unsupported(session, actor, PortfolioFilter(), days, _FEW)
    crowd, _ = attention.crowded(session, actor, PortfolioFilter(), _FEW)
    return page.show(
        "portfolio/portfolio.html",
        days=days,
        unsupported=waiting,
        crowded=crowd,
        pipeline=pipeline.pipeline(session, actor),
        fairness=fairness.fairness(session, actor),
    )


@router.get("/portfolio/unsupported")
def unsupported_page(page: PageDep, actor: Officer) -> Response:
    wanted, days = asked(page.request, PortfolioFilter), _days(page)
    found, rows = attention.unsupported(page.session, actor, wanted, days, paging_of(page.request))
    about = f"Open for {days} days or more, and no referral serves them: none is under way or completed."
    return _needs(page, "Needs without support", about, wanted, found, next_path(page.request, rows))


@router.get("/portfolio/crowded")
def crowded_page(page: PageDep, actor: Officer) -> Response:
    wanted = asked(page.request, PortfolioFilter)
    found, rows = attention.crowded(page.session, actor, wanted, paging_of(page.request))
    about = f"More than {attention.CROWDED} referrals are under way for each: see whether they know of each other."
    return _needs(page, "Crowded needs", about, wanted, found, next_path(page.request, rows))


@router.get("/portfolio/overlap")
def overlap_page(page: PageDep, actor: Officer, ranking: RankingDep) -> Response:
    wanted = asked(page.request, OverlapList)
    found, rows = overlap.listed(page.session, actor, ranking, wanted)
    return page.show(
        "portfolio/overlap.html",
        found=found,
        pairs=[(pair, printed(pair.score), _parts(pair)) for pair in found.items],
        wanted=wanted,
        first=first_path(page.request),
        next=next_path(page.request, rows),
    )


@router.get("/coverage")
def coverage_page(page: PageDep, actor: Reader) -> Response:
    found = coverage.coverage(page.session, actor)
    by_place = {(cell.theme, cell.region): cell for cell in found.cells}
    everything = page.request.query_params.get("all") == "yes"
    regions, themes = _with_needs(found, everything)
    return page.show(
        "portfolio/coverage.html",
        found=found,
        regions=regions,
        rows=[(theme, [by_place.get((theme, region)) for region in regions]) for theme in themes],
        everything=everything,
    )


def _days(page: Page) -> int:
    return int(page.request.app.state.settings.unsupported_days)


def _needs(
    page: Page,
    heading: str,
    about: str,
    wanted: PortfolioFilter,
    found: Found[Waiting],
    following: str | None,
) -> Response:
    return page.show(
        "portfolio/needs.html",
        heading=heading,
        about=about,
        needs=found.items,
        total=found.total,
        wanted=wanted,
        chips=chips(page.request, ("theme", "region"), page.labels),
        first=first_path(page.request),
        next=following,
    )


def _with_needs(found: Coverage, everything: bool) -> tuple[list[str], list[str]]:
    """The regions and themes to show: those with a need, or all with a need or a programme."""

    def counts(cell: Cell) -> bool:
        return everything or cell.needs > 0

    regions = {cell.region for cell in found.cells if counts(cell)}
    themes = {cell.theme for cell in found.cells if counts(cell)}
    return [code for code in found.regions if code in regions], [code for code in found.themes if code in themes]


def _parts(pair: OverlapOut) -> list[Part]:
    """What a similarity is the sum of, as the parts of a score are shown."""
    return parts_of([_as_contribution(shared) for shared in pair.shared], pair.score)


def _as_contribution(shared: SharedOut) -> ContributionOut:
    return ContributionOut(
        kind=shared.kind,
        feature=shared.feature,
        label=shared.label,
        need=shared.one,
        programme=shared.other,
        weight=shared.adds,
        sentence="",
        declared=shared.declared,
        need_spans=[],
        programme_spans=[],
    )
