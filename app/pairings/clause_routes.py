"""Clauses of guidelines for needs, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.pairings import clauses
from app.pairings.clause_schemas import Cites, ClausesOfNeed
from app.pairings.clauses import ClauseShelf

router = APIRouter(tags=["practices"])
Reader = Annotated[Actor, Depends(Requires(Permission.NEED_READ))]
Officer = Annotated[Actor, Depends(Requires(Permission.PRACTICE_WRITE))]


def _shelf(request: Request) -> ClauseShelf:
    shelf: ClauseShelf = request.app.state.clause_shelf
    return shelf


ShelfDep = Annotated[ClauseShelf, Depends(_shelf)]


@router.get("/needs/{ref}/clauses")
def read_clauses_of_need(
    actor: Reader,
    session: SessionDep,
    shelf: ShelfDep,
    ref: str,
    k: Annotated[int, Query(ge=1, le=20, description="how many similar ones at most")] = clauses.MOST,
) -> ClausesOfNeed:
    """The clauses that a need cites, those that changed since, and those most like what is released to you."""
    return clauses.of_need(session, actor, shelf, ref, k)


@router.get("/practices/{ref}/citations")
def list_citations(actor: Officer, session: SessionDep, ref: str) -> list[Cites]:
    """The needs and programmes that cite a document, those whose clause changed first. Officers alone."""
    return clauses.citing_practice(session, actor, ref)
