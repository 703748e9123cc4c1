"""The list of needs over HTTP, the searches that are kept of it, and the secret addresses of their feeds."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import ConfigDict

from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.http import next_path
from app.core.paging import Found, Paging, set_link
from app.interest import listing, search_queries, searches
from app.interest.models import SavedSearch
from app.interest.schemas import FeedAddress, NeedQuery, Searches, SearchIn, SearchOut
from app.needs.schemas import NeedPage

router = APIRouter()
Reader = Annotated[Actor, Depends(Requires(Permission.NEED_READ))]
Keeper = Annotated[Actor, Depends(Requires(Permission.SEARCH_KEEP))]


class NeedList(NeedQuery):
    """The filters with what the list itself takes. A misspelt one is refused: it would show too much."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Query(50, ge=1, le=200)
    cursor: str | None = Query(None, max_length=2000)
    count: bool = False
    facets: bool = False


@router.get("/needs", response_model=NeedPage, tags=["needs"])
def list_needs(
    request: Request,
    response: Response,
    actor: Reader,
    session: SessionDep,
    wanted: Annotated[NeedList, Query()],
) -> NeedPage:
    """The needs you may see: as released to you, or for officers all. `q` also understands "OP 6 of 2370".

    `ready_to_fund=true` is for delegations and officers.
    """
    paging = Paging(wanted.limit, wanted.cursor, wanted.count)
    page = listing.listed(session, actor, wanted, paging, wanted.facets)
    set_link(response, next_path(request), Found((), page.next, page.total))
    return page


@router.get("/searches", tags=["searches"])
def list_searches(actor: Keeper, session: SessionDep) -> Searches:
    """List the saved searches that are yours: your organization's or, in CTED, your own."""
    return Searches(items=search_queries.shown(session, actor, search_queries.listed(session, actor)))


@router.post("/searches", status_code=201, tags=["searches"])
def keep_search(
    request: Request, response: Response, actor: Keeper, session: SessionDep, wanted: SearchIn, once: OnceDep
) -> SearchOut:
    """Keep the parameters of a list of needs under a name; they are checked as the list checks them."""
    response.status_code = 201
    made = once(
        response,
        lambda: searches.keep(session, actor, wanted),
        lambda done: [str(done.id)],
        lambda kept: search_queries.get(session, actor, UUID(kept[0])),
    )
    response.headers["Location"] = f"{request.url.path}/{made.id}"
    return _shown(session, actor, made)


@router.get("/searches/{search_id}", tags=["searches"])
def read_search(actor: Keeper, session: SessionDep, search_id: UUID) -> SearchOut:
    """Read one saved search."""
    return _shown(session, actor, search_queries.get(session, actor, search_id))


@router.delete("/searches/{search_id}", status_code=204, tags=["searches"])
def drop_search(actor: Keeper, session: SessionDep, search_id: UUID) -> None:
    """Delete a saved search. Every secret address of its feed ends."""
    searches.drop(session, actor, search_queries.get(session, actor, search_id))


@router.post("/searches/{search_id}/address", status_code=201, tags=["searches"])
def issue_search_address(
    request: Request, response: Response, actor: Keeper, session: SessionDep, search_id: UUID, once: OnceDep
) -> FeedAddress:
    """Make a secret address of this search's feed, for programs that cannot sign in; the one before ends.

    It is in this answer alone, and reads as you do at that moment.
    """
    return _issue(request, response, actor, session, search_queries.get(session, actor, search_id), once)


@router.delete("/searches/{search_id}/address", status_code=204, tags=["searches"])
def revoke_search_address(actor: Keeper, session: SessionDep, search_id: UUID) -> None:
    """End your secret address of this search's feed."""
    searches.revoke_address(session, actor, search_queries.get(session, actor, search_id))


@router.post("/feeds/needs/address", status_code=201, tags=["searches"])
def issue_needs_address(
    request: Request, response: Response, actor: Keeper, session: SessionDep, once: OnceDep
) -> FeedAddress:
    """Make a secret address of the feed of all needs that you may see; the one before ends.

    It is in this answer alone, and reads as you do at that moment.
    """
    return _issue(request, response, actor, session, None, once)


@router.delete("/feeds/needs/address", status_code=204, tags=["searches"])
def revoke_needs_address(actor: Keeper, session: SessionDep) -> None:
    """End your secret address of the feed of all needs."""
    searches.revoke_address(session, actor, None)


def _issue(
    request: Request,
    response: Response,
    actor: Actor,
    session: SessionDep,
    search: SavedSearch | None,
    once: OnceDep,
) -> FeedAddress:
    response.status_code = 201
    settings = request.app.state.settings
    return once(
        response,
        lambda: FeedAddress(address=searches.issue_address(session, actor, settings, search)),
        lambda _done: [],
        lambda _kept: FeedAddress(address=None),
    )


def _shown(session: SessionDep, actor: Actor, search: SavedSearch) -> SearchOut:
    [shown] = search_queries.shown(session, actor, [search])
    return shown
