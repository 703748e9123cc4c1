"""Meeting files over HTTP: a page to print or a .docx, each with its marking, and an event for each."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.documents import CONTENT_TYPES, DocumentFormat
from app.core.http import document_answer
from app.portfolio.files.kinds import FileKind, Purpose
from app.portfolio.files.making import leave_note, make

router = APIRouter(prefix="/files", tags=["meeting files"])
Officer = Annotated[Actor, Depends(Requires(Permission.FILE_READ))]
For = Annotated[Purpose, Query(alias="for", description="handover: what may be given to the State itself")]
_FORMS: dict[str, Any] = {kind.partition(";")[0]: {} for kind in CONTENT_TYPES.values()}
_WRITTEN: dict[int | str, dict[str, Any]] = {200: {"description": "A page or a file", "content": _FORMS}}


@router.get("/state/{country}", response_class=Response, responses=_WRITTEN)
def read_state_file(
    request: Request,
    actor: Officer,
    session: SessionDep,
    country: str,
    format: DocumentFormat = DocumentFormat.HTML,
    purpose: For = Purpose.OFFICERS,
) -> Response:
    """A State's needs by priority, who may see each, referrals, what is overdue, outcomes; or to hand over."""
    return _answer(request, session, actor, FileKind.STATE, country, format, purpose)


@router.get("/organization/{organization_ref}", response_class=Response, responses=_WRITTEN)
def read_organization_file(
    request: Request,
    actor: Officer,
    session: SessionDep,
    organization_ref: str,
    format: DocumentFormat = DocumentFormat.HTML,
) -> Response:
    """An organization's referrals, the answers that it owes, and the freshness of its programmes."""
    return _answer(request, session, actor, FileKind.ORGANIZATION, organization_ref, format)


@router.get("/delegation/{delegation_ref}", response_class=Response, responses=_WRITTEN)
def read_delegation_file(
    request: Request,
    actor: Officer,
    session: SessionDep,
    delegation_ref: str,
    format: DocumentFormat = DocumentFormat.HTML,
) -> Response:
    """What a delegation may see, and its interests: computed as that delegation."""
    return _answer(request, session, actor, FileKind.DELEGATION, delegation_ref, format)


def _answer(
    request: Request,
    session: SessionDep,
    actor: Actor,
    kind: FileKind,
    ref: str,
    form: DocumentFormat,
    purpose: Purpose = Purpose.OFFICERS,
) -> Response:
    state = request.app.state
    made = make(session, actor, kind, ref, state.settings, purpose)
    leave_note(state.open_session, actor, made, form, getattr(request.state, "request_id", ""))
    return document_answer(made.document, form, made.name)
