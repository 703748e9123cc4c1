"""Offers: a partner sees the needs most like its programmes, offers in one click, and follows what came of it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.permissions import Permission, Requires
from app.core.actor import Actor, Role
from app.core.paging import Paging
from app.needs import queries as needs
from app.needs.schemas import NeedView
from app.pairings.offers import queries, service, similar
from app.pairings.offers.schemas import OfferIn, OfferOut
from app.pairings.routes import RankingDep
from app.programmes import queries as programmes
from app.programmes.models import ProgrammeKind, ProgrammeStatus
from app.programmes.schemas import ProgrammeFilter
from app.web.explanations import parts_of, printed
from app.web.forms import Form, FormDep, attempt_once, same_version
from app.web.lists import first_path, next_path, paging_of
from app.web.pages.clauses import clauses_of
from app.web.pages.money import money_of
from app.web.render import Page, PageDep, go

router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Requires(Permission.OFFER_READ))]
Partner = Annotated[Actor, Depends(Requires(Permission.OFFER_MAKE))]
_SHOWN = 20


@router.get("/offers")
def offers_page(page: PageDep, actor: Reader) -> Response:
    items, found = queries.page(page.session, actor, paging_of(page.request))
    return page.show(
        "offers/list.html",
        offers=items,
        total=found.total,
        first=first_path(page.request),
        next=next_path(page.request, found),
    )


@router.get("/offers/needs")
def needs_like_mine_page(page: PageDep, actor: Partner, ranking: RankingDep) -> Response:
    found = similar.needs_like_mine(page.session, actor, ranking, _SHOWN)
    rows = [(one, parts_of(one.contributions, one.score), printed(one.score)) for one in found.items]
    return page.show("offers/needs.html", rows=rows, compared=found.compared, form=Form())


@router.post("/needs/{ref}/offers")
def offer(page: PageDep, form: FormDep, actor: Partner, ranking: RankingDep, ref: str) -> Response:
    def do() -> str:
        values = OfferIn(programme=form.text("programme").strip(), note=form.text("note").strip())
        return str(service.make(page.session, actor, ranking, ref, values).id)

    if attempt_once(page.session, actor, form, do) is None:
        return show_need(page, actor, needs.get(page.session, actor, ref), form)
    return go("/offers", "offered")


@router.post("/offers/{offer_id}/withdrawal")
def withdraw(page: PageDep, form: FormDep, actor: Partner, offer_id: UUID) -> Response:
    made = queries.get(page.session, actor, offer_id)
    [shown] = queries.shown(page.session, actor, [made])

    def do() -> str:
        same_version(form, shown.etag)
        return str(service.withdraw(page.session, actor, made).id)

    if attempt_once(page.session, actor, form, do) is None:
        return page.show("offers/list.html", form.status, offers=[shown], total=1, first="", next="", form=form)
    return go("/offers", "offer-withdrawn")


def show_need(page: Page, actor: Actor, need: NeedView, form: Form) -> Response:
    """The page of a need for whoever is outside CTED; a partner can offer on it."""
    return page.show(
        "needs/need.html",
        form.status,
        need=need,
        desk=None,
        money=money_of(page, actor, need.ref),
        clauses=clauses_of(page, actor, need.ref),
        form=form,
        blank=Form(),
        about="",
        offers=_offers(page, actor, need),
        programmes=_programmes(page, actor),
    )


def _offers(page: Page, actor: Actor, need: NeedView) -> list[OfferOut]:
    """The partner's own offers on this need."""
    if actor.role is not Role.PARTNER:
        return []
    return queries.shown(page.session, actor, queries.on_need(page.session, actor, need.ref))


def _programmes(page: Page, actor: Actor) -> list[tuple[str, str]]:
    """The partner's own programmes that can be offered."""
    if actor.role is not Role.PARTNER or page.viewer.me is None:
        return []
    kinds = [kind for kind in ProgrammeKind if kind is not ProgrammeKind.FUND]
    own = ProgrammeFilter(organization=[page.viewer.me.organization], status=[ProgrammeStatus.ACTIVE], kind=kinds)
    items, _ = programmes.page(page.session, actor, own, Paging(limit=200))
    return [(item.ref, item.title) for item in items]
