"""Saved searches: kept from the list of needs, followed as feeds, each with a secret address that can be ended."""

from typing import Annotated
from urllib.parse import parse_qs
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access import addresses
from app.access.addresses import Purpose
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.interest import search_queries, searches
from app.interest.models import SavedSearch
from app.interest.schemas import NeedQuery, SearchIn
from app.web.forms import Form, FormDep, attempt_once
from app.web.lists import read_terms
from app.web.render import Page, PageDep, go

router = APIRouter(prefix="/searches", include_in_schema=False)
Keeper = Annotated[Actor, Depends(Requires(Permission.SEARCH_KEEP))]


@router.get("")
def searches_page(page: PageDep, actor: Keeper) -> Response:
    return _searches_page(page, actor, Form())


@router.post("")
def keep_page(page: PageDep, form: FormDep, actor: Keeper) -> Response:
    def do() -> str:
        terms = read_terms(parse_qs(form.text("query")), NeedQuery).model_dump(exclude_defaults=True)
        wanted = SearchIn.model_validate({"name": form.text("name").strip(), "query": terms})
        return str(searches.keep(page.session, actor, wanted).id)

    if attempt_once(page.session, actor, form, do) is None:
        return _searches_page(page, actor, form)
    return go("/searches", "search-kept")


@router.post("/needs/address")
def needs_address_page(page: PageDep, form: FormDep, actor: Keeper) -> Response:
    return _issue(page, actor, form, None)


@router.post("/needs/address/revocation")
def needs_revocation_page(page: PageDep, form: FormDep, actor: Keeper) -> Response:
    searches.revoke_address(page.session, actor, None)
    return go("/searches", "address-revoked")


@router.post("/{search_id}/address")
def address_page(page: PageDep, form: FormDep, actor: Keeper, search_id: UUID) -> Response:
    return _issue(page, actor, form, search_queries.get(page.session, actor, search_id))


@router.post("/{search_id}/address/revocation")
def revocation_page(page: PageDep, form: FormDep, actor: Keeper, search_id: UUID) -> Response:
    searches.revoke_address(page.session, actor, search_queries.get(page.session, actor, search_id))
    return go("/searches", "address-revoked")


@router.post("/{search_id}/deletion")
def drop_page(page: PageDep, form: FormDep, actor: Keeper, search_id: UUID) -> Response:
    searches.drop(page.session, actor, search_queries.get(page.session, actor, search_id))
    return go("/searches", "search-deleted")


def _issue(page: Page, actor: Actor, form: Form, search: SavedSearch | None) -> Response:
    """Make an address and show it in this answer alone; the same form sent again makes none."""
    shown: list[str] = []

    def do() -> str:
        shown.append(searches.issue_address(page.session, actor, page.request.app.state.settings, search))
        return "made"

    if attempt_once(page.session, actor, form, do) is None:
        return _searches_page(page, actor, form)
    if not shown:
        return go("/searches", "address-made-before")
    name = search.name if search else "All needs that you may see"
    headers = {"Referrer-Policy": "no-referrer"}
    return page.show("searches/address.html", 201, headers, name=name, address=shown[0])


def _searches_page(page: Page, actor: Actor, form: Form) -> Response:
    own = addresses.in_force(page.session, actor, Purpose.NEEDS)
    return page.show(
        "searches/list.html",
        form.status,
        searches=search_queries.shown(page.session, actor, search_queries.listed(page.session, actor)),
        needs_since=own.created_at if own else None,
        form=form,
    )
