"""Due lists of officers, the calendar feed with its secret address, and the hand-over of what one answers for."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access import addresses
from app.access.addresses import Purpose, ReadsFeed
from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.clocks import queries, service
from app.clocks.feed import CONTENT_TYPE, MOST, calendar_of
from app.clocks.schemas import (
    AddressOut,
    ClockFilter,
    ClockListing,
    ClockOut,
    DueList,
    HandoverIn,
    HandoverOut,
    Whose,
)
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.errors import Conflict
from app.core.http import next_path
from app.core.paging import Found, Paging, set_link
from app.core.parameters import refuse_unknown_parameters

router = APIRouter(prefix="/clocks", tags=["clocks"])
feeds = APIRouter(prefix="/feeds", tags=["clocks"], dependencies=[Depends(refuse_unknown_parameters)])
Reader = Annotated[Actor, Depends(Requires(Permission.CLOCK_READ))]
Writer = Annotated[Actor, Depends(Requires(Permission.NEED_WRITE))]
FeedReader = Annotated[Actor, Depends(ReadsFeed(Permission.CLOCK_READ, Purpose.CLOCKS))]
# The address may hold a secret: nobody keeps the answer, no page learns where it came from.
_HEADERS = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"}
_CALENDAR: dict[int | str, dict[str, Any]] = {200: {"description": "A calendar", "content": {"text/calendar": {}}}}


@router.get("")
def list_due_clocks(
    request: Request,
    response: Response,
    actor: Reader,
    session: SessionDep,
    wanted: Annotated[ClockListing, Query()],
) -> DueList:
    """List what is due, the longest overdue first: one's own, everybody's, or what nobody answers for."""
    paging = Paging(wanted.limit, wanted.cursor, wanted.count)
    found = queries.due_list(session, actor, wanted, paging, request.app.state.settings)
    set_link(response, next_path(request), Found([], found.next, None))
    return found


@router.get("/table")
def list_clocks(request: Request, actor: Reader) -> list[ClockOut]:
    """List every clock with the practice that it comes from and its number."""
    return queries.table(request.app.state.settings)


@router.post("/handover")
def hand_over(
    response: Response, actor: Writer, session: SessionDep, values: HandoverIn, once: OnceDep
) -> HandoverOut:
    """Pass needs, or all needs and assessments, from one officer to another."""
    return once(
        response,
        lambda: service.hand_over(session, actor, values),
        lambda done: [*done.needs, "", *done.assessments],
        lambda kept: _handed_over(values, kept),
    )


@router.post("/address", status_code=201)
def issue_calendar_address(
    request: Request, response: Response, actor: Reader, session: SessionDep, once: OnceDep
) -> AddressOut:
    """Get a secret address of your calendar feed, shown in this answer alone; the one before stops working."""
    response.status_code = 201
    base_url = request.app.state.settings.base_url

    def do() -> AddressOut:
        return AddressOut(address=feed_address(base_url, addresses.issue(session, actor, Purpose.CLOCKS)))

    return once(response, do, lambda _: [], _shown_once)


@router.delete("/address", status_code=204)
def revoke_calendar_address(actor: Reader, session: SessionDep) -> None:
    """End your secret address: whoever has it reads nothing any more."""
    addresses.revoke(session, actor, Purpose.CLOCKS)


@feeds.get("/clocks.ics", response_class=Response, responses=_CALENDAR)
def read_clocks_calendar(
    request: Request, actor: FeedReader, session: SessionDep, whose: Whose | None = None
) -> Response:
    """Read the due list as a calendar: by session, API key, or the secret in its address."""
    settings = request.app.state.settings
    found = queries.due_list(session, actor, ClockFilter(whose=whose), Paging(MOST), settings)
    content = calendar_of(found.items, settings.base_url, found.next is not None)
    return Response(content, media_type=CONTENT_TYPE, headers=_HEADERS)


def feed_address(base_url: str, secret: str) -> str:
    return f"{base_url.rstrip('/')}/feeds/clocks.ics?key={secret}"


def _handed_over(values: HandoverIn, kept: list[str]) -> HandoverOut:
    divide = kept.index("")
    return HandoverOut(from_=values.from_, to=values.to, needs=kept[:divide], assessments=kept[divide + 1 :])


def _shown_once(_kept: list[str]) -> AddressOut:
    raise Conflict("The address was in the first answer alone; ask for a new one with a new key")
