"""Needs over HTTP: everybody reads what is released to them, officers write. Their list is in app.interest."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.http import NeedsMatch, etag_of, require_match, set_etag
from app.needs import queries, service, specificity
from app.needs.schemas import (
    NeedIn,
    NeedPatch,
    NeedView,
    Specificity,
    SpecificityIn,
)
from app.vocabularies.queries import check_code

router = APIRouter(prefix="/needs", tags=["needs"])
Reader = Annotated[Actor, Depends(Requires(Permission.NEED_READ))]
Writer = Annotated[Actor, Depends(Requires(Permission.NEED_WRITE))]


@router.post("", response_model=NeedView, status_code=201)
def create_need(
    request: Request, response: Response, actor: Writer, session: SessionDep, wanted: NeedIn, once: OnceDep
) -> NeedView:
    """State a need. It is a draft that nobody outside CTED sees."""
    response.status_code = 201
    need = once(
        response,
        lambda: service.create(session, actor, wanted),
        lambda made: [made.ref],
        lambda kept: queries.load(session, actor, kept[0]),
    )
    response.headers["Location"] = f"{request.url.path}/{need.ref}"
    return _answer(response, queries.view(session, actor, need))


@router.post("/specificity", response_model=Specificity)
def check_specificity(request: Request, actor: Writer, session: SessionDep, wanted: SpecificityIn) -> Specificity:
    """Say how specific a text is and what is missing, before it is saved."""
    if wanted.language:
        check_code(session, "language", wanted.language, "/language")
    return specificity.check(wanted, request.app.state.settings.specificity_threshold)


@router.get("/{ref}", response_model=NeedView)
def read_need(response: Response, actor: Reader, session: SessionDep, ref: str) -> NeedView:
    """One need, as it is released to you."""
    return _answer(response, queries.get(session, actor, ref))


@router.patch("/{ref}", response_model=NeedView)
def change_need(
    if_match: NeedsMatch, response: Response, actor: Writer, session: SessionDep, ref: str, wanted: NeedPatch
) -> NeedView:
    """Change a need: an absent field is kept, null clears. What it says becomes a new revision."""
    need = queries.load(session, actor, ref)
    require_match(if_match, etag_of(need.version))
    return _answer(response, queries.view(session, actor, service.update(session, actor, need, wanted)))


def _answer(response: Response, shown: NeedView) -> NeedView:
    set_etag(response, shown.etag)
    return shown
