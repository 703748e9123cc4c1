"""Interests over HTTP, what is known of a need's money, and which organizations may be named for it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.audit.notes import Print, note
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.documents import CONTENT_TYPES, DocumentFormat
from app.core.http import NeedsMatch, document_answer, next_path, require_match, set_etag
from app.core.paging import Page, PagingDep, set_link
from app.interest import brief, funding, naming, naming_queries, queries, service
from app.interest.models import Interest
from app.interest.schemas import (
    Funding,
    InterestFilter,
    InterestIn,
    InterestOut,
    InterestPatch,
    Names,
    NamingIn,
    NamingOut,
)
from app.needs import queries as needs

router = APIRouter(tags=["interests"])
Reader = Annotated[Actor, Depends(Requires(Permission.INTEREST_READ))]
Donor = Annotated[Actor, Depends(Requires(Permission.INTEREST_EXPRESS))]
Changer = Annotated[Actor, Depends(Requires(Permission.INTEREST_CHANGE))]
NamesReader = Annotated[Actor, Depends(Requires(Permission.REFERRAL_READ))]
BriefReader = Annotated[Actor, Depends(Requires(Permission.NEED_READ))]
Audience = Annotated[str | None, Query(max_length=100, description="organization:REF or group:REF")]
_FORMS: dict[str, Any] = {kind.partition(";")[0]: {} for kind in CONTENT_TYPES.values()}
_WRITTEN: dict[int | str, dict[str, Any]] = {200: {"description": "A page or a file", "content": _FORMS}}
Namer = Annotated[Actor, Depends(Requires(Permission.REFERRAL_ANSWER))]


@router.get("/interests")
def list_interests(
    request: Request,
    response: Response,
    actor: Reader,
    session: SessionDep,
    paging: PagingDep,
    wanted: Annotated[InterestFilter, Query()],
) -> Page[InterestOut]:
    """List interests: officers all, a delegation its own. `sort=waiting` puts the unanswered first."""
    found = queries.page(session, actor, wanted, paging)
    set_link(response, next_path(request), found)
    items = queries.shown(session, actor, [row.Interest for row in found.rows], _days(request))
    return Page(items=items, next=found.next, total=found.total)


@router.post("/interests", status_code=201)
def express_interest(
    request: Request, response: Response, actor: Donor, session: SessionDep, wanted: InterestIn, once: OnceDep
) -> InterestOut:
    """Express your delegation's interest in a need that it sees."""
    response.status_code = 201
    made = once(
        response,
        lambda: service.express(session, actor, wanted),
        lambda done: [str(done.id)],
        lambda kept: queries.get(session, actor, UUID(kept[0])),
    )
    response.headers["Location"] = f"{request.url.path}/{made.id}"
    return _answer(request, response, session, actor, made)


@router.get("/interests/{interest_id}")
def read_interest(
    request: Request, response: Response, actor: Reader, session: SessionDep, interest_id: UUID
) -> InterestOut:
    """Read one interest, with the status and outcome of the referral that it funds."""
    return _answer(request, response, session, actor, queries.get(session, actor, interest_id))


@router.patch("/interests/{interest_id}")
def change_interest(
    if_match: NeedsMatch,
    request: Request,
    response: Response,
    actor: Changer,
    session: SessionDep,
    interest_id: UUID,
    wanted: InterestPatch,
) -> InterestOut:
    """Change or withdraw your delegation's; officers acknowledge, link and fulfil. Needs If-Match."""
    service.refuse_foreign(actor, wanted)
    interest = queries.get(session, actor, interest_id)
    require_match(if_match, queries.etag(interest))
    return _answer(request, response, session, actor, service.change(session, actor, interest, wanted))


@router.get("/needs/{ref}/funding")
def read_funding(actor: Reader, session: SessionDep, ref: str) -> Funding:
    """Say whether a need is ready to fund: who is willing and what is missing, as far as you may know."""
    return funding.of_need(session, actor, ref)


@router.get("/needs/{ref}/brief", response_class=Response, responses=_WRITTEN)
def read_brief(
    request: Request,
    actor: BriefReader,
    session: SessionDep,
    ref: str,
    format: DocumentFormat = DocumentFormat.HTML,
    audience: Audience = None,
) -> Response:
    """Print one page on a need: the released fields alone, and who agreed to be named. Officers name an audience.

    Each leaves an event in the audit trail.
    """
    made = brief.brief_for(session, actor, ref, audience)
    told = {"recipient": made.recipient, "marking": made.marking, "audience": audience, "form": format}
    request_id = getattr(request.state, "request_id", "")
    note(request.app.state.open_session, actor, "need.brief_printed", Print("brief", ref), told, request_id)
    return document_answer(made, format, f"{ref}-{made.made_on}")


@router.get("/needs/{ref}/named")
def list_names(actor: NamesReader, session: SessionDep, ref: str) -> Names:
    """List who agreed to be named for a need: officers all, an organization itself."""
    found = naming_queries.of_need(session, actor, needs.id_of(session, actor, ref))
    return Names(items=[naming_queries.shown(each) for each in found])


@router.post("/needs/{ref}/named", status_code=201)
def agree_to_be_named(
    response: Response, actor: Namer, session: SessionDep, ref: str, wanted: NamingIn, once: OnceDep
) -> NamingOut:
    """Agree to be named for a need in which you take part; officers record what an organization wrote."""
    response.status_code = 201

    def again(kept: list[str]) -> NamingOut:
        return naming_queries.shown(naming_queries.required(naming_queries.find(session, actor, ref, kept[0])))

    return once(
        response,
        lambda: naming_queries.shown(naming.agree(session, actor, ref, wanted)),
        lambda done: [done.organization],
        again,
    )


@router.delete("/needs/{ref}/named/{organization}", status_code=204)
def withdraw_name(actor: Namer, session: SessionDep, ref: str, organization: str) -> None:
    """Take back that an organization may be named: at once, everywhere."""
    naming.withdraw(session, actor, ref, organization)


def _days(request: Request) -> int:
    days: int = request.app.state.settings.interest_working_days
    return days


def _answer(
    request: Request, response: Response, session: SessionDep, actor: Actor, interest: Interest
) -> InterestOut:
    [shown] = queries.shown(session, actor, [interest], _days(request))
    set_etag(response, shown.etag)
    return shown
