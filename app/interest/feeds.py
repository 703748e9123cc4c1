"""Feeds of what their reader may see at that moment: of all needs, and of each saved search."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.access import addresses
from app.access.addresses import Purpose, ReadsFeed
from app.access.authentication import OptionalActor
from app.access.permissions import Permission
from app.core.actor import Actor
from app.core.db import SessionDep, utc_now
from app.core.parameters import refuse_unknown_parameters
from app.interest import listing, search_queries, searches
from app.interest.atom import MEDIA_TYPE, Entry, Feed, written
from app.interest.schemas import NeedQuery
from app.needs.schemas import NeedView
from app.vocabularies import queries as vocabularies

router = APIRouter(prefix="/feeds", tags=["feeds"], dependencies=[Depends(refuse_unknown_parameters)])
MOST_ENTRIES = 50
# The address may hold a secret: nobody keeps the answer, no page learns where it came from.
_HEADERS = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"}
_ANSWERS: dict[int | str, dict[str, object]] = {200: {"content": {MEDIA_TYPE: {}}, "description": "An Atom feed"}}
_KEY = Query(max_length=100, description="the secret of this address")


def _reader_of_search(
    session: SessionDep, signed_in: OptionalActor, search_id: UUID, key: Annotated[str | None, _KEY] = None
) -> Actor:
    return addresses.reader(session, signed_in, key, Permission.NEED_READ, Purpose.SEARCHES, str(search_id))


Reader = Annotated[Actor, Depends(ReadsFeed(Permission.NEED_READ, Purpose.NEEDS))]
SearchReader = Annotated[Actor, Depends(_reader_of_search)]


@router.get("/needs.atom", response_class=Response, responses=_ANSWERS)
def read_needs_feed(request: Request, actor: Reader, session: SessionDep) -> Response:
    """Follow the newest of the needs that you may see."""
    return _answer(request, session, actor, "needs", "Needs", "/needs", NeedQuery())


@router.get("/searches/{search_id}.atom", response_class=Response, responses=_ANSWERS)
def read_search_feed(request: Request, actor: SearchReader, session: SessionDep, search_id: UUID) -> Response:
    """Follow a saved search: the newest of what it finds among the needs that you may see."""
    search = search_queries.get(session, actor, search_id)
    [shown] = search_queries.shown(session, actor, [search])
    terms = searches.terms(search)
    return _answer(request, session, actor, f"searches/{search.id}", search.name, shown.path, terms)


def _answer(
    request: Request, session: Session, actor: Actor, name: str, title: str, page: str, wanted: NeedQuery
) -> Response:
    base = request.app.state.settings.base_url.rstrip("/")
    found = listing.newest(session, actor, wanted, MOST_ENTRIES)
    feed = Feed(
        name=f"feed:{name}",
        title=title,
        updated=max((updated for _, updated in found), default=datetime.combine(utc_now(), time(), UTC)),
        address=f"{base}/feeds/{name}.atom",
        page=f"{base}{page}",
        entries=_entries(session, base, found),
    )
    return Response(written(feed), media_type=MEDIA_TYPE, headers=_HEADERS)


def _entries(session: Session, base: str, found: Sequence[tuple[NeedView, datetime]]) -> list[Entry]:
    labels = vocabularies.labels(session, "en")

    def label(kind: str, code: str) -> str:
        return labels.get((kind, code), code)

    return [
        Entry(
            ref=need.ref,
            title=need.title,
            language=need.language,
            updated=updated,
            address=f"{base}/needs/{need.ref}",
            summary="; ".join([need.ref, *(label("region", code) for code in need.regions)]),
            categories=[(code, label("theme", code)) for code in need.themes],
        )
        for need, updated in found
    ]
