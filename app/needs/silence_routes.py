"""Agreements of States to the silence procedure over HTTP: for officers alone."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.http import next_path, set_etag
from app.core.paging import Page, PagingDep, set_link
from app.needs import releases, silence
from app.needs.release_schemas import AgreementEnd, AgreementIn, AgreementOut
from app.needs.silence_models import SilenceAgreement

router = APIRouter(prefix="/silence-agreements", tags=["releases"])
Reader = Annotated[Actor, Depends(Requires(Permission.RELEASE_READ))]
Writer = Annotated[Actor, Depends(Requires(Permission.RELEASE_WRITE))]


@router.get("", response_model=Page[AgreementOut])
def list_silence_agreements(
    request: Request, response: Response, actor: Reader, session: SessionDep, paging: PagingDep
) -> Page[AgreementOut]:
    """The States that asked for or agreed in writing to the silence procedure, newest first."""
    found = silence.listed(session, actor, paging)
    set_link(response, next_path(request), found)
    return Page(items=[silence.shown(row[0]) for row in found.rows], next=found.next, total=found.total)


@router.post("", response_model=AgreementOut, status_code=201)
def record_silence_agreement(
    response: Response, actor: Writer, session: SessionDep, wanted: AgreementIn, once: OnceDep
) -> AgreementOut:
    """Record a State's written agreement, without which silence is no basis for a release."""
    response.status_code = 201
    agreement = once(
        response,
        lambda: silence.record(session, actor, wanted),
        lambda made: [str(made.id)],
        lambda ids: silence.get(session, actor, UUID(ids[0])),
    )
    return _answer(response, agreement)


@router.get("/{agreement_id}", response_model=AgreementOut)
def read_silence_agreement(
    response: Response, actor: Reader, session: SessionDep, agreement_id: UUID
) -> AgreementOut:
    """One State's agreement."""
    return _answer(response, silence.get(session, actor, agreement_id))


@router.post("/{agreement_id}/end", response_model=AgreementOut)
def end_silence_agreement(
    response: Response,
    actor: Writer,
    session: SessionDep,
    agreement_id: UUID,
    wanted: AgreementEnd,
    once: OnceDep,
) -> AgreementOut:
    """Record that a State no longer agrees: procedures that still run for it are withdrawn."""
    agreement = silence.get(session, actor, agreement_id)
    once(
        response,
        lambda: releases.end_agreement(session, actor, agreement, wanted.reference),
        lambda done: [str(done.id)],
        lambda _ids: agreement,
    )
    return _answer(response, agreement)


def _answer(response: Response, agreement: SilenceAgreement) -> AgreementOut:
    shown = silence.shown(agreement)
    set_etag(response, shown.etag)
    return shown
