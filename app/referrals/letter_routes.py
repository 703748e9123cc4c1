"""Drafts of letters and notes verbales over HTTP, for officers: to print, or as .docx to edit and send."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from app.access.permissions import Permission, Requires
from app.audit.notes import Print, note
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.documents import Document, DocumentFormat
from app.core.fields import Code
from app.core.http import document_answer
from app.needs import queries as needs
from app.needs.models import ReleaseFields
from app.referrals import letters, queries
from app.referrals.letters import Language, LetterKind

router = APIRouter(tags=["referrals"])
Reader = Annotated[Actor, Depends(Requires(Permission.FILE_READ))]
Form = Annotated[DocumentFormat, Query(alias="format")]


@router.get("/referrals/{referral_id}/letters/{kind}", response_class=Response)
def draft_letter(
    request: Request,
    actor: Reader,
    session: SessionDep,
    referral_id: UUID,
    kind: LetterKind,
    form: Form = DocumentFormat.HTML,
    language: Language | None = None,
    state: Annotated[Code | None, Query(description="to which State, where the needs are of several")] = None,
) -> Response:
    """Draft a letter to the organization or a note verbale to a State about a referral. Nothing is sent."""
    referral = queries.get(session, actor, referral_id)
    document = letters.of_referral(session, request.app.state.settings, referral, kind, language, state)
    return _answer(request, actor, document, form, str(referral.id), kind)


@router.get("/needs/{ref}/letters/consent", response_class=Response)
def draft_consent_request(
    request: Request,
    actor: Reader,
    session: SessionDep,
    ref: str,
    audience: Annotated[str, Query(min_length=1, max_length=300, description="in words, such as all partners")],
    fields: ReleaseFields = ReleaseFields.SUMMARY,
    form: Form = DocumentFormat.HTML,
    language: Language | None = None,
) -> Response:
    """Draft the note verbale that asks a State whether its need may be shown. Nothing is sent."""
    need = needs.load(session, actor, ref)
    settings = request.app.state.settings
    document = letters.of_consent(session, settings, need, fields, audience, language)
    return _answer(request, actor, document, form, need.ref, "consent")


def _answer(
    request: Request, actor: Actor, document: Document, form: DocumentFormat, subject: str, kind: str
) -> Response:
    told = {"kind": kind, "recipient": document.recipient, "marking": document.marking, "form": form}
    request_id = getattr(request.state, "request_id", "")
    note(request.app.state.open_session, actor, "letter.drafted", Print(subject), told, request_id)
    return document_answer(document, form, f"{kind}-{subject[:8]}")
